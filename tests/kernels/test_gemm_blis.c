/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix products: the chosen kernels against the reference over shapes, storage orders and
 * batches; the reference against products worked out by hand; the same bits at any number of
 * threads. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"

enum { A_BY_COLUMNS = 1, B_BY_COLUMNS = 2, C_BY_COLUMNS = 4 };

/* `gap` elements lie unused after each row (or column) of every matrix. */
static const struct {
    size_t m, n, k, gap, n_batch;
    unsigned storage;
    double alpha, beta;
} cases[] = {
    { 1, 1, 1, 0, 1, 0, 1.0, 0.0 },
    { 1, 1, 300, 0, 1, B_BY_COLUMNS, 1.0, 1.0 },
    { 2, 3, 4, 0, 1, 0, 1.0, 0.0 },
    { 3, 2, 1, 1, 1, A_BY_COLUMNS, -1.5, 0.5 },
    { 1, 1000, 512, 0, 1, B_BY_COLUMNS, 1.0, 0.0 },
    { 1, 3073, 77, 0, 1, 0, 1.0, 1.0 },
    { 1, 130, 768, 5, 3, 0, 2.0, 0.0 },
    { 1000, 1, 333, 0, 1, 0, 1.0, 0.0 },
    { 515, 1, 64, 3, 2, A_BY_COLUMNS | C_BY_COLUMNS, 1.0, -0.25 },
    { 7, 5, 3, 0, 40, 0, 1.0, 0.0 },
    { 17, 33, 65, 0, 1, A_BY_COLUMNS | B_BY_COLUMNS, 1.0, 0.0 },
    { 12, 3072, 100, 0, 1, B_BY_COLUMNS, 1.0, 1.0 },
    { 16, 600, 700, 0, 1, 0, 1.0, 0.0 },
    { 600, 47, 129, 2, 1, C_BY_COLUMNS, 1.0, 0.0 },
    { 64, 64, 64, 0, 12, 0, 0.125, 0.0 },
    { 49, 49, 32, 0, 6, B_BY_COLUMNS, 0.17677669529663687, 0.0 },
    { 197, 64, 197, 0, 3, 0, 1.0, 0.0 },
    { 197, 197, 64, 0, 3, B_BY_COLUMNS, 0.125, 0.0 },
    { 100, 100, 100, 7, 1, A_BY_COLUMNS | B_BY_COLUMNS | C_BY_COLUMNS, 1.0, 0.5 },
    { 193, 385, 137, 0, 1, 0, 1.0, 0.0 },
    { 385, 193, 260, 0, 1, B_BY_COLUMNS, 1.0, 1.0 },
    { 97, 97, 700, 3, 1, A_BY_COLUMNS, 0.3, 0.7 },
    { 289, 291, 129, 0, 1, A_BY_COLUMNS | C_BY_COLUMNS, 1.0, 0.3 },
    { 291, 487, 270, 1, 1, B_BY_COLUMNS, -1.0, 0.3 },
    { 197, 768, 64, 0, 1, B_BY_COLUMNS, 1.0, 0.0 },
    { 50, 1537, 40, 0, 2, B_BY_COLUMNS, 1.0, 1.0 },
    { 64, 1700, 160, 0, 1, 0, 1.0, 1.0 },
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

/* One case with its arrays; `n_c` elements in each of the results. */
typedef struct problem {
    effnn__gemm gemm;
    size_t n_a, n_b, n_c;
    size_t a_offset[40], b_offset[40], c_offset[40];
} problem;

static size_t lay_out(bool by_columns, size_t rows, size_t cols, size_t gap, int64_t *row,
                      int64_t *col)
{
    *row = by_columns ? 1 : (int64_t)(cols + gap);
    *col = by_columns ? (int64_t)(rows + gap) : 1;
    return (by_columns ? cols : rows) * (size_t)(by_columns ? *col : *row);
}

/* The entries of a batch share B, and lie in C in the opposite order. */
static void pose(problem *p, int i)
{
    effnn__gemm *const g = &p->gemm;

    *g = (effnn__gemm){ .m = cases[i].m,
                        .n = cases[i].n,
                        .k = cases[i].k,
                        .alpha = cases[i].alpha,
                        .beta = cases[i].beta,
                        .n_batch = cases[i].n_batch,
                        .a_offset = p->a_offset,
                        .b_offset = p->b_offset,
                        .c_offset = p->c_offset };
    p->n_a =
        lay_out(cases[i].storage & A_BY_COLUMNS, g->m, g->k, cases[i].gap, &g->a_row, &g->a_col);
    p->n_b =
        lay_out(cases[i].storage & B_BY_COLUMNS, g->k, g->n, cases[i].gap, &g->b_row, &g->b_col);
    p->n_c =
        lay_out(cases[i].storage & C_BY_COLUMNS, g->m, g->n, cases[i].gap, &g->c_row, &g->c_col);
    for (size_t e = 0; e < g->n_batch; e++) {
        p->a_offset[e] = e * p->n_a;
        p->b_offset[e] = 0;
        p->c_offset[e] = (g->n_batch - 1 - e) * p->n_c;
    }
    p->n_a *= g->n_batch;
    p->n_c *= g->n_batch;
    if (g->n_batch == 1) g->a_offset = g->b_offset = g->c_offset = NULL;
}

static void absolute_f32(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = fabsf(x[i]);
}

START_TEST(float_product_equals_the_reference)
{
    problem p;
    pose(&p, _i);
    float *const a = random_f32(p.n_a, 1), *const b = random_f32(p.n_b, 2);
    float *const c = random_f32(p.n_c, 3), *const expected = copy_bytes(c, p.n_c * sizeof *c);
    float *const sums = copy_bytes(c, p.n_c * sizeof *c);
    effnn_context *const context = context_of(2);

    p.gemm.a = a;
    p.gemm.b = b;
    p.gemm.c = c;
    ck_assert_ok(effnn__kernels_get()->gemm_f32(context, &p.gemm));
    p.gemm.c = expected;
    ck_assert_ok(effnn__kernels_reference()->gemm_f32(context, &p.gemm));
    absolute_f32(a, p.n_a);
    absolute_f32(b, p.n_b);
    absolute_f32(sums, p.n_c); /* between the rows these stay positive: C must not change there */
    p.gemm.c = sums;
    p.gemm.alpha = fabs(p.gemm.alpha);
    p.gemm.beta = fabs(p.gemm.beta);
    ck_assert_ok(effnn__kernels_reference()->gemm_f32(context, &p.gemm));
    assert_within_sums(c, expected, sums, p.n_c, p.gemm.k);
    effnn_context_destroy(context);
    free(a);
    free(b);
    free(c);
    free(expected);
    free(sums);
}
END_TEST

START_TEST(double_product_equals_the_reference)
{
    problem p;
    pose(&p, _i);
    double *const a = random_f64(p.n_a, 4), *const b = random_f64(p.n_b, 5);
    double *const c = random_f64(p.n_c, 6), *const expected = copy_bytes(c, p.n_c * sizeof *c);
    effnn_context *const context = context_of(2);

    p.gemm.a = a;
    p.gemm.b = b;
    p.gemm.c = c;
    ck_assert_ok(effnn__kernels_get()->gemm_f64(context, &p.gemm));
    p.gemm.c = expected;
    ck_assert_ok(effnn__kernels_reference()->gemm_f64(context, &p.gemm));
    for (size_t i = 0; i < p.n_c; i++) /* every |a·b| is below 1, alpha and beta below 2 */
        assert_near_f64(c[i], expected[i],
                        4.0 * (double)p.gemm.k * DBL_EPSILON * 2.0 * (double)p.gemm.k);
    effnn_context_destroy(context);
    free(a);
    free(b);
    free(c);
    free(expected);
}
END_TEST

static void check_bits(int i, size_t elem,
                       effnn_status (*run)(effnn_context *context, const effnn__gemm *gemm),
                       void *(*make)(size_t n, uint64_t seed))
{
    problem p;
    void *first = NULL;

    pose(&p, i);
    void *const a = make(p.n_a, 7), *const b = make(p.n_b, 8), *const c = make(p.n_c, 9);
    for (size_t t = 0; t < N_THREAD_COUNTS; t++) {
        effnn_context *const context = context_of(thread_counts[t]);
        void *const result = copy_bytes(c, p.n_c * elem);

        p.gemm.a = a;
        p.gemm.b = b;
        p.gemm.c = result;
        ck_assert_ok(run(context, &p.gemm));
        if (first) {
            ck_assert_msg(memcmp(first, result, p.n_c * elem) == 0, "%u threads: other bits than 1",
                          thread_counts[t]);
            free(result);
        } else {
            first = result;
        }
        effnn_context_destroy(context);
    }
    free(a);
    free(b);
    free(c);
    free(first);
}

static void *make_f32(size_t n, uint64_t seed)
{
    return random_f32(n, seed);
}

static void *make_f64(size_t n, uint64_t seed)
{
    return random_f64(n, seed);
}

START_TEST(float_product_has_the_same_bits_at_any_number_of_threads)
{
    check_bits(_i, sizeof(float), effnn__kernels_get()->gemm_f32, make_f32);
}
END_TEST

START_TEST(double_product_has_the_same_bits_at_any_number_of_threads)
{
    check_bits(_i, sizeof(double), effnn__kernels_get()->gemm_f64, make_f64);
}
END_TEST

START_TEST(beta_zero_does_not_read_the_result)
{
    problem p;
    pose(&p, _i);
    float *const a = random_f32(p.n_a, 1), *const b = random_f32(p.n_b, 2);
    float *const c = random_f32(p.n_c, 3);

    p.gemm.a = a;
    p.gemm.b = b;
    p.gemm.c = c;
    p.gemm.beta = 0.0;
    for (size_t i = 0; i < p.n_c; i++) c[i] = NAN;
    ck_assert_ok(effnn__kernels_get()->gemm_f32(NULL, &p.gemm));
    for (size_t e = 0; e < p.gemm.n_batch; e++)
        for (size_t i = 0; i < p.gemm.m; i++)
            for (size_t j = 0; j < p.gemm.n; j++)
                if (!isfinite(c[(p.gemm.c_offset ? p.gemm.c_offset[e] : 0) +
                                i * (size_t)p.gemm.c_row + j * (size_t)p.gemm.c_col]))
                    ck_abort_msg("(%zu, %zu) of entry %zu was read", i, j, e);
    free(a);
    free(b);
    free(c);
}
END_TEST

LOOP_SUITE("gemm_blis", NULL, NULL, N_CASES, float_product_equals_the_reference,
           double_product_equals_the_reference,
           float_product_has_the_same_bits_at_any_number_of_threads,
           double_product_has_the_same_bits_at_any_number_of_threads,
           beta_zero_does_not_read_the_result)
