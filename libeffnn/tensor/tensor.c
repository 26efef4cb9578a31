/* SPDX-License-Identifier: BSD-3-Clause */
/* The tensor object: a counted header (type, sizes, strides, first element) over counted storage.
 * Many headers may stand over one storage; the write rule (tensor/tensor.h) keeps a write in one
 * from being seen in another. The header's count is for holders of one object. */

#include "tensor/tensor.h"
#include "base/alloc.h"
#include "tensor/tensor_priv.h"

#include <string.h>

static bool rows_are_contiguous(const effnn_tensor *self)
{
    int64_t step = 1;

    for (size_t i = self->rank; i-- > 0;) {
        if (self->dims[i] == 1) continue;
        if (self->strides[i] != step) return false;
        step *= self->dims[i];
    }
    return true;
}

static void fill_header(effnn_tensor *self, effnn__storage *storage, void *data, effnn_dtype dtype,
                        const effnn__shape *shape, const int64_t *strides)
{
    atomic_init(&self->refs, 1);
    self->storage = storage;
    self->data = data;
    self->dtype = dtype;
    self->rank = shape->rank;
    self->count = 1;
    self->placed = false;
    for (size_t i = 0; i < shape->rank; i++) {
        self->dims[i] = shape->dims[i];
        self->count *= (size_t)shape->dims[i];
    }
    if (strides)
        memcpy(self->strides, strides, shape->rank * sizeof *strides);
    else
        effnn__shape_strides(self->strides, shape->rank, self->dims);
    self->contiguous = self->count == 0 || rows_are_contiguous(self);
}

static effnn__shape make_shape(size_t rank, const int64_t *dims)
{
    effnn__shape shape = { .rank = rank };

    if (rank) memcpy(shape.dims, dims, rank * sizeof *dims);
    return shape;
}

effnn_status effnn__tensor_check(size_t *count, size_t *bytes, const char *caller,
                                 effnn_dtype dtype, size_t rank, const int64_t *dims)
{
    char text[EFFNN__SHAPE_TEXT];

    if (!effnn__dtype_row_of(dtype))
        return effnn__fail(EFFNN_E_ARG, "%s: %d is no dtype", caller, (int)dtype);
    if (rank > EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_ARG, "%s: rank %zu exceeds %d", caller, rank, EFFNN_MAX_RANK);
    if (rank && !dims) return effnn__fail(EFFNN_E_ARG, "%s: need dims for rank %zu", caller, rank);
    EFFNN_TRY(effnn__shape_count(count, rank, dims));
    if (!effnn__dtype_bytes(dtype, *count, bytes))
        return effnn__fail(EFFNN_E_SHAPE, "shape %s of %s: more than %td bytes",
                           effnn__shape_print(text, sizeof text, rank, dims),
                           effnn_dtype_name(dtype), PTRDIFF_MAX);
    return EFFNN_OK;
}

effnn_status effnn__tensor_over(effnn_tensor **out, effnn__storage *storage, void *data,
                                effnn_dtype dtype, const effnn__shape *shape,
                                const int64_t *strides)
{
    effnn_tensor *self = effnn__alloc(sizeof *self);

    if (!self) return effnn__fail_nomem("tensor", sizeof *self);
    fill_header(self, storage, data, dtype, shape, strides);
    *out = self;
    return EFFNN_OK;
}

static effnn_status create(effnn_tensor **out, effnn_context *context, effnn_dtype dtype,
                           size_t rank, const int64_t *dims, bool zero)
{
    effnn__storage *storage = NULL;
    effnn_status status;
    size_t count, bytes;

    EFFNN_TRY(effnn__tensor_check(&count, &bytes, "tensor", dtype, rank, dims));
    EFFNN_TRY(effnn__storage_create(&storage, context, bytes));
    const effnn__shape shape = make_shape(rank, dims);
    void *data = effnn__storage_data(storage);
    if (zero) memset(data, 0, bytes);
    status = effnn__tensor_over(out, storage, data, dtype, &shape, NULL);
    if (status != EFFNN_OK) effnn__storage_release(storage);
    return status;
}

effnn_status effnn_tensor_create(effnn_tensor **out, effnn_context *context, effnn_dtype dtype,
                                 size_t rank, const int64_t *dims)
{
    EFFNN_CHECK_ARG(out);
    return create(out, context, dtype, rank, dims, true);
}

effnn_status effnn__tensor_create_unset(effnn_tensor **out, effnn_context *context,
                                        effnn_dtype dtype, size_t rank, const int64_t *dims)
{
    return create(out, context, dtype, rank, dims, false);
}

/* What both ways of wrapping do, arguments checked. */
static effnn_status wrap(effnn_tensor **out, effnn_context *context, void *data, effnn_dtype dtype,
                         const effnn__shape *shape, effnn__storage **storage, bool read_only)
{
    effnn_status status;

    EFFNN_TRY(effnn__storage_wrap(storage, context, data, read_only));
    status = effnn__tensor_over(out, *storage, data, dtype, shape, NULL);
    if (status != EFFNN_OK) effnn__storage_release(*storage);
    return status;
}

