/* SPDX-License-Identifier: BSD-3-Clause */
/* Cosine windows, in double and then of the type asked for (integers: toward zero). A symmetric
 * window of one number is 1. */

#include "ops/op_cosine_window.h"

#include "ops/op_elementwise.h"

#include <math.h>

#define TWO_PI 6.283185307179586476925286766559

#define FIELD(f) offsetof(effnn__window_attrs, f)
const effnn_option_def effnn__cosine_window_attr_defs[] = {
    { "output_datatype", "ONNX's number of the output's type", EFFNN_OPT_I64,
      FIELD(output_datatype), .value = 1, .min = 1, .max = 64 },
    { "periodic", "as one period of many, not symmetric", EFFNN_OPT_BOOL, FIELD(periodic),
      .value = 1 },
    EFFNN_OPTIONS_END,
};

effnn_status effnn__infer_onnx_type(effnn_dtype *out, const effnn_op_infer *call, int64_t type)
{
    const int dtype = effnn__dtype_from_onnx(type);

    if (dtype < 0 || dtype == EFFNN_BOOL || effnn_dtype_bits((effnn_dtype)dtype) < 8)
        return effnn__infer_fail(call, EFFNN_E_ARG, "type %lld is not supported", (long long)type);
    *out = (effnn_dtype)dtype;
    return EFFNN_OK;
}

effnn_status effnn__infer_scalar(int64_t *out, bool *known, const effnn_op_infer *call, size_t i,
                                 int64_t least)
{
    int64_t items[EFFNN__MAX_CONTENT];
    size_t n = 0;

    EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__INTEGERS));
    *known = effnn__infer_ints(call, i, &n, items);
    if (!*known) return EFFNN_OK;
    if (n != 1) return effnn__infer_fail(call, EFFNN_E_SHAPE, "input %zu has %zu numbers", i, n);
    if (items[0] < least)
        return effnn__infer_fail(call, EFFNN_E_ARG, "input %zu is %lld, below %lld", i,
                                 (long long)items[0], (long long)least);
    *out = items[0];
    return EFFNN_OK;
}

effnn_status effnn__cosine_window_infer(effnn_op_infer *call)
{
    const effnn__window_attrs *attrs = call->attrs;
    effnn__value_info *out = &call->outputs[0];
    effnn__sym size;
    int64_t n = 0;
    bool known;

    EFFNN_TRY(effnn__infer_onnx_type(&out->dtype, call, attrs->output_datatype));
    out->has_dtype = true;
    EFFNN_TRY(effnn__infer_scalar(&n, &known, call, 0, 0));
    if (known)
        size = effnn__sym_constant(n);
    else
        EFFNN_TRY(effnn__symbols_fresh(&size, call->symbols));
    effnn__info_set_shape(out, 1, &size);
    return EFFNN_OK;
}

effnn_status effnn__cosine_window_run(const effnn_op_call *call, const double a[3])
{
    const effnn__window_attrs *attrs = call->attrs;
    effnn_tensor *y = call->outputs[0];
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(y));
    const size_t size = effnn_tensor_count(y), n = attrs->periodic ? size : size - 1;

    for (size_t k = 0; k < size; k++) {
        const double angle = n == 0 ? 0.0 : TWO_PI * (double)k / (double)n;
        const double value = n == 0 ? 1.0 : a[0] - a[1] * cos(angle) + a[2] * cos(2.0 * angle);

        if (row->kind == EFFNN__KIND_FLOAT)
            row->store_f64(effnn__tensor_data(y), k, value);
        else
            effnn__store_truncated(row, effnn__tensor_data(y), k, value);
    }
    return EFFNN_OK;
}
