/* SPDX-License-Identifier: BSD-3-Clause */
/* log(1 + exp(x)), from max(x, 0) + log(1 + exp(-|x|)), which neither overflows nor loses small
 * values. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

#define BLOCK 256

/* log(1 + e) for e in [0, 1] as twice the inverse hyperbolic tangent of s = e / (2 + e) ≤ 1/3: what
 * the series leaves out is below 2e-9 of it. */
static float log1p_small(float e)
{
    const float s = e / (2.0f + e), q = s * s;
    const float tail = 1.0f / 9 + q * (1.0f / 11 + q * (1.0f / 13 + q * (1.0f / 15)));

    return 2.0f * s * (1.0f + q * (1.0f / 3 + q * (1.0f / 5 + q * (1.0f / 7 + q * tail))));
}

static void softplus_f32(float *y, const float *x, size_t n)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    float e[BLOCK], positive[BLOCK];

    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t m = n - i < BLOCK ? n - i : BLOCK;

        for (size_t k = 0; k < m; k++) e[k] = -fabsf(x[i + k]);
        kernels->exp_f32(e, e, m);
        kernels->relu_f32(positive, x + i, m);
        for (size_t k = 0; k < m; k++) y[i + k] = positive[k] + log1p_small(e[k]);
    }
}

static double softplus_f64(double x)
{
    return (x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x)));
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = softplus_f32, .f64 = softplus_f64 };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Softplus", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{-100,-20,0,1,100}" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[5]" }, .tolerance = 1e-6 },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_softplus = {
    .name = "softplus",
    .summary = "log(1 + exp(x))",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__infer_same_floats,
    .forward = forward,
    .saves = effnn__saves_input,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
