/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/sample.h"

#include "support/alloc_fail.h"

#include <math.h>

static const float logits[] = { 0.0f, 2.0f, 1.0f, 2.0f, -1.0f };
enum { N = 5, DRAWS = 20000 };

/* Shares of the tokens in many draws. */
static void shares_of(double *shares, const effnn_sample_options *options)
{
    memset(shares, 0, N * sizeof *shares);
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        int64_t token = -1;

        ck_assert_ok(effnn__sample(&token, logits, N, options, draw));
        ck_assert(token >= 0 && token < N);
        shares[token] += 1.0 / DRAWS;
    }
}

START_TEST(temperature_0_takes_the_first_of_the_likeliest)
{
    const effnn_sample_options options = EFFNN_SAMPLE_OPTIONS_INIT;
    int64_t token = -1;

    ck_assert_ok(effnn__sample(&token, logits, N, &options, 0));
    ck_assert_int_eq(token, 1);
}
END_TEST

START_TEST(tokens_come_as_often_as_their_probability)
{
    static const double temperatures[] = { 0.5, 1.0, 3.0 };

    for (size_t t = 0; t < 3; t++) {
        const effnn_sample_options options = { 1, temperatures[t], 1.0, 42 };
        double shares[N], total = 0.0;

        for (size_t k = 0; k < N; k++) total += exp((double)logits[k] / temperatures[t]);
        shares_of(shares, &options);
        for (size_t k = 0; k < N; k++) {
            const double p = exp((double)logits[k] / temperatures[t]) / total;

            ck_assert_double_eq_tol(shares[k], p, 5.0 * sqrt(p * (1.0 - p) / DRAWS));
        }
    }
}
END_TEST

START_TEST(top_p_leaves_the_tail_out)
{
    /* At temperature 1 the probabilities are .388, .388, .143, .053, .019: two of them reach 0.7,
     * but not 0.8. */
    double shares[N];

    shares_of(shares, &(effnn_sample_options){ 1, 1.0, 0.7, 1 });
    ck_assert_double_eq_tol(shares[1], 0.5, 0.02);
    ck_assert_double_eq_tol(shares[3], 0.5, 0.02);
    ck_assert(shares[0] == 0.0 && shares[2] == 0.0 && shares[4] == 0.0);
    shares_of(shares, &(effnn_sample_options){ 1, 1.0, 0.8, 1 });
    ck_assert(shares[2] > 0.1 && shares[0] == 0.0 && shares[4] == 0.0);
    shares_of(shares, &(effnn_sample_options){ 1, 1.0, 1e-9, 1 });
    ck_assert(shares[0] + shares[2] + shares[3] + shares[4] == 0.0);
}
END_TEST

START_TEST(a_draw_depends_on_seed_and_number_alone)
{
    const effnn_sample_options a = { 1, 1.0, 1.0, 7 }, b = { 1, 1.0, 1.0, 8 };
    size_t n_same = 0;

    for (uint64_t draw = 0; draw < 200; draw++) {
        int64_t x = -1, y = -2, z = -3;

        ck_assert_ok(effnn__sample(&x, logits, N, &a, draw));
        ck_assert_ok(effnn__sample(&y, logits, N, &a, draw));
        ck_assert_ok(effnn__sample(&z, logits, N, &b, draw));
        ck_assert_int_eq(x, y);
        n_same += x == z;
    }
    ck_assert_uint_lt(n_same, 150);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    static const effnn_sample_options bad[] = {
        { 1, -1.0, 1.0, 0 }, { 1, (double)NAN, 1.0, 0 }, { 1, (double)INFINITY, 1.0, 0 },
        { 1, 1.0, 0.0, 0 },  { 1, 1.0, 1.5, 0 },         { 1, 1.0, (double)NAN, 0 },
        { 2, 1.0, 1.0, 0 }
    };
    const effnn_sample_options fine = { 1, 1.0, 1.0, 0 };
    const float nan_logits[] = { 0.0f, NAN }, infinite[] = { 0.0f, INFINITY };
    const float masked[] = { -INFINITY, 0.0f };
    int64_t token = -1;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_fails(EFFNN_E_ARG, effnn__sample(&token, logits, N, &bad[i], 0));
    ck_assert_fails_saying(EFFNN_E_NUMERIC, "token 1 is NaN",
                           effnn__sample(&token, nan_logits, 2, &fine, 0));
    ck_assert_fails(EFFNN_E_NUMERIC, effnn__sample(&token, infinite, 2, &fine, 0));
    ck_assert_int_eq(token, -1);
    for (uint64_t draw = 0; draw < 20; draw++) {
        ck_assert_ok(effnn__sample(&token, masked, 2, &fine, draw));
        ck_assert_int_eq(token, 1);
    }
}
END_TEST

static effnn_status sample_once(void)
{
    int64_t token;

    return effnn__sample(&token, logits, N, &(effnn_sample_options){ 1, 1.0, 1.0, 0 }, 0);
}

START_TEST(failing_allocations_are_errors)
{
    ALLOC_FAIL_LOOP(sample_once(), );
}
END_TEST

SUITE("sample", NULL, NULL, temperature_0_takes_the_first_of_the_likeliest,
      tokens_come_as_often_as_their_probability, top_p_leaves_the_tail_out,
      a_draw_depends_on_seed_and_number_alone, what_makes_no_sense_is_refused,
      failing_allocations_are_errors)
