/* SPDX-License-Identifier: BSD-3-Clause */
/* Number of elements, as i64. */

#include "ops/op_infer.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    effnn__sym count;

    out->has_dtype = true;
    out->dtype = EFFNN_I64;
    effnn__info_set_shape(out, 0, NULL);
    if (!x->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_count(&count, call, x, 0, x->rank));
    effnn__infer_set_content(call, 1, &count);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    *(int64_t *)effnn__tensor_data(call->outputs[0]) = (int64_t)effnn_tensor_count(call->inputs[0]);
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Size", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" } }, { .inputs = { "i4[5]" } }, { .inputs = { "f64[]" } },
    { .inputs = { "bool[2,0]" } },  EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_size = {
    .name = "size",
    .summary = "number of elements",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
