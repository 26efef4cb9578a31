/* SPDX-License-Identifier: BSD-3-Clause */
/* Index of the smallest element along an axis. */

#include "ops/op_arg.h"

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__arg_run(call, true);
}

static const effnn_onnx_row onnx[] = {
    { .name = "ArgMin", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" } },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axis=-1,keepdims=0" },
    { .inputs = { "i64{3,5,5,1}" }, .attrs = "select_last_index=1" },
    { .inputs = { "u64[7]" } },
    { .inputs = { "f64[2,3]" }, .attrs = "axis=1" },
    { .inputs = { "f32[0,3]" }, .attrs = "axis=1" },
    { .inputs = { "f32[2,0]" }, .attrs = "axis=1", .refused = "empty" },
    { .inputs = { "f32[2,3]" }, .attrs = "axis=2", .refused = "outside" },
    { .inputs = { "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_argmin = {
    .name = "argmin",
    .summary = "index of the smallest element along an axis",
    .attrs = effnn__arg_attr_defs,
    .attrs_size = sizeof(effnn__arg_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = effnn__arg_infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
