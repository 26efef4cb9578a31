/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TENSOR_TENSOR_INTERNAL_H
#define EFFNN_TENSOR_TENSOR_INTERNAL_H

/* What higher layers need of tensors beyond the public calls. */

#include "base/status.h"
#include "tensor/shape.h"

#include <effnn/tensor.h>
#include <stdbool.h>

effnn__shape effnn__tensor_shape(const effnn_tensor *self);

/* The only way to write to storage: copies it when another tensor (or DLPack consumer, or mapped
 * file) shares it. E_NOMEM leaves the tensor as it was. */
effnn_status effnn__tensor_make_unique(effnn_tensor *self);

/* True if both lie in the same storage. */
bool effnn__tensor_shares_storage(const effnn_tensor *a, const effnn_tensor *b);

/* `self` if contiguous (retained), else a contiguous copy. */
effnn_status effnn__tensor_contiguous(effnn_tensor **out, const effnn_tensor *self);

/* Writable data of a tensor that the caller knows to be unshared and contiguous (asserted). */
void *effnn__tensor_data(effnn_tensor *self);

/* Copy elements between tensors of one shape and dtype, any strides; `to` is unshared. */
effnn_status effnn__tensor_copy_into(effnn_tensor *to, const effnn_tensor *from);

/* A tensor header over memory that someone else owns (an arena), placed in caller's memory: no
 * allocation, so that a plan can be bound without any. Such a tensor may be given to kernels and
 * read; it must not be retained past its memory. effnn__tensor_size() bytes at `place`. */
size_t effnn__tensor_size(void);
effnn_tensor *effnn__tensor_place(void *place, void *data, effnn_dtype dtype, size_t rank,
                                  const int64_t *dims);

/* View of elements [start, start + n) of a contiguous tensor's first dimension (no copy). */
effnn_status effnn__tensor_rows(effnn_tensor **out, effnn_tensor *self, int64_t start, int64_t n);

/* New contiguous tensor from an array of i64 / f64 values, rank 1. */
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
