/* SPDX-License-Identifier: BSD-3-Clause */
/* x above alpha, zero from there down; NaN stays NaN. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

typedef struct thresholded_relu_attrs {
    double alpha;
} thresholded_relu_attrs;

#define FIELD(f) offsetof(thresholded_relu_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "alpha", "threshold", EFFNN_OPT_F64, FIELD(alpha), .value = 1.0 },
    EFFNN_OPTIONS_END,
};

static void thresholded_relu_f32(float *y, const float *x, size_t n, const double *p)
{
    const float alpha = (float)p[0];

    for (size_t i = 0; i < n; i++) y[i] = x[i] <= alpha ? 0.0f : x[i];
}

static double thresholded_relu_f64(double x, const double *p)
{
    return x <= p[0] ? 0.0 : x;
}

static effnn_status forward(const effnn_op_call *call)
{
    const thresholded_relu_attrs *attrs = call->attrs;

    return effnn__unary_run_with(call, &(effnn__unary_with){ .f32 = thresholded_relu_f32,
                                                             .f64 = thresholded_relu_f64,
                                                             .p = { attrs->alpha } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "ThresholdedRelu", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,30]" }, .tolerance = 1e-6, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "f32[2,30]" }, .attrs = "alpha=-0.25", .tolerance = 1e-6 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_thresholded_relu = {
    .name = "thresholded_relu",
    .summary = "x where x > alpha, else 0",
    .attrs = attr_defs,
    .attrs_size = sizeof(thresholded_relu_attrs),
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
