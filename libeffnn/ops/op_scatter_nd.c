/* SPDX-License-Identifier: BSD-3-Clause */
/* A copy of the data with elements or slices replaced (or reduced) by tuples of indices, which
 * stand along the last axis of input 1. A slice is split among threads, never the tuples: several
 * may meet one place, and they go in order. */

#include "base/pool.h"
#include "ops/op_scatter.h"

#define GRAIN 16384

typedef struct scatter_nd_attrs {
    int reduction;
} scatter_nd_attrs;

static const effnn_option_def attr_defs[] = {
    { "reduction", "how an update and the old element make the new one", EFFNN_OPT_ENUM,
      offsetof(scatter_nd_attrs, reduction), .choices = effnn__scatter_names },
    EFFNN_OPTIONS_END,
};

static effnn_status check_tuples(const effnn_op_infer *call)
{
    const effnn__value_info *data = call->inputs[0], *indices = call->inputs[1];
    const effnn__value_info *updates = call->inputs[2];
    effnn__sym dim;

    if (indices->rank == 0 || data->rank == 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "data of rank %zu, indices of rank %zu",
                                 data->rank, indices->rank);
    const effnn__sym last = indices->dims[indices->rank - 1];
    if (last.symbol != 0) return EFFNN_OK;
    if (last.offset < 1 || last.offset > (int64_t)data->rank)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "tuples of %lld indices for rank %zu",
                                 (long long)last.offset, data->rank);
    const size_t n = (size_t)last.offset, outer = indices->rank - 1;
    EFFNN_TRY(effnn__infer_rank(call, 2, outer + data->rank - n));
    for (size_t i = 0; i < updates->rank && updates->has_shape; i++)
        EFFNN_TRY(
            effnn__infer_equal_dims(&dim, call, "sizes of the updates", updates->dims[i],
                                    i < outer ? indices->dims[i] : data->dims[n + i - outer]));
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    EFFNN_TRY(effnn__scatter_infer(call));
    if (!call->inputs[0]->has_shape || !call->inputs[1]->has_shape) return EFFNN_OK;
    return check_tuples(call);
}

typedef struct scatter_job {
    effnn__scatter scatter;
    effnn__tuples tuples;
} scatter_job;

/* Items are the elements of a slice. */
static effnn_status scatter_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const scatter_job *job = job_;

    (void)piece;
    for (size_t i = 0; i < job->tuples.count; i++)
        effnn__scatter_put(&job->scatter, effnn__tuples_at(&job->tuples, i) + begin,
                           i * job->tuples.slice + begin, end - begin);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const scatter_nd_attrs *attrs = call->attrs;
    scatter_job job;

    EFFNN_TRY(effnn__tuples_open(&job.tuples, call, call->inputs[1], call->inputs[0], 0));
    EFFNN_TRY(effnn__scatter_open(&job.scatter, call, attrs->reduction));
    return effnn__parallel_for(call->context, job.tuples.slice, GRAIN, scatter_piece, &job);
}

static effnn_status write_older(effnn_onnx_writer *writer)
{
    const scatter_nd_attrs *attrs = writer->op_attrs;

    return effnn__scatter_write(writer, attrs->reduction);
}

static const effnn_onnx_row onnx[] = {
    { .name = "ScatterND", .since = 18 },
    { .name = "ScatterND", .since = 11, .write = write_older },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[4]", "i64{3,-4}[2,1]", "f32[2]" } },
    { .inputs = { "f32[3,4]", "i64{2,0}[2,1]", "f32[2,4]" } },
    { .inputs = { "i16[3,4]", "i64{2,0,1,-1}[2,2]", "i16[2]" } },
    { .inputs = { "f32[2,3]", "i64{1,1,1}[3,1]", "f32[3,3]" },
      .attrs = "reduction=add",
      .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]", "i64{1,1,1}[3,1]", "f32[3,3]" },
      .attrs = "reduction=mul",
      .tolerance = 1e-6 },
    { .inputs = { "f64[2,3]", "i64{1,1,1}[3,1]", "f64[3,3]" }, .attrs = "reduction=max" },
    { .inputs = { "u8[2,3]", "i64{1,1,1}[3,1]", "u8[3,3]" }, .attrs = "reduction=min" },
    { .inputs = { "f32[2,3]", "i64[0,1]", "f32[0,3]" } },
    { .inputs = { "f32[2,3]", "i64{2}[1,1]", "f32[1,3]" }, .refused = "index 2 is outside" },
    { .inputs = { "f32[2,3]", "i64{0,0,0}", "f32[]" }, .refused = "tuples of 3" },
    { .inputs = { "f32[2,3]", "i64{0}[1,1]", "f32[1,4]" }, .refused = "4 is not 3" },
    { .inputs = { "f32[2,3]", "i64{0}[1,1]", "f32[3]" }, .refused = "rank 2" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_scatter_nd = {
    .name = "scatter_nd",
    .summary = "elements or slices replaced or reduced by tuples of indices",
    .attrs = attr_defs,
    .attrs_size = sizeof(scatter_nd_attrs),
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
