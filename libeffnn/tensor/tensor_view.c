/* SPDX-License-Identifier: BSD-3-Clause */
/* Views: new headers over the same storage. A view is an owner of the storage like any other
 * tensor, so writing to either side parts them. Packed types have no strides: of them only
 * row-major views exist. */

#include "tensor/tensor_priv.h"

#include <string.h>

/* A header over the storage of `self`, which gets a share. */
static effnn_status view_of(effnn_tensor **out, const effnn_tensor *self, int64_t offset,
                            const effnn__shape *shape, const int64_t *strides)
{
    const int64_t bits = (int64_t)effnn_dtype_bits(self->dtype);
    char *data = offset ? self->data + offset * bits / 8 : self->data; /* NULL stays NULL */

    EFFNN_TRY(effnn__tensor_over(out, self->storage, data, self->dtype, shape, strides));
    effnn__storage_retain(self->storage);
    return EFFNN_OK;
}

static effnn_status refuse_packed(const char *caller, const effnn_tensor *self)
{
    if (!effnn__dtype_is_packed(self->dtype)) return EFFNN_OK;
    return effnn__fail(EFFNN_E_UNSUPPORTED, "%s: %s is packed, two elements to a byte", caller,
                       effnn_dtype_name(self->dtype));
}

/* Check the wanted sizes against the element count and put a number in place of -1. */
static effnn_status resolve_dims(effnn__shape *out, const effnn_tensor *self, size_t rank,
                                 const int64_t *dims)
{
    char have[EFFNN__SHAPE_TEXT], want[EFFNN__SHAPE_TEXT];
    size_t open = rank, known;

    effnn__shape_print(have, sizeof have, self->rank, self->dims);
    effnn__shape_print(want, sizeof want, rank, dims);
    out->rank = rank;
    for (size_t i = 0; i < rank; i++) {
        out->dims[i] = dims[i];
        if (dims[i] != -1) continue;
        if (open != rank)
            return effnn__fail(EFFNN_E_SHAPE, "reshape of %s to %s: more than one size is -1", have,
                               want);
        open = i;
        out->dims[i] = 1;
    }
    EFFNN_TRY(effnn__shape_count(&known, rank, out->dims));
    if (open != rank && known && self->count % known == 0)
        out->dims[open] = (int64_t)(self->count / known);
    else if (open != rank || known != self->count)
        return effnn__fail(EFFNN_E_SHAPE, "reshape of %s to %s: %zu elements do not fit", have,
                           want, self->count);
    return EFFNN_OK;
}

/*
 * Strides under which the wanted shape walks the same elements; false if there are none.
 *
 * Both shapes are cut into the shortest groups of neighbouring dimensions with equal products. A
 * group can be regrouped without a copy if and only if its old dimensions lie evenly spaced.
 */
static bool reshape_strides(int64_t *strides, const effnn__shape *want, const effnn_tensor *self)
{
    int64_t dims[EFFNN_MAX_RANK], old[EFFNN_MAX_RANK];
    size_t n = 0, i = 0, j = 0;

    for (size_t k = 0; k < self->rank; k++) { /* sizes of 1 say nothing */
        if (self->dims[k] == 1) continue;
        dims[n] = self->dims[k];
        old[n++] = self->strides[k];
    }
    while (i < n && j < want->rank) {
        const size_t first_i = i, first_j = j;
        int64_t have_product = dims[i++], want_product = want->dims[j++];

        while (have_product != want_product) {
            if (have_product < want_product)
                have_product *= dims[i++];
            else
                want_product *= want->dims[j++];
        }
        for (size_t k = first_i; k + 1 < i; k++)
            if (old[k] != dims[k + 1] * old[k + 1]) return false;
        strides[j - 1] = old[i - 1];
        for (size_t k = j - 1; k > first_j; k--) strides[k - 1] = strides[k] * want->dims[k];
    }
    for (; j < want->rank; j++) strides[j] = 1; /* sizes of 1 are left */
    return true;
}

