/* SPDX-License-Identifier: BSD-3-Clause */
/* Element-wise functions as plain loops over vector_math.h, without branches or calls, which
 * compilers turn into vector code; then arithmetic, exact or rounded once an operation.
 * Errors, in ulps of the result: exp 1, sigmoid, silu, tanh and erf 3, gelu 5, also in its negative
 * tail, where 1 + erf would have cancelled; gelu_tanh 4 and in its tail 4 |2u| (u: the argument of
 * its tanh), from rounding 2u. Subnormal results: 2^-142. */

#include "kernels/kernels_priv.h"
#include "kernels/vector_math.h"

#include <math.h>

#define SQRT_8_PER_PI 0x1.988454p+0f /* 2 √(2 / π) */

void effnn__exp_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = exp_one(x[i]);
}

void effnn__tanh_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = tanh_one(x[i]);
}

void effnn__sigmoid_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = sigmoid_one(x[i]);
}

void effnn__erf_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = erf_one(x[i]);
}

/* x Φ(x), with Φ(x) = tail(-x) or 1 - tail(x). */
void effnn__gelu_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float tail = normal_tail(magnitude(x[i]));

        y[i] = x[i] * (x[i] < 0.0f ? tail : 1.0f - tail);
    }
}

void effnn__gelu_tanh_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float v = x[i];

        y[i] = v * sigmoid_one(SQRT_8_PER_PI * (v + 0.044715f * v * v * v));
    }
}

void effnn__silu_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = x[i] * sigmoid_one(x[i]);
}

void effnn__relu_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

/* ---- arithmetic; NaN stays NaN ---- */

void effnn__add_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

void effnn__sub_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] - b[i];
}

void effnn__mul_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

void effnn__div_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] / b[i];
}

void effnn__larger_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = ((a[i] > b[i]) | (a[i] != a[i])) ? a[i] : b[i];
}

void effnn__smaller_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = ((a[i] < b[i]) | (a[i] != a[i])) ? a[i] : b[i];
}

void effnn__sqrt_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = sqrtf(x[i]);
}

void effnn__clip_f32(float *y, const float *x, size_t n, float low, float high)
{
    for (size_t i = 0; i < n; i++) {
        const float v = x[i] < low ? low : x[i];

        y[i] = v > high ? high : v;
    }
}

void effnn__leaky_relu_f32(float *y, const float *x, size_t n, float alpha)
{
    for (size_t i = 0; i < n; i++) {
        const float below = alpha * x[i];

        y[i] = x[i] < 0.0f ? below : x[i];
    }
}

void effnn__hard_sigmoid_f32(float *y, const float *x, size_t n, float alpha, float beta)
{
    for (size_t i = 0; i < n; i++) {
        const float line = alpha * x[i] + beta, v = line < 0.0f ? 0.0f : line;

        y[i] = v > 1.0f ? 1.0f : v;
    }
}

void effnn__hard_swish_f32(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float line = x[i] * (1.0f / 6.0f) + 0.5f, v = line < 0.0f ? 0.0f : line;

        y[i] = x[i] * (v > 1.0f ? 1.0f : v);
    }
}

void effnn__fill_f32(float *y, size_t n, float value)
{
    for (size_t i = 0; i < n; i++) y[i] = value;
}

void effnn__less_f32(uint8_t *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] < b[i];
}

void effnn__less_or_equal_f32(uint8_t *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] <= b[i];
}

void effnn__equal_f32(uint8_t *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] == b[i];
}

void effnn__select_32(uint32_t *y, const uint8_t *condition, const uint32_t *a, const uint32_t *b,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t yes = a[i], no = b[i];

        y[i] = condition[i] ? yes : no;
    }
}

void effnn__not_8(uint8_t *y, const uint8_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = x[i] == 0;
}

/* ---- halves ---- */

static uint32_t bits_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* All three cases are computed and one is taken. Below 2^-14 the sum with 1/2 leaves the code in
 * the low bits, rounded; above, the exponent is moved and the 13 bits that go are rounded away. */
void effnn__f16_from_f32_array(uint16_t *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_of(x[i]), sign = bits >> 16 & 0x8000u, a = bits & 0x7fffffffu;
        const uint32_t large = a > 0x7f800000u ? 0x7e00u : 0x7c00u;
        const uint32_t small = bits_of(float_of(a) + 0.5f) - 0x3f000000u;
        const uint32_t usual = (a - 0x38000000u + 0xfffu + (a >> 13 & 1u)) >> 13;
        const uint32_t finite = a < 0x38800000u ? small : usual;

        y[i] = (uint16_t)(sign | (a >= 0x47800000u ? large : finite));
    }
}

/* Moved into place and scaled by 2^112, which also makes subnormals right. */
void effnn__f32_from_f16_array(float *y, const uint16_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t sign = (uint32_t)(x[i] & 0x8000u) << 16;
        const uint32_t moved = (uint32_t)(x[i] & 0x7fffu) << 13;
        const uint32_t scaled = bits_of(float_of(moved) * 0x1p112f);

        y[i] = float_of(sign | (moved >= 0x0f800000u ? moved | 0x7f800000u : scaled));
    }
}

void effnn__bf16_from_f32_array(uint16_t *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_of(x[i]);
        const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;

        y[i] = (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? bits >> 16 | 0x40u : rounded);
    }
}

void effnn__f32_from_bf16_array(float *y, const uint16_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = float_of((uint32_t)x[i] << 16);
}
