/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_VEC_H
#define EFFNN_BASE_VEC_H

/* A growing array of pointers, and the growth rule that other arrays share. */

#include "base/status.h"

typedef struct effnn__vec {
    size_t n, capacity;
    void **items;
} effnn__vec;

effnn_status effnn__vec_push(effnn__vec *self, void *item);
effnn_status effnn__vec_insert(effnn__vec *self, size_t at, void *item);
void effnn__vec_remove(effnn__vec *self, size_t at); /* keeps the order */
void effnn__vec_clear(effnn__vec *self);             /* frees the array, not the items */

/* Make room for `need` elements of `size` bytes in *items, capacity doubled as needed. */
effnn_status effnn__grow(void *items, size_t *capacity, size_t need, size_t size);
#endif
