/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_SOFTMAX_AXIS_H
#define EFFNN_OPS_OP_SOFTMAX_AXIS_H

/* What softmax and log_softmax share: the axis, which before opset 13 meant this axis and all
 * behind it as one, and how such nodes are read and written. */

#include "kernels/kernels.h"
#include "ops/op_infer.h"

typedef struct effnn__softmax_attrs {
    int64_t axis;
    bool flatten; /* all axes from `axis` on together */
} effnn__softmax_attrs;
extern const effnn_option_def effnn__softmax_attr_defs[];

effnn_status effnn__softmax_infer(effnn_op_infer *call);

/* The input as [outer, axis, inner]. */
effnn__axis effnn__softmax_shape(const effnn_op_call *call);

/* f32 by a kernel, other floats by a function of the element, the largest one along the axis and
 * the sum of exp(x - largest). */
typedef effnn_status (*effnn__softmax_kernel)(effnn_context *context, effnn__axis shape,
                                              const float *x, float *y);
typedef double (*effnn__softmax_element)(double x, double largest, double sum);
effnn_status effnn__softmax_run(const effnn_op_call *call, effnn__softmax_kernel f32,
                                effnn__softmax_element f64);
void effnn__softmax_cost(const effnn_op_call *call, effnn_op_cost *out);

/* since 13 / before. Written: a flattening one as Flatten, the operator, Reshape. */
effnn_status effnn__softmax_read(effnn_onnx_reader *reader);
effnn_status effnn__softmax_read_flattening(effnn_onnx_reader *reader);
effnn_status effnn__softmax_write(effnn_onnx_writer *writer);
#endif
