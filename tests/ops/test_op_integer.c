/* SPDX-License-Identifier: BSD-3-Clause */
/* Products of 8-bit integers by float kernels: exact at the ends of their ranges, sums that leave
 * i32, and rounding at halves. Expected values by 64-bit integers. */

#include "ops/op_integer.h"

#include "ops/op_run.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <math.h>

enum { M = 2, N = 3, DEPTH = 40000 };

/* [rows, columns], `most` everywhere but at every `step`-th place, where it is `least`. */
static effnn_tensor *bytes(effnn_dtype dtype, int64_t rows, int64_t columns, int most, int least,
                           size_t step)
{
    effnn_tensor *t = test_tensor_zeros(dtype, 2, (const int64_t[]){ rows, columns });
    uint8_t *data = effnn__tensor_data(t);

    for (size_t i = 0; i < effnn_tensor_count(t); i++)
        data[i] = (uint8_t)(i % step == step - 1 ? least : most);
    return t;
}

static effnn_tensor *scalar(effnn_dtype dtype, int value)
{
    effnn_tensor *t = test_tensor_zeros(dtype, 0, NULL);

    *(uint8_t *)effnn__tensor_data(t) = (uint8_t)value;
    return t;
}

/* a · b less their zero points, against i64 sums cut to i32. */
static void assert_product(effnn_tensor *a, effnn_tensor *b, effnn_tensor *a_zero,
                           effnn_tensor *b_zero)
{
    const size_t depth = (size_t)effnn_tensor_dims(a)[1];
    const int64_t za = effnn__tensor_load_i64(a_zero, 0), zb = effnn__tensor_load_i64(b_zero, 0);
    effnn_tensor *y = NULL;

    ck_assert_ok(effnn__op_run(NULL, effnn__op_find("matmul_integer"), NULL, "n",
                               (const effnn_tensor *const[]){ a, b, a_zero, b_zero }, 4, &y, 1));
    for (size_t i = 0; i < M * N; i++) {
        int64_t sum = 0;

        for (size_t k = 0; k < depth; k++)
            sum += (effnn__tensor_load_i64(a, i / N * depth + k) - za) *
                   (effnn__tensor_load_i64(b, k * N + i % N) - zb);
        ck_assert_int_eq(effnn__tensor_load_i64(y, i), (int32_t)(uint32_t)(uint64_t)sum);
    }
    effnn_tensor_release(a);
    effnn_tensor_release(b);
    effnn_tensor_release(a_zero);
    effnn_tensor_release(b_zero);
    effnn_tensor_release(y);
}

START_TEST(products_are_exact_at_the_ends_of_the_ranges)
{
    assert_product(bytes(EFFNN_U8, M, 257, 255, 254, 7), bytes(EFFNN_U8, 257, N, 255, 1, 5),
                   scalar(EFFNN_U8, 0), scalar(EFFNN_U8, 0));
    assert_product(bytes(EFFNN_U8, M, 259, 0, 1, 7), bytes(EFFNN_I8, 259, N, -128, 127, 5),
                   scalar(EFFNN_U8, 255), scalar(EFFNN_I8, 127));
    assert_product(bytes(EFFNN_I8, M, 1025, -128, 127, 3), bytes(EFFNN_I8, 1025, N, -128, -127, 5),
                   scalar(EFFNN_I8, 0), scalar(EFFNN_I8, 0));
}
END_TEST

/* 40000 · 255² is above 2^31. */
START_TEST(sums_that_leave_i32_wrap)
{
    assert_product(bytes(EFFNN_U8, M, DEPTH, 255, 254, 7), bytes(EFFNN_U8, DEPTH, N, 255, 254, 5),
                   scalar(EFFNN_U8, 0), scalar(EFFNN_U8, 0));
}
END_TEST

START_TEST(no_depth_lets_a_float_round)
{
    ck_assert_uint_le(effnn__integer_depths[0] * 128 * 128, 1 << 24);
    ck_assert_uint_le(effnn__integer_depths[1] * 128 * 255, 1 << 24);
    ck_assert_uint_le(effnn__integer_depths[2] * 255 * 255, 1 << 24);
}
END_TEST

START_TEST(halves_are_rounded_to_even_and_results_saturate)
{
    const int32_t sums[] = { 1, 3, 5, -1, -3, 1000, -1000, INT32_MAX, INT32_MIN, 0 };
    const uint8_t as_u8[] = { 10, 12, 12, 10, 8, 255, 0, 255, 0, 10 };
    const int8_t as_i8[] = { 10, 12, 12, 10, 8, 127, -128, 127, -128, 10 };
    uint8_t u8[10];
    int8_t i8[10];

    effnn__integer_requantize(u8, false, sums, 10, 0.5f, 10);
    effnn__integer_requantize(i8, true, sums, 10, 0.5f, 10);
    ck_assert_mem_eq(u8, as_u8, sizeof u8);
    ck_assert_mem_eq(i8, as_i8, sizeof i8);
    effnn__integer_requantize(u8, false, sums, 1, NAN, 10);
    ck_assert_uint_eq(u8[0], 0);
}
END_TEST

SUITE("op_integer", NULL, NULL, products_are_exact_at_the_ends_of_the_ranges,
      sums_that_leave_i32_wrap, no_depth_lets_a_float_round,
      halves_are_rounded_to_even_and_results_saturate)
