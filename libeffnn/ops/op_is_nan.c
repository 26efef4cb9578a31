/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether an element is no number, as bool. */

#include "ops/op_elementwise.h"

#include <math.h>

static double is_nan(double x)
{
    return isnan(x);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f64 = is_nan };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "IsNaN", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{1,nan,inf,-inf}" } },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64{nan,2}" } },
    { .inputs = { "bf16{nan,2}" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_is_nan = {
    .name = "is_nan",
    .summary = "whether an element is no number",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = effnn__test_infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
