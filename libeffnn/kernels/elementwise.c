/* SPDX-License-Identifier: BSD-3-Clause */
/* Element-wise functions as plain loops over vector_math.h, which compilers turn into vector code.
 * Errors, in ulps of the result: exp 1, sigmoid, silu, tanh and erf 3, gelu 5, also in its negative
 * tail, where 1 + erf would have cancelled; gelu_tanh 4 and in its tail 4 |2u| (u: the argument of
 * its tanh), from rounding 2u. Subnormal results: 2^-142. */

#include "kernels/kernels_priv.h"
#include "kernels/vector_math.h"

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
