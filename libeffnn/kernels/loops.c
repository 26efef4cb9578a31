/* SPDX-License-Identifier: BSD-3-Clause */
/* Element-wise arithmetic as plain loops without branches or calls, which compilers turn into
 * vector code. What is written here is exact or rounded once an operation; NaN stays NaN. */

#include "kernels/kernels_priv.h"

#include <math.h>

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
    for (size_t i = 0; i < n; i++) y[i] = (a[i] > b[i]) | (a[i] != a[i]) ? a[i] : b[i];
}

void effnn__smaller_f32(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = (a[i] < b[i]) | (a[i] != a[i]) ? a[i] : b[i];
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
