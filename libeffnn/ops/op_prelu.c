/* SPDX-License-Identifier: BSD-3-Clause */
/* Leaky rectifier with a slope for each element, channel or tensor (He et al., 2015): x above
 * zero, slope · x below. The slope broadcasts to x, not the other way. */

#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

static void prelu_f32(float *y, const float *x, const float *slope, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = x[i] < 0.0f ? slope[i] * x[i] : x[i];
}

static double prelu_f64(double x, double slope)
{
    return x < 0.0 ? slope * x : x;
}

static int64_t prelu_i64(int64_t x, int64_t slope)
{
    return x < 0 ? (int64_t)((uint64_t)slope * (uint64_t)x) : x;
}

static uint64_t prelu_u64(uint64_t x, uint64_t slope)
{
    (void)slope;
    return x;
}

/* True if a slope's dimension gives way to x's. Two symbols that differ may still be equal. */
static bool gives_way(effnn__sym slope, effnn__sym x)
{
    return slope.symbol != 0 || x.symbol != 0 || slope.offset == 1 || slope.offset == x.offset;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0], *slope = call->inputs[1];
    char text[2][EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 2));
    if (!x->has_shape || !slope->has_shape) return EFFNN_OK;
    bool fits = slope->rank <= x->rank;
    for (size_t i = 0; i < slope->rank && fits; i++)
        fits = gives_way(slope->dims[i], x->dims[x->rank - slope->rank + i]);
    if (fits) return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE, "slope %s does not broadcast to %s",
                             effnn__infer_print(text[0], call, slope),
                             effnn__infer_print(text[1], call, x));
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__binary fns = {
        .f32 = prelu_f32, .f64 = prelu_f64, .i64 = prelu_i64, .u64 = prelu_u64
    };

    return effnn__binary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "PRelu", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]", "f32[3,1]" }, .tolerance = 1e-6, .avoid = 0.0, .has_avoid = true },
    { .inputs = { "f32[2,3]", "f32[2,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]", "f32[]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]", "f32[3]" } },
    { .inputs = { "f64[4]", "f64[1]" } },
    { .inputs = { "f16[4]", "f16[1]" } },
    { .inputs = { "i32{-3,4}", "i32:2" } },
    { .inputs = { "u64{18446744073709551615,4}", "u64:2" } },
    { .inputs = { "f32[3]", "f32[2,3]" }, .refused = "slope" },
    { .inputs = { "f32[2,1]", "f32[3]" }, .refused = "slope" },
    { .inputs = { "bool[2]", "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_prelu = {
    .name = "prelu",
    .summary = "x where x >= 0, slope * x below",
    .min_inputs = 2,
    .max_inputs = 2,
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
