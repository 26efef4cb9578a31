/* SPDX-License-Identifier: BSD-3-Clause */
/* Elements along an axis by index, one index for each element of the result: y[i][j] =
 * x[index[i][j]][j] for axis 0. The other sizes of the indices may be smaller than the data's. */

#include "ops/op_index.h"
#include "ops/op_move.h"

#include <string.h>

#define GRAIN 16384
#define BLOCK 256

typedef struct gather_attrs {
    int64_t axis;
} gather_attrs;

static const effnn_option_def attr_defs[] = {
    { "axis", "axis that is indexed; negative: from the end", EFFNN_OPT_I64,
      offsetof(gather_attrs, axis), .value = 0 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const gather_attrs *attrs = call->attrs;
    const effnn__value_info *data = call->inputs[0], *indices = call->inputs[1];
    size_t axis = 0;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (indices->has_shape) effnn__info_set_shape(&call->outputs[0], indices->rank, indices->dims);
    if (!data->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, data->rank));
    EFFNN_TRY(effnn__infer_rank(call, 1, data->rank));
    return effnn__infer_within(call, 1, 0, axis);
}

typedef struct gather_job {
    const effnn_tensor *indices;
    size_t size; /* of an element */
    int64_t axis, stride;
    char *y;
    const char *x;
} gather_job;

/* n elements from places `offset`, `offset` + step, … plus what the indices say. */
static void copy_elements(const gather_job *job, size_t at, size_t n, int64_t offset, int64_t step,
                          const int64_t *indices)
{
    char *y = job->y + at * job->size;

    if (job->size == 4) {
        for (size_t i = 0; i < n; i++)
            memcpy(y + 4 * i, job->x + 4 * (offset + (int64_t)i * step + indices[i] * job->stride),
                   4);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const int64_t from = offset + (int64_t)i * step + indices[i] * job->stride;

        memcpy(y + i * job->size, job->x + (size_t)from * job->size, job->size);
    }
}

static void gather_run(void *user, size_t at, size_t n, const int64_t *offsets,
                       const int64_t *steps)
{
    const gather_job *job = user;

    for (size_t done = 0; done < n; done += BLOCK) {
        const size_t count = n - done < BLOCK ? n - done : BLOCK;
        int64_t indices[BLOCK];

        effnn__index_read(indices, job->indices, at + done, count, job->axis);
        copy_elements(job, at + done, count, offsets[0] + (int64_t)done * steps[0], steps[0],
                      indices);
    }
}

static effnn_status forward(const effnn_op_call *call)
{
    const gather_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *indices = call->inputs[1];
    const size_t rank = effnn_tensor_rank(x), axis = effnn__resolve_axis(attrs->axis, rank);
    int64_t strides[EFFNN_MAX_RANK];
    effnn__walk walk;
    gather_job job = { .indices = indices,
                       .size = effnn__element_size(x),
                       .axis = effnn_tensor_dims(x)[axis],
                       .y = effnn__tensor_data(call->outputs[0]),
                       .x = effnn_tensor_data(x) };

    EFFNN_TRY(effnn__index_check(call, indices, job.axis));
    effnn__shape_strides(strides, rank, effnn_tensor_dims(x));
    job.stride = strides[axis];
    strides[axis] = 0; /* the index says where along it */
    effnn__walk_init(&walk, rank, effnn_tensor_dims(indices));
    effnn__walk_add(&walk, 0, strides);
    return effnn__walk_run(&walk, call->context, GRAIN, gather_run, &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs = 2;
}

static const effnn_onnx_row onnx[] = {
    { .name = "GatherElements", .since = 11 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "i64{0,1,1,-1}[2,2]" } },
    { .inputs = { "f64[2,3]", "i32{2,0,0,-3}[2,2]" }, .attrs = "axis=1" },
    { .inputs = { "u8[2,3,2]", "i64{2,0,1,1}[1,2,2]" }, .attrs = "axis=-2" },
    { .inputs = { "f16[5]", "i64{4,0,-1}" } },
    { .inputs = { "f32[3,2]", "i64[0,2]" } },
    { .inputs = { "f32[5]", "i64{5}" }, .refused = "index 5 is outside" },
    { .inputs = { "f32[2,3]", "i64{0,0,0,0}[1,4]" }, .refused = "4 exceeds 3" },
    { .inputs = { "f32[2,3]", "i64{0}" }, .refused = "rank 2" },
    { .inputs = { "f32[5]", "f32[2]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_gather_elements = {
    .name = "gather_elements",
    .summary = "elements along an axis, an index for each",
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
