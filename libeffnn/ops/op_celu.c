/* SPDX-License-Identifier: BSD-3-Clause */
/* Continuously differentiable exponential linear unit (Barron, 2017): x above zero, alpha · (exp(x
 * / alpha) - 1) below. */

#include "ops/op_saves.h"
#include "ops/op_scalar.h"

#include <math.h>

typedef struct celu_attrs {
    double alpha;
} celu_attrs;

#define FIELD(f) offsetof(celu_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "alpha", "limit far below zero is -alpha", EFFNN_OPT_F64, FIELD(alpha), .value = 1.0 },
    EFFNN_OPTIONS_END,
};

static void celu_f32(float *y, const float *x, size_t n, const double *p)
{
    effnn__exponential_unit_f32(y, x, n, 1.0f, (float)p[0], (float)(1.0 / p[0]));
}

static double celu_f64(double x, const double *p)
{
    return x < 0.0 ? p[0] * expm1(x / p[0]) : x;
}

static effnn_status forward(const effnn_op_call *call)
{
    const celu_attrs *attrs = call->attrs;

    return effnn__unary_run_with(
        call, &(effnn__unary_with){ .f32 = celu_f32, .f64 = celu_f64, .p = { attrs->alpha } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "Celu", .since = 12 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,30]" }, .tolerance = 1e-6, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "f32[2,30]" }, .attrs = "alpha=2", .tolerance = 1e-6 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_celu = {
    .name = "celu",
    .summary = "x where x >= 0, alpha * (exp(x / alpha) - 1) below",
    .attrs = attr_defs,
    .attrs_size = sizeof(celu_attrs),
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
