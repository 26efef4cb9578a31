/* SPDX-License-Identifier: BSD-3-Clause */
/* Elements or slices by tuples of indices, which stand along the last axis of input 1. The first
 * batch_dims axes of data and indices belong together. */

#include "base/pool.h"
#include "ops/op_index.h"
#include "ops/op_move.h"

#include <string.h>

#define GRAIN_BYTES 65536

typedef struct gather_nd_attrs {
    int64_t batch_dims;
} gather_nd_attrs;

static const effnn_option_def attr_defs[] = {
    { "batch_dims", "leading axes that data and indices have in common", EFFNN_OPT_I64,
      offsetof(gather_nd_attrs, batch_dims), .value = 0, .min = 0, .max = EFFNN_MAX_RANK },
    EFFNN_OPTIONS_END,
};

/* Length of a tuple; *known is false if it is open. */
static effnn_status tuple_length(const effnn_op_infer *call, size_t batch, bool *known, size_t *n)
{
    const effnn__value_info *data = call->inputs[0], *indices = call->inputs[1];

    if (batch >= data->rank || batch >= indices->rank)
        return effnn__infer_fail(call, EFFNN_E_SHAPE,
                                 "batch_dims %zu for data of rank %zu and indices of rank %zu",
                                 batch, data->rank, indices->rank);
    const effnn__sym last = indices->dims[indices->rank - 1];

    *known = last.symbol == 0;
    if (!*known) return EFFNN_OK;
    if (last.offset < 1 || last.offset > (int64_t)(data->rank - batch))
        return effnn__infer_fail(call, EFFNN_E_SHAPE,
                                 "tuples of %lld indices for %zu axes of the data",
                                 (long long)last.offset, data->rank - batch);
    *n = (size_t)last.offset;
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const gather_nd_attrs *attrs = call->attrs;
    const effnn__value_info *data = call->inputs[0], *indices = call->inputs[1];
    const size_t batch = (size_t)attrs->batch_dims;
    effnn__sym dims[2 * EFFNN_MAX_RANK];
    size_t n = 0, rank = 0;
    bool known = false;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!data->has_shape || !indices->has_shape) return EFFNN_OK;
    EFFNN_TRY(tuple_length(call, batch, &known, &n));
    if (!known) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_check_rank(call, indices->rank - 1 + data->rank - batch - n));
    for (size_t i = 0; i + 1 < indices->rank; i++) {
        dims[rank++] = indices->dims[i];
        if (i < batch)
            EFFNN_TRY(effnn__infer_equal_dims(&dims[i], call, "batch sizes of data and indices",
                                              data->dims[i], indices->dims[i]));
    }
    for (size_t i = batch + n; i < data->rank; i++) dims[rank++] = data->dims[i];
    effnn__info_set_shape(&call->outputs[0], rank, dims);
    return EFFNN_OK;
}

typedef struct gather_job {
    const effnn__tuples *tuples;
    size_t per_batch, batch_bytes; /* tuples of one batch entry, bytes of its data */
    size_t size;                   /* of an element */
    char *y;
    const char *x;
} gather_job;

static effnn_status gather_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const gather_job *job = job_;
    const size_t bytes = job->tuples->slice * job->size;

    (void)piece;
    for (size_t i = begin; i < end; i++)
        memcpy(job->y + i * bytes,
               job->x + i / job->per_batch * job->batch_bytes +
                   effnn__tuples_at(job->tuples, i) * job->size,
               bytes);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const gather_nd_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *indices = call->inputs[1];
    const size_t batch = (size_t)attrs->batch_dims, rank = effnn_tensor_rank(x);
    effnn__tuples tuples;
    gather_job job = { .tuples = &tuples,
                       .size = effnn__element_size(x),
                       .y = effnn__tensor_data(call->outputs[0]),
                       .x = effnn_tensor_data(x) };

    EFFNN_TRY(effnn__tuples_open(&tuples, call, indices, x, batch));
    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    job.per_batch = effnn__count_dims(indices, batch, effnn_tensor_rank(indices) - 1);
    job.batch_bytes = effnn__count_dims(x, batch, rank) * job.size;
    const size_t bytes = tuples.slice * job.size;
    const size_t grain = bytes >= GRAIN_BYTES ? 1 : GRAIN_BYTES / bytes;
    return effnn__parallel_for(call->context, tuples.count, grain, gather_piece, &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs = 2;
}

/* Opset 12 brought batch_dims. */
static const effnn_onnx_row onnx[] = {
    { .name = "GatherND", .since = 11 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "i64{0,1,1,-1}[2,2]" } },
    { .inputs = { "f64[2,3,4]", "i64{1,-2}[2,1]" } },
    { .inputs = { "i8[2,3,4]", "i64{1,2,-1,0,0,0}[1,2,3]" } },
    { .inputs = { "f32[2,3,4]", "i64{2,0}[2,1]" }, .attrs = "batch_dims=1" },
    { .inputs = { "f32[2,0]", "i64{1,0}[2,1]" } },
    { .inputs = { "f32[2,3]", "i64[0,2]" } },
    { .inputs = { "f32[2,3]", "i64{0,3}" }, .refused = "index 3 is outside" },
    { .inputs = { "f32[2,3]", "i64{0,0,0}" }, .refused = "tuples of 3" },
    { .inputs = { "f32[2,3]", "i64{0,0}[2,1]" }, .attrs = "batch_dims=2", .refused = "batch_dims" },
    { .inputs = { "f32[3,3]", "i64{0,0}[2,1]" }, .attrs = "batch_dims=1", .refused = "3 is not 2" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_gather_nd = {
    .name = "gather_nd",
    .summary = "elements or slices by tuples of indices",
    .attrs = attr_defs,
    .attrs_size = sizeof(gather_nd_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .onnx = onnx,
    .samples = samples,
};
