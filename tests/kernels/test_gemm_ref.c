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

START_TEST(product_worked_out_by_hand)
{
    const float a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 1, -1, 0, 2, 3, 1 };
    const float expected[] = { 30, 14, 44, 28 };
    float c[] = { 10, 2, 0, 4 };
    const effnn__gemm gemm = { .m = 2,
                               .n = 2,
                               .k = 3,
                               .a = a,
                               .b = b,
                               .c = c,
                               .a_row = 3,
                               .a_col = 1,
                               .b_row = 2,
                               .b_col = 1,
                               .c_row = 2,
                               .c_col = 1,
                               .alpha = 2.0,
                               .beta = 1.0,
                               .n_batch = 1 };

    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_mem_eq(c, expected, sizeof c);
}
END_TEST

START_TEST(no_terms_give_beta_times_the_result)
{
    float c[] = { 1, 2, 3, 4 };
    effnn__gemm gemm = { .m = 2,
                         .n = 2,
                         .k = 0,
                         .a = c,
                         .b = c,
                         .c = c,
                         .a_row = 0,
                         .a_col = 1,
                         .b_row = 2,
                         .b_col = 1,
                         .c_row = 2,
                         .c_col = 1,
                         .alpha = 1.0,
                         .beta = 0.5,
                         .n_batch = 1 };

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
    float c[] = { 1, 2 };
    effnn__gemm gemm = { .m = 0,
                         .n = 2,
                         .k = 2,
                         .a = c,
                         .b = c,
                         .c = c,
                         .a_row = 2,
                         .a_col = 1,
                         .b_row = 2,
                         .b_col = 1,
                         .c_row = 2,
                         .c_col = 1,
                         .alpha = 1.0,
                         .n_batch = 1 };

    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    gemm.m = 1;
    gemm.n = 0;
    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_float_eq(c[0], 1.0f);
    ck_assert_float_eq(c[1], 2.0f);
}
END_TEST

START_TEST(alpha_zero_does_not_read_the_factors)
{
    const float a[] = { NAN }, b[] = { INFINITY };
    float c[] = { 3 };
    const effnn__gemm gemm = { .m = 1,
                               .n = 1,
                               .k = 1,
                               .a = a,
                               .b = b,
                               .c = c,
                               .a_row = 1,
                               .a_col = 1,
                               .b_row = 1,
                               .b_col = 1,
                               .c_row = 1,
                               .c_col = 1,
                               .beta = 2.0,
                               .n_batch = 1 };

    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_float_eq(c[0], 6.0f);
}
END_TEST

/* Stride 0 repeats a row; a negative one walks backwards. */
START_TEST(unusual_strides_mean_what_they_say)
{
    const float row[] = { 1, 2, 3 }, b[] = { 1, 2, 3, 4, 5, 6 };
    float c[4];
    const effnn__gemm gemm = { .m = 2,
                               .n = 2,
                               .k = 3,
                               .a = row,
                               .b = b + 5,
                               .c = c,
                               .a_row = 0,
                               .a_col = 1,
                               .b_row = -2,
                               .b_col = -1,
                               .c_row = 2,
                               .c_col = 1,
                               .alpha = 1.0,
                               .n_batch = 1 };

    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_float_eq(c[0], 1 * 6 + 2 * 4 + 3 * 2);
    ck_assert_float_eq(c[1], 1 * 5 + 2 * 3 + 3 * 1);
    ck_assert_float_eq(c[2], c[0]);
    ck_assert_float_eq(c[3], c[1]);
}
END_TEST

/* A matrix whose diagonals are constant, as one array with two equal strides. */
START_TEST(equal_strides_mean_what_they_say)
{
    const float diagonals[] = { 1, 2, 3, 4 }, b[] = { 1, 0, 0, 1 };
    float c[6];
    const effnn__gemm gemm = { .m = 3,
                               .n = 2,
                               .k = 2,
                               .a = diagonals,
                               .b = b,
                               .c = c,
                               .a_row = 1,
                               .a_col = 1,
                               .b_row = 2,
                               .b_col = 1,
                               .c_row = 2,
                               .c_col = 1,
                               .alpha = 1.0,
                               .n_batch = 1 };
    const float expected[] = { 1, 2, 2, 3, 3, 4 };

    ck_assert_ok(table(_i)->gemm_f32(NULL, &gemm));
    ck_assert_mem_eq(c, expected, sizeof c);
}
END_TEST

LOOP_SUITE("gemm_ref", NULL, NULL, 2, product_worked_out_by_hand,
           no_terms_give_beta_times_the_result, no_rows_or_columns_change_nothing,
           alpha_zero_does_not_read_the_factors, unusual_strides_mean_what_they_say,
           equal_strides_mean_what_they_say)
