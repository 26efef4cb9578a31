/* SPDX-License-Identifier: BSD-3-Clause */
/* Products worked out by hand, and the corners of their definition, for the reference and the
 * chosen kernels. */

#include "kernels/kernels.h"
#include "support/suite.h"

#include <math.h>

/* Both tables: the loop index chooses. */
static const effnn__kernels *table(int i)
{
    return i ? effnn__kernels_get() : effnn__kernels_reference();
}

static effnn__gemm row_major(size_t m, size_t n, size_t k, const float *a, const float *b, float *c)
{
    return (effnn__gemm){ .m = m,
                          .n = n,
                          .k = k,
                          .a = a,
                          .b = b,
                          .c = c,
                          .a_row = (int64_t)k,
                          .a_col = 1,
                          .b_row = (int64_t)n,
                          .b_col = 1,
                          .c_row = (int64_t)n,
                          .c_col = 1,
                          .alpha = 1.0,
                          .n_batch = 1 };
}

START_TEST(product_worked_out_by_hand)
{
    const float a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 1, -1, 0, 2, 3, 1 };
    const float expected[] = { 30, 14, 44, 28 };
    float c[] = { 10, 2, 0, 4 };
    effnn__gemm gemm = row_major(2, 2, 3, a, b, c);

    gemm.alpha = 2.0;
    gemm.beta = 1.0;
    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_mem_eq(c, expected, sizeof c);
}
END_TEST

START_TEST(no_terms_give_beta_times_the_result)
{
    float c[] = { 1, 2, 3, 4 };
    effnn__gemm gemm = row_major(2, 2, 0, NULL, NULL, c);

    gemm.beta = 0.5;
    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_float_eq(c[0], 0.5f);
    ck_assert_float_eq(c[3], 2.0f);
    gemm.beta = 0.0;
    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_float_eq(c[3], 0.0f);
}
END_TEST

START_TEST(no_rows_or_columns_change_nothing)
{
    const float a[] = { 1, 1, 1, 1 };
    float c[] = { 1, 2 };
    const effnn__gemm no_rows = row_major(0, 2, 2, a, a, c),
                      no_columns = row_major(2, 0, 2, a, a, c);

    ck_assert_ok(table(_i)->gemm_f32(NULL, &no_rows));
    ck_assert_ok(table(_i)->gemm_f32(NULL, &no_columns));
    ck_assert_float_eq(c[0], 1.0f);
    ck_assert_float_eq(c[1], 2.0f);
}
END_TEST

START_TEST(alpha_zero_does_not_read_the_factors)
{
    const float a[] = { NAN }, b[] = { INFINITY };
    float c[] = { 3 };
    effnn__gemm gemm = row_major(1, 1, 1, a, b, c);

    gemm.alpha = 0.0;
    gemm.beta = 2.0;
    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_float_eq(c[0], 6.0f);
}
END_TEST

/* Stride 0 repeats a row; a negative one walks backwards. */
START_TEST(unusual_strides_mean_what_they_say)
{
    const float row[] = { 1, 2, 3 }, b[] = { 1, 2, 3, 4, 5, 6 };
    float c[4];
    effnn__gemm gemm = row_major(2, 2, 3, row, b + 5, c);

    gemm.a_row = 0;
    gemm.b_row = -2;
    gemm.b_col = -1;
    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_float_eq(c[0], 1 * 6 + 2 * 4 + 3 * 2);
    ck_assert_float_eq(c[1], 1 * 5 + 2 * 3 + 3 * 1);
    ck_assert_float_eq(c[2], c[0]);
    ck_assert_float_eq(c[3], c[1]);
}
END_TEST

/* A matrix whose antidiagonals are constant, as one array with two equal strides. */
START_TEST(equal_strides_mean_what_they_say)
{
    const float antidiagonals[] = { 1, 2, 3, 4 }, b[] = { 1, 0, 0, 1 };
    const float expected[] = { 1, 2, 2, 3, 3, 4 };
    float c[6];
    effnn__gemm gemm = row_major(3, 2, 2, antidiagonals, b, c);

    gemm.a_row = 1;
    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_mem_eq(c, expected, sizeof c);
}
END_TEST

LOOP_SUITE("gemm_ref", NULL, NULL, 2, product_worked_out_by_hand,
           no_terms_give_beta_times_the_result, no_rows_or_columns_change_nothing,
           alpha_zero_does_not_read_the_factors, unusual_strides_mean_what_they_say,
           equal_strides_mean_what_they_say)
