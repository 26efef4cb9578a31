/* SPDX-License-Identifier: BSD-3-Clause */
/* Logarithm of softmax along an axis: x - log Σ exp(x), without the overflow. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"
#include "ops/op_softmax_axis.h"

#include <math.h>

static double element(double x, double largest, double sum)
{
    return x - largest - log(sum);
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__softmax_run(call, effnn__kernels_get()->log_softmax_f32, element);
}

static const effnn_onnx_row onnx[] = {
    { .name = "LogSoftmax",
      .since = 13,
      .read = effnn__softmax_read,
      .write = effnn__softmax_write },
    { .name = "LogSoftmax", .since = 1, .read = effnn__softmax_read_flattening, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axis=1", .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axis=1,flatten=1", .tolerance = 1e-5 },
    { .inputs = { "f32[3,100]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[0,4]" } },
    { .inputs = { "f64[2,3]" }, .attrs = "axis=0" },
    { .inputs = { "f16[2,3]" } },
    { .inputs = { "f32[2,3]" }, .attrs = "axis=2", .refused = "outside" },
    { .inputs = { "i32[2,3]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_log_softmax = {
    .name = "log_softmax",
    .summary = "logarithm of softmax",
    .attrs = effnn__softmax_attr_defs,
    .attrs_size = sizeof(effnn__softmax_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__softmax_infer,
    .forward = forward,
    .saves = effnn__saves_output,
    .cost = effnn__softmax_cost,
    .onnx = onnx,
    .samples = samples,
};
