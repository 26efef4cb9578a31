/* SPDX-License-Identifier: BSD-3-Clause */
/* The same values under another name. */

#include "ops/op_move.h"

static effnn_status infer(effnn_op_infer *call)
{
    EFFNN_TRY(effnn__infer_same(call, EFFNN__ALL_TYPES));
    effnn__infer_pass_content(call);
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Identity", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" } },
    { .inputs = { "i64{1,2}" } },
    { .inputs = { "bool[0]" } },
    { .inputs = { "i4[5]" } },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_identity = {
    .name = "identity",
    .summary = "the input unchanged",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE | EFFNN_OP_RESHAPES,
    .infer = infer,
    .forward = effnn__copy_through,
    .onnx = onnx,
    .samples = samples,
};
