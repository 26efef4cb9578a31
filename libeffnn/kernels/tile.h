/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_TILE_H
#define EFFNN_KERNELS_TILE_H

/* The register tile of matrix products in f32: what products with prepacked weights, convolutions
 * and attention are put together from. A tile adds k products to each of its elements in the order
 * of k, wherever it lies and whatever its size, so an element's bits depend on neither. */

#include <stdbool.h>
#include <stddef.h>

/* C[i, j] = start + Σ_p A[i, p] · B[p, j], i < m ≤ rows of the tile, j < n ≤ its columns, where
 * start is C itself with `accumulate`, else 0; then + bias_row[i] or + bias_column[j]; then, with
 * `clamp`, within [lo, hi] (NaN stays NaN): the same bits as these steps one by one. Rows of B are
 * read to the end of the tile's columns if `b_padded`. */
typedef struct effnn__tile_job {
    size_t m, n, k;
    const float *a, *b;
    float *c;
    size_t a_row, a_col, b_row, c_row; /* distances in elements; columns of B and C are adjacent */
    /* [k] where each row of B / column of A begins, or NULL: b_row / a_col apart; not both. */
    const size_t *b_offset, *a_offset;
    const float *bias_row, *bias_column;
    bool accumulate, clamp, b_padded;
    float lo, hi;
} effnn__tile_job;

typedef struct effnn__tile {
    const char *name;
    size_t rows, columns;
    void (*run)(const effnn__tile_job *job);
} effnn__tile;

/* Rows to cut m into for this tile: as even as can be. */
static inline size_t effnn__tile_height(const effnn__tile *tile, size_t m)
{
    const size_t n = (m + tile->rows - 1) / tile->rows;

    return n ? (m + n - 1) / n : 1;
}

/* The tile for this CPU / in plain C. */
const effnn__tile *effnn__tile_get(void);
const effnn__tile *effnn__tile_reference(void);

/* By instruction set; NULL where the compiler has none. Only on a CPU that has it. */
const effnn__tile *effnn__tile_avx2(void);
const effnn__tile *effnn__tile_avx512(void);
#endif
