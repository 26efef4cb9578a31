/* SPDX-License-Identifier: BSD-3-Clause */
/* Inputs one after the other along an axis. */

#include "ops/op_move.h"

typedef struct concat_attrs {
    int64_t axis;
} concat_attrs;

static const effnn_option_def attr_defs[] = {
    { "axis", "axis along which the inputs follow each other; negative: from the end",
      EFFNN_OPT_I64, offsetof(concat_attrs, axis), .value = 0 },
    EFFNN_OPTIONS_END,
};

static void infer_content(effnn_op_infer *call)
{
    effnn__sym items[EFFNN__MAX_CONTENT], all[EFFNN__MAX_CONTENT];
    size_t n, count = 0;

    for (size_t i = 0; i < call->n_inputs; i++) {
        if (!effnn__infer_content(call, i, &n, items) || count + n > EFFNN__MAX_CONTENT) return;
        for (size_t k = 0; k < n; k++) all[count++] = items[k];
    }
    effnn__infer_set_content(call, count, all);
}

/* dims grows by input i along the axis and takes over what it knows of the other dimensions. */
static effnn_status add_input(effnn_op_infer *call, size_t i, size_t axis, size_t rank,
                              effnn__sym *dims)
{
    const effnn__value_info *info = call->inputs[i];

    EFFNN_TRY(effnn__infer_rank(call, i, rank));
    for (size_t d = 0; d < rank; d++) {
        if (d == axis)
            EFFNN_TRY(effnn__sym_add(&dims[d], call->symbols, dims[d], info->dims[d]));
        else
            EFFNN_TRY(effnn__infer_equal_dims(&dims[d], call, "sizes off the axis", dims[d],
                                              info->dims[d]));
    }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const concat_attrs *attrs = call->attrs;
    const effnn__value_info *first = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];
    size_t axis;

    for (size_t i = 0; i < call->n_inputs; i++) {
        if (!call->inputs[i]) return effnn__infer_fail(call, EFFNN_E_ARG, "input %zu is absent", i);
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__UNPACKED));
    }
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    for (size_t i = 0; i < call->n_inputs; i++)
        if (!call->inputs[i]->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, first->rank));
    for (size_t d = 0; d < first->rank; d++) dims[d] = first->dims[d];
    for (size_t i = 1; i < call->n_inputs; i++)
        EFFNN_TRY(add_input(call, i, axis, first->rank, dims));
    effnn__info_set_shape(&call->outputs[0], first->rank, dims);
    infer_content(call);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const concat_attrs *attrs = call->attrs;
    effnn_tensor *y = call->outputs[0];
    const size_t axis = effnn__resolve_axis(attrs->axis, effnn_tensor_rank(y));
    const effnn__axis whole = effnn__split_at(y, axis);
    const size_t size = effnn__element_size(y);
    char *to = effnn__tensor_data(y);

    for (size_t i = 0; i < call->n_inputs; i++) {
        const effnn__axis part = effnn__split_at(call->inputs[i], axis);
        const effnn__blocks blocks = { .to = to,
                                       .from = effnn_tensor_data(call->inputs[i]),
                                       .n = part.outer,
                                       .size = part.axis * part.inner * size,
                                       .to_stride = whole.axis * whole.inner * size,
                                       .from_stride = part.axis * part.inner * size };

        EFFNN_TRY(effnn__copy_blocks(call->context, &blocks));
        to += blocks.size;
    }
    return EFFNN_OK;
}

/* The axis has no default in ONNX. */
static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    return effnn__onnx_write_plain(writer, true);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Concat", .since = 4, .write = write_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "f32[1,3]" } },
    { .inputs = { "f32[2,3,2]", "f32[2,1,2]", "f32[2,2,2]" }, .attrs = "axis=1" },
    { .inputs = { "f64[2,3]", "f64[2,0]" }, .attrs = "axis=-1" },
    { .inputs = { "i64{1}", "i64{2,3}" } },
    { .inputs = { "bool[2]", "bool[1]" } },
    { .inputs = { "f32[2,3]" }, .attrs = "axis=1" },
    { .inputs = { "f32[2,3]", "", "f32[2,3]" }, .attrs = "axis=0", .refused = "input 1 is absent" },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "3 is not 4" },
    { .inputs = { "f32[2,3]", "f32[2]" }, .refused = "rank 2" },
    { .inputs = { "f32[2]", "i64[2]" }, .refused = "i64" },
    { .inputs = { "f32[2]", "f32[2]" }, .attrs = "axis=1", .refused = "outside" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_concat = {
    .name = "concat",
    .summary = "inputs one after the other along an axis",
    .attrs = attr_defs,
    .attrs_size = sizeof(concat_attrs),
    .min_inputs = 1,
    .max_inputs = EFFNN_ANY,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