effnn_status effnn_tensor_view_reshape(effnn_tensor **out, effnn_tensor *self, size_t rank,
                                       const int64_t *dims)
{
    effnn_tensor *copy = NULL;
    effnn_status status;
    effnn__shape want;
    int64_t strides[EFFNN_MAX_RANK];

    EFFNN_CHECK_ARG(out && self);
    EFFNN_CHECK_ARG(rank <= EFFNN_MAX_RANK && (dims || rank == 0));
    EFFNN_TRY(resolve_dims(&want, self, rank, dims));
    if (self->contiguous) return view_of(out, self, 0, &want, NULL);
    if (reshape_strides(strides, &want, self)) return view_of(out, self, 0, &want, strides);
    EFFNN_TRY(effnn_tensor_copy(&copy, self));
    status = view_of(out, copy, 0, &want, NULL);
    effnn_tensor_release(copy);
    return status;
}

effnn_status effnn_tensor_view_permute(effnn_tensor **out, effnn_tensor *self, const size_t *axes)
{
    effnn__shape shape = { 0 };
    int64_t strides[EFFNN_MAX_RANK];
    unsigned seen = 0;

    EFFNN_CHECK_ARG(out && self);
    EFFNN_CHECK_ARG(axes || self->rank == 0);
    EFFNN_TRY(refuse_packed(__func__, self));
    shape.rank = self->rank;
    for (size_t i = 0; i < self->rank; i++) {
        if (axes[i] >= self->rank || seen >> axes[i] & 1)
            return effnn__fail(EFFNN_E_ARG, "%s: axes are no permutation of %zu: axis %zu at %zu",
                               __func__, self->rank, axes[i], i);
        seen |= 1u << axes[i];
        shape.dims[i] = self->dims[axes[i]];
        strides[i] = self->strides[axes[i]];
    }
    return view_of(out, self, 0, &shape, strides);
}

effnn_status effnn_tensor_view_slice(effnn_tensor **out, effnn_tensor *self, size_t axis,
                                     int64_t start, int64_t count, int64_t step)
{
    effnn__shape shape;
    int64_t strides[EFFNN_MAX_RANK];

    EFFNN_CHECK_ARG(out && self);
    EFFNN_CHECK_ARG(count >= 0 && step != 0);
    if (axis >= self->rank)
        return effnn__fail(EFFNN_E_ARG, "%s: axis %zu of rank %zu", __func__, axis, self->rank);
    EFFNN_TRY(refuse_packed(__func__, self));
    const int64_t size = self->dims[axis];
    /* Steps from start to the last index that still lies inside. */
    const int64_t room = start < 0 || start >= size ? -1
                         : step > 0                 ? (size - 1 - start) / step
                         : step == INT64_MIN        ? 0
                                                    : start / -step;

    if (count > room + 1)
        return effnn__fail(EFFNN_E_ARG,
                           "%s: %lld elements from %lld by %lld leave axis %zu of size "
                           "%lld",
                           __func__, (long long)count, (long long)start, (long long)step, axis,
                           (long long)size);
    shape = effnn__tensor_shape(self);
    memcpy(strides, self->strides, sizeof strides);
    const int64_t offset = count ? start * strides[axis] : 0;
    shape.dims[axis] = count;
    if (count > 1) strides[axis] *= step;
    return view_of(out, self, offset, &shape, strides);
}

effnn_status effnn__tensor_rows(effnn_tensor **out, effnn_tensor *self, int64_t start, int64_t n)
{
    effnn__shape shape = effnn__tensor_shape(self);
    int64_t row = 1;

    if (self->rank == 0 || !self->contiguous || start < 0 || n < 0 || n > self->dims[0] - start)
        return effnn__fail(EFFNN_E_ARG, "rows %lld to %lld of a tensor of rank %zu with %lld rows",
                           (long long)start, (long long)(start + n), self->rank,
                           (long long)(self->rank ? self->dims[0] : 0));
    for (size_t i = 1; i < self->rank; i++) row *= self->dims[i];
    if (effnn__dtype_is_packed(self->dtype) && start % 2 && row % 2)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "row %lld of %s begins within a byte",
                           (long long)start, effnn_dtype_name(self->dtype));
    shape.dims[0] = n;
    return view_of(out, self, start * row, &shape, NULL);
}
