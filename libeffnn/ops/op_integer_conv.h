/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_INTEGER_CONV_H
#define EFFNN_OPS_OP_INTEGER_CONV_H

/* What the convolutions of 8-bit integers share: shapes, and the sums in i32. The padding holds the
 * zero point, that is, 0 once it is taken off. */

#include "ops/op_conv.h"
#include "ops/op_integer.h"

/* Operands of one convolution; zero points NULL: 0. */
typedef struct effnn__integer_conv {
    const effnn__conv_attrs *attrs;
    const effnn_tensor *x, *x_zero, *weight, *weight_zero, *y;
} effnn__integer_conv;

/* infer: shape of output 0 from inputs x, weight and (may be absent) bias, and their zero points:
 * one for x, one or one a channel for the weight. */
typedef struct effnn__integer_conv_places {
    size_t x, x_zero, weight, weight_zero, bias;
} effnn__integer_conv_places;
effnn_status effnn__integer_conv_infer(effnn_op_infer *call, effnn__integer_conv_places at);

/* Bytes of scratch / sums: [as y], contiguous. */
size_t effnn__integer_conv_scratch(const effnn_context *context, const effnn__integer_conv *conv);
effnn_status effnn__integer_conv_run(effnn_context *context, const effnn__integer_conv *conv,
                                     void *scratch, int32_t *sums);

double effnn__integer_conv_macs(const effnn__integer_conv *conv);
#endif
