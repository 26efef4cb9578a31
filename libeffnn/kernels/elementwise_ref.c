/* SPDX-License-Identifier: BSD-3-Clause */
/* Element-wise functions by the C library in double, rounded once: within 1 ulp of the true value.
 */

#include "kernels/kernels_priv.h"

#include <math.h>

#define SQRT_HALF     0.70710678118654752440 /* 1 / √2 */
#define SQRT_2_PER_PI 0.79788456080286535588 /* √(2 / π) */

void effnn__exp_f32_ref(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = (float)exp((double)x[i]);
}

void effnn__log_f32_ref(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = (float)log((double)x[i]);
}

void effnn__tanh_f32_ref(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = (float)tanh((double)x[i]);
}

void effnn__sigmoid_f32_ref(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = (float)(1.0 / (1.0 + exp(-(double)x[i])));
}

void effnn__erf_f32_ref(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = (float)erf((double)x[i]);
}

/* erfc keeps the relative accuracy of the negative tail, where 1 + erf would cancel. */
void effnn__gelu_f32_ref(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = x[i];

        y[i] = (float)(0.5 * v * erfc(-v * SQRT_HALF));
    }
}

/* x/2 · (1 + tanh u) = x · sigmoid(2u), which does not cancel either. */
void effnn__gelu_tanh_f32_ref(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = x[i], u = SQRT_2_PER_PI * (v + 0.044715 * v * v * v);

        y[i] = (float)(v / (1.0 + exp(-2.0 * u)));
    }
}

void effnn__silu_f32_ref(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = x[i];

        y[i] = (float)(v / (1.0 + exp(-v)));
    }
}
