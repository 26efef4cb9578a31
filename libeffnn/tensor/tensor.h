/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TENSOR_TENSOR_INTERNAL_H
#define EFFNN_TENSOR_TENSOR_INTERNAL_H

/* What higher layers need of tensors beyond the public calls. */

#include "base/status.h"
#include "tensor/shape.h"

#include <effnn/tensor.h>
#include <stdbool.h>

/* Whose memory a tensor is wrapped over: called when it is not needed for a while, and when the
 * last share of it goes. */
struct effnn__memory_owner {
    void (*idle)(void *user, const void *data, size_t size);
    effnn_release_fn release;
    void *user;
};

effnn__shape effnn__tensor_shape(const effnn_tensor *self);

/*
 * The write rule. Storage with more than one owner is immutable; owners are tensor objects (views
 * and shares included) and DLPack consumers. Writers call make_unique first: it gives `self`
 * storage of its own, contiguous, if the storage has another owner, is read-only, or elements of
 * `self` overlap. References to one tensor object (effnn_tensor_retain) are not owners: whoever
 * holds the object sees its writes. So whatever hands a tensor out that must not change with the
 * original (a clone, a session) hands out effnn__tensor_share(). A placed tensor is its arena's:
 * make_unique leaves it alone.
 */
effnn_status effnn__tensor_make_unique(effnn_tensor *self); /* E_NOMEM leaves it as it was */

/* A tensor object of its own over the same elements, without a copy. */
effnn_status effnn__tensor_share(effnn_tensor **out, const effnn_tensor *self);

/* Let go of the elements: what is left has dtype and shape, data NULL and rows one after another.
 * Those of a mapped file give their memory back even if others hold them: it is read again when
 * they want it. */
void effnn__tensor_let_go(effnn_tensor *self);

/* effnn_tensor_wrap over memory that must not be written (a mapped file): writers copy it. */
effnn_status effnn__tensor_wrap_read_only(effnn_tensor **out, effnn_context *context,
                                          const void *data, effnn_dtype dtype,
                                          const effnn__shape *shape,
                                          const struct effnn__memory_owner *owner);

/* effnn_tensor_create with the elements unset. */
effnn_status effnn__tensor_create_unset(effnn_tensor **out, effnn_context *context,
                                        effnn_dtype dtype, size_t rank, const int64_t *dims);

/* True if both lie in the same storage. */
bool effnn__tensor_shares_storage(const effnn_tensor *a, const effnn_tensor *b);

/* A tensor with the same elements, contiguous: shares them if `self` is, else a copy. */
effnn_status effnn__tensor_contiguous(effnn_tensor **out, const effnn_tensor *self);

/* Writable data of a tensor that the caller knows to be unshared and contiguous (asserted). */
void *effnn__tensor_data(effnn_tensor *self);

/* Copy elements between tensors of one shape and dtype, any strides; `to` is made unique. E_SHAPE,
 * E_ARG (dtypes differ), E_NOMEM. */
effnn_status effnn__tensor_copy_into(effnn_tensor *to, const effnn_tensor *from);

/* A tensor header over memory that someone else owns (an arena), placed in caller's memory: no
 * allocation, so that a plan can be bound without any. Such a tensor may be given to kernels and
 * read; it must not be retained past its memory. effnn__tensor_size() bytes at `place`. */
size_t effnn__tensor_size(void);
effnn_tensor *effnn__tensor_place(void *place, void *data, effnn_dtype dtype, size_t rank,
                                  const int64_t *dims);

/* View of elements [start, start + n) of a contiguous tensor's first dimension (no copy). */
effnn_status effnn__tensor_rows(effnn_tensor **out, effnn_tensor *self, int64_t start, int64_t n);

/* New tensor of rank 1 from an array. */
effnn_status effnn__tensor_from_i64(effnn_tensor **out, effnn_context *context, size_t n,
                                    const int64_t *items);

/* Element `i` in row-major order of any tensor, widened. */
int64_t effnn__tensor_load_i64(const effnn_tensor *self, size_t i);
double effnn__tensor_load_f64(const effnn_tensor *self, size_t i);

/* True if every element is finite (integers always are). */
bool effnn__tensor_is_finite(const effnn_tensor *self);

/* Same dtype, shape and bits. */
bool effnn__tensor_equal(const effnn_tensor *a, const effnn_tensor *b);

/* The context that the tensor's storage belongs to. */
effnn_context *effnn__tensor_context(const effnn_tensor *self);
#endif
