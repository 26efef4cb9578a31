/* SPDX-License-Identifier: BSD-3-Clause */
/* Piecewise swish (Howard et al., 2019): x · min(max(x / 6 + 1/2, 0), 1). ONNX has it since opset
 * 14; before, it is written as Mul(x, HardSigmoid(x)). */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

static double hard_swish_f64(double x)
{
    const double gate = x / 6.0 + 0.5;

    return x * (gate < 0.0 ? 0.0 : gate > 1.0 ? 1.0 : gate);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = effnn__kernels_get()->hard_swish_f32, .f64 = hard_swish_f64 };

    return effnn__unary_run(call, &fns);
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const char *x = writer->inputs[0], *y = writer->outputs[0], *gate = NULL;

    EFFNN_TRY(effnn__onnx_add(writer, &gate, "HardSigmoid", x, NULL));
    EFFNN_TRY(effnn__onnx_set_float(writer, "alpha", 1.0 / 6.0));
    EFFNN_TRY(effnn__onnx_set_float(writer, "beta", 0.5));
    return effnn__onnx_add(writer, &y, "Mul", x, gate);
}

static const effnn_onnx_row onnx[] = {
    { .name = "HardSwish", .since = 14 },
    { .name = "HardSwish", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{-4,-3,-1,0,2,3,7}" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[5]" }, .tolerance = 1e-6 },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_hard_swish = {
    .name = "hard_swish",
    .summary = "x * hard_sigmoid(x)",
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
