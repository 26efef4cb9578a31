/* SPDX-License-Identifier: BSD-3-Clause */
/* Inverse hyperbolic cosine; NaN below 1. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f64 = acosh };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Acosh", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{1,1.5,30}" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64{1.25,7}" }, .tolerance = 1e-6 },
    { .inputs = { "f16{2.5}" }, .tolerance = 1e-3 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_acosh = {
    .name = "acosh",
    .summary = "inverse hyperbolic cosine",
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
