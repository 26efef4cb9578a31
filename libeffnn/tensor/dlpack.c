/* SPDX-License-Identifier: BSD-3-Clause */
/* DLPack in and out. Both sides of an exchange own the memory from then on, so both directions meet
 * the write rule: what comes in is copied when written, unless its producer says that it kept no
 * share; what goes out is marked read-only and makes the exporting tensor copy when written. */

#include "base/alloc.h"
#include "tensor/dlpack_priv.h"
#include "tensor/tensor_priv.h"

#include <string.h>

static const struct {
    effnn_dtype dtype;
    uint8_t code, bits;
} dtype_map[] = {
    { EFFNN_F32, DLPACK_FLOAT, 32 }, { EFFNN_F64, DLPACK_FLOAT, 64 },
    { EFFNN_F16, DLPACK_FLOAT, 16 }, { EFFNN_BF16, DLPACK_BFLOAT, 16 },
    { EFFNN_I8, DLPACK_INT, 8 },     { EFFNN_I16, DLPACK_INT, 16 },
    { EFFNN_I32, DLPACK_INT, 32 },   { EFFNN_I64, DLPACK_INT, 64 },
    { EFFNN_U8, DLPACK_UINT, 8 },    { EFFNN_U16, DLPACK_UINT, 16 },
    { EFFNN_U32, DLPACK_UINT, 32 },  { EFFNN_U64, DLPACK_UINT, 64 },
    { EFFNN_BOOL, DLPACK_BOOL, 8 },  { EFFNN_I4, DLPACK_INT, 4 },
    { EFFNN_U4, DLPACK_UINT, 4 },
};

#define N_DTYPE_MAP (sizeof dtype_map / sizeof dtype_map[0])

static effnn_status read_dtype(effnn_dtype *out, dlpack_dtype have)
{
    for (size_t i = 0; i < N_DTYPE_MAP; i++)
        if (dtype_map[i].code == have.code && dtype_map[i].bits == have.bits && have.lanes == 1) {
            *out = dtype_map[i].dtype;
            return EFFNN_OK;
        }
    return effnn__fail(EFFNN_E_UNSUPPORTED, "dlpack: element type of code %d, %d bits, %d lanes",
                       have.code, have.bits, have.lanes);
}

static dlpack_dtype write_dtype(effnn_dtype dtype)
{
    size_t i = 0;

    while (dtype_map[i].dtype != dtype) i++;
    return (dlpack_dtype){ .code = dtype_map[i].code, .bits = dtype_map[i].bits, .lanes = 1 };
}

/* Strides of the elements that there are: those of an empty tensor or of a size of 1 mean nothing
 * and may hold anything. */
static void read_strides(int64_t *out, const dlpack_tensor *from, const effnn__shape *shape,
                         size_t count)
{
    effnn__shape_strides(out, shape->rank, shape->dims);
    if (!from->strides || count == 0) return;
    for (size_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] != 1) out[i] = from->strides[i];
}

/* Everything that may be wrong with a foreign tensor; on success its type, shape and strides. */
static effnn_status read_tensor(effnn_dtype *dtype, effnn__shape *shape, int64_t *strides,
                                const dlpack_tensor *from)
{
    int64_t packed[EFFNN_MAX_RANK];
    size_t count, bytes;

    if (from->device_type != DLPACK_CPU)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "dlpack: device of type %d, not the CPU",
                           (int)from->device_type);
    EFFNN_TRY(read_dtype(dtype, from->dtype));
    if (from->rank < 0 || from->rank > EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "dlpack: rank %d exceeds %d", (int)from->rank,
                           EFFNN_MAX_RANK);
    EFFNN_TRY(
        effnn__tensor_check(&count, &bytes, "dlpack", *dtype, (size_t)from->rank, from->dims));
    shape->rank = (size_t)from->rank;
    if (shape->rank) memcpy(shape->dims, from->dims, shape->rank * sizeof *from->dims);
    read_strides(strides, from, shape, count);
    if (count && !from->data)
        return effnn__fail(EFFNN_E_ARG, "dlpack: no data for %zu elements", count);
    effnn__shape_strides(packed, shape->rank, shape->dims);
    if (effnn__dtype_is_packed(*dtype)) {
        if (memcmp(packed, strides, shape->rank * sizeof *strides) != 0)
            return effnn__fail(EFFNN_E_UNSUPPORTED, "dlpack: strided %s", effnn_dtype_name(*dtype));
    } else if (count && ((uintptr_t)from->data + from->byte_offset) % effnn__element_size(*dtype)) {
        return effnn__fail(EFFNN_E_UNSUPPORTED, "dlpack: %s elements are not aligned to %zu bytes",
                           effnn_dtype_name(*dtype), effnn__element_size(*dtype));
    }
    return EFFNN_OK;
}

