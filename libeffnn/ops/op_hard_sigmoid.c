/* SPDX-License-Identifier: BSD-3-Clause */
/* Piecewise linear logistic function: alpha · x + beta, kept within [0, 1]. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

typedef struct hard_sigmoid_attrs {
    double alpha, beta;
} hard_sigmoid_attrs;

#define FIELD(f) offsetof(hard_sigmoid_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "alpha", "slope", EFFNN_OPT_F64, FIELD(alpha), .value = 0.2 },
    { "beta", "value at zero", EFFNN_OPT_F64, FIELD(beta), .value = 0.5 },
    EFFNN_OPTIONS_END,
};

static void hard_sigmoid_f32(float *y, const float *x, size_t n, const double *p)
{
    effnn__kernels_get()->hard_sigmoid_f32(y, x, n, (float)p[0], (float)p[1]);
}

static double hard_sigmoid_f64(double x, const double *p)
{
    const double line = p[0] * x + p[1];

    return line < 0.0 ? 0.0 : line > 1.0 ? 1.0 : line;
}

static effnn_status forward(const effnn_op_call *call)
{
    const hard_sigmoid_attrs *attrs = call->attrs;

    return effnn__unary_run_with(call, &(effnn__unary_with){ .f32 = hard_sigmoid_f32,
                                                             .f64 = hard_sigmoid_f64,
                                                             .p = { attrs->alpha, attrs->beta } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "HardSigmoid", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,30]" }, .attrs = "alpha=0.9,beta=0.4", .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_hard_sigmoid = {
    .name = "hard_sigmoid",
    .summary = "alpha * x + beta within [0, 1]",
    .attrs = attr_defs,
    .attrs_size = sizeof(hard_sigmoid_attrs),
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
