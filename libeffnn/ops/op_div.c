/* SPDX-License-Identifier: BSD-3-Clause */
/* Quotient, broadcast. Integers are divided toward zero; a zero divisor among them is E_NUMERIC,
 * and the one quotient that overflows wraps. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

static double div_f64(double a, double b)
{
    return a / b;
}

static int64_t div_i64(int64_t a, int64_t b)
{
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static uint64_t div_u64(uint64_t a, uint64_t b)
{
    return a / b;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__arithmetic_infer(call, effnn__sym_div);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__binary fns = {
        .f32 = effnn__kernels_get()->div_f32, .f64 = div_f64, .i64 = div_i64, .u64 = div_u64
    };

    EFFNN_TRY(effnn__check_divisor(call));
    return effnn__binary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Div", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "f32[2,3]>0" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]", "f32[3]>0" }, .tolerance = 1e-6 },
    { .inputs = { "f32[4,1,3]", "f32[2,1]>0" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0]", "f32[]>0" }, .tolerance = 1e-6 },
    { .inputs = { "f64[2]", "f64[1]>0" }, .tolerance = 1e-6 },
    { .inputs = { "i64{7,-7}", "i64{2,2}" } },
    { .inputs = { "i8{-128,5}", "i8{-1,2}" } },
    { .inputs = { "u64[3]", "u64{3,5,7}" } },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[2]", "f64[2]" }, .refused = "f64" },
    { .inputs = { "bool[2]", "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_div = {
    .name = "div",
    .summary = "a / b",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
