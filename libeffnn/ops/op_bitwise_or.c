/* SPDX-License-Identifier: BSD-3-Clause */
/* Bits of two integers under or, broadcast. ONNX has it since opset 18. */

#include "ops/op_elementwise.h"

static int64_t or_i64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a | (uint64_t)b);
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__binary_infer(call, EFFNN__INTEGERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__binary fns = { .i64 = or_i64 };

    return effnn__binary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "BitwiseOr", .since = 18 },
    { .name = "BitwiseOr", .since = 9, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "i32[2,3]", "i32[3]" } },
    { .inputs = { "u64{1,18446744073709551615}", "u64{3,6}" } },
    { .inputs = { "i8[4]", "i8[4]" } },
    { .inputs = { "u16[0]", "u16[1]" } },
    { .inputs = { "i32[2]", "i32[3]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[2]", "f32[2]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_bitwise_or = {
    .name = "bitwise_or",
    .summary = "a | b by bits",
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
