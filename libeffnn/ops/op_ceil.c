/* SPDX-License-Identifier: BSD-3-Clause */
/* The smallest whole number that is not less. */

#include "ops/op_elementwise.h"

#include <math.h>

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f64 = ceil };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Ceil", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" } },
    { .inputs = { "f64[0]" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_ceil = {
    .name = "ceil",
    .summary = "round up",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__infer_same_floats,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
