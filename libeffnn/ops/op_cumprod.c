/* SPDX-License-Identifier: BSD-3-Clause */
/* Products of the elements up to each along an axis. Integers wrap. ONNX has it since opset 26. */

#include "ops/op_cumulative.h"
#include "ops/op_saves.h"

static double multiply_f64(double product, double x)
{
    return product * x;
}

static int64_t multiply_i64(int64_t product, int64_t x)
{
    return (int64_t)((uint64_t)product * (uint64_t)x);
}

static const effnn__binary fold = { .f64 = multiply_f64, .i64 = multiply_i64 };

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__cumulative_run(call, &fold, 1);
}

static const effnn_onnx_row onnx[] = {
    { .name = "CumProd", .since = 26 },
    { .name = "CumProd", .since = 9, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]", "i64:1" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,4]", "i32:-1" }, .attrs = "exclusive=1", .tolerance = 1e-6 },
    { .inputs = { "f32[5]", "i64{0}" }, .attrs = "reverse=1", .tolerance = 1e-6 },
    { .inputs = { "i32{1,2,3}", "i64:0" }, .attrs = "exclusive=1,reverse=1" },
    { .inputs = { "i8{100,2,3}", "i64:0" } },
    { .inputs = { "f64[2,3]", "i64:0" } },
    { .inputs = { "f16[2,3]", "i64:1" }, .tolerance = 1e-3 },
    { .inputs = { "f32[2,0]", "i64:1" } },
    { .inputs = { "f32[2,3]", "i64:2" }, .refused = "outside" },
    { .inputs = { "f32[2,3]", "i64{0,1}" }, .refused = "one number" },
    { .inputs = { "bool[2]", "i64:0" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_cumprod = {
    .name = "cumprod",
    .summary = "products of the elements up to each along an axis",
    .attrs = effnn__cumulative_attr_defs,
    .attrs_size = sizeof(effnn__cumulative_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__cumulative_infer,
    .forward = forward,
    .saves = effnn__saves_input_output,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
