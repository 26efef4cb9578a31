/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_CONV_H
#define EFFNN_OPS_OP_CONV_H

/* What others need of the operator conv: its options, its shapes, where its windows lie. */

#include "kernels/kernels.h"
#include "ops/op_window.h"

typedef struct effnn__conv_attrs {
    effnn__window window;
    int64_t group;
} effnn__conv_attrs;
extern const effnn_option_def effnn__conv_attr_defs[];

/* Shape of output 0 from x, weight and (optional) bias as inputs 0 to 2. */
effnn_status effnn__conv_infer_shape(effnn_op_infer *call);

/* The convolution as the kernels take it, from a conv node's attributes and its tensors' shapes;
 * automatic pads are worked out. One over one axis (rank 3) is a picture of height 1. */
effnn__conv2d effnn__conv_geometry(const void *attrs, const effnn_tensor *x,
                                   const effnn_tensor *weight, const effnn_tensor *y);
#endif
