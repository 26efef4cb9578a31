/* SPDX-License-Identifier: BSD-3-Clause */
/* Sum of any number of inputs, broadcast, from the first to the last. */

#include "ops/op_scalar.h"

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__binary_infer(call, EFFNN__FLOATS);
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__variadic_run(call, &effnn__scalar_add);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Sum", .since = 8 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" } },
    { .inputs = { "f32[2,1]", "f32[3]", "f32[4,1,1]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0]", "f32[1]" } },
    { .inputs = { "f64[2]", "f64[]" } },
    { .inputs = { "bf16[2]", "bf16[2]", "bf16[2]" } },
    { .inputs = { "f32[2,3]", "", "f32[2,3]" }, .refused = "input 1 is absent" },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[2]", "f64[2]" }, .refused = "f64" },
    { .inputs = { "i32[2]", "i32[2]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_sum = {
    .name = "sum",
    .summary = "sum of all inputs",
    .min_inputs = 1,
    .max_inputs = EFFNN_ANY,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
