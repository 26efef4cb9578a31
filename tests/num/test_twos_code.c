/* SPDX-License-Identifier: BSD-3-Clause */
/* Two's-complement codes at widths that no format of the table uses. */

#include "num/twos_code.h"
#include "support/suite.h"

#include <math.h>

START_TEST(every_width_saturates_at_its_own_ends)
{
    for (unsigned bits = 2; bits <= 32; bits++) {
        const double highest = ldexp(1, (int)bits - 1) - 1, lowest = -highest - 1;

        ck_assert(effnn__twos_decode(effnn__twos_encode(1e30, bits, 0), bits) == highest);
        ck_assert(effnn__twos_decode(effnn__twos_encode(-INFINITY, bits, 0), bits) == lowest);
        ck_assert(effnn__twos_decode(effnn__twos_encode(lowest, bits, 0), bits) == lowest);
        ck_assert(effnn__twos_decode(effnn__twos_encode(-1, bits, 0), bits) == -1);
    }
}
END_TEST

START_TEST(codes_have_no_bits_above_their_width)
{
    ck_assert_uint_eq(effnn__twos_encode(-1, 3, EFFNN_ROUND_NEAREST_EVEN), 7);
    ck_assert_uint_eq(effnn__twos_encode(-4, 3, EFFNN_ROUND_NEAREST_EVEN), 4);
    ck_assert_uint_eq(effnn__twos_encode(-0.0, 3, EFFNN_ROUND_NEAREST_EVEN), 0);
}
END_TEST

SUITE("twos_code", NULL, NULL, every_width_saturates_at_its_own_ends,
      codes_have_no_bits_above_their_width)
