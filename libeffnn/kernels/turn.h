/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_TURN_H
#define EFFNN_KERNELS_TURN_H

#include <stddef.h>

/* to[j, i] = from[i, j] for i < rows, j < columns; rows are to_row / from_row elements apart. */
void effnn__turn_f32(float *to, size_t to_row, const float *from, size_t from_row, size_t rows,
                     size_t columns);
#endif
