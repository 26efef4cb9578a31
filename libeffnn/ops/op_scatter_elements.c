/* SPDX-License-Identifier: BSD-3-Clause */
/* A copy of the data with elements along an axis replaced (or reduced) by index, one index for each
 * update: y[index[i][j]][j] = updates[i][j] for axis 0. Lines along the axis do not touch each
 * other, so they are what is split; within a line updates go in order. */

#include "ops/op_scatter.h"

#define GRAIN 4096

typedef struct scatter_attrs {
    int64_t axis;
    int reduction;
} scatter_attrs;

#define FIELD(f) offsetof(scatter_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "axis", "axis that is indexed; negative: from the end", EFFNN_OPT_I64, FIELD(axis),
      .value = 0 },
    { "reduction", "how an update and the old element make the new one", EFFNN_OPT_ENUM,
      FIELD(reduction), .choices = effnn__scatter_names },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const scatter_attrs *attrs = call->attrs;
    const effnn__value_info *data = call->inputs[0], *indices = call->inputs[1];
    size_t axis = 0;

    EFFNN_TRY(effnn__scatter_infer(call));
    if (!data->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, data->rank));
    for (size_t i = 1; i < 3; i++) EFFNN_TRY(effnn__infer_rank(call, i, data->rank));
    EFFNN_TRY(effnn__infer_within(call, 1, 0, axis));
    for (size_t k = 0; k < data->rank && indices->has_shape && call->inputs[2]->has_shape; k++) {
        effnn__sym dim;

        EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "sizes of indices and updates",
                                          indices->dims[k], call->inputs[2]->dims[k]));
    }
    return EFFNN_OK;
}

typedef struct scatter_job {
    effnn__scatter scatter;
    const effnn_tensor *indices;
    int64_t size, stride; /* of the data's axis */
    int64_t n, step;      /* of the indices' axis */
} scatter_job;

/* Operand 0: where a line begins in the data, 1: in indices and updates. */
static void scatter_run(void *user, size_t at, size_t n, const int64_t *offsets,
                        const int64_t *steps)
{
    const scatter_job *job = user;

    (void)at;
    for (size_t i = 0; i < n; i++) {
        const int64_t to = offsets[0] + (int64_t)i * steps[0];
        const int64_t from = offsets[1] + (int64_t)i * steps[1];

        for (int64_t k = 0; k < job->n; k++) {
            const size_t update = (size_t)(from + k * job->step);
            const int64_t index = effnn__index_at(job->indices, update, job->size);

            effnn__scatter_put(&job->scatter, (size_t)(to + index * job->stride), update, 1);
        }
    }
}

static effnn_status forward(const effnn_op_call *call)
{
    const scatter_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *indices = call->inputs[1];
    const size_t rank = effnn_tensor_rank(x), axis = effnn__resolve_axis(attrs->axis, rank);
    int64_t to[EFFNN_MAX_RANK], from[EFFNN_MAX_RANK], dims[EFFNN_MAX_RANK];
    effnn__walk walk;
    scatter_job job = { .indices = indices,
                        .size = effnn_tensor_dims(x)[axis],
                        .n = effnn_tensor_dims(indices)[axis] };

    EFFNN_TRY(effnn__index_check(call, indices, job.size));
    EFFNN_TRY(effnn__scatter_open(&job.scatter, call, attrs->reduction));
    effnn__shape_strides(to, rank, effnn_tensor_dims(x));
    effnn__shape_strides(from, rank, effnn_tensor_dims(indices));
    for (size_t i = 0; i < rank; i++) dims[i] = i == axis ? 1 : effnn_tensor_dims(indices)[i];
    job.stride = to[axis];
    job.step = from[axis];
    effnn__walk_init(&walk, rank, dims);
    effnn__walk_add(&walk, 0, to);
    effnn__walk_add(&walk, 0, from);
    return effnn__walk_run(&walk, call->context, GRAIN / (size_t)(job.n + 1) + 1, scatter_run,
                           &job);
}

static effnn_status write_older(effnn_onnx_writer *writer)
{
    const scatter_attrs *attrs = writer->op_attrs;

    return effnn__scatter_write(writer, attrs->reduction);
}

/* Scatter is the same operator under its first name. */
static const effnn_onnx_row onnx[] = {
    { .name = "ScatterElements", .since = 18 },
    { .name = "ScatterElements", .since = 11, .write = write_older },
    { .name = "Scatter", .since = 9, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,3]", "i64{1,0,2,0,2,-2}[2,3]", "f32[2,3]" } },
    { .inputs = { "f32[2,5]", "i32{1,3}[1,2]", "f32[1,2]" }, .attrs = "axis=1" },
    { .inputs = { "f32[5]", "i64{1,1,1}", "f32[3]" }, .attrs = "reduction=add", .tolerance = 1e-6 },
    { .inputs = { "i8[5]", "i64{1,1,4}", "i8[3]" }, .attrs = "reduction=mul" },
    { .inputs = { "u64[5]", "i64{1,1,4}", "u64[3]" }, .attrs = "reduction=max" },
    { .inputs = { "f16[1,5]", "i64{1,1,-4}[1,3]", "f16[1,3]" }, .attrs = "axis=-1,reduction=min" },
    { .inputs = { "bool[5]", "i64{1,1,4}", "bool[3]" }, .attrs = "reduction=add" },
    { .inputs = { "f64[2,3]", "i64[0,3]", "f64[0,3]" } },
    { .inputs = { "f32[5]", "i64{5}", "f32[1]" }, .refused = "index 5 is outside" },
    { .inputs = { "f32[5]", "i64{1,2}", "f32[1]" }, .refused = "2 is not 1" },
    { .inputs = { "f32[2,2]", "i64{0,0,0}[1,3]", "f32[1,3]" }, .refused = "3 exceeds 2" },
    { .inputs = { "f32[5]", "i64{1}", "f64[1]" }, .refused = "f64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_scatter_elements = {
    .name = "scatter_elements",
    .summary = "elements along an axis replaced or reduced by index",
    .attrs = attr_defs,
    .attrs_size = sizeof(scatter_attrs),
    .min_inputs = 3,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__scatter_saves,
    .onnx = onnx,
    .samples = samples,
};
