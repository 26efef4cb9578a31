/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_IM2COL_H
#define EFFNN_KERNELS_IM2COL_H

/* The matrix that turns a convolution into a product: row (ci, ky, kx) holds, for each output
 * position, the input element under that tap (0 in the padding). */

#include "kernels/kernels.h"

/* A block of it: n_rows of the c_in / groups · kernel_h · kernel_w rows from `row`, n_cols output
 * positions from `col`; rows are written `stride` elements apart. */
typedef struct effnn__im2col_block {
    size_t row, n_rows, col, n_cols, stride;
} effnn__im2col_block;

/* x is the group's first channel of one image; `out` is the block's first element. */
void effnn__im2col_f32(const effnn__conv2d *conv, const float *x, const effnn__im2col_block *block,
                       float *out);
#endif
