/* SPDX-License-Identifier: BSD-3-Clause */
/* Decompositions of matrices worked out by hand, and what is refused and how. */

#include "kernels/linalg.h"
#include "support/alloc_fail.h"
#include "support/suite.h"

#include <math.h>

START_TEST(two_by_two_worked_out_by_hand)
{
    const double a[] = { 2, 0, 1, 2 }, diagonal[] = { 0, 3, -5, 0 }, b[] = { 4, 5 };
    const double half = sqrt(0.5);
    double w[2], v[4], u[4], s[2], vt[4], x[2];

    ck_assert_ok(effnn__eigh_f64(w, v, a, 2)); /* of { 2 1; 1 2 } */
    ck_assert_double_eq_tol(w[0], 3.0, 1e-15);
    ck_assert_double_eq_tol(w[1], 1.0, 1e-15);
    for (size_t i = 0; i < 4; i++) ck_assert_double_eq_tol(fabs(v[i]), half, 1e-15);
    ck_assert_double_lt(v[2] * v[3], 0.0);
    ck_assert_ok(effnn__svd_f64(u, s, vt, diagonal, 2, 2));
    ck_assert_double_eq(s[0], 5.0);
    ck_assert_double_eq(s[1], 3.0);
    ck_assert_double_eq(u[2], 1.0); /* u's columns are (0, 1) and (1, 0) */
    ck_assert_double_eq(u[1], 1.0);
    ck_assert_double_eq(vt[0], -1.0);
    ck_assert_double_eq(vt[3], 1.0);
    ck_assert_ok(effnn__solve_spd_f64(x, a, b, 2, 1));
    ck_assert_double_eq_tol(x[0], 1.0, 1e-15);
    ck_assert_double_eq_tol(x[1], 2.0, 1e-15);
}
END_TEST

START_TEST(not_a_number_is_refused_and_results_are_untouched)
{
    double a[] = { 1, 0, 0.5, 1 }, w[] = { 7, 7 }, v[] = { 7, 7, 7, 7 };
    const double before[] = { 7, 7, 7, 7 }, bad[] = { NAN, INFINITY };

    for (size_t i = 0; i < 2; i++) {
        a[2] = bad[i];
        ck_assert_fails_saying(EFFNN_E_NUMERIC, "(1, 0)", effnn__eigh_f64(w, v, a, 2));
        ck_assert_fails_saying(EFFNN_E_NUMERIC, "(1, 0)", effnn__svd_f64(v, w, v, a, 2, 2));
        ck_assert_fails_saying(EFFNN_E_NUMERIC, "(1, 0)", effnn__solve_spd_f64(v, a, w, 2, 1));
        a[2] = 0.5;
        ck_assert_fails_saying(EFFNN_E_NUMERIC, "(0, 0)",
                               effnn__solve_spd_f64(v, a, &bad[i], 1, 1));
    }
    ck_assert_mem_eq(w, before, sizeof w);
    ck_assert_mem_eq(v, before, sizeof v);
}
END_TEST

START_TEST(indefinite_system_is_refused)
{
    const double a[] = { 1, 0, 2, 1 }, b[] = { 1, 1 };
    double x[] = { 7, 7 };

    ck_assert_fails_saying(EFFNN_E_NUMERIC, "row 1 of 2", effnn__solve_spd_f64(x, a, b, 2, 1));
    ck_assert_double_eq(x[0], 7.0);
}
END_TEST

START_TEST(empty_problems_have_empty_answers)
{
    ck_assert_ok(effnn__eigh_f64(NULL, NULL, NULL, 0));
    ck_assert_ok(effnn__svd_f64(NULL, NULL, NULL, NULL, 0, 5));
    ck_assert_ok(effnn__svd_f64(NULL, NULL, NULL, NULL, 5, 0));
    ck_assert_ok(effnn__solve_spd_f64(NULL, NULL, NULL, 0, 3));
    ck_assert_ok(effnn__solve_spd_f64(NULL, NULL, NULL, 3, 0));
}
END_TEST

START_TEST(sizes_beyond_lapack_are_refused_before_anything_is_read)
{
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "50000", effnn__eigh_f64(NULL, NULL, NULL, 50000));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "50000",
                           effnn__svd_f64(NULL, NULL, NULL, NULL, 50000, 60000));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "3000000000",
                           effnn__svd_f64(NULL, NULL, NULL, NULL, 3000000000u, 1));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "50000",
                           effnn__solve_spd_f64(NULL, NULL, NULL, 50000, 1));
}
END_TEST

START_TEST(failing_allocations_leave_results_untouched)
{
    const double a[] = { 2, 0, 0, 1, 3, 0, 0, 1, 4 }, b[] = { 1, 2, 3 };
    double w[] = { 7, 7, 7 }, v[9] = { 7 }, vt[9] = { 7 }, x[] = { 7, 7, 7 };

    ALLOC_FAIL_LOOP(effnn__eigh_f64(w, v, a, 3), {
        ck_assert_double_eq(w[0], 7);
        ck_assert_double_eq(v[0], 7);
    });
    w[0] = v[0] = 7;
    ALLOC_FAIL_LOOP(effnn__svd_f64(v, w, vt, a, 3, 3), {
        ck_assert_double_eq(w[0], 7);
        ck_assert_double_eq(v[0], 7);
        ck_assert_double_eq(vt[0], 7);
    });
    ALLOC_FAIL_LOOP(effnn__solve_spd_f64(x, a, b, 3, 1), ck_assert_double_eq(x[0], 7));
}
END_TEST

SUITE("linalg_lapack", NULL, NULL, two_by_two_worked_out_by_hand,
      not_a_number_is_refused_and_results_are_untouched, indefinite_system_is_refused,
      empty_problems_have_empty_answers, sizes_beyond_lapack_are_refused_before_anything_is_read,
      failing_allocations_leave_results_untouched)
