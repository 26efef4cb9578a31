/* SPDX-License-Identifier: BSD-3-Clause */
/* Element-wise functions: the reference against PyTorch, the chosen kernels against the reference
 * on a dense set of arguments, in units in the last place. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <stddef.h>

/* Rows of unary.npy after x, in this order. */
static const struct {
    const char *name;
    size_t entry; /* offset in effnn__kernels */
    double ulps;  /* that the chosen kernel may be off */
} functions[] = {
    { "exp", offsetof(effnn__kernels, exp_f32), 1.0 },
    { "log", offsetof(effnn__kernels, log_f32), 1.0 },
    { "tanh", offsetof(effnn__kernels, tanh_f32), 3.0 },
    { "sigmoid", offsetof(effnn__kernels, sigmoid_f32), 3.0 },
    { "erf", offsetof(effnn__kernels, erf_f32), 3.0 },
    { "gelu", offsetof(effnn__kernels, gelu_f32), 5.0 },
    { "gelu_tanh", offsetof(effnn__kernels, gelu_tanh_f32), 4.0 },
    { "silu", offsetof(effnn__kernels, silu_f32), 4.0 },
    { "relu", offsetof(effnn__kernels, relu_f32), 0.0 },
};
enum { N_FUNCTIONS = sizeof functions / sizeof functions[0] };

static effnn__unary_f32 entry(const effnn__kernels *kernels, int i)
{
    return *(const effnn__unary_f32 *)((const char *)kernels + functions[i].entry);
}

START_TEST(reference_equals_pytorch)
{
    effnn_tensor *const golden = test_tensor_golden("kernels/unary.npy");
    const size_t n = (size_t)effnn_tensor_dims(golden)[1];
    const float *const x = effnn__tensor_data(golden);
    float *const y = random_f32(n, 1);

    entry(effnn__kernels_reference(), _i)(y, x, n);
    assert_within_ulps(y, x + (size_t)(_i + 1) * n, n, 1.0);
    free(y);
    effnn_tensor_release(golden);
}
END_TEST

/* gelu_tanh is x · sigmoid(2u), u cubic in x: the roundings of 2u, each half an ulp of it, show as
 * so many absolute errors of the exponent where the exponential is all there is. */
static bool is_tail_of_gelu_tanh(int i, float x, float y, float expected)
{
    const double u2 = 1.5957691216057308 * (double)x * (1.0 + 0.044715 * (double)x * (double)x);

    if (strcmp(functions[i].name, "gelu_tanh") != 0 || !(x < -1.0f)) return false;
    return fabs((double)y - (double)expected) <= 4.0 * fabs(u2) * FLT_EPSILON * fabs(expected);
}

/* Every 4093rd float of all there are, infinities and NaN among them. */
START_TEST(agrees_with_the_reference_everywhere)
{
    enum { N = 4096, STEP = 4093 };
    float x[N], y[N], expected[N];
    uint64_t bits = 0;

    while (bits < UINT32_MAX) {
        for (size_t i = 0; i < N; i++, bits += STEP) {
            const uint32_t word = (uint32_t)bits;

            memcpy(&x[i], &word, sizeof word);
        }
        entry(effnn__kernels_reference(), _i)(expected, x, N);
        entry(effnn__kernels_get(), _i)(y, x, N);
        for (size_t i = 0; i < N; i++)
            if (is_tail_of_gelu_tanh(_i, x[i], y[i], expected[i])) y[i] = expected[i];
        assert_within_ulps(y, expected, N, functions[_i].ulps);
    }
}
END_TEST

START_TEST(result_may_alias_the_argument)
{
    const size_t n = 1003;
    float *const x = random_f32(n, 3), *const y = random_f32(n, 4);

    entry(effnn__kernels_get(), _i)(y, x, n);
    entry(effnn__kernels_get(), _i)(x, x, n);
    assert_within_ulps(x, y, n, 0.0);
    free(x);
    free(y);
}
END_TEST

/* Vector loops and their scalar ends agree, so that cutting an array changes no bit. */
START_TEST(bits_do_not_depend_on_the_position)
{
    enum { N = 67 };
    float *const x = random_f32(N, 5), whole[N], single;

    for (size_t i = 0; i < N; i++) x[i] *= 8.0f;
    entry(effnn__kernels_get(), _i)(whole, x, N);
    for (size_t i = 0; i < N; i++) {
        entry(effnn__kernels_get(), _i)(&single, x + i, 1);
        ck_assert_mem_eq(&single, &whole[i], sizeof single);
    }
    free(x);
}
END_TEST

LOOP_SUITE("elementwise", NULL, NULL, N_FUNCTIONS, reference_equals_pytorch,
           agrees_with_the_reference_everywhere, result_may_alias_the_argument,
           bits_do_not_depend_on_the_position)
