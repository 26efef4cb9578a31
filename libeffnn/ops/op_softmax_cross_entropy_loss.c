/* SPDX-License-Identifier: BSD-3-Clause */
/* Loss of scores against class labels: the scores are made probabilities by softmax along the
 * classes. Output 1 (optional) are their logarithms. */

#include "ops/op_loss.h"
#include "ops/op_saves.h"

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__loss_run(call, true);
}

static const effnn_onnx_row onnx[] = {
    { .name = "SoftmaxCrossEntropyLoss", .since = 12 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,5]", "i64{0,4,2}" }, .tolerance = 1e-5 },
    { .inputs = { "f32[3,5]", "i64{0,4,2}", "f32[5]>0" },
      .attrs = "ignore_index=4",
      .tolerance = 1e-5 },
    { .inputs = { "f32[3,5]", "i32{0,-1,2}" },
      .attrs = "ignore_index=-1,reduction=sum",
      .tolerance = 1e-5 },
    { .inputs = { "f32[3,5]", "i64{0,4,2}" }, .attrs = "reduction=none", .tolerance = 1e-5 },
    { .inputs = { "f32[3,5]", "i64{0,4,2}" }, .n_outputs = 2, .tolerance = 1e-5 },
    { .inputs = { "f64[0,5,2]", "i64[0,2]" }, .attrs = "reduction=none" },
    { .inputs = { "f16[3,5]", "i64{0,4,2}" } },
    { .inputs = { "f32[3,5]", "i64[4]" }, .refused = "3 is not 4" },
    { .inputs = { "f32[3,5]", "i64[3,1]" }, .refused = "rank 1" },
    { .inputs = { "f32[3,5]", "i64[3]", "f32[4]" }, .refused = "5 is not 4" },
    { .inputs = { "f32[5]", "i64[]" }, .refused = "rank 2 or more" },
    { .inputs = { "i32[3,5]", "i64[3]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_softmax_cross_entropy_loss = {
    .name = "softmax_cross_entropy_loss",
    .summary = "loss of scores against labels",
    .attrs = effnn__loss_attr_defs,
    .attrs_size = sizeof(effnn__loss_attrs),
    .min_inputs = 2,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 2,
    .infer = effnn__loss_infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .scratch = effnn__loss_scratch,
    .cost = effnn__loss_cost,
    .onnx = onnx,
    .samples = samples,
};
