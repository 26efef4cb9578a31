/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits: min(max(x, low), high). The bounds are inputs of one element, either may be absent; where
 * low exceeds high the result is high. NaN stays NaN, and a NaN bound gives NaN. */

#include "ops/op_move.h"
#include "ops/op_saves.h"
#include "ops/op_scalar.h"

#include <math.h>

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

static void clip_f32(float *y, const float *x, size_t n, const double *p)
{
    effnn__kernels_get()->clip_f32(y, x, n, (float)p[0], (float)p[1]);
}

static double clip_f64(double x, const double *p)
{
    const double v = x < p[0] ? p[0] : x;

    return v > p[1] ? p[1] : v;
}

/* Floats in one pass, for bounds that are numbers. */
static effnn_status run_floats(const effnn_op_call *call, double low, double high)
{
    return effnn__unary_run_with(
        call, &(effnn__unary_with){ .f32 = clip_f32, .f64 = clip_f64, .p = { low, high } });
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    const effnn_tensor *low = effnn__call_input(call, 1), *high = effnn__call_input(call, 2);
    effnn_tensor *y = call->outputs[0];

    if (effnn__dtype_is_float(effnn_tensor_dtype(x))) {
        const double from = low ? effnn__tensor_load_f64(low, 0) : -INFINITY;
        const double to = high ? effnn__tensor_load_f64(high, 0) : INFINITY;

        if (!isnan(from) && !isnan(to)) return run_floats(call, from, to);
    }
    if (low) {
        EFFNN_TRY(effnn__binary_apply(call, &effnn__scalar_max, y, x, low));
        x = y;
    }
    if (high) return effnn__binary_apply(call, &effnn__scalar_min, y, x, high);
    return low ? EFFNN_OK : effnn__copy_through(call);
}

/* A bound that is a number known by now, or absent. */
static bool read_bound(const effnn_tensor *bound, float *out)
{
    if (!bound) return true;
    if (!effnn_tensor_data(bound)) return false;
    *out = *(const float *)effnn_tensor_data(bound);
    return !isnan(*out);
}

static bool bounds(const effnn_op_call *call, float *lo, float *hi)
{
    *lo = -INFINITY;
    *hi = INFINITY;
    if (effnn_tensor_dtype(call->inputs[0]) != EFFNN_F32) return false;
    return read_bound(effnn__call_input(call, 1), lo) &&
           read_bound(effnn__call_input(call, 2), hi) && *lo <= *hi;
}

/* Before opset 11 the bounds are attributes. */
static effnn_status read_attributes(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_as_inputs(reader, (const char *const[]){ "min", "max", NULL });
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
    .bounds = bounds,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
