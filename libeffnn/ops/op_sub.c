/* SPDX-License-Identifier: BSD-3-Clause */
/* Difference, broadcast. Integers wrap. */

#include "ops/op_elementwise.h"

static double sub_f64(double a, double b)
{
    return a - b;
}

static int64_t sub_i64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__arithmetic_infer(call, effnn__sym_sub);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__binary fns = { .f32 = effnn__kernels_get()->sub_f32,
                                .f64 = sub_f64,
                                .i64 = sub_i64 };

    return effnn__binary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Sub", .since = 7 },
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

const effnn_op_def effnn__op_sub = {
    .name = "sub",
    .summary = "a - b",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
