/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE-like codes against the machine's own binary32, the widest layout they cover. */

#include "num/float_code.h"
#include "support/suite.h"

#include <math.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Every exponent, subnormals of binary32 and overflow, with mantissas that hit ties. */
START_TEST(binary32_codes_equal_the_machines)
{
    static const double significands[] = { 1,
                                           0x1.000001p0,
                                           0x1.000003p0,
                                           0x1.fffffep0,
                                           0x1.ffffffp0,
                                           0x1.234567p0,
                                           0x1.2345678p0,
                                           0x1.000001000001p0,
                                           0x1.000000ffffffp0 };

    for (int exponent = -160; exponent < 135; exponent++)
        for (size_t i = 0; i < sizeof significands / sizeof significands[0]; i++)
            for (int sign = -1; sign <= 1; sign += 2) {
                const double value = sign * ldexp(significands[i], exponent);

                ck_assert_uint_eq(effnn__float_encode(value, 8, 23, EFFNN_ROUND_NEAREST_EVEN),
                                  bits_of((float)value));
            }
}
END_TEST

START_TEST(decoding_binary32_gives_the_machines_value)
{
    for (uint64_t code = 0; code < (uint64_t)1 << 32; code += 65521) {
        const uint32_t bits = (uint32_t)code;
        float value;

        memcpy(&value, &bits, sizeof value);
        if (isnan(value))
            ck_assert(isnan(effnn__float_decode(bits, 8, 23)));
        else
            ck_assert(effnn__float_decode(bits, 8, 23) == (double)value);
    }
}
END_TEST

/* 2 exponent and 1 mantissa bits: 0, ½, 1, 1½, 2, 3, infinity, NaN. */
START_TEST(the_smallest_layout_is_as_counted_by_hand)
{
    static const double values[] = { 0, 0.5, 1, 1.5, 2, 3 };

    for (uint32_t code = 0; code < 6; code++) {
        ck_assert(effnn__float_decode(code, 2, 1) == values[code]);
        ck_assert_uint_eq(effnn__float_encode(values[code], 2, 1, EFFNN_ROUND_NEAREST_EVEN), code);
    }
    ck_assert(isinf(effnn__float_decode(6, 2, 1)));
    ck_assert(isnan(effnn__float_decode(7, 2, 1)));
    ck_assert_uint_eq(effnn__float_encode(0.25, 2, 1, EFFNN_ROUND_NEAREST_EVEN), 0);
    ck_assert_uint_eq(effnn__float_encode(2.5, 2, 1, EFFNN_ROUND_NEAREST_EVEN), 4);
    ck_assert_uint_eq(effnn__float_encode(3.5, 2, 1, EFFNN_ROUND_NEAREST_EVEN), 6);
    ck_assert_uint_eq(effnn__float_encode(3.49, 2, 1, EFFNN_ROUND_NEAREST_EVEN), 5);
    ck_assert_uint_eq(effnn__float_encode(1e9, 2, 1, EFFNN_ROUND_TOWARD_ZERO), 5);
    ck_assert_uint_eq(effnn__float_encode(-INFINITY, 2, 1, EFFNN_ROUND_TOWARD_ZERO), 14);
    ck_assert_uint_eq(effnn__float_encode(-0.0, 2, 1, EFFNN_ROUND_NEAREST_EVEN), 8);
}
END_TEST

SUITE("float_code", NULL, NULL, binary32_codes_equal_the_machines,
      decoding_binary32_gives_the_machines_value, the_smallest_layout_is_as_counted_by_hand)
