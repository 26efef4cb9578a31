/* SPDX-License-Identifier: BSD-3-Clause */
/* The input repeated along each axis as often as input 1 says. */

#include "ops/op_axis_tables.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK], repeats[EFFNN__MAX_CONTENT];
    size_t n = 0;
    bool known = false;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    EFFNN_TRY(effnn__infer_target(call, 1, &known, &n, repeats));
    if (!in->has_shape) return EFFNN_OK;
    if (known && n != in->rank)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%zu repeats for rank %zu", n, in->rank);
    for (size_t i = 0; i < in->rank; i++) {
        if (known)
            EFFNN_TRY(effnn__sym_mul(&dims[i], call->symbols, in->dims[i], repeats[i]));
        else
            EFFNN_TRY(effnn__symbols_fresh(&dims[i], call->symbols));
    }
    effnn__info_set_shape(&call->outputs[0], in->rank, dims);
    return EFFNN_OK;
}

static int64_t place(const void *user, size_t axis, int64_t at, int64_t size)
{
    (void)user;
    (void)axis;
    return at % size;
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__axis_tables_run(call, place, NULL, NULL);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Tile", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "i64{2,2}" } },
    { .inputs = { "u8[1,2,3]", "i64{3,1,1}" } },
    { .inputs = { "f64[3]", "i64{1}" } },
    { .inputs = { "i64[2,2]", "i64{0,3}" } },
    { .inputs = { "bool[]", "i64[0]" } },
    { .inputs = { "f32[2,3]", "i64{2}" }, .refused = "1 repeats for rank 2" },
    { .inputs = { "f32[2]", "i64{-1}" }, .refused = "-1" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_tile = {
    .name = "tile",
    .summary = "the input repeated along each axis",
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
