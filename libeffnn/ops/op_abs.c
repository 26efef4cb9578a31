/* SPDX-License-Identifier: BSD-3-Clause */
/* Absolute value. Integers wrap: the smallest one stays as it is. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

static void abs_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = fabsf(x[i]);
}

static int64_t abs_i64(int64_t x)
{
    return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
}

/* Large ones come as negative. */
static int64_t abs_u64(int64_t x)
{
    return x;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__infer_same(call, EFFNN__NUMBERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const bool is_u64 = effnn_tensor_dtype(call->inputs[0]) == EFFNN_U64;
    const effnn__unary fns = { .f32 = abs_f32, .f64 = fabs, .i64 = is_u64 ? abs_u64 : abs_i64 };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Abs", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f64[2,0]" } },
    { .inputs = { "i32[4]" } },
    { .inputs = { "u8[4]" } },
    { .inputs = { "u64{3,18446744073709551615}" } },
    { .inputs = { "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_abs = {
    .name = "abs",
    .summary = "absolute value",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
