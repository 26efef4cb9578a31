/* SPDX-License-Identifier: BSD-3-Clause */
/* The entries along an axis (or the elements of all, in order) whose condition in input 1 is true.
 * What lies beyond the conditions is left out. */

#include "ops/op_move.h"

#include <string.h>

typedef struct compress_attrs {
    int64_t axis;
} compress_attrs;

#define ALL_ELEMENTS EFFNN_MAX_RANK

static const effnn_option_def attr_defs[] = {
    { "axis", "axis of the entries; negative: from the end; the default takes single elements",
      EFFNN_OPT_I64, offsetof(compress_attrs, axis), .value = ALL_ELEMENTS },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const compress_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    effnn__sym kept;
    size_t axis = 0;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__BOOLS));
    EFFNN_TRY(effnn__infer_rank(call, 1, 1));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (attrs->axis == ALL_ELEMENTS) {
        EFFNN_TRY(effnn__symbols_fresh(&kept, call->symbols));
        effnn__info_set_shape(out, 1, &kept);
        return EFFNN_OK;
    }
    if (!in->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, in->rank));
    effnn__info_set_shape(out, in->rank, in->dims);
    return effnn__symbols_fresh(&out->dims[axis], call->symbols);
}

/* Number of entries kept; E_ARG if a condition is true beyond the last one. */
static effnn_status count_kept(const effnn_op_call *call, size_t n, size_t *out)
{
    const effnn_tensor *condition = call->inputs[1];

    *out = 0;
    for (size_t i = 0; i < effnn_tensor_count(condition); i++) {
        if (effnn__tensor_load_i64(condition, i) == 0) continue;
        if (i >= n)
            return effnn__call_fail(call, EFFNN_E_ARG, "condition %zu is true, but of %zu entries",
                                    i, n);
        ++*out;
    }
    return EFFNN_OK;
}

static effnn_status forward_alloc(const effnn_op_call *call, effnn_tensor **outputs)
{
    const compress_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *condition = call->inputs[1];
    const bool all = attrs->axis == ALL_ELEMENTS;
    const size_t rank = all ? 1 : effnn_tensor_rank(x);
    const size_t axis = all ? 0 : effnn__resolve_axis(attrs->axis, rank);
    const effnn__axis shape =
        all ? (effnn__axis){ .outer = 1, .axis = effnn_tensor_count(x), .inner = 1 }
            : effnn__split_at(x, axis);
    const size_t row = shape.inner * effnn__element_size(x);
    int64_t dims[EFFNN_MAX_RANK];
    size_t kept = 0, at = 0;

    EFFNN_TRY(count_kept(call, shape.axis, &kept));
    for (size_t i = 0; i < rank; i++) dims[i] = i == axis ? (int64_t)kept : effnn_tensor_dims(x)[i];
    EFFNN_TRY(effnn_tensor_create(&outputs[0], call->context, effnn_tensor_dtype(x), rank, dims));
    for (size_t i = 0; i < shape.axis && at < kept && effnn_tensor_count(outputs[0]) > 0; i++) {
        if (effnn__tensor_load_i64(condition, i) == 0) continue;
        const effnn__blocks blocks = { .to = (char *)effnn__tensor_data(outputs[0]) + at++ * row,
                                       .from = (const char *)effnn_tensor_data(x) + i * row,
                                       .n = shape.outer,
                                       .size = row,
                                       .to_stride = kept * row,
                                       .from_stride = shape.axis * row };

        EFFNN_TRY(effnn__copy_blocks(call->context, &blocks));
    }
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Compress", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,2]", "bool{0,1,1}" }, .attrs = "axis=0" },
    { .inputs = { "i8[3,2]", "bool{0,1}" }, .attrs = "axis=-1" },
    { .inputs = { "f64[3,2]", "bool{0,1,0,0,1}" } },
    { .inputs = { "f32[2,0]", "bool{1}" }, .attrs = "axis=0" },
    { .inputs = { "f32[2]", "bool{0,0,1}" }, .refused = "condition 2" },
    { .inputs = { "f32[2]", "bool{1}" }, .attrs = "axis=1", .refused = "outside" },
    { .inputs = { "f32[2]", "i64{1}" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_compress = {
    .name = "compress",
    .summary = "entries whose condition is true",
    .attrs = attr_defs,
    .attrs_size = sizeof(compress_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_DYNAMIC_SHAPE,
    .infer = infer,
    .forward_alloc = forward_alloc,
    .onnx = onnx,
    .samples = samples,
};
