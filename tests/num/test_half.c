/* SPDX-License-Identifier: BSD-3-Clause */
/* Half-width floats: every code there and back, and f32 values (random, and around midpoints) whose
 * codes NumPy and PyTorch gave (golden/make/half.py). */

#include "num/float_code.h"
#include "num/half.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

#include <math.h>
#include <stdbool.h>

static float float_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef uint16_t (*encode_fn)(float value);
typedef uint16_t (*encode_f64_fn)(double value);
typedef float (*decode_fn)(uint16_t code);

/* One half-width type: its functions, its layout and its code of infinity. */
typedef struct half_type {
    encode_fn encode;
    encode_f64_fn encode_f64;
    decode_fn decode;
    unsigned exponent_bits, mantissa_bits, infinity;
} half_type;

static const half_type f16 = {
    effnn__f16_from_f32, effnn__f16_from_f64, effnn__f32_from_f16, 5, 10, 0x7c00
};
static const half_type bf16 = {
    effnn__bf16_from_f32, effnn__bf16_from_f64, effnn__f32_from_bf16, 8, 7, 0x7f80
};

/* The codec of float_code.h is the reference for values; a NaN comes back as a quiet one. */
static void check_all_codes(const half_type *type)
{
    const unsigned quiet = 1u << (type->mantissa_bits - 1);

    for (unsigned code = 0; code < 0x10000; code++) {
        const float value = type->decode((uint16_t)code);
        const bool is_nan = (code & 0x7fff) > type->infinity;
        const unsigned back = type->encode(value);

        if (is_nan ? !isnan(value) || back != (code | quiet)
                   : (double)value !=
                             effnn__float_decode(code, type->exponent_bits, type->mantissa_bits) ||
                         back != code || type->encode_f64((double)value) != code)
            ck_abort_msg("code %#x is %a and comes back as %#x", code, (double)value, back);
    }
}

START_TEST(every_f16_code_keeps_its_value_and_comes_back)
{
    check_all_codes(&f16);
}
END_TEST

START_TEST(every_bf16_code_keeps_its_value_and_comes_back)
{
    check_all_codes(&bf16);
}
END_TEST

static void check_golden(const char *name, const half_type *type)
{
    effnn_tensor *from = test_tensor_golden("half/f32.npy"), *to = test_tensor_golden(name);
    const uint32_t *bits = effnn_tensor_data(from);
    const uint16_t *codes = effnn_tensor_data(to);
    const size_t n = effnn_tensor_count(from);

    ck_assert_uint_eq(effnn_tensor_dtype(from), EFFNN_U32);
    ck_assert_uint_eq(effnn_tensor_dtype(to), EFFNN_U16);
    ck_assert_uint_eq(effnn_tensor_count(to), n);
    ck_assert_uint_gt(n, 9000);
    for (size_t i = 0; i < n; i++) {
        const float value = float_of(bits[i]);

        if (isnan(value) /* which NaN is not specified, only that it is one */
                ? (type->encode(value) & 0x7fffu) <= type->infinity
                : type->encode(value) != codes[i] || type->encode_f64((double)value) != codes[i])
            ck_abort_msg("%a: got %#x, by f64 %#x, expected %#x", (double)value,
                         type->encode(value), type->encode_f64((double)value), codes[i]);
    }
    effnn_tensor_release(from);
    effnn_tensor_release(to);
}

START_TEST(f16_codes_equal_numpys)
{
    check_golden("half/f16.npy", &f16);
}
END_TEST

START_TEST(bf16_codes_equal_pytorchs)
{
    check_golden("half/bf16.npy", &bf16);
}
END_TEST

START_TEST(a_signalling_nan_stays_a_nan)
{
    ck_assert_uint_eq(effnn__f16_from_f32(float_of(0x7f800001)), 0x7e00);
    ck_assert_uint_eq(effnn__bf16_from_f32(float_of(0xff800001)), 0xffc0);
}
END_TEST

/* 1 + 2^-11 + 2^-40 is above the midpoint of two f16 codes, but rounds to the midpoint in f32. */
START_TEST(f64_values_are_rounded_once)
{
    ck_assert_uint_eq(effnn__f16_from_f64(1 + 0x1p-11 + 0x1p-40), 0x3c01);
    ck_assert_uint_eq(effnn__f16_from_f64(1 + 0x1p-11), 0x3c00);
    ck_assert_uint_eq(effnn__bf16_from_f64(1 + 0x1p-8 + 0x1p-40), 0x3f81);
    ck_assert_uint_eq(effnn__bf16_from_f64(1 + 0x1p-8), 0x3f80);
}
END_TEST

SUITE("half", NULL, NULL, every_f16_code_keeps_its_value_and_comes_back,
      every_bf16_code_keeps_its_value_and_comes_back, f16_codes_equal_numpys,
      bf16_codes_equal_pytorchs, a_signalling_nan_stays_a_nan, f64_values_are_rounded_once)
