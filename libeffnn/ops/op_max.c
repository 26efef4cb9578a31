/* SPDX-License-Identifier: BSD-3-Clause */
/* The largest of any number of inputs, broadcast. A NaN in any of them gives NaN, as in NumPy. */

#include "ops/op_saves.h"
#include "ops/op_scalar.h"

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__binary_infer(call, EFFNN__NUMBERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__variadic_run(call, &effnn__scalar_max);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Max", .since = 8 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "f32[2,3]" } },
    { .inputs = { "f32[2,3]" } },
    { .inputs = { "f32[2,1]", "f32[3]", "f32[4,1,1]" } },
    { .inputs = { "f32[0]", "f32[1]" } },
    { .inputs = { "f64[2]", "f64[]" } },
    { .inputs = { "i8[4]", "i8[4]" } },
    { .inputs = { "u64[3]", "u64[3]" } },
    { .inputs = { "f32[2,3]", "", "f32[2,3]" }, .refused = "input 1 is absent" },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[2]", "f64[2]" }, .refused = "f64" },
    { .inputs = { "bool[2]", "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_max = {
    .name = "max",
    .summary = "element-wise largest of all inputs",
    .min_inputs = 1,
    .max_inputs = EFFNN_ANY,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
