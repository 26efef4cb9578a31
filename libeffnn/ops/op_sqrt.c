/* SPDX-License-Identifier: BSD-3-Clause */
/* Square root. A negative number gives NaN. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .f32 = effnn__kernels_get()->sqrt_f32, .f64 = sqrt };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Sqrt", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]>0" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0]" }, .tolerance = 1e-6 },
    { .inputs = { "f64[4]>0" } },
    { .inputs = { "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_sqrt = {
    .name = "sqrt",
    .summary = "square root",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__infer_same_floats,
    .forward = forward,
    .saves = effnn__saves_output,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
