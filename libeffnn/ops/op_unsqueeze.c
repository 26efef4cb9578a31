/* SPDX-License-Identifier: BSD-3-Clause */
/* New dimensions of size 1 at the axes in input 1, counted in the output's rank. */

#include "ops/op_move.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK], items[EFFNN__MAX_CONTENT];
    size_t n, axes[EFFNN__MAX_CONTENT], length;
    unsigned inserted = 0;
    bool known;

    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!in->has_shape) return EFFNN_OK;
    /* The rank of the result, which the axes are counted in, needs their number. */
    if (!effnn__infer_content(call, 1, &length, items) && !effnn__infer_length(call, 1, &length))
        return EFFNN_OK;
    const size_t rank = in->rank + length;
    EFFNN_TRY(effnn__infer_check_rank(call, rank));
    EFFNN_TRY(effnn__infer_axes(call, 1, rank, &known, &n, axes));
    if (!known) return EFFNN_OK;
    for (size_t i = 0; i < n; i++) inserted |= 1u << axes[i];
    for (size_t i = 0, from = 0; i < rank; i++)
        dims[i] = inserted & (1u << i) ? effnn__sym_constant(1) : in->dims[from++];
    effnn__info_set_shape(&call->outputs[0], rank, dims);
    effnn__infer_pass_content(call);
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Unsqueeze", .since = 13 },
    { .name = "Unsqueeze", .since = 1, .read = effnn__onnx_read_axes, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "i64{0}" } },
    { .inputs = { "f32[2,3]", "i64{-1,1}" } },
    { .inputs = { "i64:5", "i64{0}" } },
    { .inputs = { "i64[0]", "i64{1}" } },
    { .inputs = { "u4[3]", "i64{0}" } },
    { .inputs = { "f32[2,3]", "i64{3}" }, .refused = "outside" },
    { .inputs = { "f32[2,3]", "i64{1,1}" }, .refused = "twice" },
    { .inputs = { "f32[2,3]", "i64{0,1,2,3,4,5,6}" }, .refused = "above 8" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_unsqueeze = {
    .name = "unsqueeze",
    .summary = "new dimensions of size 1",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE | EFFNN_OP_RESHAPES,
    .infer = infer,
    .forward = effnn__copy_through,
    .onnx = onnx,
    .samples = samples,
};
