/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_VECTOR_MATH_H
#define EFFNN_KERNELS_VECTOR_MATH_H

/* exp, tanh, erf and the normal distribution's tail for one float, without branches or calls, so
 * that a loop over them becomes vector code. Coefficients: minimax fits by
 * tests/golden/make/make_kernel_polynomials.py. Needs IEEE single precision, rounding to nearest.
 */

#include <stdint.h>
#include <string.h>

/* ln 2 in two parts; the first has 9 bits, so that its product with an exponent is exact. */
#define LN2_HIGH 0x1.63p-1f
#define LN2_LOW  -0x1.bd0106p-13f
#define LOG2_E   0x1.715476p+0f
#define ROUNDER  0x1.8p+23f /* adding it leaves the nearest integer in the low bits */

/* 2^n for n in [-126, 127]. */
static inline float power_of_two(int32_t n)
{
    const uint32_t bits = ((uint32_t)n + 127u) << 23;
    float result;

    memcpy(&result, &bits, sizeof result);
    return result;
}

/* exp(x + low), |low| ≪ |x|: x = n ln 2 + r, exp = 2^n exp(r). Within 1 ulp; subnormal results and
 * overflow to infinity are right, NaN stays NaN. */
static inline float exp_sum(float x, float low)
{
    const float above = x < -104.0f ? -104.0f : x, inside = above > 89.0f ? 89.0f : above;
    const float shifted = inside * LOG2_E + ROUNDER, n = shifted - ROUNDER;
    const float r = inside - n * LN2_HIGH - n * LN2_LOW + low, rounder = ROUNDER;
    float p = 0x1.6a1a72p-10f;
    int32_t bits, zero_bits, exponent, half;

    p = p * r + 0x1.123fc6p-7f;
    p = p * r + 0x1.555916p-5f;
    p = p * r + 0x1.55548ap-3f;
    p = p * r + 0x1.fffffcp-2f;
    p = p * (r * r) + r;
    p = p + 1.0f;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&zero_bits, &rounder, sizeof zero_bits);
    exponent = (int32_t)((uint32_t)bits - (uint32_t)zero_bits);
    half = (int32_t)((uint32_t)(exponent + 1024) >> 1) - 512; /* 2^n in two factors: n to ±150 */
    /* A NaN makes any exponent, so its arithmetic wraps. */
    return p * power_of_two(half) * power_of_two((int32_t)((uint32_t)exponent - (uint32_t)half));
}

static inline float exp_one(float x)
{
    return exp_sum(x, 0.0f);
}

static inline float magnitude(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    bits &= 0x7fffffffu;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* |a| with the sign of b. */
static inline float with_sign(float a, float b)
{
    uint32_t bits, sign;

    memcpy(&bits, &a, sizeof bits);
    memcpy(&sign, &b, sizeof sign);
    bits = (bits & 0x7fffffffu) | (sign & 0x80000000u);
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* 1 / (1 + exp(-x)), by the exponential of -|x|, which cannot overflow. */
static inline float sigmoid_one(float x)
{
    const float e = exp_one(-magnitude(x)), rest = 1.0f / (1.0f + e);

    return x < 0.0f ? e * rest : rest;
}

/* tanh: an odd polynomial to |x| = 0.625, 1 - 2 / (exp(2|x|) + 1) beyond. */
static inline float tanh_one(float x)
{
    const float a = magnitude(x), z = a * a;
    const float large = 1.0f - 2.0f / (exp_one(2.0f * a) + 1.0f);
    float p = -0x1.722b04p-8f;

    p = p * z + 0x1.5157fep-6f;
    p = p * z + -0x1.b81dc2p-5f;
    p = p * z + 0x1.110646p-3f;
    p = p * z + -0x1.55552ep-2f;
    p = p * z * a + a;
    return with_sign(a < 0.625f ? p : large, x);
}

/* Tail of the standard normal distribution, erfc(x / √2) / 2, for x ≥ 0 (NaN: 0): exp(-x²/2) t P(t)
 * with t = 1 / (1 + x/4). x² is taken in two parts, which keeps the relative error small far out.
 */
static inline float normal_tail(float x)
{
    const float a = x < 16.0f ? x : 16.0f; /* it is 0 from 14.5 on */
    const float t = 1.0f / (1.0f + 0.25f * a);
    float high, p = 0x1.14c3d8p-6f;
    uint32_t bits;

    memcpy(&bits, &a, sizeof bits);
    bits &= 0xfffff000u; /* 12 bits: the square is exact */
    memcpy(&high, &bits, sizeof high);
    p = p * t + -0x1.085814p-4f;
    p = p * t + 0x1.c9c382p-5f;
    p = p * t + 0x1.7275a6p-6f;
    p = p * t + 0x1.22903ap-6f;
    p = p * t + 0x1.577476p-4f;
    p = p * t + 0x1.2b0f72p-4f;
    p = p * t + 0x1.864c92p-4f;
    p = p * t + 0x1.97a3dp-4f;
    p = p * t + 0x1.988f9cp-4f;
    return exp_sum(-0.5f * (high * high), -0.5f * ((a - high) * (a + high))) * (p * t);
}

/* erf: x P(x²) to |x| = 1, 1 - erfc beyond. */
static inline float erf_one(float x)
{
    const float a = magnitude(x), z = a * a;
    const float large = 1.0f - 2.0f * normal_tail(a * 0x1.6a09e6p+0f);
    float p = -0x1.4383fap-17f;

    p = p * z + 0x1.d8268cp-14f;
    p = p * z + -0x1.bcbe9ap-11f;
    p = p * z + 0x1.5628eep-8f;
    p = p * z + -0x1.b829a8p-6f;
    p = p * z + 0x1.ce2f08p-4f;
    p = p * z + -0x1.812746p-2f;
    p = p * z + 0x1.20dd76p+0f;
    return a < 1.0f ? x * p : a >= 1.0f ? with_sign(large, x) : x;
}

#undef LN2_HIGH
#undef LN2_LOW
#undef LOG2_E
#undef ROUNDER
#endif
