/* SPDX-License-Identifier: BSD-3-Clause */
/* Leaky rectifier: x where x ≥ 0, alpha · x below. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

typedef struct leaky_relu_attrs {
    double alpha;
} leaky_relu_attrs;

static const effnn_option_def attr_defs[] = {
    { "alpha", "slope below zero", EFFNN_OPT_F64, offsetof(leaky_relu_attrs, alpha),
      .value = 0.01 },
    EFFNN_OPTIONS_END,
};

static void leaky_relu_f32(float *y, const float *x, size_t n, const double *p)
{
    effnn__kernels_get()->leaky_relu_f32(y, x, n, (float)p[0]);
}

static double leaky_relu_f64(double x, const double *p)
{
    return x < 0.0 ? p[0] * x : x;
}

static effnn_status forward(const effnn_op_call *call)
{
    const leaky_relu_attrs *attrs = call->attrs;

    return effnn__unary_run_with(call, &(effnn__unary_with){ .f32 = leaky_relu_f32,
                                                             .f64 = leaky_relu_f64,
                                                             .p = { attrs->alpha } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "LeakyRelu", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f32[2,3]" }, .attrs = "alpha=0.3", .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_leaky_relu = {
    .name = "leaky_relu",
    .summary = "x where x >= 0, alpha * x below",
    .attrs = attr_defs,
    .attrs_size = sizeof(leaky_relu_attrs),
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
