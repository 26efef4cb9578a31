/* SPDX-License-Identifier: BSD-3-Clause */
/* Remainder, broadcast. By default of the quotient rounded down, with the divisor's sign, as in
 * Python; with fmod of the one cut toward zero, with the dividend's sign, as in C. A zero divisor
 * among integers is E_NUMERIC. */

#include "ops/op_elementwise.h"

#include <math.h>

typedef struct mod_attrs {
    bool fmod;
} mod_attrs;

static const effnn_option_def attr_defs[] = {
    { "fmod", "the quotient is cut toward zero, not rounded down", EFFNN_OPT_BOOL,
      offsetof(mod_attrs, fmod), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* The remainder of the quotient cut toward zero, moved to the divisor's side. */
static double floored_f64(double a, double b)
{
    const double r = fmod(a, b);

    if (r == 0.0) return copysign(0.0, b);
    return (r < 0.0) != (b < 0.0) ? r + b : r;
}

static int64_t cut_i64(int64_t a, int64_t b)
{
    return b == -1 ? 0 : a % b;
}

static int64_t floored_i64(int64_t a, int64_t b)
{
    const int64_t r = cut_i64(a, b);

    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static uint64_t mod_u64(uint64_t a, uint64_t b)
{
    return a % b;
}

/* Of constants; sizes are not followed. */
static effnn_status mod_sym(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b)
{
    (void)t;
    if (a.symbol != 0 || b.symbol != 0 || b.offset == 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "remainder of an open size");
    *out = effnn__sym_constant(floored_i64(a.offset, b.offset));
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const mod_attrs *attrs = call->attrs;

    if (attrs->fmod) return effnn__binary_infer(call, EFFNN__NUMBERS);
    return effnn__arithmetic_infer(call, mod_sym);
}

static effnn_status forward(const effnn_op_call *call)
{
    const mod_attrs *attrs = call->attrs;
    const effnn__binary floored = { .f64 = floored_f64, .i64 = floored_i64, .u64 = mod_u64 };
    const effnn__binary cut = { .f64 = fmod, .i64 = cut_i64, .u64 = mod_u64 };

    EFFNN_TRY(effnn__check_divisor(call));
    return effnn__binary_run(call, attrs->fmod ? &cut : &floored);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Mod", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "i32{-7,7,-7,7,0}", "i32{3,-3,-3,3,-2}" } },
    { .inputs = { "i32{-7,7,-7,7}", "i32{3,-3,-3,3}" }, .attrs = "fmod=1" },
    { .inputs = { "f32{-7.5,7.5,0,2,-2,inf,1}", "f32{2,-2,-3,inf,inf,2,0}" } },
    { .inputs = { "f32{-7.5,7.5,2,inf,1}", "f32{2,-2,-inf,2,0}" }, .attrs = "fmod=1" },
    { .inputs = { "i64{-9223372036854775808,5}", "i64{-1,3}" } },
    { .inputs = { "u64{18446744073709551615}", "u64:7" }, .attrs = "fmod=1" },
    { .inputs = { "f64[2,3]", "f64[3]>0" } },
    { .inputs = { "f16{5,-5}", "f16:3" } },
    { .inputs = { "i8[0]", "i8[1]" } },
    { .inputs = { "i8[2]", "i8[3]" }, .refused = "does not broadcast" },
    { .inputs = { "bool[2]", "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_mod = {
    .name = "mod",
    .summary = "remainder of a / b",
    .attrs = attr_defs,
    .attrs_size = sizeof(mod_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
