/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_INDEX_H
#define EFFNN_OPS_OP_INDEX_H

/* Index tensors: entries of an axis by number, negative ones counted from its end. */

#include "ops/op_infer.h"
#include "tensor/dtype.h"

/* E_ARG, naming the index and the size, if one is outside [-size, size). */
effnn_status effnn__index_check(const effnn_op_call *call, const effnn_tensor *indices,
                                int64_t size);

/* Index i of the tensor in [0, size); it was checked. */
int64_t effnn__index_at(const effnn_tensor *indices, size_t i, int64_t size);

/* Indices [first, first + n) in [0, size); they were checked. */
void effnn__index_read(int64_t *out, const effnn_tensor *indices, size_t first, size_t n,
                       int64_t size);

/* Tuples of indices along the last axis, [.., n]: each picks an element or a slice of a tensor by
 * axes [first, first + n). */
typedef struct effnn__tuples {
    const effnn_tensor *indices;
    size_t count, n;                 /* tuples, indices in each */
    int64_t sizes[EFFNN_MAX_RANK];   /* of the axes that are indexed */
    int64_t strides[EFFNN_MAX_RANK]; /* of these axes, in elements */
    size_t slice;                    /* elements of what a tuple picks */
} effnn__tuples;

/* Tuples into axes of `tensor`; every index is checked (E_ARG). */
effnn_status effnn__tuples_open(effnn__tuples *out, const effnn_op_call *call,
                                const effnn_tensor *indices, const effnn_tensor *tensor,
                                size_t first);

/* Element of the tensor where the slice of tuple i begins (of entry 0 of the axes before). */
size_t effnn__tuples_at(const effnn__tuples *self, size_t i);
#endif
