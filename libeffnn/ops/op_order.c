/* SPDX-License-Identifier: BSD-3-Clause */
/* Heap sort: in place, n · log n whatever the input. */

#include "ops/op_order.h"

#include <math.h>

void effnn__heap_sink(int64_t *heap, size_t n, size_t i, effnn__before_fn before, const void *user)
{
    const int64_t item = heap[i];

    for (size_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && before(user, heap[child], heap[child + 1])) child++;
        if (!before(user, item, heap[child])) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = item;
}

void effnn__heap_make(int64_t *items, size_t n, effnn__before_fn before, const void *user)
{
    for (size_t i = n / 2; i-- > 0;) effnn__heap_sink(items, n, i, before, user);
}

void effnn__heap_sort(int64_t *heap, size_t n, effnn__before_fn before, const void *user)
{
    while (n-- > 1) { /* the last one to the end, again and again */
        const int64_t last = heap[0];

        heap[0] = heap[n];
        heap[n] = last;
        effnn__heap_sink(heap, n, 0, before, user);
    }
}

void effnn__sort(int64_t *items, size_t n, effnn__before_fn before, const void *user)
{
    effnn__heap_make(items, n, before, user);
    effnn__heap_sort(items, n, before, user);
}

int effnn__compare_elements(const effnn__dtype_row *row, const void *data, size_t a, size_t b)
{
    if (row->kind == EFFNN__KIND_FLOAT) {
        const double x = row->load_f64(data, a), y = row->load_f64(data, b);

        if (isnan(x) || isnan(y)) return (int)isnan(x) - (int)isnan(y);
        return (x > y) - (x < y);
    }
    const int64_t x = row->load_i64(data, a), y = row->load_i64(data, b);
    if (row->kind == EFFNN__KIND_UNSIGNED && row->bits == 64)
        return ((uint64_t)x > (uint64_t)y) - ((uint64_t)x < (uint64_t)y);
    return (x > y) - (x < y);
}
