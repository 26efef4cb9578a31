/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows: shapes of layer normalisations, and how their means are written in ONNX. */

#include "ops/op_rows.h"

#include "ops/op_move.h"

#define FIELD(f) offsetof(effnn__rows_attrs, f)
const effnn_option_def effnn__rows_attr_defs[] = {
    { "axis", "first of the axes that are normalised; negative: from the end", EFFNN_OPT_I64,
      FIELD(axis), .value = -1 },
    { "epsilon", "added to the variance", EFFNN_OPT_F64, FIELD(epsilon), .value = 1e-5 },
    { "stash_type", "ONNX's type of the statistics: computed in f32 or better", EFFNN_OPT_I64,
      FIELD(stash_type), .value = 1, .min = 1, .max = 16 },
    EFFNN_OPTIONS_END,
};

effnn_status effnn__rows_infer(effnn_op_infer *call)
{
    const effnn__rows_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0];
    size_t axis;

    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    if (!x->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, x->rank));
    for (size_t i = 1; i < call->n_inputs; i++) {
        const effnn__value_info *info = call->inputs[i];
        effnn__sym dim;

        if (!info || !info->has_shape) continue;
        EFFNN_TRY(effnn__infer_rank(call, i, x->rank - axis));
        for (size_t k = 0; k < info->rank; k++)
            EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "sizes of a row and of its parameters",
                                              x->dims[axis + k], info->dims[k]));
    }
    return EFFNN_OK;
}

void effnn__rows_of(const effnn_op_call *call, size_t *n, size_t *d)
{
    const effnn__rows_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    const size_t rank = effnn_tensor_rank(x), axis = effnn__resolve_axis(attrs->axis, rank);

    *n = effnn__count_dims(x, 0, axis);
    *d = effnn__count_dims(x, axis, rank);
}

size_t effnn__rows_aux(const effnn_op_call *call, size_t index)
{
    size_t n, d;

    (void)index;
    effnn__rows_of(call, &n, &d);
    return n * effnn__element_size(call->inputs[0]);
}

effnn_status effnn__rows_write_mean(effnn_onnx_writer *writer, const char **out, const char *x)
{
    const effnn__rows_attrs *attrs = writer->op_attrs;
    const int rank = writer->input_rank(writer, 0);
    const char *constant = NULL;
    int64_t axes[EFFNN_MAX_RANK];
    size_t n = 0;

    if (attrs->axis >= 0 && rank < 0)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "an input of unknown rank cannot be written out");
    for (int64_t axis = attrs->axis >= 0 ? attrs->axis - rank : attrs->axis;
         axis < 0 && n < EFFNN_MAX_RANK; axis++)
        axes[n++] = axis;
    if (writer->opset < 18) {
        EFFNN_TRY(effnn__onnx_add(writer, out, "ReduceMean", x, NULL));
        return effnn__onnx_set_ints(writer, "axes", n, axes);
    }
    EFFNN_TRY(effnn__onnx_constant_i64(writer, &constant, "axes", n, axes));
    return effnn__onnx_add(writer, out, "ReduceMean", x, constant);
}
