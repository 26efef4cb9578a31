/* SPDX-License-Identifier: BSD-3-Clause */
/* To the nearest integer, halves to the even one. */

#include "ops/op_elementwise.h"

#include <math.h>

static void round_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = rintf(x[i]);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = round_f32, .f64 = rint };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Round", .since = 11 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{0.5,1.5,-2.5,2.3,-0.2}" } },
    { .inputs = { "f32[2,30]" } },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[5]" } },
    { .inputs = { "f16[4]" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_round = {
    .name = "round",
    .summary = "nearest integer, halves to even",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__infer_same_floats,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