effnn_status effnn_tensor_wrap(effnn_tensor **out, effnn_context *context, void *data,
                               effnn_dtype dtype, size_t rank, const int64_t *dims,
                               effnn_release_fn release, void *user)
{
    effnn__storage *storage = NULL;
    size_t count, bytes;

    EFFNN_CHECK_ARG(out);
    EFFNN_TRY(effnn__tensor_check(&count, &bytes, __func__, dtype, rank, dims));
    EFFNN_CHECK_ARG(data || count == 0);
    if (!effnn__dtype_is_packed(dtype) && (uintptr_t)data % effnn__element_size(dtype))
        return effnn__fail(EFFNN_E_ARG, "%s: data is not aligned to the %zu bytes of %s", __func__,
                           effnn__element_size(dtype), effnn_dtype_name(dtype));
    const effnn__shape shape = make_shape(rank, dims);
    EFFNN_TRY(wrap(out, context, data, dtype, &shape, &storage, false));
    effnn__storage_set_release(storage, release, user);
    return EFFNN_OK;
}

effnn_status effnn__tensor_wrap_read_only(effnn_tensor **out, effnn_context *context,
                                          const void *data, effnn_dtype dtype,
                                          const effnn__shape *shape,
                                          const struct effnn__memory_owner *owner)
{
    effnn__storage *storage = NULL;

    EFFNN_TRY(wrap(out, context, (void *)(uintptr_t)data, dtype, shape, &storage, true));
    effnn__storage_set_release(storage, owner->release, owner->user);
    effnn__storage_set_idle(storage, owner->idle);
    return EFFNN_OK;
}

void effnn__tensor_let_go(effnn_tensor *self)
{
    EFFNN_ASSERT(!self->placed);
    if (self->contiguous) effnn__storage_idle(self->storage, self->data, effnn_tensor_bytes(self));
    effnn__storage_release(self->storage);
    self->storage = NULL;
    self->data = NULL;
    effnn__shape_strides(self->strides, self->rank, self->dims);
    self->contiguous = true;
}

effnn_status effnn__tensor_share(effnn_tensor **out, const effnn_tensor *self)
{
    const effnn__shape shape = effnn__tensor_shape(self);

    EFFNN_TRY(
        effnn__tensor_over(out, self->storage, self->data, self->dtype, &shape, self->strides));
    effnn__storage_retain(self->storage);
    return EFFNN_OK;
}

effnn_tensor *effnn_tensor_retain(effnn_tensor *self)
{
    if (self) atomic_fetch_add_explicit(&self->refs, 1, memory_order_relaxed);
    return self;
}

void effnn_tensor_release(effnn_tensor *self)
{
    if (!self || atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) != 1) return;
    effnn__storage_release(self->storage);
    if (!self->placed) effnn__free(self);
}

size_t effnn__tensor_size(void)
{
    return sizeof(effnn_tensor);
}

effnn_tensor *effnn__tensor_place(void *place, void *data, effnn_dtype dtype, size_t rank,
                                  const int64_t *dims)
{
    const effnn__shape shape = make_shape(rank, dims);
    effnn_tensor *self = place;

    fill_header(self, NULL, data, dtype, &shape, NULL);
    self->placed = true;
    return self;
}

effnn_dtype effnn_tensor_dtype(const effnn_tensor *self)
{
    return self->dtype;
}

size_t effnn_tensor_rank(const effnn_tensor *self)
{
    return self->rank;
}

const int64_t *effnn_tensor_dims(const effnn_tensor *self)
{
    return self->dims;
}

const int64_t *effnn_tensor_strides(const effnn_tensor *self)
{
    return self->strides;
}

size_t effnn_tensor_count(const effnn_tensor *self)
{
    return self->count;
}

size_t effnn_tensor_bytes(const effnn_tensor *self)
{
    size_t bytes = 0;

    (void)effnn__dtype_bytes(self->dtype, self->count, &bytes); /* checked when it was made */
    return bytes;
}

int effnn_tensor_is_contiguous(const effnn_tensor *self)
{
    return self->contiguous;
}

const void *effnn_tensor_data(const effnn_tensor *self)
{
    return self->data;
}

void *effnn__tensor_data(effnn_tensor *self)
{
    EFFNN_ASSERT(self->contiguous);
    EFFNN_ASSERT(!self->storage || effnn__storage_is_writable(self->storage));
    return self->data;
}

effnn__shape effnn__tensor_shape(const effnn_tensor *self)
{
    return make_shape(self->rank, self->dims);
}

bool effnn__tensor_shares_storage(const effnn_tensor *a, const effnn_tensor *b)
{
    return a->storage && a->storage == b->storage;
}

effnn_context *effnn__tensor_context(const effnn_tensor *self)
{
    return self->storage ? effnn__storage_context(self->storage) : NULL;
}
