/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether an element is infinite, as bool; either sign may be left out. */

#include "ops/op_elementwise.h"

#include <math.h>

typedef struct is_inf_attrs {
    bool negative, positive;
} is_inf_attrs;

#define FIELD(f) offsetof(is_inf_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "detect_negative", "true for -inf", EFFNN_OPT_BOOL, FIELD(negative), .value = 1 },
    { "detect_positive", "true for +inf", EFFNN_OPT_BOOL, FIELD(positive), .value = 1 },
    EFFNN_OPTIONS_END,
};

/* p: the infinities wanted, each there or NaN, which equals nothing. */
static double is_inf(double x, const double *p)
{
    return x == p[0] || x == p[1];
}

static effnn_status forward(const effnn_op_call *call)
{
    const is_inf_attrs *attrs = call->attrs;

    return effnn__unary_run_with(call,
                                 &(effnn__unary_with){ .f64 = is_inf,
                                                       .p = { attrs->negative ? -INFINITY : NAN,
                                                              attrs->positive ? INFINITY : NAN } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "IsInf", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{1,nan,inf,-inf}" } },
    { .inputs = { "f32{1,nan,inf,-inf}" }, .attrs = "detect_negative=0" },
    { .inputs = { "f64{1,nan,inf,-inf}" }, .attrs = "detect_positive=0" },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f16{inf,2}" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_is_inf = {
    .name = "is_inf",
    .summary = "whether an element is infinite",
    .attrs = attr_defs,
    .attrs_size = sizeof(is_inf_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = effnn__test_infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
