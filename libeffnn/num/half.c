/* SPDX-License-Identifier: BSD-3-Clause */
/* Half-width floats to and from f32 and f64 for bulk conversion. The f32 paths are written out on
 * the bits (a few operations each, independent of the host's rounding mode); the f64 ones go
 * through the general codec, because rounding by way of f32 would round twice. */

#include "num/half.h"
#include "num/float_code.h"

#include <string.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t effnn__f16_from_f32(float value)
{
    const uint32_t bits = bits_of(value);
    const uint32_t sign = bits >> 16 & 0x8000;
    const uint32_t magnitude = bits & 0x7fffffff;

    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* from 65520 on */
    if (magnitude >= 0x38800000) {                                 /* from 2^-14 on: normal */
        const uint32_t even = magnitude >> 13 & 1;

        return (uint16_t)(sign | (magnitude - (112u << 23) + 0xfff + even) >> 13);
    }
    /* Subnormal: count the last places of 2^-24, rounding what falls below. */
    const uint32_t shift = 126 - (magnitude >> 23);

    if (shift > 24) return (uint16_t)sign;
    const uint32_t significand = (magnitude & 0x7fffff) | 0x800000;
    const uint32_t kept = significand >> shift;
    const uint32_t rest = significand & ((1u << shift) - 1), half = 1u << (shift - 1);

    return (uint16_t)(sign | (kept + (rest > half || (rest == half && (kept & 1)))));
}

float effnn__f32_from_f16(uint16_t code)
{
    const uint32_t sign = (uint32_t)(code & 0x8000) << 16;
    const uint32_t magnitude = code & 0x7fff;

    if (magnitude > 0x7c00) return float_of(sign | 0x7fc00000 | magnitude << 13);
    if (magnitude == 0x7c00) return float_of(sign | 0x7f800000);
    if (magnitude >= 0x400) return float_of(sign | ((magnitude << 13) + (112u << 23)));
    return float_of(sign | bits_of((float)magnitude * 0x1p-24f));
}

uint16_t effnn__bf16_from_f32(float value)
{
    const uint32_t bits = bits_of(value);

    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float effnn__f32_from_bf16(uint16_t code)
{
    return float_of((uint32_t)code << 16);
}

uint16_t effnn__f16_from_f64(double value)
{
    return (uint16_t)effnn__float_encode(value, 5, 10, EFFNN_ROUND_NEAREST_EVEN);
}

uint16_t effnn__bf16_from_f64(double value)
{
    return (uint16_t)effnn__float_encode(value, 8, 7, EFFNN_ROUND_NEAREST_EVEN);
}
