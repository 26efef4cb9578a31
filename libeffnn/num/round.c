/* SPDX-License-Identifier: BSD-3-Clause */
/* The one place where a significand loses bits. Every codec rounds through effnn__round_shift, so
 * that ties and directions are decided once. */

#include "num/round.h"

#include <string.h>

#define MANTISSA_BITS 52

uint64_t effnn__round_shift(uint64_t significand, unsigned shift, effnn_rounding rounding)
{
    if (shift == 0) return significand;
    if (shift > 63) return 0; /* significand < 2^63 is below half of the last place */

    const uint64_t kept = significand >> shift;
    const uint64_t rest = significand & (((uint64_t)1 << shift) - 1);
    const uint64_t half = (uint64_t)1 << (shift - 1);

    if (rounding == EFFNN_ROUND_TOWARD_ZERO) return kept;
    return kept + (rest > half || (rest == half && (kept & 1)));
}

int64_t effnn__round_to_i64(double value, effnn_rounding rounding)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    const int exponent = (int)(bits >> MANTISSA_BITS & 0x7ff) - 1023;
    const uint64_t significand =
        (bits & (((uint64_t)1 << MANTISSA_BITS) - 1)) | (uint64_t)1 << MANTISSA_BITS;
    uint64_t magnitude;

    if (exponent < -1) return 0; /* |value| < 1/2 */
    if (exponent <= MANTISSA_BITS)
        magnitude = effnn__round_shift(significand, (unsigned)(MANTISSA_BITS - exponent), rounding);
    else
        magnitude = significand << (exponent - MANTISSA_BITS);
    return bits >> 63 ? -(int64_t)magnitude : (int64_t)magnitude;
}

double effnn__round_to_odd(uint64_t value)
{
    const uint64_t low = 0x7ff; /* 64 - 53 bits that may not fit */

    if (value >> (MANTISSA_BITS + 1) == 0) return (double)value;
    return (double)((value & ~low) | (value & low ? low + 1 : 0));
}
