/* SPDX-License-Identifier: BSD-3-Clause */
/* Broadcasting to the shape in input 1. Both ways, as in NumPy: a size 1 in the shape keeps the
 * input's size. */

#include "ops/op_move.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info wanted = { 0 };
    effnn__sym dims[EFFNN__MAX_CONTENT];
    size_t rank;
    bool known;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    EFFNN_TRY(effnn__infer_target(call, 1, &known, &rank, dims));
    if (!known) return EFFNN_OK;
    effnn__info_set_shape(&wanted, rank, dims);
    const effnn__value_info *const pair[] = { in, &wanted };
    effnn_op_infer both = *call;
    both.inputs = pair;
    EFFNN_TRY(effnn__infer_broadcast(&both, 0, 2));
    effnn__infer_pass_content(call);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    effnn__walk walk;

    effnn__walk_init(&walk, effnn_tensor_rank(y), effnn_tensor_dims(y));
    effnn__walk_add_broadcast(&walk, effnn_tensor_rank(x), effnn_tensor_dims(x));
    return effnn__walk_copy(&walk, call->context, effnn__tensor_data(y), effnn_tensor_data(x),
                            effnn__element_size(x));
}

static const effnn_onnx_row onnx[] = {
    { .name = "Expand", .since = 8 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,1]", "i64{2,1,4}" } },
    { .inputs = { "f32[3,4]", "i64{1}" } },
    { .inputs = { "i64:3", "i64{4}" } },
    { .inputs = { "f64[1,2]", "i64{0,2}" } },
    { .inputs = { "f16[]", "i64[0]" } },
    { .inputs = { "f32[3]", "i64{4}" }, .refused = "does not broadcast" },
    { .inputs = { "f32[3]", "i64{-1}" }, .refused = "-1" },
    { .inputs = { "i4[1]", "i64{3}" }, .refused = "i4" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_expand = {
    .name = "expand",
    .summary = "broadcast to a shape",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
