/* SPDX-License-Identifier: BSD-3-Clause */
/* a < b, broadcast, as bool. NaN is less than nothing. */

#include "ops/op_elementwise.h"

static double less_f64(double a, double b)
{
    return a < b;
}

static int64_t less_i64(int64_t a, int64_t b)
{
    return a < b;
}

static uint64_t less_u64(uint64_t a, uint64_t b)
{
    return a < b;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__compare_infer(call, EFFNN__NUMBERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__binary fns = { .test_f32 = effnn__kernels_get()->less_f32,
                                .f64 = less_f64,
                                .i64 = less_i64,
                                .u64 = less_u64 };

    return effnn__binary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Less", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "f32[2,3]" } },
    { .inputs = { "f32[2,3]", "f32[3]" } },
    { .inputs = { "f32[0]", "f32[1]" } },
    { .inputs = { "i64{1,2,3}", "i64{3,2,1}" } },
    { .inputs = { "u64[3]", "u64[3]" } },
    { .inputs = { "f64[3]", "f64[]" } },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[2]", "f64[2]" }, .refused = "f64" },
    { .inputs = { "bool[2]", "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_less = {
    .name = "less",
    .summary = "a < b",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
