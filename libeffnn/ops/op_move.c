/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving whole blocks of bytes, in parallel where there are many. */

#include "ops/op_move.h"

#include "base/pool.h"

#include <string.h>

#define GRAIN_BYTES 262144

size_t effnn__element_size(const effnn_tensor *tensor)
{
    const size_t bits = effnn_dtype_bits(effnn_tensor_dtype(tensor));

    EFFNN_ASSERT(bits % 8 == 0);
    return bits / 8;
}

static effnn_status copy_piece(void *job, size_t piece, size_t begin, size_t end)
{
    const effnn__blocks *blocks = job;

    (void)piece;
    for (size_t i = begin; i < end; i++)
        memcpy(blocks->to + i * blocks->to_stride, blocks->from + i * blocks->from_stride,
               blocks->size);
    return EFFNN_OK;
}

effnn_status effnn__copy_blocks(effnn_context *context, const effnn__blocks *blocks)
{
    effnn__blocks job = *blocks;

    if (job.size == 0) return EFFNN_OK;
    const size_t grain = job.size >= GRAIN_BYTES ? 1 : GRAIN_BYTES / job.size;
    return effnn__parallel_for(context, job.n, grain, copy_piece, &job);
}

effnn_status effnn__copy_through(const effnn_op_call *call)
{
    const size_t bytes = effnn_tensor_bytes(call->inputs[0]);
    effnn__blocks blocks = { .to = effnn__tensor_data(call->outputs[0]),
                             .from = effnn_tensor_data(call->inputs[0]),
                             .n = bytes / GRAIN_BYTES,
                             .size = GRAIN_BYTES,
                             .to_stride = GRAIN_BYTES,
                             .from_stride = GRAIN_BYTES };
    const size_t whole = blocks.n * GRAIN_BYTES;

    if (bytes == 0 || blocks.to == blocks.from) return EFFNN_OK;
    memcpy(blocks.to + whole, blocks.from + whole, bytes - whole);
    return effnn__copy_blocks(call->context, &blocks);
}

size_t effnn__count_dims(const effnn_tensor *tensor, size_t first, size_t last)
{
    const int64_t *dims = effnn_tensor_dims(tensor);
    size_t count = 1;

    for (size_t i = first; i < last; i++) count *= (size_t)dims[i];
    return count;
}

effnn__axis effnn__split_at(const effnn_tensor *tensor, size_t axis)
{
    return (effnn__axis){ .outer = effnn__count_dims(tensor, 0, axis),
                          .axis = (size_t)effnn_tensor_dims(tensor)[axis],
                          .inner = effnn__count_dims(tensor, axis + 1, effnn_tensor_rank(tensor)) };
}

size_t effnn__resolve_axis(int64_t axis, size_t rank)
{
    return (size_t)(axis < 0 ? axis + (int64_t)rank : axis);
}
