/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean over all axes behind the first two, which stay with size 1. */

#include "ops/op_move.h"

#include "base/pool.h"
#include "tensor/dtype.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    if (!in->has_shape) return EFFNN_OK;
    if (in->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 2 or more",
                                 effnn__infer_print(text, call, in));
    for (size_t i = 2; i < in->rank; i++) out->dims[i] = effnn__sym_constant(1);
    return EFFNN_OK;
}

typedef struct mean_job {
    const effnn__dtype_row *row;
    size_t n; /* elements of a plane */
    const void *x;
    void *y;
} mean_job;

static effnn_status mean_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const mean_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        double sum = 0.0;

        for (size_t k = 0; k < job->n; k++) sum += job->row->load_f64(job->x, i * job->n + k);
        job->row->store_f64(job->y, i, sum / (double)job->n);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    const size_t planes = effnn_tensor_count(y);
    mean_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                     .n = effnn__count_dims(x, 2, effnn_tensor_rank(x)),
                     .x = effnn_tensor_data(x),
                     .y = effnn__tensor_data(y) };

    if (effnn_tensor_dtype(x) != EFFNN_F32 || job.n == 0)
        return effnn__parallel_for(call->context, planes, 16, mean_piece, &job);
    EFFNN_TRY(effnn__kernels_get()->reduce_sum_f32(
        call->context, (effnn__axis){ .outer = planes, .axis = job.n, .inner = 1 }, job.x, job.y));
    for (size_t i = 0; i < planes; i++) ((float *)job.y)[i] /= (float)job.n;
    return EFFNN_OK;
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = (double)effnn_tensor_count(call->inputs[0]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "GlobalAveragePool", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4,5]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,7]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" } },
    { .inputs = { "f32[0,3,4,5]" } },
    { .inputs = { "f64[2,3,2,2,2]" } },
    { .inputs = { "f32[2]" }, .refused = "rank 2 or more" },
    { .inputs = { "i32[2,3,4]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_global_average_pool = {
    .name = "global_average_pool",
    .summary = "mean over all axes behind the first two",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
