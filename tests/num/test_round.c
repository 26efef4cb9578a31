/* SPDX-License-Identifier: BSD-3-Clause */
/* Rounding to integers and of significands: ties, directions, the ends of the ranges. */

#include "num/round.h"
#include "support/suite.h"

#include <math.h>

START_TEST(ties_go_to_the_even_integer)
{
    static const double values[] = { 0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, 1e15 + 0.5 };
    static const int64_t expected[] = { 0, 2, 2, 4, 0, -2, -2, 1000000000000000 };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        ck_assert_int_eq(effnn__round_to_i64(values[i], EFFNN_ROUND_NEAREST_EVEN), expected[i]);
}
END_TEST

START_TEST(values_beside_a_tie_go_to_the_nearer_integer)
{
    ck_assert_int_eq(effnn__round_to_i64(nextafter(0.5, 1), EFFNN_ROUND_NEAREST_EVEN), 1);
    ck_assert_int_eq(effnn__round_to_i64(nextafter(0.5, 0), EFFNN_ROUND_NEAREST_EVEN), 0);
    ck_assert_int_eq(effnn__round_to_i64(nextafter(2.5, 3), EFFNN_ROUND_NEAREST_EVEN), 3);
    ck_assert_int_eq(effnn__round_to_i64(nextafter(-1.5, 0), EFFNN_ROUND_NEAREST_EVEN), -1);
}
END_TEST

START_TEST(toward_zero_drops_the_fraction)
{
    ck_assert_int_eq(effnn__round_to_i64(2.999, EFFNN_ROUND_TOWARD_ZERO), 2);
    ck_assert_int_eq(effnn__round_to_i64(-2.999, EFFNN_ROUND_TOWARD_ZERO), -2);
    ck_assert_int_eq(effnn__round_to_i64(0.999, EFFNN_ROUND_TOWARD_ZERO), 0);
    ck_assert_int_eq(effnn__round_to_i64(0x1p-1074, EFFNN_ROUND_TOWARD_ZERO), 0);
}
END_TEST

START_TEST(large_integers_pass_unchanged)
{
    ck_assert_int_eq(effnn__round_to_i64(0x1p52 + 1, EFFNN_ROUND_NEAREST_EVEN),
                     ((int64_t)1 << 52) + 1);
    ck_assert_int_eq(effnn__round_to_i64(-0x1p62, EFFNN_ROUND_NEAREST_EVEN), -((int64_t)1 << 62));
    ck_assert_int_eq(effnn__round_to_i64(0x1.fffffffffffffp62, EFFNN_ROUND_TOWARD_ZERO),
                     INT64_MAX - 1023);
}
END_TEST

START_TEST(rounding_agrees_with_the_c_library)
{
    double value = 1e-3;

    for (int i = 0; i < 20000; i++, value *= 1.0019) { /* up to about 3e13 */
        ck_assert_int_eq(effnn__round_to_i64(value, EFFNN_ROUND_NEAREST_EVEN), llrint(value));
        ck_assert_int_eq(effnn__round_to_i64(-value, EFFNN_ROUND_TOWARD_ZERO),
                         (int64_t)trunc(-value));
    }
}
END_TEST

START_TEST(a_significand_may_lose_any_number_of_bits)
{
    const uint64_t top = (uint64_t)1 << 62;

    ck_assert_uint_eq(effnn__round_shift(11, 0, EFFNN_ROUND_NEAREST_EVEN), 11);
    ck_assert_uint_eq(effnn__round_shift(11, 1, EFFNN_ROUND_NEAREST_EVEN), 6);   /* 5.5 */
    ck_assert_uint_eq(effnn__round_shift(9, 1, EFFNN_ROUND_NEAREST_EVEN), 4);    /* 4.5 */
    ck_assert_uint_eq(effnn__round_shift(top, 63, EFFNN_ROUND_NEAREST_EVEN), 0); /* a tie */
    ck_assert_uint_eq(effnn__round_shift(top + 1, 63, EFFNN_ROUND_NEAREST_EVEN), 1);
    ck_assert_uint_eq(effnn__round_shift(top + 1, 64, EFFNN_ROUND_NEAREST_EVEN), 0);
    ck_assert_uint_eq(effnn__round_shift(top + 1, 1000, EFFNN_ROUND_NEAREST_EVEN), 0);
    ck_assert_uint_eq(effnn__round_shift(15, 2, EFFNN_ROUND_TOWARD_ZERO), 3);
}
END_TEST

START_TEST(rounding_to_odd_keeps_a_second_rounding_right)
{
    /* Just above the midpoint of two floats: nearest double first would make it a tie. */
    const uint64_t value = ((uint64_t)1 << 63) + ((uint64_t)1 << 39) + 1;

    ck_assert(effnn__round_to_odd(value) > (double)(value - 1));
    ck_assert((float)effnn__round_to_odd(value) == 0x1.000002p63f);
    ck_assert((float)effnn__round_to_odd(value - 1) == 0x1p63f);
    ck_assert((float)effnn__round_to_odd(value - 2) == 0x1p63f);
    ck_assert(effnn__round_to_odd(((uint64_t)1 << 53) - 1) == 0x1p53 - 1);
    ck_assert(effnn__round_to_odd(0) == 0);
}
END_TEST

SUITE("round", NULL, NULL, ties_go_to_the_even_integer,
      values_beside_a_tie_go_to_the_nearer_integer, toward_zero_drops_the_fraction,
      large_integers_pass_unchanged, rounding_agrees_with_the_c_library,
      a_significand_may_lose_any_number_of_bits, rounding_to_odd_keeps_a_second_rounding_right)
