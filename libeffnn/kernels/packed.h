/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_PACKED_H
#define EFFNN_KERNELS_PACKED_H

/* Products in f32 by register tiles (tile.h), with what comes right behind them.
 * Sums run in the order of k in blocks of one size, so an element's bits depend on its own row and
 * column only: neither on the size of the batch, nor on threads. */

#include "kernels/kernels.h"
#include "kernels/tile.h"

/* Terms that are added up before C is stored and loaded again. */
enum { EFFNN__TILE_TERMS = 192 };

/* A matrix B [k, n] in panels of a tile's columns, the last filled up with zeros. */
size_t effnn__pack_bytes(size_t k, size_t n);
void effnn__pack_f32(float *packed, const float *b, int64_t b_row, int64_t b_col, size_t k,
                     size_t n);

/* C [m, n] = A [m, k] · B, B packed; strides in elements, columns of C adjacent. */
typedef struct effnn__packed_gemm {
    size_t m, n, k;
    const float *a, *b;
    float *c;
    size_t a_row, a_col, c_row;
    bool accumulate; /* C += A · B, before what follows */
    effnn__epilogue after;
} effnn__packed_gemm;
effnn_status effnn__gemm_f32_packed(effnn_context *context, const effnn__packed_gemm *gemm);

/* The same on the calling thread / with B as it lies: rows b_row apart, columns adjacent. */
void effnn__gemm_f32_packed_serial(const effnn__packed_gemm *gemm);
void effnn__gemm_f32_rows_serial(const effnn__packed_gemm *gemm, size_t b_row);
#endif
