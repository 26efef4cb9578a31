/* SPDX-License-Identifier: BSD-3-Clause */
/* Dimensions of size 1 left out: those at the axes in input 1, or all of them without it. */

#include "ops/op_move.h"

/* Mark what is left out; *known is false if that depends on an open size. */
static effnn_status find_removed(const effnn_op_infer *call, bool *known, unsigned *removed)
{
    const effnn__value_info *in = call->inputs[0];
    size_t n, axes[EFFNN__MAX_CONTENT];

    *removed = 0;
    if (!effnn__infer_input(call, 1)) {
        *known = true;
        for (size_t i = 0; i < in->rank; i++) {
            if (in->dims[i].symbol != 0) *known = false;
            if (effnn__sym_equal(in->dims[i], effnn__sym_constant(1))) *removed |= 1u << i;
        }
        return EFFNN_OK;
    }
    EFFNN_TRY(effnn__infer_axes(call, 1, in->rank, known, &n, axes));
    for (size_t i = 0; i < n; i++) {
        const effnn__sym dim = in->dims[axes[i]];

        if (dim.symbol == 0 && dim.offset != 1)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "axis %zu has size %lld, not 1", axes[i],
                                     (long long)dim.offset);
        *removed |= 1u << axes[i];
    }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];
    size_t rank = 0;
    unsigned removed;
    bool known;

    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!in->has_shape) return EFFNN_OK;
    EFFNN_TRY(find_removed(call, &known, &removed));
    if (!known) return EFFNN_OK;
    for (size_t i = 0; i < in->rank; i++)
        if (!(removed & (1u << i))) dims[rank++] = in->dims[i];
    effnn__info_set_shape(&call->outputs[0], rank, dims);
    effnn__infer_pass_content(call);
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Squeeze", .since = 13 },
    { .name = "Squeeze", .since = 1, .read = effnn__onnx_read_axes, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[1,3,1]" } },
    { .inputs = { "f32[1,3,1]", "i64{-1}" } },
    { .inputs = { "i64{7}", "i64{0}" } },
    { .inputs = { "f64[1,0]", "i64{0}" } },
    { .inputs = { "i4[1,3]" } },
    { .inputs = { "f32[2,3]", "i64{0}" }, .refused = "size 2" },
    { .inputs = { "f32[1,3]", "i64{2}" }, .refused = "outside" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_squeeze = {
    .name = "squeeze",
    .summary = "dimensions of size 1 left out",
    .min_inputs = 1,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE | EFFNN_OP_RESHAPES,
    .infer = infer,
    .forward = effnn__copy_through,
    .onnx = onnx,
    .samples = samples,
};
