/* SPDX-License-Identifier: BSD-3-Clause */
/* Gram matrices against the reference, and their bits at several numbers of threads. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"

static const struct {
    size_t n, d;
} sizes[] = { { 1, 1 },     { 5, 1 },     { 1, 7 },    { 3, 2 }, { 300, 40 }, { 256, 193 },
              { 513, 192 }, { 257, 400 }, { 20, 600 }, { 0, 5 }, { 5, 0 } };
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static double *gram_of(const effnn__kernels *kernels, effnn_context *context, const float *x,
                       size_t n, size_t d, double scale)
{
    double *const gram = random_f64(d * d, 7);
    void *const scratch = malloc(kernels->gram_scratch(n, d) + 1);

    ck_assert_ok(kernels->gram_f32(context, gram, x, n, d, scale, scratch));
    free(scratch);
    return gram;
}

/* The upper triangle, which must not change, is in the comparison: both begin with the same
 * numbers. */
START_TEST(equals_the_reference)
{
    const size_t n = sizes[_i].n, d = sizes[_i].d;
    float *const x = random_f32(n * d, 1);
    effnn_context *const context = context_of(2);
    double *const gram = gram_of(effnn__kernels_get(), context, x, n, d, 0.75);
    double *const expected = gram_of(effnn__kernels_reference(), context, x, n, d, 0.75);

    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            const double bound = j > i ? 0.0 : 4.0 * (double)((n + 1) * (n + 1)) * DBL_EPSILON;

            assert_near_f64(gram[i * d + j], expected[i * d + j], bound);
        }
    }
    effnn_context_destroy(context);
    free(x);
    free(gram);
    free(expected);
}
END_TEST

START_TEST(bits_do_not_depend_on_the_threads)
{
    const size_t n = sizes[_i].n, d = sizes[_i].d;
    float *const x = random_f32(n * d, 1);
    double *first = NULL;

    for (size_t t = 0; t < N_THREAD_COUNTS; t++) {
        effnn_context *const context = context_of(thread_counts[t]);
        double *const gram = gram_of(effnn__kernels_get(), context, x, n, d, 1.0);

        if (first) {
            ck_assert_mem_eq(first, gram, d * d * sizeof *gram);
            free(gram);
        } else {
            first = gram;
        }
        effnn_context_destroy(context);
    }
    free(first);
    free(x);
}
END_TEST

START_TEST(matrix_worked_out_by_hand)
{
    const float x[] = { 1, 2, 3, 4 };
    const effnn__kernels *const tables[] = { effnn__kernels_reference(), effnn__kernels_get() };

    for (size_t i = 0; i < 2; i++) {
        double gram[] = { 1, 100, 0, 0 }, scratch[4];

        ck_assert_ok(tables[i]->gram_f32(NULL, gram, x, 2, 2, 0.5, scratch));
        ck_assert_double_eq(gram[0], 1 + 0.5 * (1 + 9));
        ck_assert_double_eq(gram[1], 100);
        ck_assert_double_eq(gram[2], 0.5 * (2 + 12));
        ck_assert_double_eq(gram[3], 0.5 * (4 + 16));
    }
}
END_TEST

LOOP_SUITE("gram_blis", NULL, NULL, N_SIZES, equals_the_reference,
           bits_do_not_depend_on_the_threads, matrix_worked_out_by_hand)
