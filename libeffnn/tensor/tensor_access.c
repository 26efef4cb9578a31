/* SPDX-License-Identifier: BSD-3-Clause */
/* Single elements, and questions about all of them. Convenience for tests, constants and checks:
 * loops over many elements belong to kernels. */

#include "tensor/tensor_priv.h"

#include <string.h>

/* Where an element lies: index `i` of the array at `base` (not 0 for the packed types only). */
typedef struct element {
    char *base;
    size_t i;
} element;

static element element_at(const effnn_tensor *self, int64_t offset)
{
    if (effnn__dtype_is_packed(self->dtype))
        return (element){ .base = self->data, .i = (size_t)offset };
    return (element){ .base = self->data + offset * (int64_t)effnn__element_size(self->dtype) };
}

/* The element at an index; E_ARG if it is outside. */
static effnn_status find_element(element *out, const effnn_tensor *self, const int64_t *index)
{
    int64_t offset = 0;

    for (size_t i = 0; i < self->rank; i++) {
        if (index[i] < 0 || index[i] >= self->dims[i])
            return effnn__fail(EFFNN_E_ARG, "index %lld of axis %zu is outside size %lld",
                               (long long)index[i], i, (long long)self->dims[i]);
        offset += index[i] * self->strides[i];
    }
    *out = element_at(self, offset);
    return EFFNN_OK;
}

effnn_status effnn_tensor_get_f64(double *out, const effnn_tensor *self, const int64_t *index)
{
    element at;

    EFFNN_CHECK_ARG(out && self);
    EFFNN_CHECK_ARG(index || self->rank == 0);
    EFFNN_TRY(find_element(&at, self, index));
    *out = effnn__dtype_row_of(self->dtype)->load_f64(at.base, at.i);
    return EFFNN_OK;
}

effnn_status effnn_tensor_set_f64(effnn_tensor *self, const int64_t *index, double value)
{
    element at;

    EFFNN_CHECK_ARG(self);
    EFFNN_CHECK_ARG(index || self->rank == 0);
    if (value != value && effnn__dtype_is_integer(self->dtype))
        return effnn__fail(EFFNN_E_ARG, "%s: NaN has no place in %s", __func__,
                           effnn_dtype_name(self->dtype));
    EFFNN_TRY(find_element(&at, self, index));
    EFFNN_TRY(effnn__tensor_make_unique(self));
    EFFNN_TRY(find_element(&at, self, index)); /* the strides may be others by now */
    effnn__dtype_row_of(self->dtype)->store_f64(at.base, at.i, value);
    return EFFNN_OK;
}

/* Element i in row-major order. */
static element nth_element(const effnn_tensor *self, size_t i)
{
    int64_t offset = 0;

    EFFNN_ASSERT(i < self->count);
    if (self->contiguous) return element_at(self, (int64_t)i);
    for (size_t axis = self->rank; axis-- > 0;) {
        const size_t dim = (size_t)self->dims[axis];

        offset += (int64_t)(i % dim) * self->strides[axis];
        i /= dim;
    }
    return element_at(self, offset);
}

int64_t effnn__tensor_load_i64(const effnn_tensor *self, size_t i)
{
    const element at = nth_element(self, i);

    return effnn__dtype_row_of(self->dtype)->load_i64(at.base, at.i);
}

double effnn__tensor_load_f64(const effnn_tensor *self, size_t i)
{
    const element at = nth_element(self, i);

    return effnn__dtype_row_of(self->dtype)->load_f64(at.base, at.i);
}

effnn_status effnn__tensor_from_i64(effnn_tensor **out, effnn_context *context, size_t n,
                                    const int64_t *items)
{
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(effnn__tensor_create_unset(&tensor, context, EFFNN_I64, 1,
                                         (const int64_t[]){ (int64_t)n }));
    if (n) memcpy(tensor->data, items, n * sizeof *items);
    *out = tensor;
    return EFFNN_OK;
}

static bool f32_is_finite(const char *data, size_t n)
{
    uint32_t any = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, data + i * sizeof bits, sizeof bits);
        any |= (bits & 0x7f800000) == 0x7f800000;
    }
    return !any;
}

bool effnn__tensor_is_finite(const effnn_tensor *self)
{
    if (!effnn__dtype_is_float(self->dtype)) return true;
    if (self->dtype == EFFNN_F32 && self->contiguous) return f32_is_finite(self->data, self->count);
    for (size_t i = 0; i < self->count; i++) {
        const double value = effnn__tensor_load_f64(self, i);

        if (value - value != 0) return false; /* infinity and NaN give NaN */
    }
    return true;
}

bool effnn__tensor_equal(const effnn_tensor *a, const effnn_tensor *b)
{
    const effnn__shape a_shape = effnn__tensor_shape(a), b_shape = effnn__tensor_shape(b);

    if (a->dtype != b->dtype || !effnn__shape_equal(&a_shape, &b_shape)) return false;
    if (effnn__dtype_is_packed(a->dtype)) { /* an odd count leaves half a byte unused */
        for (size_t i = 0; i < a->count; i++)
            if (effnn__tensor_load_i64(a, i) != effnn__tensor_load_i64(b, i)) return false;
        return true;
    }
    if (a->count == 0) return true;
    if (a->contiguous && b->contiguous) return memcmp(a->data, b->data, effnn_tensor_bytes(a)) == 0;
    for (size_t i = 0; i < a->count; i++)
        if (memcmp(nth_element(a, i).base, nth_element(b, i).base, effnn__element_size(a->dtype)) !=
            0)
            return false;
    return true;
}
