/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_ARRAYS_H
#define EFFNN_TESTS_ARRAYS_H

/* Plain arrays for tests of kernels: seeded numbers, contexts by number of threads, comparison by
 * bits and within the rounding bound of a sum of products. */

#include <check.h>
#include <effnn/base.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of threads at which results must have the same bits. */
static const uint32_t thread_counts[] = { 1, 2, 3, 8 };
enum { N_THREAD_COUNTS = sizeof thread_counts / sizeof thread_counts[0] };

static inline effnn_context *context_of(uint32_t threads)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *context = NULL;

    options.threads = threads;
    ck_assert_int_eq(effnn_context_create(&context, &options), EFFNN_OK);
    return context;
}

/* Uniform in [-1, 1), by a 64-bit linear congruential generator. */
static inline double next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)*state / 9223372036854775808.0;
}

static inline float *random_f32(size_t n, uint64_t seed)
{
    float *const x = malloc((n ? n : 1) * sizeof *x);
    uint64_t state = seed;

    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++) x[i] = (float)next_random(&state);
    return x;
}

static inline double *random_f64(size_t n, uint64_t seed)
{
    double *const x = malloc((n ? n : 1) * sizeof *x);
    uint64_t state = seed;

    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++) x[i] = next_random(&state);
    return x;
}

static inline void *copy_bytes(const void *x, size_t size)
{
    void *const copy = malloc(size ? size : 1);

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, x, size);
    return copy;
}

/* Each element within `ulps` units in the last place of the expected one; equal infinities, two
 * NaNs and differences up to 2^-142 (subnormal results have few bits) pass. */
static inline void assert_within_ulps(const float *actual, const float *expected, size_t n,
                                      double ulps)
{
    for (size_t i = 0; i < n; i++) {
        const double a = actual[i], e = expected[i];
        const double ulp = fmax(fabs(e), FLT_MIN) * FLT_EPSILON;

        if (a == e || (isnan(a) && isnan(e)) || fabs(a - e) <= 0x1p-142) continue;
        if (!(fabs(a - e) <= ulps * ulp))
            ck_abort_msg("[%zu] is %.9g, expected %.9g: %.1f ulps", i, a, e, fabs(a - e) / ulp);
    }
}

/* Each element within 4 n eps of the sum of magnitudes that it was added up from. */
static inline void assert_within_sums(const float *actual, const float *expected,
                                      const float *magnitudes, size_t n, size_t n_terms)
{
    for (size_t i = 0; i < n; i++) {
        const double bound = 4.0 * (double)(n_terms + 1) * FLT_EPSILON * (double)magnitudes[i];

        if (!(fabs((double)actual[i] - (double)expected[i]) <= bound))
            ck_abort_msg("[%zu] is %.9g, expected %.9g within %.3g", i, (double)actual[i],
                         (double)expected[i], bound);
    }
}

/* Each element within `tolerance` of the expected one. */
static inline void assert_near_f32(const float *actual, const float *expected, size_t n,
                                   double tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)actual[i] - (double)expected[i]) <= tolerance))
            ck_abort_msg("[%zu] is %.9g, expected %.9g within %.3g", i, (double)actual[i],
                         (double)expected[i], tolerance);
}

static inline void assert_near_f64(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance))
        ck_abort_msg("%.17g, expected %.17g within %.3g", actual, expected, tolerance);
}
#endif
