/* SPDX-License-Identifier: BSD-3-Clause */
/* Eigenvalues, singular values and solves: by their defining equations over sizes. */

#include "kernels/linalg.h"
#include "support/arrays.h"
#include "support/suite.h"

static const struct {
    size_t m, n;
} sizes[] = { { 1, 1 },   { 2, 2 },   { 5, 3 },   { 3, 5 },     { 1, 9 },     { 9, 1 },
              { 40, 40 }, { 64, 20 }, { 20, 64 }, { 150, 100 }, { 100, 230 }, { 7, 300 } };
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static double largest(const double *x, size_t n)
{
    double result = 0.0;

    for (size_t i = 0; i < n; i++) result = fmax(result, fabs(x[i]));
    return result;
}

/* Rows i and j of q [n, d], `row` and `col` apart, give 1 or 0. */
static void check_orthonormal(const double *q, size_t n, size_t d, size_t row, size_t col)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0.0;

            for (size_t p = 0; p < d; p++) sum += q[i * row + p * col] * q[j * row + p * col];
            assert_near_f64(sum, i == j ? 1.0 : 0.0, 8.0 * (double)(d + n) * DBL_EPSILON);
        }
    }
}

/* The largest component is positive, the first among equals. */
static void check_sign(const double *x, size_t n, size_t stride)
{
    double best = 0.0;

    for (size_t i = 0; i < n; i++)
        if (fabs(x[i * stride]) > fabs(best)) best = x[i * stride];
    ck_assert_double_gt(best, 0.0);
}

static void check_descending(const double *x, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (x[i] > x[i - 1]) ck_abort_msg("[%zu] is larger than the one before", i);
}

/* |a - u diag(s) vt| is small beside the largest |a|. */
static void check_svd(const double *a, size_t m, size_t n)
{
    const size_t k = m < n ? m : n;
    double *const u = random_f64(m * k, 1), *const s = random_f64(k, 2);
    double *const vt = random_f64(k * n, 3), *const values = random_f64(k, 4);
    const double size = largest(a, m * n), eps = 16.0 * (double)(m + n) * DBL_EPSILON;

    ck_assert_ok(effnn__svd_f64(u, s, vt, a, m, n));
    check_orthonormal(u, k, m, 1, k);
    check_orthonormal(vt, k, n, n, 1);
    check_descending(s, k);
    ck_assert_double_ge(s[k - 1], 0.0);
    for (size_t i = 0; i < k; i++) check_sign(u + i, m, k);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            double sum = 0.0;

            for (size_t p = 0; p < k; p++) sum += u[i * k + p] * s[p] * vt[p * n + j];
            assert_near_f64(sum, a[i * n + j], eps * (size + s[0]));
        }
    }
    ck_assert_ok(effnn__svd_f64(NULL, values, NULL, a, m, n));
    for (size_t i = 0; i < k; i++) assert_near_f64(values[i], s[i], eps * s[0]);
    free(u);
    free(s);
    free(vt);
    free(values);
}

START_TEST(singular_value_decomposition_gives_the_matrix_back)
{
    double *const a = random_f64(sizes[_i].m * sizes[_i].n, 10);
    double *const copy = copy_bytes(a, sizes[_i].m * sizes[_i].n * sizeof *a);

    check_svd(a, sizes[_i].m, sizes[_i].n);
    ck_assert_mem_eq(a, copy, sizes[_i].m * sizes[_i].n * sizeof *a);
    free(a);
    free(copy);
}
END_TEST

START_TEST(singular_value_decomposition_of_lost_rank)
{
    const size_t m = sizes[_i].m, n = sizes[_i].n;
    double *const row = random_f64(n, 11), *const a = random_f64(m * n, 12);

    for (size_t i = 0; i < m * n; i++) a[i] = row[i % n] * (double)(i / n % 3);
    check_svd(a, m, n);
    memset(a, 0, m * n * sizeof *a);
    check_svd(a, m, n);
    free(row);
    free(a);
}
END_TEST

/* a is symmetric of order n = m; its upper triangle is filled with NaN, which must not be read. */
START_TEST(eigenvectors_give_the_matrix_back)
{
    const size_t n = sizes[_i].m;
    double *const a = random_f64(n * n, 13), *const v = random_f64(n * n, 14);
    double *const w = random_f64(n, 15);

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) a[i * n + j] = NAN;
    ck_assert_ok(effnn__eigh_f64(w, v, a, n));
    check_orthonormal(v, n, n, n, 1);
    check_descending(w, n);
    for (size_t i = 0; i < n; i++) check_sign(v + i * n, n, 1);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0.0;

            for (size_t p = 0; p < n; p++) sum += w[p] * v[p * n + i] * v[p * n + j];
            assert_near_f64(sum, a[i * n + j],
                            16.0 * (double)n * DBL_EPSILON * (1.0 + largest(w, n)));
        }
    }
    free(a);
    free(v);
    free(w);
}
END_TEST

/* a = m mᵀ + 1. */
START_TEST(solution_satisfies_the_equations)
{
    const size_t n = sizes[_i].m, k = sizes[_i].n;
    double *const root = random_f64(n * n, 16), *const a = random_f64(n * n, 17);
    double *const b = random_f64(n * k, 18), *const x = random_f64(n * k, 19);

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j;

            for (size_t p = 0; p < n; p++) sum += root[i * n + p] * root[j * n + p];
            a[i * n + j] = sum;
            if (j < i) a[j * n + i] = NAN;
        }
    }
    ck_assert_ok(effnn__solve_spd_f64(x, a, b, n, k));
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < k; c++) {
            double sum = 0.0, magnitude = 1.0;

            for (size_t j = 0; j < n; j++) {
                const double term = a[j <= i ? i * n + j : j * n + i] * x[j * k + c];

                sum += term;
                magnitude += fabs(term);
            }
            assert_near_f64(sum, b[i * k + c], 16.0 * (double)n * DBL_EPSILON * magnitude);
        }
    }
    ck_assert_ok(effnn__solve_spd_f64(b, a, b, n, k)); /* in place */
    ck_assert_mem_eq(b, x, n * k * sizeof *x);
    free(root);
    free(a);
    free(b);
    free(x);
}
END_TEST

START_TEST(results_have_the_same_bits_when_repeated)
{
    const size_t m = sizes[_i].m, n = sizes[_i].n, k = m < n ? m : n;
    double *const a = random_f64(m * n, 20), *const u = random_f64(m * k, 21);
    double *const vt = random_f64(k * n, 22), *const s = random_f64(k, 23);
    double *const u2 = random_f64(m * k, 24), *const vt2 = random_f64(k * n, 25);

    ck_assert_ok(effnn__svd_f64(u, s, vt, a, m, n));
    for (int repeat = 0; repeat < 3; repeat++) {
        ck_assert_ok(effnn__svd_f64(u2, s, vt2, a, m, n));
        ck_assert_mem_eq(u, u2, m * k * sizeof *u);
        ck_assert_mem_eq(vt, vt2, k * n * sizeof *vt);
    }
    free(a);
    free(u);
    free(vt);
    free(s);
    free(u2);
    free(vt2);
}
END_TEST

LOOP_SUITE("linalg", NULL, NULL, N_SIZES, singular_value_decomposition_gives_the_matrix_back,
           singular_value_decomposition_of_lost_rank, eigenvectors_give_the_matrix_back,
           solution_satisfies_the_equations, results_have_the_same_bits_when_repeated)
