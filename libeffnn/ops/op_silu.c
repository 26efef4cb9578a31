/* SPDX-License-Identifier: BSD-3-Clause */
/* Sigmoid linear unit: x · sigmoid(alpha · x), with alpha 1 unless given (Ramachandran et al.,
 * 2017, call it swish). ONNX has it as Swish since opset 24; before, it is written as Mul(x,
 * Sigmoid(Mul(x, alpha))). */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

typedef struct silu_attrs {
    double alpha;
} silu_attrs;

static const effnn_option_def attr_defs[] = {
    { "alpha", "factor inside the sigmoid", EFFNN_OPT_F64, offsetof(silu_attrs, alpha),
      .value = 1.0 },
    EFFNN_OPTIONS_END,
};

static double silu_f64(double x)
{
    return x / (1.0 + exp(-x));
}

static double swish_f64(double x, const double *p)
{
    return x / (1.0 + exp(-p[0] * x));
}

static effnn_status forward(const effnn_op_call *call)
{
    const silu_attrs *attrs = call->attrs;
    const effnn__unary fns = { .f32 = effnn__kernels_get()->silu_f32, .f64 = silu_f64 };

    if (attrs->alpha == 1.0) return effnn__unary_run(call, &fns);
    return effnn__unary_run_with(call,
                                 &(effnn__unary_with){ .f64 = swish_f64, .p = { attrs->alpha } });
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const silu_attrs *attrs = writer->op_attrs;
    const char *x = writer->inputs[0], *y = writer->outputs[0];
    const char *alpha = NULL, *scaled = NULL, *gate = NULL;

    if (attrs->alpha == 1.0) {
        scaled = x;
    } else {
        EFFNN_TRY(effnn__onnx_constant_like(writer, &alpha, "alpha", 0, attrs->alpha));
        EFFNN_TRY(effnn__onnx_add(writer, &scaled, "Mul", x, alpha));
    }
    EFFNN_TRY(effnn__onnx_add(writer, &gate, "Sigmoid", scaled, NULL));
    return effnn__onnx_add(writer, &y, "Mul", x, gate);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Swish", .since = 24 },
    { .name = "Swish", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" }, .attrs = "alpha=1.5", .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_silu = {
    .name = "silu",
    .summary = "x * sigmoid(alpha * x)",
    .attrs = attr_defs,
    .attrs_size = sizeof(silu_attrs),
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
