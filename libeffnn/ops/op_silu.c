/* SPDX-License-Identifier: BSD-3-Clause */
/* Sigmoid linear unit: x · sigmoid(x). ONNX calls it Swish since opset 24 (with alpha = 1); before,
 * it is written as Mul(x, Sigmoid(x)). */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

static double silu_f64(double x)
{
    return x / (1.0 + exp(-x));
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = effnn__kernels_get()->silu_f32, .f64 = silu_f64 };

    return effnn__unary_run(call, &fns);
}

static effnn_status read_swish(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *alpha = effnn__onnx_attr(reader, "alpha");

    if (alpha && alpha->f != 1.0)
        return effnn__onnx_read_fail(reader, EFFNN_E_UNSUPPORTED,
                                     "attribute 'alpha' other than 1 is not supported");
    return effnn__onnx_read_attrs(reader, (const char *const[]){ "alpha", NULL });
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const char *x = writer->inputs[0], *y = writer->outputs[0], *gate = NULL;

    EFFNN_TRY(effnn__onnx_add(writer, &gate, "Sigmoid", x, NULL));
    return effnn__onnx_add(writer, &y, "Mul", x, gate);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Swish", .since = 24, .read = read_swish },
    { .name = "Swish", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[4]" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_silu = {
    .name = "silu",
    .summary = "x * sigmoid(x)",
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
