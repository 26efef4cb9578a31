/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_REDUCE_H
#define EFFNN_OPS_OP_REDUCE_H

/* Reductions over any set of axes, given as input 1 (a constant for shapes to be known): a row says
 * how one element enters the result, the rest is shared. */

#include "ops/op_elementwise.h"

typedef struct effnn__reduce_attrs {
    bool keepdims, noop_with_empty_axes;
} effnn__reduce_attrs;
extern const effnn_option_def effnn__reduce_attr_defs[];

typedef struct effnn__reduction {
    /* Along one block of neighbouring axes; NULL: by `fold`. */
    effnn_status (*f32)(effnn_context *context, effnn__axis shape, const float *x, float *y);
    const effnn__binary *fold; /* (result so far, element); its f32 is not used */
    double start;              /* result of no elements, for floats */
    int64_t (*start_i64)(const effnn__dtype_row *row); /* the same for integers; NULL: 0 */
    bool mean;                                         /* divide by the number of elements */
    bool relative; /* fold what elements are above the largest; it is added at the end */
    /* Applied to the folded result; then integers are folded in double, too, and the result is cut
     * toward zero. NULL: none. */
    double (*finish)(double folded);
} effnn__reduction;

effnn_status effnn__reduce_infer(effnn_op_infer *call, unsigned kinds);
effnn_status effnn__reduce_run(const effnn_op_call *call, const effnn__reduction *reduction);
void effnn__reduce_cost(const effnn_op_call *call, effnn_op_cost *out);

/* write of the forms whose axes are an attribute. */
effnn_status effnn__reduce_write_attributes(effnn_onnx_writer *writer);
#endif
