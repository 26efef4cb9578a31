/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums, products and extremes of two numbers. */

#include "ops/op_scalar.h"

#include <math.h>

#define BLOCK 256

static void add_f32(float *y, const float *a, const float *b, size_t n)
{
    effnn__kernels_get()->add_f32(y, a, b, n);
}

static double add_f64(double a, double b)
{
    return a + b;
}

static int64_t add_i64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

const effnn__binary effnn__scalar_add = { .f32 = add_f32, .f64 = add_f64, .i64 = add_i64 };

static void mul_f32(float *y, const float *a, const float *b, size_t n)
{
    effnn__kernels_get()->mul_f32(y, a, b, n);
}

static double mul_f64(double a, double b)
{
    return a * b;
}

static int64_t mul_i64(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

const effnn__binary effnn__scalar_mul = { .f32 = mul_f32, .f64 = mul_f64, .i64 = mul_i64 };

static void max_f32(float *y, const float *a, const float *b, size_t n)
{
    effnn__kernels_get()->larger_f32(y, a, b, n);
}

static double max_f64(double a, double b)
{
    return a > b || isnan(a) ? a : b;
}

static int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

const effnn__binary effnn__scalar_max = {
    .f32 = max_f32, .f64 = max_f64, .i64 = max_i64, .u64 = max_u64
};

static void min_f32(float *y, const float *a, const float *b, size_t n)
{
    effnn__kernels_get()->smaller_f32(y, a, b, n);
}

static double min_f64(double a, double b)
{
    return a < b || isnan(a) ? a : b;
}

static int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

const effnn__binary effnn__scalar_min = {
    .f32 = min_f32, .f64 = min_f64, .i64 = min_i64, .u64 = min_u64
};

/* exp(z) - 1 = -2 t / (1 + t) with t = tanh(-z / 2). The sides of zero are told apart by kernels: a
 * branch would be guessed wrong half the time. */
void effnn__exponential_unit_f32(float *y, const float *x, size_t n, float above, float scale,
                                 float inside)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    float t[BLOCK], positive[BLOCK];

    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t m = n - i < BLOCK ? n - i : BLOCK;

        for (size_t k = 0; k < m; k++) t[k] = -0.5f * inside * x[i + k];
        kernels->relu_f32(t, t, m);
        kernels->tanh_f32(t, t, m);
        kernels->relu_f32(positive, x + i, m);
        for (size_t k = 0; k < m; k++)
            y[i + k] = above * positive[k] - scale * (2.0f * t[k] / (1.0f + t[k]));
    }
}
