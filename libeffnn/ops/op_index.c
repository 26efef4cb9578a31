/* SPDX-License-Identifier: BSD-3-Clause */
/* Indices are checked before anything is moved: the loops that use them cannot fail, and the first
 * one that is wrong is reported at any number of threads. */

#include "ops/op_index.h"

#include "base/pool.h"
#include "ops/op_move.h"

#define GRAIN 65536

typedef struct check_job {
    const effnn_op_call *call;
    const effnn_tensor *indices;
    const int64_t *sizes; /* of the axis that index i is for: sizes[i % n] */
    size_t n;
} check_job;

/* True if n indices of the usual type are in range; false: look again, one by one. */
static bool all_within(const int64_t *data, size_t n, int64_t size)
{
    bool outside = false;

    for (size_t i = 0; i < n; i++) outside |= data[i] < -size || data[i] >= size;
    return !outside;
}

static effnn_status check_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const check_job *job = job_;
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(job->indices));
    const void *data = effnn_tensor_data(job->indices);

    (void)piece;
    if (job->n == 1 && effnn_tensor_dtype(job->indices) == EFFNN_I64 &&
        all_within((const int64_t *)data + begin, end - begin, job->sizes[0]))
        return EFFNN_OK;
    for (size_t i = begin; i < end; i++) {
        const int64_t index = row->load_i64(data, i), size = job->sizes[i % job->n];

        if (index < -size || index >= size)
            return effnn__call_fail(job->call, EFFNN_E_ARG, "index %lld is outside [%lld, %lld]",
                                    (long long)index, (long long)-size, (long long)size - 1);
    }
    return EFFNN_OK;
}

effnn_status effnn__index_check(const effnn_op_call *call, const effnn_tensor *indices,
                                int64_t size)
{
    check_job job = { .call = call, .indices = indices, .sizes = &size, .n = 1 };

    return effnn__parallel_for(call->context, effnn_tensor_count(indices), GRAIN, check_piece,
                               &job);
}

int64_t effnn__index_at(const effnn_tensor *indices, size_t i, int64_t size)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(indices));
    const int64_t index = row->load_i64(effnn_tensor_data(indices), i);

    return index < 0 ? index + size : index;
}

void effnn__index_read(int64_t *out, const effnn_tensor *indices, size_t first, size_t n,
                       int64_t size)
{
    if (effnn_tensor_dtype(indices) == EFFNN_I64) {
        const int64_t *data = (const int64_t *)effnn_tensor_data(indices) + first;

        for (size_t i = 0; i < n; i++) out[i] = data[i] + (data[i] < 0 ? size : 0);
        return;
    }
    for (size_t i = 0; i < n; i++) out[i] = effnn__index_at(indices, first + i, size);
}

effnn_status effnn__tuples_open(effnn__tuples *out, const effnn_op_call *call,
                                const effnn_tensor *indices, const effnn_tensor *tensor,
                                size_t first)
{
    const size_t rank = effnn_tensor_rank(tensor), last = effnn_tensor_rank(indices) - 1;
    int64_t strides[EFFNN_MAX_RANK];
    effnn__tuples tuples = { .indices = indices,
                             .count = effnn__count_dims(indices, 0, last),
                             .n = (size_t)effnn_tensor_dims(indices)[last] };

    effnn__shape_strides(strides, rank, effnn_tensor_dims(tensor));
    for (size_t i = 0; i < tuples.n; i++) {
        tuples.sizes[i] = effnn_tensor_dims(tensor)[first + i];
        tuples.strides[i] = strides[first + i];
    }
    tuples.slice = effnn__count_dims(tensor, first + tuples.n, rank);
    *out = tuples;
    check_job job = { .call = call, .indices = indices, .sizes = out->sizes, .n = out->n };
    return effnn__parallel_for(call->context, effnn_tensor_count(indices), GRAIN, check_piece,
                               &job);
}

size_t effnn__tuples_at(const effnn__tuples *self, size_t i)
{
    int64_t at = 0;

    for (size_t k = 0; k < self->n; k++)
        at += effnn__index_at(self->indices, i * self->n + k, self->sizes[k]) * self->strides[k];
    return (size_t)at;
}
