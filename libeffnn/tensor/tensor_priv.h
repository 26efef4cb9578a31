/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TENSOR_TENSOR_PRIV_H
#define EFFNN_TENSOR_TENSOR_PRIV_H

/* The tensor's body, for the files of this folder. */

#include "tensor/dtype.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

#include <stdatomic.h>

struct effnn_tensor {
    atomic_size_t refs;
    effnn__storage *storage; /* holds a share; NULL: the elements are somebody else's (placed) */
    char *data;              /* first element, inside the storage */
    effnn_dtype dtype;
    size_t rank, count;
    bool contiguous; /* follows from dims and strides */
    bool placed;     /* the header itself lies in a caller's memory */
    int64_t dims[EFFNN_MAX_RANK];
    int64_t strides[EFFNN_MAX_RANK]; /* in elements; row-major for the packed types */
};

/* Check dtype and rank, then count elements and bytes. `caller` names the function in messages. */
effnn_status effnn__tensor_check(size_t *count, size_t *bytes, const char *caller,
                                 effnn_dtype dtype, size_t rank, const int64_t *dims);

/* A header over storage, whose share it takes on success only. strides NULL: row-major. */
effnn_status effnn__tensor_over(effnn_tensor **out, effnn__storage *storage, void *data,
                                effnn_dtype dtype, const effnn__shape *shape,
                                const int64_t *strides);

/* Copy the elements of `from` to contiguous memory, row-major. */
void effnn__tensor_copy_out(void *to, const effnn_tensor *from);

/* Strided copy of elements of 1, 2, 4 or 8 bytes; strides in elements. */
void effnn__strided_copy(void *to, const int64_t *to_strides, const void *from,
                         const int64_t *from_strides, const effnn__shape *shape, size_t size);

/* Bytes of one element of a type that is not packed. */
static inline size_t effnn__element_size(effnn_dtype dtype)
{
    return effnn_dtype_bits(dtype) / 8;
}

static inline bool effnn__dtype_is_packed(effnn_dtype dtype)
{
    return effnn_dtype_bits(dtype) < 8;
}
#endif