/* A tensor over a foreign one; `release` gets `managed` with the last share. */
static effnn_status import_tensor(effnn_tensor **out, effnn_context *context,
                                  const dlpack_tensor *from, bool read_only,
                                  effnn_release_fn release, void *managed)
{
    int64_t strides[EFFNN_MAX_RANK] = { 0 };
    effnn__storage *storage = NULL;
    effnn__shape shape = { 0 };
    effnn_dtype dtype = EFFNN_F32;
    effnn_status status;

    EFFNN_TRY(read_tensor(&dtype, &shape, strides, from));
    EFFNN_TRY(effnn__storage_wrap(&storage, context, from->data, read_only));
    char *first = from->data ? (char *)from->data + from->byte_offset : NULL;
    status = effnn__tensor_over(out, storage, first, dtype, &shape, strides);
    if (status == EFFNN_OK)
        effnn__storage_set_release(storage, release, managed);
    else
        effnn__storage_release(storage);
    return status;
}

static void release_managed(void *user, void *data)
{
    struct DLManagedTensor *managed = user;

    (void)data;
    if (managed->deleter) managed->deleter(managed);
}

static void release_versioned(void *user, void *data)
{
    struct DLManagedTensorVersioned *managed = user;

    (void)data;
    if (managed->deleter) managed->deleter(managed);
}

effnn_status effnn_tensor_from_dlpack(effnn_tensor **out, effnn_context *context,
                                      struct DLManagedTensor *managed)
{
    EFFNN_CHECK_ARG(out && managed);
    return import_tensor(out, context, &managed->tensor, true, release_managed, managed);
}

effnn_status effnn_tensor_from_dlpack_versioned(effnn_tensor **out, effnn_context *context,
                                                struct DLManagedTensorVersioned *managed)
{
    EFFNN_CHECK_ARG(out && managed);
    if (managed->major != DLPACK_MAJOR)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "dlpack: version %u.%u, not %d",
                           (unsigned)managed->major, (unsigned)managed->minor, DLPACK_MAJOR);
    if ((managed->flags & DLPACK_IS_PADDED) && managed->tensor.dtype.bits < 8)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "dlpack: %d-bit elements padded to a byte each",
                           managed->tensor.dtype.bits);
    const bool read_only =
        (managed->flags & DLPACK_READ_ONLY) || !(managed->flags & DLPACK_IS_COPIED);

    return import_tensor(out, context, &managed->tensor, read_only, release_versioned, managed);
}

/* A consumer's share: a tensor object of its own, whose sizes and strides nobody else changes. */
static void export_tensor(dlpack_tensor *out, effnn_tensor *share)
{
    *out = (dlpack_tensor){
        .data = share->count ? share->data : NULL,
        .device_type = DLPACK_CPU,
        .rank = (int32_t)share->rank,
        .dtype = write_dtype(share->dtype),
        .dims = share->dims,
        .strides = share->strides,
    };
}

static void delete_managed(struct DLManagedTensor *self)
{
    effnn_tensor_release(self->owner);
    effnn__free(self);
}

static void delete_versioned(struct DLManagedTensorVersioned *self)
{
    effnn_tensor_release(self->owner);
    effnn__free(self);
}

static effnn_status refuse_placed(const effnn_tensor *self)
{
    if (self->storage) return EFFNN_OK;
    return effnn__fail(EFFNN_E_STATE, "dlpack: the elements lie in a session's memory; copy them");
}

effnn_status effnn_tensor_to_dlpack(struct DLManagedTensor **out, effnn_tensor *self)
{
    struct DLManagedTensor *managed;
    effnn_tensor *share = NULL;

    EFFNN_CHECK_ARG(out && self);
    EFFNN_TRY(refuse_placed(self));
    EFFNN_TRY(effnn__tensor_share(&share, self));
    managed = effnn__zalloc(sizeof *managed);
    if (!managed) {
        effnn_tensor_release(share);
        return effnn__fail_nomem("dlpack tensor", sizeof *managed);
    }
    export_tensor(&managed->tensor, share);
    managed->owner = share;
    managed->deleter = delete_managed;
    *out = managed;
    return EFFNN_OK;
}

effnn_status effnn_tensor_to_dlpack_versioned(struct DLManagedTensorVersioned **out,
                                              effnn_tensor *self)
{
    struct DLManagedTensorVersioned *managed;
    effnn_tensor *share = NULL;

    EFFNN_CHECK_ARG(out && self);
    EFFNN_TRY(refuse_placed(self));
    EFFNN_TRY(effnn__tensor_share(&share, self));
    managed = effnn__zalloc(sizeof *managed);
    if (!managed) {
        effnn_tensor_release(share);
        return effnn__fail_nomem("dlpack tensor", sizeof *managed);
    }
    export_tensor(&managed->tensor, share);
    managed->major = DLPACK_MAJOR;
    managed->minor = DLPACK_MINOR;
    managed->owner = share;
    managed->deleter = delete_versioned;
    managed->flags = DLPACK_READ_ONLY;
    *out = managed;
    return EFFNN_OK;
}
