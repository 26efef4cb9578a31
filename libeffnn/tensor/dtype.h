/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TENSOR_DTYPE_H
#define EFFNN_TENSOR_DTYPE_H

/* Element types as a table of rows: name, bits, kind, element access by index. */

#include <effnn/tensor.h>
#include <stdbool.h>

typedef enum effnn__dtype_kind {
    EFFNN__KIND_FLOAT,
    EFFNN__KIND_SIGNED,
    EFFNN__KIND_UNSIGNED,
    EFFNN__KIND_BOOL
} effnn__dtype_kind;

typedef struct effnn__dtype_row {
    const char *name;
    size_t bits;
    effnn__dtype_kind kind;
    /* Element `i` of an array, widened. i64 access is exact for integers (u64 above INT64_MAX
     * wraps); f64 access is exact for floats and for integers up to 2^53. */
    double (*load_f64)(const void *data, size_t i);
    void (*store_f64)(void *data, size_t i, double value);  /* nearest even, saturating */
    int64_t (*load_i64)(const void *data, size_t i);        /* floats: toward zero, saturating */
    void (*store_i64)(void *data, size_t i, int64_t value); /* saturating */
} effnn__dtype_row;

/* The row of a dtype, or NULL if it is none. */
const effnn__dtype_row *effnn__dtype_row_of(effnn_dtype dtype);

bool effnn__dtype_is_float(effnn_dtype dtype);
bool effnn__dtype_is_integer(effnn_dtype dtype); /* signed or unsigned, not bool */

/* dtype of a name ("f32"); E_NOTFOUND. */
int effnn__dtype_find(const char *name); /* -1: none */

/* Bytes of n elements, rounded up for the packed types; false if it overflows. */
bool effnn__dtype_bytes(effnn_dtype dtype, size_t n, size_t *out);
#endif
