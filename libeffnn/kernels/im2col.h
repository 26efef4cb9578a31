/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_IM2COL_H
#define EFFNN_KERNELS_IM2COL_H

/* The matrix that turns a convolution into a product: row (ci, ky, kx) holds, for each output
 * position, the input element under that tap (0 in the padding). */

#include "kernels/kernels.h"

/* A block of it: rows [row_begin, row_end) of c_in / groups · kernel_h · kernel_w, output positions
 * [col, col + n_cols). x is the group's first channel of one image; `out` is that block's first
 * element, rows n_cols apart. */
void effnn__im2col_f32(const effnn__conv2d *conv, const float *x, size_t row_begin, size_t row_end,
                       size_t col, size_t n_cols, float *out);
#endif
