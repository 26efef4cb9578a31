/* SPDX-License-Identifier: BSD-3-Clause */
/* All bits of an integer turned over. ONNX has it since opset 18. */

#include "ops/op_elementwise.h"

static int64_t not_i64(int64_t x)
{
    return (int64_t) ~(uint64_t)x;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__infer_same(call, EFFNN__INTEGERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__unary fns = { .i64 = not_i64 };

    return effnn__unary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "BitwiseNot", .since = 18 },
    { .name = "BitwiseNot", .since = 9, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "i32[2,3]" } },
    { .inputs = { "u8[5]" } },
    { .inputs = { "i64[0]" } },
    { .inputs = { "f32[2]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_bitwise_not = {
    .name = "bitwise_not",
    .summary = "bits turned over",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
