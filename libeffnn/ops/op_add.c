/* SPDX-License-Identifier: BSD-3-Clause */
/* Sum, broadcast. Integers wrap. */

#include "ops/op_scalar.h"

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__arithmetic_infer(call, effnn__sym_add);
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__binary_run(call, &effnn__scalar_add);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Add", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]", "f32[3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[4,1,3]", "f32[2,1]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[]", "f32[2,0]" }, .tolerance = 1e-6 },
    { .inputs = { "f64[2,3]", "f64[]" }, .tolerance = 1e-6 },
    { .inputs = { "i64[3]", "i64[1]" } },
    { .inputs = { "i8[200]", "i8[200]" } },
    { .inputs = { "u64[3]", "u64[3]" } },
    { .inputs = { "f16[3]", "f16[2,1]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[2]", "f64[2]" }, .refused = "f64" },
    { .inputs = { "bool[2]", "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_add = {
    .name = "add",
    .summary = "a + b",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE | EFFNN_OP_ADDS,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
