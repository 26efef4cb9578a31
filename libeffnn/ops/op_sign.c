/* SPDX-License-Identifier: BSD-3-Clause */
/* Sign: -1, 0 or 1; NaN stays NaN. */

#include "ops/op_elementwise.h"

static double sign_f64(double x)
{
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x;
}

static int64_t sign_i64(int64_t x)
{
    return (x > 0) - (x < 0);
}

/* Large ones come as negative. */
static int64_t sign_u64(int64_t x)
{
    return x != 0;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__infer_same(call, EFFNN__NUMBERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const bool is_u64 = effnn_tensor_dtype(call->inputs[0]) == EFFNN_U64;
    const effnn__unary fns = { .f64 = sign_f64, .i64 = is_u64 ? sign_u64 : sign_i64 };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Sign", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{0,-2,3,-0.0}" } },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[5]" } },
    { .inputs = { "f16[4]" } },
    { .inputs = { "i8[4]" } },
    { .inputs = { "i64{-5,0,7}" } },
    { .inputs = { "u64{0,1,18446744073709551615}" } },
    { .inputs = { "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_sign = {
    .name = "sign",
    .summary = "-1, 0 or 1",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
