/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_CONV_FEW_H
#define EFFNN_OPS_OP_CONV_FEW_H

/* Convolutions of few output positions: along a tile's columns lie output channels, for positions
 * would leave most of them empty. An element is the same sum in the same order as by the kernels'
 * conv2d_f32, and has its bits. */

#include "kernels/kernels.h"

/* Whether a convolution is one; its sizes other than `n` say so. */
bool effnn__conv_few_fits(const effnn__conv2d *conv);

/* Weights in the layout of this way: their own sizes and the groups count. */
size_t effnn__conv_few_pack_bytes(const effnn__conv2d *conv);
void effnn__conv_few_pack(const effnn__conv2d *conv, const float *weight, float *packed);

/* `scratch` has as many bytes as the function of that name says; after: NULL is nothing. */
size_t effnn__conv_few_scratch(const effnn__conv2d *conv);
effnn_status effnn__conv_few_f32(effnn_context *context, const effnn__conv2d *conv, const float *x,
                                 const float *packed, const effnn__epilogue *after, float *y,
                                 float *scratch);
#endif
