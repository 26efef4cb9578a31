/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers start, start + delta, … up to but not including limit; all three of one type and one
 * element. The size is max(0, ⌈(limit - start) / delta⌉); it is known before running where the
 * inputs are constants, or contents with start 0 and delta 1. */

#include "ops/op_infer.h"

#include "tensor/dtype.h"

#include <math.h>

/* Number of elements; false if delta is 0 or the number makes no sense. */
static bool count_i64(int64_t *out, int64_t start, int64_t limit, int64_t delta)
{
    const int64_t far = INT64_MAX / 2;

    if (delta == 0 || delta == INT64_MIN || start < -far || start > far || limit < -far ||
        limit > far)
        return false;
    const int64_t way = delta > 0 ? limit - start : start - limit;
    const int64_t stride = delta > 0 ? delta : -delta;

    *out = way <= 0 ? 0 : (way - 1) / stride + 1;
    return true;
}

static bool count_f64(int64_t *out, double start, double limit, double delta)
{
    const double n = ceil((limit - start) / delta);

    if (delta == 0.0 || isnan(n) || n > 9e15) return false;
    *out = n < 0.0 ? 0 : (int64_t)n;
    return true;
}

/* The three floats, if they are constants. */
static bool float_constants(const effnn_op_infer *call, double *out)
{
    for (size_t i = 0; i < 3; i++) {
        const effnn_tensor *tensor = call->constants ? call->constants[i] : NULL;

        if (!tensor || effnn_tensor_count(tensor) != 1) return false;
        out[i] = effnn__tensor_load_f64(tensor, 0);
    }
    return true;
}

/* limit - start, for contents that are not all constants and delta 1. */
static effnn_status infer_symbolic(effnn_op_infer *call, effnn__sym *size)
{
    effnn__sym items[3][EFFNN__MAX_CONTENT];
    int64_t least;
    size_t n;

    for (size_t i = 0; i < 3; i++)
        if (!effnn__infer_content(call, i, &n, items[i]) || n != 1)
            return effnn__symbols_fresh(size, call->symbols);
    if (effnn__sym_equal(items[2][0], effnn__sym_constant(1))) {
        EFFNN_TRY(effnn__sym_sub(size, call->symbols, items[1][0], items[0][0]));
        if (effnn__sym_minimum(&least, call->symbols, *size) && least >= 0) return EFFNN_OK;
    }
    return effnn__symbols_fresh(size, call->symbols);
}

static effnn_status infer_size(effnn_op_infer *call, effnn__sym *size)
{
    int64_t items[3][EFFNN__MAX_CONTENT], count;
    double floats[3];
    size_t n[3];
    bool makes_sense;

    if (effnn__infer_ints(call, 0, &n[0], items[0]) && n[0] == 1 &&
        effnn__infer_ints(call, 1, &n[1], items[1]) && n[1] == 1 &&
        effnn__infer_ints(call, 2, &n[2], items[2]) && n[2] == 1) {
        makes_sense = count_i64(&count, items[0][0], items[1][0], items[2][0]);
        floats[2] = (double)items[2][0];
    } else if (float_constants(call, floats)) {
        makes_sense = count_f64(&count, floats[0], floats[1], floats[2]);
    } else {
        return infer_symbolic(call, size);
    }
    if (!makes_sense)
        return effnn__infer_fail(call, EFFNN_E_ARG, "delta %g gives no number of elements",
                                 floats[2]);
    *size = effnn__sym_constant(count);
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    effnn__value_info *out = &call->outputs[0];
    effnn__sym size, items[EFFNN__MAX_CONTENT];
    int64_t start[EFFNN__MAX_CONTENT], delta[EFFNN__MAX_CONTENT];
    size_t n;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 3));
    EFFNN_TRY(infer_size(call, &size));
    effnn__info_set_shape(out, 1, &size);
    if (size.symbol != 0 || size.offset > EFFNN__MAX_CONTENT ||
        !effnn__infer_ints(call, 0, &n, start) || !effnn__infer_ints(call, 2, &n, delta))
        return EFFNN_OK;
    for (int64_t i = 0; i < size.offset; i++)
        items[i] = effnn__sym_constant(start[0] + i * delta[0]);
    effnn__infer_set_content(call, (size_t)size.offset, items);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *start = call->inputs[0], *delta = call->inputs[2];
    effnn_tensor *y = call->outputs[0];
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(y));
    void *data = effnn__tensor_data(y);
    const double first = effnn__tensor_load_f64(start, 0), step = effnn__tensor_load_f64(delta, 0);
    const int64_t first_i = effnn__tensor_load_i64(start, 0);
    const int64_t step_i = effnn__tensor_load_i64(delta, 0);

    for (size_t i = 0; i < effnn_tensor_count(y); i++) {
        if (row->kind == EFFNN__KIND_FLOAT)
            row->store_f64(data, i, first + (double)i * step);
        else
            row->store_i64(data, i, first_i + (int64_t)i * step_i);
    }
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Range", .since = 11 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "i64:1", "i64:10", "i64:3" } },
    { .inputs = { "i32:5", "i32:0", "i32:-2" } },
    { .inputs = { "f32:0", "f32:1", "f32:0.25" } },
    { .inputs = { "i64:4", "i64:4", "i64:1" } },
    { .inputs = { "i64:4", "i64:0", "i64:1" } },
    { .inputs = { "i64:0", "i64:4", "i64:0" }, .refused = "delta 0" },
    { .inputs = { "i64:0", "f32:4", "i64:1" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_range = {
    .name = "range",
    .summary = "numbers in steps",
    .min_inputs = 3,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
