/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE-like codes of any small width, on the bits of a double. A code's exponent and mantissa
 * fields are taken as one integer: rounding up past the last mantissa carries into the exponent,
 * and past the last finite value into infinity, without a special case. */

#include "num/float_code.h"
#include "num/round.h"

#include <string.h>

#define MANTISSA_BITS 52
#define MANTISSA_MASK (((uint64_t)1 << MANTISSA_BITS) - 1)

/* Code of |value| for a finite double given by exponent field and mantissa. */
static uint32_t encode_finite(int field, uint64_t mantissa, unsigned exponent_bits,
                              unsigned mantissa_bits, effnn_rounding rounding)
{
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const uint32_t infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
    const int exponent = field ? field - 1023 : -1022;
    const uint64_t significand = field ? mantissa | (MANTISSA_MASK + 1) : mantissa;
    const unsigned drop = MANTISSA_BITS - mantissa_bits;
    const uint32_t overflow = rounding == EFFNN_ROUND_TOWARD_ZERO ? infinity - 1 : infinity;

    if (exponent > bias) return overflow;
    if (exponent < 1 - bias) /* subnormal: the last place stays at 2^(1 - bias - mantissa_bits) */
        return (uint32_t)effnn__round_shift(significand, drop + (unsigned)(1 - bias - exponent),
                                            rounding);
    /* The significand's leading one adds 1 to the exponent field. */
    return ((uint32_t)(exponent + bias - 1) << mantissa_bits) +
           (uint32_t)effnn__round_shift(significand, drop, rounding);
}

uint32_t effnn__float_encode(double value, unsigned exponent_bits, unsigned mantissa_bits,
                             effnn_rounding rounding)
{
    const uint32_t infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = (uint32_t)(bits >> 63) << (exponent_bits + mantissa_bits);
    const int field = (int)(bits >> MANTISSA_BITS & 0x7ff);
    const uint64_t mantissa = bits & MANTISSA_MASK;

    if (field < 0x7ff)
        return sign | encode_finite(field, mantissa, exponent_bits, mantissa_bits, rounding);
    if (mantissa == 0) return sign | infinity;
    return sign | infinity | 1u << (mantissa_bits - 1) |
           (uint32_t)(mantissa >> (MANTISSA_BITS - mantissa_bits));
}

double effnn__float_decode(uint32_t code, unsigned exponent_bits, unsigned mantissa_bits)
{
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const uint32_t top = (1u << exponent_bits) - 1;
    const uint32_t field = code >> mantissa_bits & top;
    const uint64_t mantissa = code & ((1u << mantissa_bits) - 1);
    const uint64_t sign = (uint64_t)(code >> (exponent_bits + mantissa_bits) & 1) << 63;
    const unsigned lift = MANTISSA_BITS - mantissa_bits;
    uint64_t bits;
    double value;

    if (field == top) {
        bits = (uint64_t)0x7ff << MANTISSA_BITS | mantissa << lift;
        if (mantissa) bits |= (uint64_t)1 << (MANTISSA_BITS - 1); /* quiet */
    } else if (field) {
        bits = (uint64_t)(int)(field + 1023 - bias) << MANTISSA_BITS | mantissa << lift;
    } else { /* subnormal: mantissa times the power of two 2^(1 - bias - mantissa_bits) */
        bits = (uint64_t)(1023 + 1 - bias - (int)mantissa_bits) << MANTISSA_BITS;
        memcpy(&value, &bits, sizeof value);
        value *= (double)mantissa;
        memcpy(&bits, &value, sizeof bits);
    }
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}
