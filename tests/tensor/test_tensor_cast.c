/* SPDX-License-Identifier: BSD-3-Clause */
/* Casts: the contract's rules by hand-made cases, fast loops against the dtype rows, every pair. */

#include "support/alloc_fail.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <math.h>

#define N_DTYPES (EFFNN_U4 + 1)

static effnn_tensor *cast(const effnn_tensor *from, effnn_dtype dtype)
{
    effnn_tensor *to = NULL;

    ck_assert_ok(effnn_tensor_cast(&to, from, dtype));
    ck_assert_int_eq(effnn_tensor_dtype(to), dtype);
    return to;
}

/* Cast doubles to a type and compare with what is expected, as doubles. */
static void check_from_f64(effnn_dtype dtype, size_t n, const double *values,
                           const double *expected)
{
    effnn_tensor *from = test_tensor_f64(1, (const int64_t[]){ (int64_t)n }, values);
    effnn_tensor *to = cast(from, dtype);

    for (size_t i = 0; i < n; i++)
        ck_assert_msg(effnn__tensor_load_f64(to, i) == expected[i], "%g as %s: %g, expected %g",
                      values[i], effnn_dtype_name(dtype), effnn__tensor_load_f64(to, i),
                      expected[i]);
    effnn_tensor_release(from);
    effnn_tensor_release(to);
}

static void check_from_i64(effnn_dtype dtype, size_t n, const int64_t *values,
                           const int64_t *expected)
{
    effnn_tensor *from = test_tensor_i64(1, (const int64_t[]){ (int64_t)n }, values);
    effnn_tensor *to = cast(from, dtype);

    for (size_t i = 0; i < n; i++) ck_assert_int_eq(effnn__tensor_load_i64(to, i), expected[i]);
    effnn_tensor_release(from);
    effnn_tensor_release(to);
}

START_TEST(floats_to_integers_go_toward_zero_and_saturate)
{
    const double values[] = { 2.9, -2.9, 0.5, 127.9, 128, -129, 300, 1e300, -INFINITY };

    check_from_f64(EFFNN_I8, 9, values,
                   (const double[]){ 2, -2, 0, 127, 127, -128, 127, 127, -128 });
    check_from_f64(EFFNN_U8, 9, values, (const double[]){ 2, 0, 0, 127, 128, 0, 255, 255, 0 });
    check_from_f64(EFFNN_I4, 9, values, (const double[]){ 2, -2, 0, 7, 7, -8, 7, 7, -8 });
    check_from_f64(EFFNN_U4, 9, values, (const double[]){ 2, 0, 0, 15, 15, 0, 15, 15, 0 });
    check_from_f64(EFFNN_I64, 9, values,
                   (const double[]){ 2, -2, 0, 127, 128, -129, 300, 0x1p63, -0x1p63 });
    check_from_f64(EFFNN_U64, 9, values, (const double[]){ 2, 0, 0, 127, 128, 0, 300, 0x1p64, 0 });
}
END_TEST

START_TEST(floats_between_2_to_63_and_2_to_64_fit_u64)
{
    const double values[] = { 0x1.8p63, 0x1p63, 0x1.fffffffffffffp63 };

    check_from_f64(EFFNN_U64, 3, values, values);
}
END_TEST

START_TEST(integers_saturate_in_narrower_ones)
{
    const int64_t values[] = { 5, -5, 200, -200, INT64_MAX, INT64_MIN };

    check_from_i64(EFFNN_I8, 6, values, (const int64_t[]){ 5, -5, 127, -128, 127, -128 });
    check_from_i64(EFFNN_U8, 6, values, (const int64_t[]){ 5, 0, 200, 0, 255, 0 });
    check_from_i64(EFFNN_I4, 6, values, (const int64_t[]){ 5, -5, 7, -8, 7, -8 });
    check_from_i64(EFFNN_U64, 6, values, (const int64_t[]){ 5, 0, 200, 0, INT64_MAX, 0 });
    check_from_i64(EFFNN_I32, 6, values,
                   (const int64_t[]){ 5, -5, 200, -200, INT32_MAX, INT32_MIN });
    check_from_i64(EFFNN_BOOL, 6, values, (const int64_t[]){ 1, 1, 1, 1, 1, 1 });
}
END_TEST

START_TEST(u64_above_2_to_63_saturates_and_keeps_its_value_as_a_float)
{
    uint64_t value = ((uint64_t)1 << 63) + ((uint64_t)1 << 39) + 1;
    effnn_tensor *from = NULL, *integer, *narrow, *wide, *half;

    ck_assert_ok(effnn_tensor_wrap(&from, NULL, &value, EFFNN_U64, 0, NULL, NULL, NULL));
    integer = cast(from, EFFNN_I64);
    narrow = cast(from, EFFNN_F32);
    wide = cast(from, EFFNN_F64);
    half = cast(from, EFFNN_F16);
    ck_assert_int_eq(effnn__tensor_load_i64(integer, 0), INT64_MAX);
    ck_assert(effnn__tensor_load_f64(narrow, 0) == 0x1.000002p63); /* rounded once */
    ck_assert(effnn__tensor_load_f64(wide, 0) == 0x1.000001p63);
    ck_assert(isinf(effnn__tensor_load_f64(half, 0)));
    effnn_tensor_release(from);
    effnn_tensor_release(integer);
    effnn_tensor_release(narrow);
    effnn_tensor_release(wide);
    effnn_tensor_release(half);
}
END_TEST

