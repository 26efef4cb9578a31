/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TENSOR_H
#define EFFNN_TENSOR_H

/** @file
 * Tensors: reference-counted n-dimensional arrays, strided, of one element type.
 *
 * Made by effnn_tensor_create(), effnn_tensor_wrap() or a reader; shared by effnn_tensor_retain()
 * and views; freed by effnn_tensor_release().
 *
 * The write rule: storage with more than one owner is immutable. Its owners are tensor objects
 * (views among them) and DLPack consumers and producers. effnn_tensor_data_mut() and
 * effnn_tensor_set_f64() give a tensor storage of its own first where it has another owner, so that
 * a write is never seen by one. References to the same object (effnn_tensor_retain()) are not
 * owners: all who hold the object see its writes.
 */

#include <effnn/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Largest number of dimensions. */
#define EFFNN_MAX_RANK 8

/** Element types. The 4-bit ones are packed, two to a byte, the first in the low half. */
typedef enum effnn_dtype {
    EFFNN_F32 = 0,
    EFFNN_F64 = 1,
    EFFNN_F16 = 2,
    EFFNN_BF16 = 3,
    EFFNN_I8 = 4,
    EFFNN_I16 = 5,
    EFFNN_I32 = 6,
    EFFNN_I64 = 7,
    EFFNN_U8 = 8,
    EFFNN_U16 = 9,
    EFFNN_U32 = 10,
    EFFNN_U64 = 11,
    EFFNN_BOOL = 12,
    EFFNN_I4 = 13,
    EFFNN_U4 = 14
} effnn_dtype;

/** Name of an element type ("f32"); borrowed, static; "unknown" for a value that is none. */
EFFNN_API const char *effnn_dtype_name(effnn_dtype dtype);

/** Bits of one element: 4 for the packed types, 8 for bool; 0 for a value that is none. */
EFFNN_API size_t effnn_dtype_bits(effnn_dtype dtype);

/** An n-dimensional array. Reference counted; one object is used by one thread at a time. */
typedef struct effnn_tensor effnn_tensor;

/**
 * Create a tensor of zeros in row-major order.
 *
 * @param[out] out      new tensor with one reference, owned by the caller; untouched on failure.
 * @param      context  gives the storage; NULL: the default.
 * @param      dtype    element type.
 * @param      rank     number of dimensions, 0 (a scalar) to EFFNN_MAX_RANK.
 * @param      dims     [rank] sizes, each ≥ 0; may be NULL if rank is 0.
 * @return EFFNN_OK; EFFNN_E_ARG for an unknown dtype or rank; EFFNN_E_SHAPE for a negative size or
 *         a byte count that overflows; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_create(effnn_tensor **out, effnn_context *context,
                                           effnn_dtype dtype, size_t rank, const int64_t *dims);

/** Called once when the last tensor over wrapped memory goes. */
typedef void (*effnn_release_fn)(void *user, void *data);

/**
 * Create a tensor over memory of the caller's, without a copy.
 *
 * A write to the tensor goes to that memory, as long as no other tensor shares it.
 *
 * @param[out] out      new tensor, owned by the caller; untouched on failure, and then `release`
 *                      is not called.
 * @param      context  NULL: the default.
 * @param      data     row-major elements, aligned for the dtype; may be NULL if there are none.
 * @param      dtype    element type.
 * @param      rank     0 to EFFNN_MAX_RANK.
 * @param      dims     [rank].
 * @param      release  called with `user` and `data` when the memory is needed no longer; NULL:
 *                      the memory outlives every tensor over it by the caller's own care.
 * @param      user     first argument of `release`.
 * @return EFFNN_OK; EFFNN_E_ARG, EFFNN_E_SHAPE as for create, E_ARG also for data that is not
 *         aligned; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_wrap(effnn_tensor **out, effnn_context *context, void *data,
                                         effnn_dtype dtype, size_t rank, const int64_t *dims,
                                         effnn_release_fn release, void *user);

/** Add a reference and return `self`; NULL is allowed. */
EFFNN_API effnn_tensor *effnn_tensor_retain(effnn_tensor *self);

