/* SPDX-License-Identifier: BSD-3-Clause */
/* Power, broadcast; the result has the base's type, the exponent may have another. Integers to
 * integers are exact and wrap; a negative exponent gives the true value cut toward zero. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>
#include <string.h>

/* Squares are what exponents mostly ask for. */
static void pow_f32(float *y, const float *a, const float *b, size_t n)
{
    /* All are the first one, and that is 2. */
    if (n > 0 && b[0] == 2.0f && memcmp(b, b + 1, (n - 1) * sizeof *b) == 0) {
        effnn__kernels_get()->mul_f32(y, a, a, n);
        return;
    }
    for (size_t i = 0; i < n; i++) y[i] = b[i] == 2.0f ? a[i] * a[i] : powf(a[i], b[i]);
}

static int64_t pow_i64(int64_t a, int64_t b)
{
    uint64_t y = 1, base = (uint64_t)a;

    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
    for (; b > 0; b >>= 1) {
        if (b & 1) y *= base;
        base *= base;
    }
    return (int64_t)y;
}

static uint64_t pow_u64(uint64_t a, uint64_t b)
{
    uint64_t y = 1;

    for (; b > 0; b >>= 1) {
        if (b & 1) y *= a;
        a *= a;
    }
    return y;
}

static effnn_status infer(effnn_op_infer *call)
{
    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    return effnn__infer_broadcast(call, 0, 2);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__binary fns = { .f32 = pow_f32, .f64 = pow, .i64 = pow_i64, .u64 = pow_u64 };

    return effnn__binary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Pow", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]>0", "f32[2,3]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3]", "i64:2" }, .tolerance = 1e-6 },
    { .inputs = { "f64[2,3]", "f32[1]>0" } },
    { .inputs = { "f32[0,3]", "f32[3]" } },
    { .inputs = { "i32{-3,2,0,-1}", "i64{3,-1,0,-3}" } },
    { .inputs = { "u64{3,2}", "u64:40" } },
    { .inputs = { "f32[2]", "f32[3]" }, .refused = "does not broadcast" },
    { .inputs = { "bool[2]", "f32[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_pow = {
    .name = "pow",
    .summary = "a to the power b",
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
