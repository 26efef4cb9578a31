/* SPDX-License-Identifier: BSD-3-Clause */
/* Determinant of the square matrices in the last two dimensions, by elimination in double with the
 * largest pivot of each column. A matrix of size 0 has the determinant 1. */

#include "ops/op_move.h"
#include "ops/op_saves.h"
#include "tensor/dtype.h"

#include <math.h>

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0];
    effnn__sym side;
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!x->has_shape) return EFFNN_OK;
    if (x->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 2 or more",
                                 effnn__infer_print(text, call, x));
    EFFNN_TRY(effnn__infer_equal_dims(&side, call, "rows and columns", x->dims[x->rank - 2],
                                      x->dims[x->rank - 1]));
    effnn__info_set_shape(&call->outputs[0], x->rank - 2, x->dims);
    return EFFNN_OK;
}

static size_t side_of(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];

    return (size_t)effnn_tensor_dims(x)[effnn_tensor_rank(x) - 1];
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const size_t n = side_of(call);

    (void)phase;
    return n * n * sizeof(double);
}

/* Row `k` changes places with the row, from there down, that has the largest element of column
 * `k`; true if that was another one. */
static bool bring_pivot(double *a, size_t n, size_t k)
{
    size_t best = k;

    for (size_t i = k + 1; i < n; i++)
        if (fabs(a[i * n + k]) > fabs(a[best * n + k])) best = i;
    for (size_t j = 0; j < n && best != k; j++) {
        const double t = a[k * n + j];

        a[k * n + j] = a[best * n + j];
        a[best * n + j] = t;
    }
    return best != k;
}

/* a: [n, n], overwritten. */
static double determinant(double *a, size_t n)
{
    double det = 1.0;

    for (size_t k = 0; k < n; k++) {
        if (bring_pivot(a, n, k)) det = -det;
        det *= a[k * n + k];
        if (a[k * n + k] == 0.0) return det;
        for (size_t i = k + 1; i < n; i++) {
            const double factor = a[i * n + k] / a[k * n + k];

            for (size_t j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
        }
    }
    return det;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(x));
    const size_t n = side_of(call);
    double *a = call->scratch;

    for (size_t k = 0; k < effnn_tensor_count(y); k++) {
        for (size_t i = 0; i < n * n; i++)
            a[i] = row->load_f64(effnn_tensor_data(x), k * n * n + i);
        row->store_f64(effnn__tensor_data(y), k, determinant(a, n));
    }
    return EFFNN_OK;
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const double n = (double)side_of(call);

    out->flops = (double)effnn_tensor_count(call->outputs[0]) * n * n * n * 2.0 / 3.0;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Det", .since = 11 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,5,4,4]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,0,0]" } },
    { .inputs = { "f64[0,2,2]" } },
    { .inputs = { "f16[2,2]" } },
    { .inputs = { "f32[2,3]" }, .refused = "2 is not 3" },
    { .inputs = { "f32[3]" }, .refused = "rank 2 or more" },
    { .inputs = { "i32[2,2]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_det = {
    .name = "det",
    .summary = "determinants of square matrices",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input_output,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
