/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_ORDER_H
#define EFFNN_OPS_OP_ORDER_H

/* Sorting indices in place, without memory: what the operators of order (topk, unique, …) share. */

#include "tensor/dtype.h"

/* True if item a comes before item b; a strict order in which no two items are equal. */
typedef bool (*effnn__before_fn)(const void *user, int64_t a, int64_t b);

/* Let item i of a heap of n sink until none below comes after it: the root is the last of all. */
void effnn__heap_sink(int64_t *heap, size_t n, size_t i, effnn__before_fn before, const void *user);

/* Make n items a heap / sort n items that are one / sort n items, the first first. */
void effnn__heap_make(int64_t *items, size_t n, effnn__before_fn before, const void *user);
void effnn__heap_sort(int64_t *heap, size_t n, effnn__before_fn before, const void *user);
void effnn__sort(int64_t *items, size_t n, effnn__before_fn before, const void *user);

/* -1, 0, 1: element a of an array against element b; NaNs are equal and above every number. */
int effnn__compare_elements(const effnn__dtype_row *row, const void *data, size_t a, size_t b);
#endif
