/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaussian error linear unit (Hendrycks and Gimpel, 2016): x · Φ(x), exactly by erf or
 * approximately by tanh. ONNX has it since opset 20; before, it is written as the exporters write
 * it: none: Mul(Mul(x, Add(Erf(Div(x, √2)), 1)), 0.5) tanh: Mul(Mul(x, 0.5), Add(Tanh(Mul(Add(x,
 * Mul(Pow(x, 3), 0.044715)), √(2/π))), 1)) */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

#define SQRT_2         1.4142135623730951
#define SQRT_2_OVER_PI 0.7978845608028654

typedef struct gelu_attrs {
    int approximate;
} gelu_attrs;

static const char *const approximate_names[] = { "none", "tanh", NULL };
static const effnn_option_def attr_defs[] = {
    { "approximate", "by erf (none) or by tanh", EFFNN_OPT_ENUM, offsetof(gelu_attrs, approximate),
      .choices = approximate_names },
    EFFNN_OPTIONS_END,
};

static double gelu_f64(double x)
{
    return 0.5 * x * (1.0 + erf(x / SQRT_2));
}

static double gelu_tanh_f64(double x)
{
    return 0.5 * x * (1.0 + tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)));
}

static effnn_status forward(const effnn_op_call *call)
{
    const gelu_attrs *attrs = call->attrs;
    const effnn__kernels *kernels = effnn__kernels_get();
    const effnn__unary by_erf = { .f32 = kernels->gelu_f32, .f64 = gelu_f64 };
    const effnn__unary by_tanh = { .f32 = kernels->gelu_tanh_f32, .f64 = gelu_tanh_f64 };

    return effnn__unary_run(call, attrs->approximate ? &by_tanh : &by_erf);
}

static effnn_status write_erf(effnn_onnx_writer *writer)
{
    const char *x = writer->inputs[0], *y = writer->outputs[0];
    const char *root = NULL, *one = NULL, *half = NULL;
    const char *scaled = NULL, *e = NULL, *sum = NULL, *product = NULL;

    EFFNN_TRY(effnn__onnx_constant_like(writer, &root, "sqrt_2", 0, SQRT_2));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &one, "one", 0, 1.0));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &half, "half", 0, 0.5));
    EFFNN_TRY(effnn__onnx_add(writer, &scaled, "Div", x, root));
    EFFNN_TRY(effnn__onnx_add(writer, &e, "Erf", scaled, NULL));
    EFFNN_TRY(effnn__onnx_add(writer, &sum, "Add", e, one));
    EFFNN_TRY(effnn__onnx_add(writer, &product, "Mul", x, sum));
    return effnn__onnx_add(writer, &y, "Mul", product, half);
}

static effnn_status write_tanh(effnn_onnx_writer *writer)
{
    const char *x = writer->inputs[0], *y = writer->outputs[0];
    const char *three = NULL, *factor = NULL, *root = NULL, *one = NULL, *half = NULL;
    const char *cube = NULL, *term = NULL, *inner = NULL, *scaled = NULL, *t = NULL, *sum = NULL;
    const char *halved = NULL;

    EFFNN_TRY(effnn__onnx_constant_like(writer, &three, "three", 0, 3.0));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &factor, "factor", 0, 0.044715));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &root, "sqrt_2_over_pi", 0, SQRT_2_OVER_PI));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &one, "one", 0, 1.0));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &half, "half", 0, 0.5));
    EFFNN_TRY(effnn__onnx_add(writer, &cube, "Pow", x, three));
    EFFNN_TRY(effnn__onnx_add(writer, &term, "Mul", cube, factor));
    EFFNN_TRY(effnn__onnx_add(writer, &inner, "Add", x, term));
    EFFNN_TRY(effnn__onnx_add(writer, &scaled, "Mul", inner, root));
    EFFNN_TRY(effnn__onnx_add(writer, &t, "Tanh", scaled, NULL));
    EFFNN_TRY(effnn__onnx_add(writer, &sum, "Add", t, one));
    EFFNN_TRY(effnn__onnx_add(writer, &halved, "Mul", x, half));
    return effnn__onnx_add(writer, &y, "Mul", halved, sum);
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const gelu_attrs *attrs = writer->op_attrs;

    return attrs->approximate ? write_tanh(writer) : write_erf(writer);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Gelu", .since = 20 },
    { .name = "Gelu", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" }, .attrs = "approximate=tanh", .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" }, .attrs = "approximate=tanh" },
    { .inputs = { "f64[4]" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_gelu = {
    .name = "gelu",
    .summary = "Gaussian error linear unit",
    .attrs = attr_defs,
    .attrs_size = sizeof(gelu_attrs),
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
