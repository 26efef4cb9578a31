/* SPDX-License-Identifier: BSD-3-Clause */
/* Shrinkage: x + bias below -lambd, x - bias above lambd, zero between. Integers go through double
 * and are cut toward zero. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

typedef struct shrink_attrs {
    double bias, lambda;
} shrink_attrs;

#define FIELD(f) offsetof(shrink_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "bias", "how far what remains is moved toward zero", EFFNN_OPT_F64, FIELD(bias),
      .value = 0.0 },
    { "lambd", "magnitudes up to it become zero", EFFNN_OPT_F64, FIELD(lambda), .value = 0.5 },
    EFFNN_OPTIONS_END,
};

static double shrink_f64(double x, const double *p)
{
    return x < -p[1] ? x + p[0] : x > p[1] ? x - p[0] : isnan(x) ? x : 0.0;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__infer_same(call, EFFNN__NUMBERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const shrink_attrs *attrs = call->attrs;

    return effnn__unary_run_with(
        call, &(effnn__unary_with){ .f64 = shrink_f64, .p = { attrs->bias, attrs->lambda } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "Shrink", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,30]" }, .tolerance = 1e-6, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "f32[2,30]" }, .attrs = "bias=0.5,lambd=0.75", .tolerance = 1e-6 },
    { .inputs = { "i32{-3,-1,0,2,5}" }, .attrs = "bias=1.5,lambd=1.5" },
    { .inputs = { "u8{0,3,255}" }, .attrs = "bias=2,lambd=1" },
    { .inputs = { "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_shrink = {
    .name = "shrink",
    .summary = "x moved toward 0 by bias where |x| > lambd, else 0",
    .attrs = attr_defs,
    .attrs_size = sizeof(shrink_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
