/* SPDX-License-Identifier: BSD-3-Clause */
/* Products of a vector with rows: against the reference, for any length and distance of rows. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"

enum { ROWS = 5 };

static const size_t lengths[] = { 0, 1, 7, 8, 15, 16, 17, 31, 64, 100, 257 };
enum { N_LENGTHS = sizeof lengths / sizeof lengths[0] };

START_TEST(equals_the_reference)
{
    const size_t d = lengths[_i], stride = d + 3;
    float *const x = random_f32(d, 1), *const rows = random_f32(ROWS * stride, 2);
    float y[ROWS], expected[ROWS];

    effnn__kernels_get()->dots_f32(y, x, rows, stride, ROWS, d, 0.5f);
    effnn__kernels_reference()->dots_f32(expected, x, rows, stride, ROWS, d, 0.5f);
    assert_near_f32(y, expected, ROWS, /* every term is below 1 */
                    4.0 * (double)(d * (d + 1)) * FLT_EPSILON);
    free(x);
    free(rows);
}
END_TEST

START_TEST(has_the_same_bits_for_each_instruction_set)
{
    const size_t d = lengths[_i], stride = d + 3;
    float *const x = random_f32(d, 1), *const rows = random_f32(ROWS * stride, 2);
    float y[ROWS], expected[ROWS];

    effnn__kernels_at(0)->dots_f32(expected, x, rows, stride, ROWS, d, 0.5f);
    for (size_t k = 1; effnn__kernels_at(k); k++) {
        effnn__kernels_at(k)->dots_f32(y, x, rows, stride, ROWS, d, 0.5f);
        ck_assert_mem_eq(y, expected, sizeof y);
    }
    free(x);
    free(rows);
}
END_TEST

LOOP_SUITE("dots", NULL, NULL, N_LENGTHS, equals_the_reference,
           has_the_same_bits_for_each_instruction_set)
