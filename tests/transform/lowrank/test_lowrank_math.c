/* SPDX-License-Identifier: BSD-3-Clause */
/* The equations of stage 1 against numpy (tests/golden/make/make_lowrank.py), which takes the
 * paper's way by a pseudo-inverse and measures the errors. */

#include "transform/lowrank/lowrank_math.h"

#include "support/tensor_assert.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static const char *const sites[] = { "wide_input", "wide_output" };

enum { MAX = 24 };

/* One golden site. */
typedef struct golden {
    effnn_tensor *x, *w, *w_hat, *lambda, *ranks, *error;
    size_t samples, rows, in, out, k;
} golden;

static effnn_tensor *part(int i, const char *name)
{
    char path[64];

    snprintf(path, sizeof path, "lowrank/%s_%s.npy", sites[i], name);
    return test_tensor_golden(path);
}

static const double *numbers(const effnn_tensor *tensor)
{
    ck_assert_int_eq(effnn_tensor_dtype(tensor), EFFNN_F64);
    return effnn_tensor_data(tensor);
}

static golden open_golden(int i)
{
    golden g = { .x = part(i, "x"),
                 .w = part(i, "w"),
                 .w_hat = part(i, "w_hat"),
                 .lambda = part(i, "lambda"),
                 .ranks = part(i, "ranks"),
                 .error = part(i, "error") };

    g.samples = (size_t)effnn_tensor_dims(g.x)[0];
    g.rows = (size_t)effnn_tensor_dims(g.x)[1];
    g.in = (size_t)effnn_tensor_dims(g.w)[0];
    g.out = (size_t)effnn_tensor_dims(g.w)[1];
    g.k = g.in < g.out ? g.in : g.out;
    return g;
}

static void close_golden(golden *g)
{
    effnn_tensor *all[] = { g->x, g->w, g->w_hat, g->lambda, g->ranks, g->error };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) effnn_tensor_release(all[i]);
}

/* y [m, n] = a [m, k] · b [k, n], by the definition. */
static void product(double *y, const double *a, const double *b, size_t m, size_t k, size_t n)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            y[i * n + j] = 0.0;
            for (size_t l = 0; l < k; l++) y[i * n + j] += a[i * k + l] * b[l * n + j];
        }
}

/* Mean over samples of rowsᵀrows / ‖X_i W‖², of the outputs or the inputs: [d, d]. */
static void normalised_gram(double *gram, const golden *g, bool of_input)
{
    const size_t d = of_input ? g->in : g->out;
    double z[16 * MAX];

    memset(gram, 0, d * d * sizeof *gram);
    for (size_t s = 0; s < g->samples; s++) {
        const double *x = numbers(g->x) + s * g->rows * g->in, *rows = of_input ? x : z;
        double norm = 0.0;

        product(z, x, numbers(g->w), g->rows, g->in, g->out);
        for (size_t i = 0; i < g->rows * g->out; i++) norm += z[i] * z[i];
        for (size_t r = 0; r < g->rows; r++)
            for (size_t i = 0; i < d; i++)
                for (size_t j = 0; j < d; j++)
                    gram[i * d + j] +=
                        rows[r * d + i] * rows[r * d + j] / norm / (double)g->samples;
    }
}

/* The basis by the route that the site's smaller side calls for, or by the other. */
static void basis(double *lambda, double *v, const golden *g, bool of_input)
{
    double gram[MAX * MAX];

    normalised_gram(gram, g, of_input);
    if (of_input)
        ck_assert_ok(effnn__lowrank_basis_of_input_gram(NULL, lambda, v, gram, numbers(g->w), g->in,
                                                        g->out));
    else
        ck_assert_ok(effnn__lowrank_basis_of_output_gram(lambda, v, gram, g->out));
}

static void assert_near(const double *actual, const double *expected, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs(actual[i] - expected[i]) <= tolerance, "[%zu] is %.15g, expected %.15g",
                      i, actual[i], expected[i]);
}

/* Each site by each route: _i = 2 · site + route. */
START_TEST(eigenvalues_are_the_squared_singular_values_of_the_normalised_outputs)
{
    golden g = open_golden(_i / 2);
    double lambda[MAX] = { 0 }, v[MAX * MAX], sum = 0.0;

    basis(lambda, v, &g, _i % 2);
    assert_near(lambda, numbers(g.lambda), g.k, 1e-13);
    for (size_t i = 0; i < g.k; i++) sum += lambda[i];
    ck_assert_double_eq_tol(sum, 1.0, 1e-13); /* every sample weighs the same */
    close_golden(&g);
}
END_TEST

START_TEST(factors_are_the_paper_s_with_its_pseudo_inverse)
{
    golden g = open_golden(_i / 2);
    double lambda[MAX], v[MAX * MAX], u[MAX * MAX], w_hat[MAX * MAX];

    basis(lambda, v, &g, _i % 2);
    for (size_t i = 0; i < effnn_tensor_count(g.ranks); i++) {
        const size_t r = (size_t)((const int64_t *)effnn_tensor_data(g.ranks))[i];

        ck_assert_ok(effnn__lowrank_project(NULL, u, numbers(g.w), v, g.in, g.out, r));
        product(w_hat, u, v, g.in, r, g.out);
        assert_near(w_hat, numbers(g.w_hat) + i * g.in * g.out, g.in * g.out, 1e-10);
    }
    close_golden(&g);
}
END_TEST

