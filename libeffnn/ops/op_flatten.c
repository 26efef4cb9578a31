/* SPDX-License-Identifier: BSD-3-Clause */
/* A matrix of the same elements: dimensions before `axis` become the rows, the others the columns.
 */

#include "ops/op_move.h"

typedef struct flatten_attrs {
    int64_t axis;
} flatten_attrs;

static const effnn_option_def attr_defs[] = {
    { "axis", "first dimension of the columns, up to the rank; negative: from the end",
      EFFNN_OPT_I64, offsetof(flatten_attrs, axis), .value = 1 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const flatten_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[2];
    size_t axis;

    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!in->has_shape) return EFFNN_OK;
    if (attrs->axis == (int64_t)in->rank)
        axis = in->rank;
    else
        EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, in->rank));
    EFFNN_TRY(effnn__infer_count(&dims[0], call, in, 0, axis));
    EFFNN_TRY(effnn__infer_count(&dims[1], call, in, axis, in->rank));
    effnn__info_set_shape(&call->outputs[0], 2, dims);
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Flatten", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" } },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axis=0" },
    { .inputs = { "i8[2,3,4]" }, .attrs = "axis=3" },
    { .inputs = { "f64[2,3,4]" }, .attrs = "axis=-1" },
    { .inputs = { "f32[0,3,4]" }, .attrs = "axis=2" },
    { .inputs = { "u4[3,5]" } },
    { .inputs = { "f32[2,3]" }, .attrs = "axis=3", .refused = "outside" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_flatten = {
    .name = "flatten",
    .summary = "a matrix of the same elements",
    .attrs = attr_defs,
    .attrs_size = sizeof(flatten_attrs),
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
