/* SPDX-License-Identifier: BSD-3-Clause */
/* Blackman window: 0.42 - 0.5 cos + 0.08 cos of twice the angle (see op_cosine_window.h). */

#include "ops/op_cosine_window.h"

static effnn_status forward(const effnn_op_call *call)
{
    static const double coefficients[] = { 0.42, 0.5, 0.08 };

    return effnn__cosine_window_run(call, coefficients);
}

static const effnn_onnx_row onnx[] = {
    { .name = "BlackmanWindow", .since = 17 },
    { .name = "BlackmanWindow", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "i64:9" } },
    { .inputs = { "i32:8" }, .attrs = "periodic=0,output_datatype=11" },
    { .inputs = { "i64:1" }, .attrs = "periodic=0" },
    { .inputs = { "i64:5" }, .attrs = "output_datatype=3" },
    { .inputs = { "i64:0" } },
    { .inputs = { "i64:-1" }, .refused = "-1" },
    { .inputs = { "i64:3" }, .attrs = "output_datatype=9", .refused = "type 9" },
    { .inputs = { "f32:3" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_blackman_window = {
    .name = "blackman_window",
    .summary = "Blackman window of a given size",
    .attrs = effnn__cosine_window_attr_defs,
    .attrs_size = sizeof(effnn__window_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = effnn__cosine_window_infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
