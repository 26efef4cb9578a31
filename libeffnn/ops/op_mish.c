/* SPDX-License-Identifier: BSD-3-Clause */
/* Mish (Misra, 2019): x · tanh(log(1 + exp(x))). With e = exp(x) and n = e · (e + 2) the tangent
 * is n / (n + 2), exact also where it is small. ONNX has it since opset 18; before, it is written
 * as Mul(x, Tanh(Softplus(x))). */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

#define STRAIGHT     40.0  /* above it the tangent is 1 in double */
#define STRAIGHT_F32 20.0f /* and in f32 */
#define BLOCK        256

static void mish_f32(float *y, const float *x, size_t n)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    float e[BLOCK];

    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t m = n - i < BLOCK ? n - i : BLOCK;

        for (size_t k = 0; k < m; k++) e[k] = x[i + k] < STRAIGHT_F32 ? x[i + k] : STRAIGHT_F32;
        kernels->exp_f32(e, e, m);
        for (size_t k = 0; k < m; k++) {
            const float part = e[k] * (e[k] + 2.0f);

            y[i + k] = x[i + k] * (part / (part + 2.0f));
        }
    }
}

static double mish_f64(double x)
{
    const double e = exp(x), n = e * (e + 2.0);

    return x > STRAIGHT ? x : x * (n / (n + 2.0));
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = mish_f32, .f64 = mish_f64 };

    return effnn__unary_run(call, &fns);
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const char *x = writer->inputs[0], *y = writer->outputs[0], *soft = NULL, *gate = NULL;

    EFFNN_TRY(effnn__onnx_add(writer, &soft, "Softplus", x, NULL));
    EFFNN_TRY(effnn__onnx_add(writer, &gate, "Tanh", soft, NULL));
    return effnn__onnx_add(writer, &y, "Mul", x, gate);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Mish", .since = 18 },
    { .name = "Mish", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{-90,-20,0,1,60}" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[5]" }, .tolerance = 1e-6 },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_mish = {
    .name = "mish",
    .summary = "x * tanh(softplus(x))",
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
