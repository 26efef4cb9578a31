/* SPDX-License-Identifier: BSD-3-Clause */
/* A cache (input 0) with an update (input 1) written along one axis, in each batch entry from its
 * own index (input 2, default 0) on; "circular" goes on at the beginning where the cache ends. */

#include "base/pool.h"
#include "ops/op_move.h"

#include <string.h>

#define GRAIN_BYTES 65536

typedef struct cache_attrs {
    int64_t axis;
    int mode;
} cache_attrs;

enum { MODE_LINEAR, MODE_CIRCULAR };
static const char *const mode_names[] = { "linear", "circular", NULL };

#define FIELD(f) offsetof(cache_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "axis", "axis along which is written; negative: from the end; not the first", EFFNN_OPT_I64,
      FIELD(axis), .value = -2 },
    { "mode", "what happens at the end of the cache", EFFNN_OPT_ENUM, FIELD(mode),
      .choices = mode_names },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const cache_attrs *attrs = call->attrs;
    const effnn__value_info *cache = call->inputs[0], *update = call->inputs[1];
    effnn__sym dim;
    size_t axis = 0;

    EFFNN_TRY(effnn__infer_same(call, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 2));
    EFFNN_TRY(effnn__infer_dtype(call, 2, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_rank(call, 2, 1));
    if (!cache->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, cache->rank));
    if (axis == 0) return effnn__infer_fail(call, EFFNN_E_ARG, "axis 0 is that of the batch");
    EFFNN_TRY(effnn__infer_rank(call, 1, cache->rank));
    EFFNN_TRY(effnn__infer_within(call, 1, 0, SIZE_MAX));
    for (size_t i = 0; i < cache->rank && update->has_shape; i++)
        if (i != axis)
            EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "sizes of update and cache",
                                              update->dims[i], cache->dims[i]));
    if (!effnn__infer_input(call, 2) || !call->inputs[2]->has_shape) return EFFNN_OK;
    return effnn__infer_equal_dims(&dim, call, "number of indices against the batch",
                                   call->inputs[2]->dims[0], cache->dims[0]);
}

typedef struct cache_job {
    const effnn_tensor *indices; /* NULL: 0 */
    size_t cache, update, bytes; /* lengths along the axis; bytes of an entry */
    size_t lines;                /* of one batch entry */
    char *y;
    const char *x;
} cache_job;

/* Items are entries of the update. */
static effnn_status cache_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const cache_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t line = i / job->update, batch = line / job->lines;
        const size_t first = job->indices ? (size_t)effnn__tensor_load_i64(job->indices, batch) : 0;
        const size_t at = (first + i % job->update) % job->cache;

        memcpy(job->y + (line * job->cache + at) * job->bytes, job->x + i * job->bytes, job->bytes);
    }
    return EFFNN_OK;
}

static effnn_status check_indices(const effnn_op_call *call, const cache_job *job)
{
    const cache_attrs *attrs = call->attrs;
    const size_t room = attrs->mode == MODE_CIRCULAR ? INT64_MAX / 2 : job->cache - job->update;

    for (size_t i = 0; job->indices && i < effnn_tensor_count(job->indices); i++) {
        const int64_t index = effnn__tensor_load_i64(job->indices, i);

        if (index < 0 || (size_t)index > room)
            return effnn__call_fail(call, EFFNN_E_ARG, "write index %zu is %lld, outside [0, %zu]",
                                    i, (long long)index, room);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const cache_attrs *attrs = call->attrs;
    const effnn_tensor *cache = call->inputs[0], *update = call->inputs[1];
    const size_t rank = effnn_tensor_rank(cache), axis = effnn__resolve_axis(attrs->axis, rank);
    cache_job job = { .indices = effnn__call_input(call, 2),
                      .cache = (size_t)effnn_tensor_dims(cache)[axis],
                      .update = (size_t)effnn_tensor_dims(update)[axis],
                      .lines = effnn__count_dims(cache, 1, axis),
                      .y = effnn__tensor_data(call->outputs[0]),
                      .x = effnn_tensor_data(update) };

    EFFNN_TRY(check_indices(call, &job));
    EFFNN_TRY(effnn__copy_through(call));
    if (effnn_tensor_count(update) == 0) return EFFNN_OK;
    job.bytes = effnn__count_dims(cache, axis + 1, rank) * effnn__element_size(cache);
    return effnn__parallel_for(call->context, effnn__count_dims(update, 0, axis + 1),
                               GRAIN_BYTES / job.bytes + 1, cache_piece, &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    if (out->wanted && call->n_inputs > 2) out->inputs = 4;
}

static const effnn_onnx_row onnx[] = {
    { .name = "TensorScatter", .since = 24 },
    { .name = "TensorScatter", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,5,2]", "f32[2,3,2,2]", "i64{1,3}" } },
    { .inputs = { "u8[2,5,2]", "u8[2,3,2]", "i64{4,2}" }, .attrs = "axis=1,mode=circular" },
    { .inputs = { "f64[2,5,2]", "f64[2,3,2]" } },
    { .inputs = { "f16[2,5]", "f16[2,0]", "i64{5,0}" }, .attrs = "axis=-1" },
    { .inputs = { "f32[2,5]", "f32[2,3]", "i64{0,3}" },
      .attrs = "axis=1",
      .refused = "index 1 is 3" },
    { .inputs = { "f32[2,5]", "f32[2,6]" }, .attrs = "axis=1", .refused = "6 exceeds 5" },
    { .inputs = { "f32[2,5]", "f32[1,5]" }, .attrs = "axis=1", .refused = "1 is not 2" },
    { .inputs = { "f32[2,5]", "f32[2,5]" }, .refused = "batch" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_tensor_scatter = {
    .name = "tensor_scatter",
    .summary = "a cache with an update written from an index on",
    .attrs = attr_defs,
    .attrs_size = sizeof(cache_attrs),
    .min_inputs = 2,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .onnx = onnx,
    .samples = samples,
};