START_TEST(doubles_become_halves_with_one_rounding)
{
    const double values[] = { 1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 65519.99, 65520, 0x1p-25 };

    check_from_f64(EFFNN_F16, 5, values, (const double[]){ 1 + 0x1p-10, 1, 65504, INFINITY, 0 });
}
END_TEST

START_TEST(to_bool_is_nonzero_and_nan_is_true)
{
    check_from_f64(EFFNN_BOOL, 5, (const double[]){ 0, -0.0, 1e-300, -3, NAN },
                   (const double[]){ 0, 0, 1, 1, 1 });
}
END_TEST

START_TEST(nan_is_refused_by_integers_with_its_place)
{
    effnn_tensor *from = test_tensor_f32(1, (const int64_t[]){ 3 }, (const float[]){ 1, 2, NAN });
    effnn_tensor *to = NULL;

    ck_assert_fails_saying(EFFNN_E_NUMERIC, "f32 to i8: element 2 of 3",
                           effnn_tensor_cast(&to, from, EFFNN_I8));
    ck_assert_ptr_null(to);
    to = cast(from, EFFNN_BF16);
    ck_assert(isnan(effnn__tensor_load_f64(to, 2)));
    effnn_tensor_release(from);
    effnn_tensor_release(to);
}
END_TEST

START_TEST(a_type_that_is_none_is_refused)
{
    effnn_tensor *from = test_tensor_iota(2), *to = NULL;

    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_cast(&to, from, (effnn_dtype)99));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_cast(NULL, from, EFFNN_F32));
    effnn_tensor_release(from);
}
END_TEST

/* 0 … 7 are values of every type but bool, so that a cast there and back is the identity. */
START_TEST(small_integers_survive_every_pair_of_types)
{
    for (int a = 0; a < N_DTYPES; a++)
        for (int b = 0; b < N_DTYPES; b++) {
            if (a == EFFNN_BOOL || b == EFFNN_BOOL) continue;
            effnn_tensor *base = test_tensor_iota(8), *from = cast(base, (effnn_dtype)a);
            effnn_tensor *to = cast(from, (effnn_dtype)b), *back = cast(to, (effnn_dtype)a);

            ck_assert_tensor_near(to, base, 0, 0);
            ck_assert_tensor_equal(back, from);
            ck_assert(!effnn__tensor_shares_storage(to, from));
            effnn_tensor_release(base);
            effnn_tensor_release(from);
            effnn_tensor_release(to);
            effnn_tensor_release(back);
        }
}
END_TEST

/* The loops for frequent pairs must give what the rows of the dtype table give. */
START_TEST(fast_loops_equal_the_generic_way_bit_by_bit)
{
    static const effnn_dtype pairs[][2] = {
        { EFFNN_F16, EFFNN_F32 },  { EFFNN_F32, EFFNN_F16 }, { EFFNN_BF16, EFFNN_F32 },
        { EFFNN_F32, EFFNN_BF16 }, { EFFNN_F32, EFFNN_F64 }, { EFFNN_F64, EFFNN_F32 },
        { EFFNN_U8, EFFNN_F32 },   { EFFNN_I8, EFFNN_F32 },
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const effnn__dtype_row *read = effnn__dtype_row_of(pairs[i][0]);
        const effnn__dtype_row *write = effnn__dtype_row_of(pairs[i][1]);
        effnn_tensor *from = test_tensor_random(NULL, pairs[i][0], 1, (const int64_t[]){ 1000 }, i);
        effnn_tensor *expected = test_tensor_zeros(pairs[i][1], 1, (const int64_t[]){ 1000 });
        effnn_tensor *to = cast(from, pairs[i][1]);

        for (size_t j = 0; j < 1000; j++)
            write->store_f64(effnn__tensor_data(expected), j,
                             read->load_f64(effnn_tensor_data(from), j));
        ck_assert_tensor_equal(to, expected);
        effnn_tensor_release(from);
        effnn_tensor_release(expected);
        effnn_tensor_release(to);
    }
}
END_TEST

START_TEST(a_strided_tensor_casts_in_its_own_order)
{
    effnn_tensor *base = test_tensor_iota(3, 5), *view = NULL, *to;

    ck_assert_ok(effnn_tensor_view_permute(&view, base, (const size_t[]){ 1, 0 }));
    to = cast(view, EFFNN_I32);
    ck_assert(effnn_tensor_is_contiguous(to));
    ck_assert_tensor_near(to, view, 0, 0);
    effnn_tensor_release(to);
    effnn_tensor_release(view);
    effnn_tensor_release(base);
}
END_TEST

START_TEST(every_failing_allocation_is_reported)
{
    effnn_tensor *base = test_tensor_iota(3, 5), *view = NULL, *to = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&view, base, (const size_t[]){ 1, 0 }));
    ALLOC_FAIL_LOOP(effnn_tensor_cast(&to, view, EFFNN_I32), ck_assert_ptr_null(to));
    effnn_tensor_release(to);
    effnn_tensor_release(view);
    effnn_tensor_release(base);
}
END_TEST

SUITE("tensor_cast", NULL, NULL, floats_to_integers_go_toward_zero_and_saturate,
      floats_between_2_to_63_and_2_to_64_fit_u64, integers_saturate_in_narrower_ones,
      u64_above_2_to_63_saturates_and_keeps_its_value_as_a_float,
      doubles_become_halves_with_one_rounding, to_bool_is_nonzero_and_nan_is_true,
      nan_is_refused_by_integers_with_its_place, a_type_that_is_none_is_refused,
      small_integers_survive_every_pair_of_types, fast_loops_equal_the_generic_way_bit_by_bit,
      a_strided_tensor_casts_in_its_own_order, every_failing_allocation_is_reported)
