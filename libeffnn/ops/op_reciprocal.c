/* SPDX-License-Identifier: BSD-3-Clause */
/* 1 / x. Zero gives an infinity of its sign. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

static void reciprocal_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = 1.0f / x[i];
}

static double reciprocal_f64(double x)
{
    return 1.0 / x;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = reciprocal_f32, .f64 = reciprocal_f64 };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Reciprocal", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]>0" }, .tolerance = 1e-6 },
    { .inputs = { "f64[0]" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_reciprocal = {
    .name = "reciprocal",
    .summary = "1 / x",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__infer_same_floats,
    .forward = forward,
    .saves = effnn__saves_output,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
