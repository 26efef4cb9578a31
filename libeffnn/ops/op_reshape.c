/* SPDX-License-Identifier: BSD-3-Clause */
/* The same elements under another shape, given as input 1: -1 is computed, 0 copies the input's
 * size at its place unless allowzero is set. */

#include "ops/op_move.h"

typedef struct reshape_attrs {
    bool allowzero;
} reshape_attrs;

static const effnn_option_def attr_defs[] = {
    { "allowzero", "a 0 in the shape means size 0, not a copied size", EFFNN_OPT_BOOL,
      offsetof(reshape_attrs, allowzero), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* dims[hole] = count of the input / product of the others. */
static effnn_status fill_hole(effnn_op_infer *call, size_t rank, effnn__sym *dims, size_t hole)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__sym count, known = effnn__sym_constant(1);
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_count(&count, call, in, 0, in->rank));
    for (size_t i = 0; i < rank; i++)
        if (i != hole) EFFNN_TRY(effnn__sym_mul(&known, call->symbols, known, dims[i]));
    if (known.symbol == 0 && count.symbol == 0 &&
        (known.offset == 0 || count.offset % known.offset != 0))
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%s has no size for -1 beside %lld elements",
                                 effnn__infer_print(text, call, in), (long long)known.offset);
    return effnn__sym_div(&dims[hole], call->symbols, count, known);
}

static effnn_status check_count(effnn_op_infer *call, size_t rank, const effnn__sym *dims)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info wanted = { 0 };
    effnn__sym before, after;
    char text[2][EFFNN__INFO_TEXT];

    effnn__info_set_shape(&wanted, rank, dims);
    EFFNN_TRY(effnn__infer_count(&before, call, in, 0, in->rank));
    EFFNN_TRY(effnn__infer_count(&after, call, &wanted, 0, rank));
    if (before.symbol == 0 && after.symbol == 0 && before.offset != after.offset)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%s has %lld elements, %s has %lld",
                                 effnn__infer_print(text[0], call, in), (long long)before.offset,
                                 effnn__infer_print(text[1], call, &wanted),
                                 (long long)after.offset);
    return EFFNN_OK;
}

/* Dimensions from the contents of input 1; the place of -1 in *hole (rank: none). */
static effnn_status read_dims(effnn_op_infer *call, size_t rank, effnn__sym *dims, size_t *hole)
{
    const reshape_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];

    *hole = rank;
    for (size_t i = 0; i < rank; i++) {
        if (dims[i].symbol != 0) continue;
        if (dims[i].offset < -1)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "size %zu is %lld", i,
                                     (long long)dims[i].offset);
        if (dims[i].offset == -1 && *hole < rank)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "sizes %zu and %zu are both -1", *hole,
                                     i);
        if (dims[i].offset == -1) *hole = i;
        if (dims[i].offset != 0 || attrs->allowzero) continue;
        if (i >= in->rank)
            return effnn__infer_fail(call, EFFNN_E_SHAPE,
                                     "size %zu is 0 but the input has rank %zu", i, in->rank);
        dims[i] = in->dims[i];
    }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    effnn__sym dims[EFFNN__MAX_CONTENT];
    size_t rank, hole;

    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    EFFNN_TRY(effnn__infer_rank(call, 1, 1));
    if (!effnn__infer_content(call, 1, &rank, dims)) {
        if (!effnn__infer_length(call, 1, &rank)) return EFFNN_OK;
        EFFNN_TRY(effnn__infer_check_rank(call, rank));
        /* Without sizes nothing is left open: the result is a scalar. */
        if (rank == 0 && in->has_shape) EFFNN_TRY(check_count(call, rank, dims));
        for (size_t i = 0; i < rank; i++) EFFNN_TRY(effnn__symbols_fresh(&dims[i], call->symbols));
        effnn__info_set_shape(out, rank, dims);
        return EFFNN_OK;
    }
    EFFNN_TRY(effnn__infer_check_rank(call, rank));
    if (!in->has_shape) return EFFNN_OK;
    EFFNN_TRY(read_dims(call, rank, dims, &hole));
    if (hole < rank)
        EFFNN_TRY(fill_hole(call, rank, dims, hole));
    else
        EFFNN_TRY(check_count(call, rank, dims));
    effnn__info_set_shape(out, rank, dims);
    effnn__infer_pass_content(call);
    return EFFNN_OK;
}

/* Whether a 0 may be among the sizes: none is in a constant without one. */
static bool may_have_zero(const effnn_onnx_writer *writer)
{
    const effnn_tensor *sizes = writer->constant(writer, 1);

    if (!sizes) return true;
    for (size_t i = 0; i < effnn_tensor_count(sizes); i++)
        if (effnn__tensor_load_i64(sizes, i) == 0) return true;
    return false;
}

static effnn_status write_copying(effnn_onnx_writer *writer)
{
    const reshape_attrs *attrs = writer->op_attrs;

    if (attrs->allowzero && may_have_zero(writer))
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "allowzero needs opset 14");
    return effnn__onnx_begin_plain(writer);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Reshape", .since = 14 },
    { .name = "Reshape", .since = 5, .write = write_copying },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]", "i64{6,4}" } },
    { .inputs = { "f32[2,3,4]", "i64{0,-1}" } },
    { .inputs = { "f32[2,3,4]", "i64{-1}" } },
    { .inputs = { "f32[1]", "i64[0]" } },
    { .inputs = { "f32[0,3]", "i64{3,0}" }, .attrs = "allowzero=1" },
    { .inputs = { "i4[6]", "i64{2,3}" } },
    { .inputs = { "f32[2,3]", "i64{4,2}" }, .refused = "has 6 elements" },
    { .inputs = { "f32[2,3]", "i64{4,-1}" }, .refused = "no size for -1" },
    { .inputs = { "f32[2,3]", "i64{-1,-1}" }, .refused = "both -1" },
    { .inputs = { "f32[2,3]", "i64{-3,2}" }, .refused = "-3" },
    { .inputs = { "f32[2,3]", "i64[0]" }, .refused = "has 6 elements" },
    { .inputs = { "f32[2,3]", "i64{2,3,0}" }, .refused = "rank 2" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_reshape = {
    .name = "reshape",
    .summary = "the same elements under another shape",
    .attrs = attr_defs,
    .attrs_size = sizeof(reshape_attrs),
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