/** Drop a reference; the last one frees. NULL is allowed. */
EFFNN_API void effnn_tensor_release(effnn_tensor *self);

/** Element type. */
EFFNN_API effnn_dtype effnn_tensor_dtype(const effnn_tensor *self);

/** Number of dimensions. */
EFFNN_API size_t effnn_tensor_rank(const effnn_tensor *self);

/** Sizes, [rank]; borrowed, valid as long as the tensor. */
EFFNN_API const int64_t *effnn_tensor_dims(const effnn_tensor *self);

/** Distances between neighbours in elements, [rank], may be 0 or negative; borrowed likewise. */
EFFNN_API const int64_t *effnn_tensor_strides(const effnn_tensor *self);

/** Number of elements. */
EFFNN_API size_t effnn_tensor_count(const effnn_tensor *self);

/** Bytes that the elements take when contiguous. */
EFFNN_API size_t effnn_tensor_bytes(const effnn_tensor *self);

/** 1 if the elements lie in row-major order without gaps, else 0. */
EFFNN_API int effnn_tensor_is_contiguous(const effnn_tensor *self);

/**
 * First element, for reading; borrowed, valid until the tensor is written or released. Of a tensor
 * without elements it means nothing and may be NULL.
 */
EFFNN_API const void *effnn_tensor_data(const effnn_tensor *self);

/**
 * First element, for writing. Copies the elements first if the storage has another owner, is
 * read-only, or if elements overlap (strides of 0); the tensor is then contiguous.
 *
 * The pointer is borrowed, valid until the tensor is shared, written elsewhere or released.
 *
 * @return EFFNN_OK; EFFNN_E_NOMEM, and the tensor is as before.
 */
EFFNN_API effnn_status effnn_tensor_data_mut(void **out, effnn_tensor *self);

/** Read the element at `index` ([rank]) as double. @return EFFNN_OK; EFFNN_E_ARG if outside. */
EFFNN_API effnn_status effnn_tensor_get_f64(double *out, const effnn_tensor *self,
                                            const int64_t *index);

/**
 * Write the element at `index` ([rank]) from a double, rounded to nearest even and saturated at the
 * type's range.
 *
 * @return EFFNN_OK; EFFNN_E_ARG if the index is outside or `value` is NaN and the type an integer;
 *         EFFNN_E_NOMEM if shared storage cannot be copied.
 */
EFFNN_API effnn_status effnn_tensor_set_f64(effnn_tensor *self, const int64_t *index, double value);

