/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_CONV_H
#define EFFNN_OPS_OP_CONV_H

/* What others need of the operator conv: where its windows lie. */

#include "kernels/kernels.h"

#include <effnn/tensor.h>

/* The convolution as the kernels take it, from a conv node's attributes and its tensors' shapes;
 * automatic pads are worked out. One over one axis (rank 3) is a picture of height 1. */
effnn__conv2d effnn__conv_geometry(const void *attrs, const effnn_tensor *x,
                                   const effnn_tensor *weight, const effnn_tensor *y);
#endif
