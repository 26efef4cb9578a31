/* SPDX-License-Identifier: BSD-3-Clause */
/* The wide side is [n, c, h, b, w, b], the deep side [n, b, b, c, h, w] (DCR) or [n, c, b, b, h, w]
 * (CRD). The output is walked in its own order and the input follows by strides. */

#include "ops/op_space.h"

#include "ops/op_move.h"

/* *out = size · block, or size / block where that must come out even. */
static effnn_status scale(effnn__sym *out, const effnn_op_infer *call, effnn__sym size,
                          int64_t block, bool divide)
{
    const effnn__sym b = effnn__sym_constant(block);

    if (!divide) return effnn__sym_mul(out, call->symbols, size, b);
    if (size.symbol == 0 && size.offset % block != 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "size %lld is no multiple of %lld",
                                 (long long)size.offset, (long long)block);
    return effnn__sym_div(out, call->symbols, size, b);
}

effnn_status effnn__space_infer(effnn_op_infer *call, bool to_depth)
{
    const effnn__space_attrs *attrs = call->attrs;
    const int64_t b = attrs->blocksize;
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[4];

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    EFFNN_TRY(effnn__infer_rank(call, 0, 4));
    if (!in->has_shape) return EFFNN_OK;
    dims[0] = in->dims[0];
    EFFNN_TRY(scale(&dims[1], call, in->dims[1], b * b, !to_depth));
    EFFNN_TRY(scale(&dims[2], call, in->dims[2], b, to_depth));
    EFFNN_TRY(scale(&dims[3], call, in->dims[3], b, to_depth));
    effnn__info_set_shape(&call->outputs[0], 4, dims);
    return EFFNN_OK;
}

effnn_status effnn__space_run(const effnn_op_call *call, bool to_depth)
{
    const effnn__space_attrs *attrs = call->attrs;
    const int64_t b = attrs->blocksize;
    const bool crd = attrs->mode == EFFNN__SPACE_CRD;
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    const int64_t *wide = effnn_tensor_dims(to_depth ? x : y);
    const int64_t n = wide[0], c = wide[1], h = wide[2] / b, w = wide[3] / b;
    /* Strides by axis n, c, block row, block column, h, w of either side. */
    const int64_t hw = h * w, wide_row = w * b;
    const int64_t wide_strides[] = { c * hw * b * b, hw * b * b, wide_row, 1, wide_row * b, b };
    const int64_t deep_strides[] = {
        c * hw * b * b, crd ? hw * b * b : hw, crd ? hw * b : hw * c * b, crd ? hw : hw * c, w, 1
    };
    const int64_t sizes[] = { n, c, b, b, h, w };
    /* The output's order of these axes. */
    const int wide_order[] = { 0, 1, 4, 2, 5, 3 };
    const int deep_order[] = { 0, crd ? 1 : 2, crd ? 2 : 3, crd ? 3 : 1, 4, 5 };
    int64_t dims[6], strides[6];
    effnn__walk walk;

    for (size_t i = 0; i < 6; i++) {
        const int axis = to_depth ? deep_order[i] : wide_order[i];

        dims[i] = sizes[axis];
        strides[i] = to_depth ? wide_strides[axis] : deep_strides[axis];
    }
    effnn__walk_init(&walk, 6, dims);
    effnn__walk_add(&walk, 0, strides);
    return effnn__walk_copy(&walk, call->context, effnn__tensor_data(y), effnn_tensor_data(x),
                            effnn__element_size(x));
}