/**
 * View the same elements under other sizes; one size may be -1 and is computed.
 *
 * @param[out] out   new tensor over the same storage (a copy, if the strides do not allow a view),
 *                   owned by the caller.
 * @param      self  shares its storage.
 * @param      rank  number of dimensions of the view.
 * @param      dims  [rank].
 * @return EFFNN_OK; EFFNN_E_SHAPE if the counts differ, or more than one size is -1; EFFNN_E_ARG
 *         for a rank above EFFNN_MAX_RANK; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_view_reshape(effnn_tensor **out, effnn_tensor *self,
                                                 size_t rank, const int64_t *dims);

/**
 * View with the dimensions in another order: dimension i of the view is `axes[i]` of `self`.
 *
 * @param[out] out   new tensor over the same storage, owned by the caller.
 * @param      self  shares its storage.
 * @param      axes  [rank], a permutation.
 * @return EFFNN_OK; EFFNN_E_ARG if `axes` is no permutation; EFFNN_E_UNSUPPORTED for a packed
 *         4-bit type; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_view_permute(effnn_tensor **out, effnn_tensor *self,
                                                 const size_t *axes);

/**
 * View of elements start, start+step, … along one axis.
 *
 * @param[out] out    new tensor over the same storage, owned by the caller.
 * @param      self   shares its storage.
 * @param      axis   the dimension that is cut.
 * @param      start  first index; anything if `count` is 0.
 * @param      count  number of indices.
 * @param      step   from index to index; may be negative, not 0.
 * @return EFFNN_OK; EFFNN_E_ARG if an index falls outside, the axis is none, the count is negative
 *         or the step 0; EFFNN_E_UNSUPPORTED for a packed 4-bit type; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_view_slice(effnn_tensor **out, effnn_tensor *self, size_t axis,
                                               int64_t start, int64_t count, int64_t step);

/** Contiguous copy with storage of its own. @return EFFNN_OK; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_tensor_copy(effnn_tensor **out, const effnn_tensor *self);

/**
 * Contiguous copy in another element type.
 *
 * To floats: nearest even. Floats to integers: toward zero, saturated at the range, NaN is refused.
 * Integers to narrower integers: saturated. To bool: nonzero. Every value is rounded once.
 *
 * @return EFFNN_OK; EFFNN_E_ARG for an unknown dtype; EFFNN_E_NUMERIC for a NaN that would become
 *         an integer; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_cast(effnn_tensor **out, const effnn_tensor *self,
                                         effnn_dtype dtype);

/**
 * Read a NumPy .npy file (format 1.0 to 3.0; either byte order; C or Fortran order).
 *
 * The tensor is row-major whatever the file's order. Bytes after the elements are ignored.
 *
 * @return EFFNN_OK; EFFNN_E_IO if it cannot be read; EFFNN_E_FORMAT if it is no .npy file or is
 *         truncated; EFFNN_E_UNSUPPORTED for an element type that no dtype stands for or more than
 *         EFFNN_MAX_RANK dimensions; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_read_npy(effnn_tensor **out, effnn_context *context,
                                             const char *path);

/**
 * Write a NumPy .npy file, atomically. bf16 and the 4-bit types have no NumPy type: cast them.
 *
 * @return EFFNN_OK; EFFNN_E_UNSUPPORTED for such a type; EFFNN_E_IO; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_write_npy(const effnn_tensor *self, const char *path);

/** DLPack's managed tensors (dlpack.h, version 0.8 and 1.x); declared there, used by pointer here.
 */
struct DLManagedTensor;
struct DLManagedTensorVersioned;

/**
 * Take over a DLPack tensor on the CPU without a copy; its deleter runs with the last reference.
 *
 * The producer may keep the memory too, so a write to the tensor copies it first.
 *
 * @return EFFNN_OK. On failure the DLPack tensor stays the caller's: EFFNN_E_UNSUPPORTED for
 * another device, element type or rank than there is here, unaligned elements, or strides in a
 *         packed type; EFFNN_E_ARG if a pointer is missing; EFFNN_E_SHAPE; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_from_dlpack(effnn_tensor **out, effnn_context *context,
                                                struct DLManagedTensor *managed);

/**
 * The same for a versioned DLPack tensor. Memory that its producer marks as copied for the
 * consumer, and not as read-only, is written in place.
 *
 * @return as effnn_tensor_from_dlpack(); EFFNN_E_UNSUPPORTED also for a major version other than 1.
 */
EFFNN_API effnn_status effnn_tensor_from_dlpack_versioned(effnn_tensor **out,
                                                          effnn_context *context,
                                                          struct DLManagedTensorVersioned *managed);

/**
 * Hand the elements out as DLPack, sharing the storage: the consumer must not write to them, and
 * `self` copies them when it is written before the consumer called the deleter.
 *
 * @return EFFNN_OK; EFFNN_E_STATE for a tensor inside a session's memory: copy it; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tensor_to_dlpack(struct DLManagedTensor **out, effnn_tensor *self);

/** The same as versioned DLPack, marked read-only. @return as effnn_tensor_to_dlpack(). */
EFFNN_API effnn_status effnn_tensor_to_dlpack_versioned(struct DLManagedTensorVersioned **out,
                                                        effnn_tensor *self);

#ifdef __cplusplus
}
#endif
#endif
