/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers: Philox's published vectors, normals against mpmath. */

#include "base/rng.h"

#include "support/suite.h"

#include <math.h>

static const effnn__rng rng = { 7, 3 };

START_TEST(philox_gives_the_published_vectors)
{
    /* Random123's kat_vectors, philox 4x32 of 10 rounds. */
    static const uint32_t cases[][10] = {
        { 0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 },
        { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d,
          0x41c83b0e, 0xa20bc7c6, 0x6d5451fd },
        { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
          0x94fdcceb, 0x5001e420, 0x24126ea1 },
    };

    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];

        effnn__rng_block(out, cases[i], cases[i] + 4);
        ck_assert(memcmp(out, cases[i] + 6, sizeof out) == 0);
    }
}
END_TEST

START_TEST(normals_are_the_inverse_of_the_distribution)
{
    static const double cases[][2] = {
#include "golden/base/inverse_normal.inc"
    };

    /* AS 241 promises about one part in 1e16; near 1 the tail 1 - p has no more than the bits of
     * p, but what is left is exact. */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double x = effnn__rng_inverse_normal(cases[i][0]);

        ck_assert_msg(fabs(x - cases[i][1]) <= 2e-15 * fabs(cases[i][1]),
                      "p = %a: %.17g, not %.17g", cases[i][0], x, cases[i][1]);
    }
}
END_TEST

START_TEST(moments_are_those_of_the_distributions)
{
    const size_t n = 100000;
    double mean = 0, square = 0, uniform = 0;

    for (size_t i = 0; i < n; i++) {
        const double x = effnn__rng_normal(&rng, i), u = effnn__rng_uniform(&rng, i);

        ck_assert(u >= 0.0 && u < 1.0);
        mean += x / (double)n;
        square += x * x / (double)n;
        uniform += u / (double)n;
    }
    /* Five standard errors of each. */
    ck_assert_double_le(fabs(mean), 5 / sqrt((double)n));
    ck_assert_double_le(fabs(square - 1), 5 * sqrt(2.0 / (double)n));
    ck_assert_double_le(fabs(uniform - 0.5), 5 * sqrt(1.0 / 12 / (double)n));
}
END_TEST

START_TEST(a_value_depends_on_seed_stream_and_index)
{
    const effnn__rng seed = { 8, 3 }, stream = { 7, 4 };

    ck_assert_uint_eq(effnn__rng_u64(&rng, 5), effnn__rng_u64(&rng, 5));
    ck_assert_uint_ne(effnn__rng_u64(&rng, 5), effnn__rng_u64(&rng, 6));
    ck_assert_uint_ne(effnn__rng_u64(&rng, 5), effnn__rng_u64(&seed, 5));
    ck_assert_uint_ne(effnn__rng_u64(&rng, 5), effnn__rng_u64(&stream, 5));
    ck_assert_uint_ne(effnn__rng_stream("a", 1), effnn__rng_stream("a", 2));
    ck_assert_uint_ne(effnn__rng_stream("a", 1), effnn__rng_stream("b", 1));
}
END_TEST

START_TEST(bounded_numbers_are_below_and_spread_evenly)
{
    size_t counts[7] = { 0 };

    for (size_t i = 0; i < 70000; i++) counts[effnn__rng_below(&rng, i, 7)]++;
    for (int k = 0; k < 7; k++) ck_assert(counts[k] > 9500 && counts[k] < 10500);
    ck_assert_uint_eq(effnn__rng_below(&rng, 0, 1), 0);
    for (size_t i = 0; i < 100; i++) /* where every other draw is tried again */
        ck_assert_uint_le(effnn__rng_below(&rng, i, (UINT64_C(1) << 63) + 1), UINT64_C(1) << 63);
}
END_TEST

START_TEST(a_permutation_has_every_number_once)
{
    size_t order[1000], seen[1000] = { 0 }, fixed = 0;

    effnn__rng_permutation(&rng, order, 1000);
    for (size_t i = 0; i < 1000; i++) {
        ck_assert_uint_lt(order[i], 1000);
        seen[order[i]]++;
        fixed += order[i] == i;
    }
    for (size_t i = 0; i < 1000; i++) ck_assert_uint_eq(seen[i], 1);
    ck_assert_uint_lt(fixed, 10);
}
END_TEST

SUITE("rng", NULL, NULL, philox_gives_the_published_vectors,
      normals_are_the_inverse_of_the_distribution, moments_are_those_of_the_distributions,
      a_value_depends_on_seed_stream_and_index, bounded_numbers_are_below_and_spread_evenly,
      a_permutation_has_every_number_once)
