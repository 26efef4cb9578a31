/* SPDX-License-Identifier: BSD-3-Clause */
/* Inverse tangent, in radians. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f64 = atan };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Atan", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{0.5,-40,1e-4}" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f64[5]" }, .tolerance = 1e-6 },
    { .inputs = { "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_atan = {
    .name = "atan",
    .summary = "inverse tangent",
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
