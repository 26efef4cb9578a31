/* SPDX-License-Identifier: BSD-3-Clause */
/* Some axes brought to the sizes in input 1: longer ones are cropped around their centre, shorter
 * ones padded with zeros on both sides; an odd element is cut or put behind. */

#include "ops/op_axis_tables.h"
#include "ops/op_move.h"

#include <effnn/option.h>

typedef struct crop_attrs {
    effnn_int_list axes;
} crop_attrs;

static const effnn_option_def attr_defs[] = {
    { "axes", "axes that the sizes are for; empty: all", EFFNN_OPT_INTS, offsetof(crop_attrs, axes),
      .min = -EFFNN_MAX_RANK, .max = EFFNN_MAX_RANK },
    EFFNN_OPTIONS_END,
};

/* Set the dims of the axes to the sizes, or to fresh symbols. */
static effnn_status set_sizes(effnn_op_infer *call, size_t rank, effnn__sym *dims)
{
    const crop_attrs *attrs = call->attrs;
    const size_t n = attrs->axes.n > 0 ? attrs->axes.n : rank;
    effnn__sym sizes[EFFNN__MAX_CONTENT];
    size_t n_sizes = 0;
    bool known = false;

    EFFNN_TRY(effnn__infer_target(call, 1, &known, &n_sizes, sizes));
    if (known && n_sizes != n)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%zu sizes for %zu axes", n_sizes, n);
    for (size_t i = 0; i < n; i++) {
        size_t axis = i;

        if (attrs->axes.n > 0)
            EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axes.items[i], rank));
        if (known)
            dims[axis] = sizes[i];
        else
            EFFNN_TRY(effnn__symbols_fresh(&dims[axis], call->symbols));
    }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!in->has_shape) return EFFNN_OK;
    for (size_t i = 0; i < in->rank; i++) dims[i] = in->dims[i];
    EFFNN_TRY(set_sizes(call, in->rank, dims));
    effnn__info_set_shape(&call->outputs[0], in->rank, dims);
    return EFFNN_OK;
}

static int64_t place(const void *user, size_t axis, int64_t at, int64_t size)
{
    const int64_t *outs = user;
    const int64_t out = outs[axis];
    const int64_t from = out <= size ? at + (size - out) / 2 : at - (out - size) / 2;

    return from < 0 || from >= size ? -1 : from;
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__axis_tables_run(call, place, effnn_tensor_dims(call->outputs[0]), NULL);
}

static const effnn_onnx_row onnx[] = {
    { .name = "CenterCropPad", .since = 18 },
    { .name = "CenterCropPad", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[5,4]", "i64{2,7}" } },
    { .inputs = { "u8[5,4,3]", "i64{8}" }, .attrs = "axes=-3" },
    { .inputs = { "f64[2,7]", "i64{4,3}" }, .attrs = "axes=1:0" },
    { .inputs = { "f16[0,2]", "i64{2,0}" } },
    { .inputs = { "f32[5,4]", "i64{2}" }, .refused = "1 sizes for 2 axes" },
    { .inputs = { "f32[5]", "i64{2}" }, .attrs = "axes=1", .refused = "outside" },
    { .inputs = { "f32[5]", "i64{-2}" }, .refused = "-2" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_center_crop_pad = {
    .name = "center_crop_pad",
    .summary = "axes cropped or padded around their centre to given sizes",
    .attrs = attr_defs,
    .attrs_size = sizeof(crop_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .scratch = effnn__axis_tables_scratch,
    .onnx = onnx,
    .samples = samples,
};
