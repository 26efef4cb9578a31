/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums of the elements up to each along an axis. Integers wrap. */

#include "ops/op_cumulative.h"
#include "ops/op_scalar.h"

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__cumulative_run(call, &effnn__scalar_add, 0);
}

static const effnn_onnx_row onnx[] = {
    { .name = "CumSum", .since = 11 },
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

const effnn_op_def effnn__op_cumsum = {
    .name = "cumsum",
    .summary = "sums of the elements up to each along an axis",
    .attrs = effnn__cumulative_attr_defs,
    .attrs_size = sizeof(effnn__cumulative_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__cumulative_infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
