/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_MOVE_H
#define EFFNN_OPS_OP_MOVE_H

/* What the operators that only move data share: they handle every element type by its size. */

#include "kernels/kernels.h"
#include "ops/op_infer.h"
#include "ops/op_walk.h"

/* Bytes of one element; the type is not a packed one. */
size_t effnn__element_size(const effnn_tensor *tensor);

/* Copy input 0's bytes to output 0, unless both are the same memory. */
effnn_status effnn__copy_through(const effnn_op_call *call);

/* n blocks of `size` bytes each, at these distances in bytes. */
typedef struct effnn__blocks {
    char *to;
    const char *from;
    size_t n, size, to_stride, from_stride;
} effnn__blocks;
effnn_status effnn__copy_blocks(effnn_context *context, const effnn__blocks *blocks);

/* Product of dims [first, last) of a tensor. */
size_t effnn__count_dims(const effnn_tensor *tensor, size_t first, size_t last);

/* Dimensions as [before, dims[axis], after]. */
effnn__axis effnn__split_at(const effnn_tensor *tensor, size_t axis);

/* Axis in [0, rank) of one that infer has checked. */
size_t effnn__resolve_axis(int64_t axis, size_t rank);
#endif
