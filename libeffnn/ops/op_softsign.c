/* SPDX-License-Identifier: BSD-3-Clause */
/* x / (1 + |x|). */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

static void softsign_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = x[i] / (1.0f + fabsf(x[i]));
}

static double softsign_f64(double x)
{
    return x / (1.0 + fabs(x));
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = softsign_f32, .f64 = softsign_f64 };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Softsign", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 }, { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[5]" }, .tolerance = 1e-6 },   { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "i64[2]" }, .refused = "i64" },    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_softsign = {
    .name = "softsign",
    .summary = "x / (1 + |x|)",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__infer_same_floats,
    .forward = forward,
    .saves = effnn__saves_input,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
