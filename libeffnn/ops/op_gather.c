/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries along an axis by index: output dims are those of the data with the axis replaced by the
 * dims of the indices. Negative indices count from the end; one outside is E_ARG at run time. */

#include "base/pool.h"
#include "ops/op_index.h"
#include "ops/op_move.h"

#include <string.h>

#define GRAIN_BYTES 65536

typedef struct gather_attrs {
    int64_t axis;
} gather_attrs;

static const effnn_option_def attr_defs[] = {
    { "axis", "axis that is indexed; negative: from the end", EFFNN_OPT_I64,
      offsetof(gather_attrs, axis), .value = 0 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer_content(effnn_op_infer *call)
{
    effnn__sym items[EFFNN__MAX_CONTENT], y[EFFNN__MAX_CONTENT];
    int64_t indices[EFFNN__MAX_CONTENT];
    size_t n, n_indices;

    if (!effnn__infer_content(call, 0, &n, items) || call->inputs[0]->rank != 1 ||
        !effnn__infer_ints(call, 1, &n_indices, indices))
        return EFFNN_OK;
    for (size_t i = 0; i < n_indices; i++) {
        size_t at;

        EFFNN_TRY(effnn__infer_axis(&at, call, indices[i], n));
        y[i] = items[at];
    }
    effnn__infer_set_content(call, n_indices, y);
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const gather_attrs *attrs = call->attrs;
    const effnn__value_info *data = call->inputs[0], *indices = call->inputs[1];
    effnn__sym dims[2 * EFFNN_MAX_RANK];
    size_t axis, rank = 0;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!data->has_shape || !indices->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, data->rank));
    EFFNN_TRY(effnn__infer_check_rank(call, data->rank - 1 + indices->rank));
    for (size_t i = 0; i < axis; i++) dims[rank++] = data->dims[i];
    for (size_t i = 0; i < indices->rank; i++) dims[rank++] = indices->dims[i];
    for (size_t i = axis + 1; i < data->rank; i++) dims[rank++] = data->dims[i];
    effnn__info_set_shape(&call->outputs[0], rank, dims);
    return infer_content(call);
}

typedef struct gather_job {
    const effnn_tensor *indices;
    effnn__axis shape; /* of the data */
    size_t bytes;      /* of one entry */
    char *y;
    const char *x;
} gather_job;

/* Items are (outer, index) pairs. */
static effnn_status gather_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const gather_job *job = job_;
    const size_t n = effnn_tensor_count(job->indices);

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t at = (size_t)effnn__index_at(job->indices, i % n, (int64_t)job->shape.axis);

        memcpy(job->y + i * job->bytes, job->x + (i / n * job->shape.axis + at) * job->bytes,
               job->bytes);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const gather_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *indices = call->inputs[1];
    gather_job job = { .indices = indices,
                       .y = effnn__tensor_data(call->outputs[0]),
                       .x = effnn_tensor_data(x) };

    job.shape = effnn__split_at(x, effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x)));
    job.bytes = job.shape.inner * effnn__element_size(x);
    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    EFFNN_TRY(effnn__index_check(call, indices, (int64_t)job.shape.axis));
    const size_t grain = job.bytes >= GRAIN_BYTES ? 1 : GRAIN_BYTES / job.bytes;
    return effnn__parallel_for(call->context, job.shape.outer * effnn_tensor_count(indices), grain,
                               gather_piece, &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs = 2;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Gather", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[5,3]", "i64{4,0,-1}" } },
    { .inputs = { "f32[2,5,3]", "i32{1,-5}" }, .attrs = "axis=1" },
    { .inputs = { "f64[2,3]", "i64:1" }, .attrs = "axis=-1" },
    { .inputs = { "i64{5,6,7}", "i64:-1" } },
    { .inputs = { "u8[4,0]", "i64{1}" } },
    { .inputs = { "f32[4,2]", "i64[0]" } },
    { .inputs = { "f32[5,3]", "i64{0}" }, .attrs = "axis=2", .refused = "outside" },
    { .inputs = { "i64{5,6,7}", "i64:3" }, .refused = "outside" },
    { .inputs = { "f32[5,3]", "f32[2]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_gather = {
    .name = "gather",
    .summary = "entries along an axis by index",
    .attrs = attr_defs,
    .attrs_size = sizeof(gather_attrs),
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
