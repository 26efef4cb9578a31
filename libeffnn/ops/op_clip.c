/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits: min(max(x, low), high). The bounds are inputs of one element, either may be absent; where
 * low exceeds high the result is high. NaN stays NaN, and a NaN bound gives NaN. */

#include "ops/op_elementwise.h"

#include <math.h>
#include <string.h>

static void raise_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] < b[i] || isnan(b[i]) ? b[i] : a[i];
}

static double raise_f64(double a, double b)
{
    return a < b || isnan(b) ? b : a;
}

static int64_t raise_i64(int64_t a, int64_t b)
{
    return a < b ? b : a;
}

static uint64_t raise_u64(uint64_t a, uint64_t b)
{
    return a < b ? b : a;
}

static void lower_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] > b[i] || isnan(b[i]) ? b[i] : a[i];
}

static double lower_f64(double a, double b)
{
    return a > b || isnan(b) ? b : a;
}

static int64_t lower_i64(int64_t a, int64_t b)
{
    return a > b ? b : a;
}

static uint64_t lower_u64(uint64_t a, uint64_t b)
{
    return a > b ? b : a;
}

static effnn_status infer(effnn_op_infer *call)
{
    EFFNN_TRY(effnn__infer_same(call, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    for (size_t i = 1; i < call->n_inputs; i++) {
        const effnn__value_info *info = call->inputs[i];
        effnn__sym count;
        char text[EFFNN__INFO_TEXT];

        if (!info || !info->has_shape) continue;
        EFFNN_TRY(effnn__infer_count(&count, call, info, 0, info->rank));
        if (count.symbol == 0 && (count.offset != 1 || info->rank > 1))
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "bound %zu is %s but must be one number",
                                     i, effnn__infer_print(text, call, info));
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    static const effnn__binary raise = {
        .f32 = raise_f32, .f64 = raise_f64, .i64 = raise_i64, .u64 = raise_u64
    };
    static const effnn__binary lower = {
        .f32 = lower_f32, .f64 = lower_f64, .i64 = lower_i64, .u64 = lower_u64
    };
    const effnn_tensor *x = call->inputs[0];
    const effnn_tensor *low = effnn__call_input(call, 1), *high = effnn__call_input(call, 2);
    effnn_tensor *y = call->outputs[0];

    if (low) {
        EFFNN_TRY(effnn__binary_apply(call, &raise, y, x, low));
        x = y;
    }
    if (high) return effnn__binary_apply(call, &lower, y, x, high);
    if (!low && effnn_tensor_count(x) > 0)
        memmove(effnn__tensor_data(y), effnn_tensor_data(x), effnn_tensor_bytes(x));
    return EFFNN_OK;
}

/* Before opset 11 the bounds are attributes. */
static effnn_status read_attributes(effnn_onnx_reader *reader)
{
    EFFNN_TRY(effnn__onnx_read_attrs(reader, (const char *const[]){ "min", "max", NULL }));
    EFFNN_TRY(effnn__onnx_input_from_float(reader, "min", 1));
    return effnn__onnx_input_from_float(reader, "max", 2);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Clip", .since = 11 },
    { .name = "Clip", .since = 6, .read = read_attributes, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,30]", "f32{-1}", "f32:1" }, .avoid = 1.0, .has_avoid = true },
    { .inputs = { "f32[2,3]", "f32:0", "f32:6" } },
    { .inputs = { "f32[2,3]", "", "f32:0" } },
    { .inputs = { "f32[2,3]" } },
    { .inputs = { "f32[0]", "f32:0" } },
    { .inputs = { "f64[5]", "f64:0.5", "f64:-0.5" } },
    { .inputs = { "i8[5]", "i8:-2", "i8:3" } },
    { .inputs = { "u64[5]", "u64:2", "u64:3" } },
    { .inputs = { "f32[2]", "f32[2]" }, .refused = "one number" },
    { .inputs = { "f32[2]", "f64:1" }, .refused = "f64" },
    { .inputs = { "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_clip = {
    .name = "clip",
    .summary = "min(max(x, low), high)",
    .min_inputs = 1,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
