/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean over all axes behind the first two, which stay with size 1. */

#include "ops/op_move.h"
#include "ops/op_pool.h"

static effnn_status forward(const effnn_op_call *call)
{
    static const effnn__pooling pooling = { .fold = effnn__pool_plus, .average = true };
    const effnn_tensor *x = call->inputs[0];
    const effnn__axis shape = { .outer = effnn_tensor_count(call->outputs[0]),
                                .axis = effnn__count_dims(x, 2, effnn_tensor_rank(x)),
                                .inner = 1 };

    if (effnn_tensor_dtype(x) != EFFNN_F32 || shape.axis == 0)
        return effnn__global_pool_run(call, &pooling);
    float *y = effnn__tensor_data(call->outputs[0]);
    EFFNN_TRY(effnn__kernels_get()->reduce_sum_f32(call->context, shape, effnn_tensor_data(x), y));
    for (size_t i = 0; i < shape.outer; i++) y[i] /= (float)shape.axis;
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
    .infer = effnn__global_pool_infer,
    .forward = forward,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
