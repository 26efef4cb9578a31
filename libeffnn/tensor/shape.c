/* SPDX-License-Identifier: BSD-3-Clause */
/* Shape arithmetic. A product is checked with sizes of 0 taken as 1, so that the strides of an
 * empty shape cannot overflow either; NumPy refuses the same shapes. */

#include "tensor/shape.h"

#include <stdio.h>
#include <string.h>

effnn_status effnn__shape_count(size_t *out, size_t rank, const int64_t *dims)
{
    char text[EFFNN__SHAPE_TEXT];
    int64_t product = 1;
    bool empty = false;

    for (size_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return effnn__fail(EFFNN_E_SHAPE, "shape %s: size %zu is negative",
                               effnn__shape_print(text, sizeof text, rank, dims), i);
        if (dims[i] == 0)
            empty = true;
        else if (product > PTRDIFF_MAX / dims[i])
            return effnn__fail(EFFNN_E_SHAPE, "shape %s: more than %td elements",
                               effnn__shape_print(text, sizeof text, rank, dims), PTRDIFF_MAX);
        else
            product *= dims[i];
    }
    *out = empty ? 0 : (size_t)product;
    return EFFNN_OK;
}

void effnn__shape_strides(int64_t *strides, size_t rank, const int64_t *dims)
{
    int64_t step = 1;

    for (size_t i = rank; i-- > 0;) {
        strides[i] = step;
        step *= dims[i] ? dims[i] : 1;
    }
}

effnn_status effnn__shape_broadcast(effnn__shape *out, const effnn__shape *a, const effnn__shape *b)
{
    const effnn__shape *longer = a->rank >= b->rank ? a : b;
    const effnn__shape *shorter = longer == a ? b : a;
    const size_t lead = longer->rank - shorter->rank;
    effnn__shape result = *longer;

    for (size_t i = 0; i < shorter->rank; i++) {
        int64_t *dim = &result.dims[lead + i];
        const int64_t other = shorter->dims[i];

        if (*dim == 1) *dim = other;
        if (*dim != other && other != 1) {
            char a_text[EFFNN__SHAPE_TEXT], b_text[EFFNN__SHAPE_TEXT];

            return effnn__fail(EFFNN_E_SHAPE, "shapes %s and %s do not broadcast",
                               effnn__shape_print(a_text, sizeof a_text, a->rank, a->dims),
                               effnn__shape_print(b_text, sizeof b_text, b->rank, b->dims));
        }
    }
    *out = result;
    return EFFNN_OK;
}

bool effnn__shape_equal(const effnn__shape *a, const effnn__shape *b)
{
    return a->rank == b->rank && memcmp(a->dims, b->dims, a->rank * sizeof a->dims[0]) == 0;
}

char *effnn__shape_print(char *buffer, size_t size, size_t rank, const int64_t *dims)
{
    size_t n = 0;

    if (size == 0) return buffer;
    buffer[0] = '\0';
    for (size_t i = 0; i <= rank && n < size; i++) {
        int wrote;

        if (i == rank)
            wrote = snprintf(buffer + n, size - n, rank ? "]" : "[]");
        else
            wrote = snprintf(buffer + n, size - n, "%s%lld", i ? ", " : "[", (long long)dims[i]);
        n += (size_t)wrote;
    }
    return buffer;
}
