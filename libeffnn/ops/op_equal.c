/* SPDX-License-Identifier: BSD-3-Clause */
/* a = b, broadcast, as bool. NaN equals nothing. */

#include "ops/op_elementwise.h"

static double equal_f64(double a, double b)
{
    return a == b;
}

static int64_t equal_i64(int64_t a, int64_t b)
{
    return a == b;
}

/* True if a constant lies below whatever a size can be: exporters compare shapes with -1. */
static bool is_below(const effnn__symbols *t, effnn__sym constant, effnn__sym size)
{
    int64_t least;

    return constant.symbol == 0 && effnn__sym_minimum(&least, t, size) && constant.offset < least;
}

static effnn_status equal_sym(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b)
{
    if (effnn__sym_equal(a, b) || (a.symbol == 0 && b.symbol == 0))
        *out = effnn__sym_constant(effnn__sym_equal(a, b));
    else if (is_below(t, a, b) || is_below(t, b, a))
        *out = effnn__sym_constant(0);
    else
        return effnn__fail(EFFNN_E_UNSUPPORTED, "not known whether two sizes are equal");
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    EFFNN_TRY(effnn__compare_infer(call, EFFNN__UNPACKED));
    return effnn__content_infer(call, equal_sym);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__binary fns = { .test_f32 = effnn__kernels_get()->equal_f32,
                                .f64 = equal_f64,
                                .i64 = equal_i64 };

    return effnn__binary_run(call, &fns);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Equal", .since = 7 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "f32[2,3]" } },
    { .inputs = { "f32[2,3]", "f32[3]" } },
    { .inputs = { "f32[0]", "f32[1]" } },
    { .inputs = { "i64{1,2,3}", "i64{3,2,1}" } },
    { .inputs = { "u64[3]", "u64[3]" } },
    { .inputs = { "f64[3]", "f64[]" } },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[2]", "f64[2]" }, .refused = "f64" },
    { .inputs = { "bool[3]", "bool[3]" } },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_equal = {
    .name = "equal",
    .summary = "a == b",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