START_TEST(tails_are_the_measured_errors)
{
    golden g = open_golden(_i / 2);
    double lambda[MAX], v[MAX * MAX], tails[MAX + 1];

    basis(lambda, v, &g, _i % 2);
    effnn__lowrank_tails(tails, lambda, g.k);
    for (size_t i = 0; i < effnn_tensor_count(g.ranks); i++)
        ck_assert_double_eq_tol(tails[((const int64_t *)effnn_tensor_data(g.ranks))[i]],
                                numbers(g.error)[i], 1e-12);
    close_golden(&g);
}
END_TEST

START_TEST(a_basis_is_orthonormal)
{
    golden g = open_golden(_i / 2);
    double lambda[MAX], v[MAX * MAX];

    basis(lambda, v, &g, _i % 2);
    for (size_t i = 0; i < g.k; i++)
        for (size_t j = 0; j < g.k; j++) {
            double dot = 0.0;

            for (size_t l = 0; l < g.out; l++) dot += v[i * g.out + l] * v[j * g.out + l];
            ck_assert_double_eq_tol(dot, i == j ? 1.0 : 0.0, 1e-13);
        }
    close_golden(&g);
}
END_TEST

START_TEST(a_basis_of_few_samples_is_orthonormal_too)
{
    golden g = open_golden(_i / 2);
    double lambda[MAX], v[MAX * MAX], gram[MAX * MAX] = { 0 };
    const size_t d = _i % 2 ? g.in : g.out;

    /* Rank 1: all but one eigenvalue are 0. */
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) gram[i * d + j] = (double)(i + 1) * (double)(j + 1);
    if (_i % 2)
        ck_assert_ok(
            effnn__lowrank_basis_of_input_gram(NULL, lambda, v, gram, numbers(g.w), g.in, g.out));
    else
        ck_assert_ok(effnn__lowrank_basis_of_output_gram(lambda, v, gram, g.out));
    for (size_t i = 1; i < g.k; i++) {
        double dot = 0.0;

        ck_assert(lambda[i] >= 0.0 && lambda[i] <= 1e-12 * lambda[0]);
        for (size_t l = 0; l < g.out; l++) dot += v[i * g.out + l] * v[l];
        ck_assert_double_eq_tol(dot, 0.0, 1e-12);
    }
    close_golden(&g);
}
END_TEST

START_TEST(plain_svd_has_the_singular_values_of_the_weight)
{
    golden g = open_golden(_i / 2);
    effnn_tensor *expected = part(_i / 2, "weight_singular");
    double lambda[MAX], v[MAX * MAX];

    ck_assert_ok(effnn__lowrank_basis_of_weight(lambda, v, numbers(g.w), g.in, g.out));
    for (size_t i = 0; i < g.k; i++)
        ck_assert_double_eq_tol(sqrt(lambda[i]), numbers(expected)[i], 1e-12);
    effnn_tensor_release(expected);
    close_golden(&g);
}
END_TEST

START_TEST(tails_by_hand)
{
    double tails[4];

    effnn__lowrank_tails(tails, (const double[]){ 4.0, 3.0, 1.0 }, 3);
    assert_near(tails, (const double[]){ 1.0, 0.5, 0.125, 0.0 }, 4, 0.0);
    effnn__lowrank_tails(tails, (const double[]){ 0.0, 0.0, 0.0 }, 3);
    assert_near(tails, (const double[]){ 0.0, 0.0, 0.0, 0.0 }, 4, 0.0);
}
END_TEST

START_TEST(paying_ranks_by_hand)
{
    /* 768 × 768: 384 would only equal the weight. */
    ck_assert_uint_eq(effnn__lowrank_paying_rank(768, 768), 383);
    ck_assert_uint_eq(effnn__lowrank_paying_rank(768, 2304), 575);
    ck_assert_uint_eq(effnn__lowrank_paying_rank(768, 3072), 614);
    ck_assert_uint_eq(effnn__lowrank_paying_rank(1, 100), 0);
    ck_assert_uint_eq(effnn__lowrank_paying_rank(0, 5), 0);
}
END_TEST

START_TEST(what_is_not_finite_is_refused)
{
    double gram[4] = { 1.0, 0.0, NAN, 1.0 }, lambda[2], v[4];

    ck_assert_fails(EFFNN_E_NUMERIC, effnn__lowrank_basis_of_output_gram(lambda, v, gram, 2));
    ck_assert_fails(EFFNN_E_NUMERIC, effnn__lowrank_basis_of_weight(lambda, v, gram, 2, 2));
    ck_assert_fails(EFFNN_E_NUMERIC,
                    effnn__lowrank_basis_of_input_gram(NULL, lambda, v, gram, gram, 2, 2));
}
END_TEST

LOOP_SUITE("lowrank_math", NULL, NULL, 4,
           eigenvalues_are_the_squared_singular_values_of_the_normalised_outputs,
           factors_are_the_paper_s_with_its_pseudo_inverse, tails_are_the_measured_errors,
           a_basis_is_orthonormal, a_basis_of_few_samples_is_orthonormal_too,
           plain_svd_has_the_singular_values_of_the_weight, tails_by_hand, paying_ranks_by_hand,
           what_is_not_finite_is_refused)
