/* SPDX-License-Identifier: BSD-3-Clause */
/* Dimensions in another order: dimension i of the output is perm[i] of the input; without perm, the
 * order is reversed. */

#include "ops/op_move.h"

typedef struct transpose_attrs {
    effnn_int_list perm;
} transpose_attrs;

static const effnn_option_def attr_defs[] = {
    { "perm", "input dimension of each output dimension; empty: reversed", EFFNN_OPT_INTS,
      offsetof(transpose_attrs, perm), .min = 0, .max = EFFNN_MAX_RANK - 1 },
    EFFNN_OPTIONS_END,
};

static size_t source(const effnn_int_list *perm, size_t rank, size_t i)
{
    return perm->n > 0 ? (size_t)perm->items[i] : rank - 1 - i;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn_int_list *perm = &((const transpose_attrs *)call->attrs)->perm;
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];
    unsigned seen = 0;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!in->has_shape) return EFFNN_OK;
    if (perm->n > 0 && perm->n != in->rank)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "perm has %zu entries for rank %zu", perm->n,
                                 in->rank);
    for (size_t i = 0; i < in->rank; i++) {
        const size_t axis = source(perm, in->rank, i);

        if (axis >= in->rank || (seen & (1u << axis)))
            return effnn__infer_fail(call, EFFNN_E_ARG, "perm is no permutation at entry %zu", i);
        seen |= 1u << axis;
        dims[i] = in->dims[axis];
    }
    effnn__info_set_shape(&call->outputs[0], in->rank, dims);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_int_list *perm = &((const transpose_attrs *)call->attrs)->perm;
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    const size_t rank = effnn_tensor_rank(x);
    int64_t from[EFFNN_MAX_RANK], strides[EFFNN_MAX_RANK];
    effnn__walk walk;

    effnn__shape_strides(from, rank, effnn_tensor_dims(x));
    for (size_t i = 0; i < rank; i++) strides[i] = from[source(perm, rank, i)];
    effnn__walk_init(&walk, rank, effnn_tensor_dims(y));
    effnn__walk_add(&walk, 0, strides);
    return effnn__walk_copy(&walk, call->context, effnn__tensor_data(y), effnn_tensor_data(x),
                            effnn__element_size(x));
}

static const effnn_onnx_row onnx[] = {
    { .name = "Transpose", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" } },
    { .inputs = { "f32[2,3,4,5]" }, .attrs = "perm=0:2:1:3" },
    { .inputs = { "f64[2,3,4]" }, .attrs = "perm=2:0:1" },
    { .inputs = { "i8[2,0,4]" } },
    { .inputs = { "bf16[]" } },
    { .inputs = { "f32[2,3]" }, .attrs = "perm=0:0", .refused = "no permutation" },
    { .inputs = { "f32[2,3]" }, .attrs = "perm=0", .refused = "rank 2" },
    { .inputs = { "i4[2,3]" }, .refused = "i4" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_transpose = {
    .name = "transpose",
    .summary = "dimensions in another order",
    .attrs = attr_defs,
    .attrs_size = sizeof(transpose_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
