/* SPDX-License-Identifier: BSD-3-Clause */
/* Rectifier: negative numbers become 0, NaN stays NaN. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

static double relu_f64(double x)
{
    return x <= 0.0 ? 0.0 : x;
}

static int64_t relu_i64(int64_t x)
{
    return x <= 0 ? 0 : x;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__infer_same(call, EFFNN__NUMBERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = effnn__kernels_get()->relu_f32,
                               .f64 = relu_f64,
                               .i64 = relu_i64 };

    return effnn__unary_run(call, &fns);
}

static bool bounds(const effnn_op_call *call, float *lo, float *hi)
{
    (void)call;
    *lo = 0.0f;
    *hi = INFINITY;
    return true;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Relu", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f32[3,0]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "bf16[4]" } },
    { .inputs = { "i32[4]" } },
    { .inputs = { "i8[4]" } },
    { .inputs = { "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_relu = {
    .name = "relu",
    .summary = "max(x, 0)",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_output,
    .bounds = bounds,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
