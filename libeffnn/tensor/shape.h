/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TENSOR_SHAPE_H
#define EFFNN_TENSOR_SHAPE_H

/* Concrete shapes: sizes, counts, row-major strides, broadcasting; all overflow-checked. */

#include "base/status.h"

#include <effnn/tensor.h>
#include <stdbool.h>

typedef struct effnn__shape {
    size_t rank;
    int64_t dims[EFFNN_MAX_RANK];
} effnn__shape;

/* Product of sizes; E_SHAPE if one is negative or the product, zeros left out, exceeds PTRDIFF_MAX.
 */
effnn_status effnn__shape_count(size_t *out, size_t rank, const int64_t *dims);

void effnn__shape_strides(int64_t *strides, size_t rank, const int64_t *dims);

/* NumPy broadcasting of two shapes; E_SHAPE names both. */
effnn_status effnn__shape_broadcast(effnn__shape *out, const effnn__shape *a,
                                    const effnn__shape *b);

bool effnn__shape_equal(const effnn__shape *a, const effnn__shape *b);

/* "[2, 3]" into a buffer, for messages; returns the buffer. EFFNN__SHAPE_TEXT bytes hold any shape;
 * a smaller buffer cuts it. */
#define EFFNN__SHAPE_TEXT 192
char *effnn__shape_print(char *buffer, size_t size, size_t rank, const int64_t *dims);
#endif
