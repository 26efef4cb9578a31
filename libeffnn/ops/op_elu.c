/* SPDX-License-Identifier: BSD-3-Clause */
/* Exponential linear unit (Clevert et al., 2016): x above zero, alpha · (exp(x) - 1) below. */

#include "ops/op_saves.h"
#include "ops/op_scalar.h"

#include <math.h>

typedef struct elu_attrs {
    double alpha;
} elu_attrs;

#define FIELD(f) offsetof(elu_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "alpha", "limit far below zero is -alpha", EFFNN_OPT_F64, FIELD(alpha), .value = 1.0 },
    EFFNN_OPTIONS_END,
};

static void elu_f32(float *y, const float *x, size_t n, const double *p)
{
    effnn__exponential_unit_f32(y, x, n, 1.0f, (float)p[0], 1.0f);
}

static double elu_f64(double x, const double *p)
{
    return x < 0.0 ? p[0] * expm1(x) : x;
}

static effnn_status forward(const effnn_op_call *call)
{
    const elu_attrs *attrs = call->attrs;

    return effnn__unary_run_with(
        call, &(effnn__unary_with){ .f32 = elu_f32, .f64 = elu_f64, .p = { attrs->alpha } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "Elu", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,30]" }, .tolerance = 1e-6, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "f32[2,30]" }, .attrs = "alpha=0.3", .tolerance = 1e-6 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_elu = {
    .name = "elu",
    .summary = "x where x >= 0, alpha * (exp(x) - 1) below",
    .attrs = attr_defs,
    .attrs_size = sizeof(elu_attrs),
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
