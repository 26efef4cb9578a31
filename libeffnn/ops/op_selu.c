/* SPDX-License-Identifier: BSD-3-Clause */
/* Scaled exponential linear unit (Klambauer et al., 2017): gamma · x above zero, gamma · alpha ·
 * (exp(x) - 1) below. */

#include "ops/op_saves.h"
#include "ops/op_scalar.h"

#include <math.h>

typedef struct selu_attrs {
    double alpha, gamma;
} selu_attrs;

#define FIELD(f) offsetof(selu_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "alpha", "limit far below zero is -gamma * alpha", EFFNN_OPT_F64, FIELD(alpha),
      .value = 1.67326319217681884765625 },
    { "gamma", "scale", EFFNN_OPT_F64, FIELD(gamma), .value = 1.05070102214813232421875 },
    EFFNN_OPTIONS_END,
};

static void selu_f32(float *y, const float *x, size_t n, const double *p)
{
    effnn__exponential_unit_f32(y, x, n, (float)p[1], (float)(p[0] * p[1]), 1.0f);
}

static double selu_f64(double x, const double *p)
{
    return p[1] * (x > 0.0 ? x : p[0] * expm1(x));
}

static effnn_status forward(const effnn_op_call *call)
{
    const selu_attrs *attrs = call->attrs;

    return effnn__unary_run_with(call, &(effnn__unary_with){ .f32 = selu_f32,
                                                             .f64 = selu_f64,
                                                             .p = { attrs->alpha, attrs->gamma } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "Selu", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,30]" }, .tolerance = 1e-6, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "f32[2,30]" }, .attrs = "alpha=0.5,gamma=2", .tolerance = 1e-6 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_selu = {
    .name = "selu",
    .summary = "gamma * elu(x, alpha)",
    .attrs = attr_defs,
    .attrs_size = sizeof(selu_attrs),
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
