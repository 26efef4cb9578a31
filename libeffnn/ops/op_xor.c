/* SPDX-License-Identifier: BSD-3-Clause */
/* Logical exclusive or of bools, broadcast. */

#include "ops/op_elementwise.h"

static int64_t xor_i64(int64_t a, int64_t b)
{
    return !a != !b;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__binary_infer(call, EFFNN__BOOLS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__binary fns = { .i64 = xor_i64 };

    return effnn__binary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Xor", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "bool[2,3]", "bool[3]" } },
    { .inputs = { "bool[0]", "bool[1]" } },
    { .inputs = { "f32[2]", "f32[2]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_xor = {
    .name = "xor",
    .summary = "logical exclusive or",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
