/* SPDX-License-Identifier: BSD-3-Clause */
/* What is special about our sums, maxima, softmax and channel maps: small error over long axes,
 * empty axes, and values that are not finite. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"

/* Both tables: the loop index chooses. */
static const effnn__kernels *table(int i)
{
    return i ? effnn__kernels_get() : effnn__kernels_reference();
}

/* Added up one by one, five million times 0.1 in float is off by several percent. Pairwise, each
 * level adds half an ulp, of 23 levels, and each block of 512 a few. */
START_TEST(error_of_a_long_sum_grows_with_the_logarithm)
{
    const size_t n = (1u << 22) + (1u << 20) + 7;
    const effnn__axis line = { 1, n, 1 }, column = { 1, n / 2, 2 };
    float *const x = malloc(n * sizeof *x), y[2];

    for (size_t i = 0; i < n; i++) x[i] = 0.1f;
    ck_assert_ok(table(_i)->reduce_sum_f32(NULL, line, x, y));
    ck_assert_double_eq_tol((double)y[0] / ((double)n * (double)0.1f), 1.0, 24.0 * FLT_EPSILON);
    ck_assert_ok(table(_i)->reduce_sum_f32(NULL, column, x, y));
    ck_assert_double_eq_tol((double)y[1] / ((double)(n / 2) * (double)0.1f), 1.0,
                            24.0 * FLT_EPSILON);
    free(x);
}
END_TEST

START_TEST(empty_axis_sums_to_zero_and_has_no_maximum)
{
    const effnn__axis line = { 2, 0, 1 }, column = { 1, 0, 2 };
    float y[2] = { 7.0f, 7.0f };

    ck_assert_ok(table(_i)->reduce_sum_f32(NULL, line, NULL, y));
    ck_assert_float_eq(y[1], 0.0f);
    ck_assert_ok(table(_i)->reduce_max_f32(NULL, line, NULL, y));
    ck_assert_float_eq(y[1], -INFINITY);
    ck_assert_ok(table(_i)->reduce_sum_f32(NULL, column, NULL, y));
    ck_assert_float_eq(y[1], 0.0f);
    ck_assert_ok(table(_i)->reduce_max_f32(NULL, column, NULL, y));
    ck_assert_float_eq(y[1], -INFINITY);
}
END_TEST

/* At each place of a row long enough for the vector loop and its end. */
START_TEST(not_a_number_is_the_maximum_wherever_it_stands)
{
    enum { N = 37 };

    for (size_t at = 0; at < N; at++) {
        float x[2 * N], y[2];
        const effnn__axis line = { 1, N, 1 }, column = { 1, N, 2 };

        for (size_t i = 0; i < 2 * N; i++) x[i] = (float)i;
        x[at] = NAN;
        ck_assert_ok(table(_i)->reduce_max_f32(NULL, line, x, y));
        ck_assert(isnan(y[0]));
        ck_assert_ok(table(_i)->reduce_max_f32(NULL, column, x, y));
        ck_assert(isnan(y[at % 2]));
        ck_assert_float_eq(y[1 - at % 2], (float)(2 * N - 1 - at % 2));
    }
}
END_TEST

START_TEST(softmax_takes_large_and_masked_scores)
{
    const float x[] = { 3e38f, 3e38f, -INFINITY, -3e38f }, expected[] = { 0.5f, 0.5f, 0.0f, 0.0f };
    const effnn__axis line = { 1, 4, 1 }, columns = { 1, 2, 2 };
    float y[4];

    ck_assert_ok(table(_i)->softmax_f32(NULL, line, x, y));
    assert_within_ulps(y, expected, 4, 0.0);
    ck_assert_ok(table(_i)->softmax_f32(NULL, columns, x, y));
    ck_assert_float_eq(y[0], 1.0f);
    ck_assert_float_eq(y[2], 0.0f);
    ck_assert_ok(table(_i)->log_softmax_f32(NULL, line, x, y));
    ck_assert_float_eq(y[2], -INFINITY);
    ck_assert_float_eq_tol(y[0], -0.6931472f, 1e-6f); /* -ln 2 */
}
END_TEST

START_TEST(channel_map_scales_and_shifts_each_channel)
{
    const float x[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, scale[] = { 2, -1 }, bias[] = { 0.5f, 1 };
    const float expected[] = { 2.5f, 4.5f, -2, -3, 10.5f, 12.5f, -6, -7 };
    float y[8];

    ck_assert_ok(table(_i)->channel_affine_f32(NULL, 2, 2, 2, x, scale, bias, y));
    ck_assert_mem_eq(y, expected, sizeof y);
    memcpy(y, x, sizeof y);
    ck_assert_ok(table(_i)->channel_affine_f32(NULL, 2, 2, 2, y, scale, bias, y));
    ck_assert_mem_eq(y, expected, sizeof y);
}
END_TEST

/* For lengths around a multiple of the lanes, and rows with gaps between them. */
START_TEST(dot_products_equal_the_reference_and_are_the_same_for_each_instruction_set)
{
    static const size_t lengths[] = { 0, 1, 7, 8, 15, 16, 17, 31, 64, 100, 257 };
    enum { ROWS = 5, STRIDE = 260 };
    float *const x = random_f32(STRIDE, 1), *const rows = random_f32(ROWS * STRIDE, 2);

    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        const size_t d = lengths[k];
        float y[ROWS], expected[ROWS], base[ROWS];

        effnn__kernels_reference()->dots_f32(expected, x, rows, STRIDE, ROWS, d, 0.5f);
        effnn__kernels_at(0)->dots_f32(base, x, rows, STRIDE, ROWS, d, 0.5f);
        assert_near_f32(base, expected, ROWS, /* every term is below 1 */
                        4.0 * (double)(d * (d + 1)) * FLT_EPSILON);
        for (size_t t = 1; effnn__kernels_at(t); t++) {
            effnn__kernels_at(t)->dots_f32(y, x, rows, STRIDE, ROWS, d, 0.5f);
            ck_assert_mem_eq(y, base, sizeof y);
        }
    }
    free(x);
    free(rows);
}
END_TEST

LOOP_SUITE("reduce", NULL, NULL, 2, error_of_a_long_sum_grows_with_the_logarithm,
           empty_axis_sums_to_zero_and_has_no_maximum,
           not_a_number_is_the_maximum_wherever_it_stands, softmax_takes_large_and_masked_scores,
           channel_map_scales_and_shifts_each_channel,
           dot_products_equal_the_reference_and_are_the_same_for_each_instruction_set)
