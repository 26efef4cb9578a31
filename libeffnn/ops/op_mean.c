/* SPDX-License-Identifier: BSD-3-Clause */
/* Mean of any number of inputs, broadcast: their sum, then one division. */

#include "ops/op_scalar.h"

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__binary_infer(call, EFFNN__FLOATS);
}

static double divide(double x, const double *p)
{
    return x / p[0];
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *const sum[] = { call->outputs[0] };
    effnn_op_call over = *call;

    EFFNN_TRY(effnn__variadic_run(call, &effnn__scalar_add));
    if (call->n_inputs == 1) return EFFNN_OK;
    over.inputs = sum;
    over.n_inputs = 1;
    return effnn__unary_run_with(
        &over, &(effnn__unary_with){ .f64 = divide, .p = { (double)call->n_inputs } });
}

static const effnn_onnx_row onnx[] = {
    { .name = "Mean", .since = 8 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" } },
    { .inputs = { "f32[2,1]", "f32[3]", "f32[4,1,1]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0]", "f32[1]" } },
    { .inputs = { "f64[2]", "f64[]" } },
    { .inputs = { "f16[2]", "f16[2]", "f16[2]" } },
    { .inputs = { "f32[2,3]", "", "f32[2,3]" }, .refused = "input 1 is absent" },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "does not broadcast" },
    { .inputs = { "i32[2]", "i32[2]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_mean = {
    .name = "mean",
    .summary = "mean of all inputs",
    .min_inputs = 1,
    .max_inputs = EFFNN_ANY,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
