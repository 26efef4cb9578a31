/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of plain loops for the instruction sets of this CPU: the same bits from all of them,
 * and the choice between them. */

#include "kernels/kernels.h"
#include "num/half.h"
#include "support/arrays.h"
#include "support/suite.h"

#include <stddef.h>

enum { N = 1003 }; /* whole vectors and a rest */

static float *a, *b, *expected, *actual;

static void setup(void)
{
    a = random_f32(4 * N, 1);
    b = random_f32(4 * N, 2);
    expected = random_f32(4 * N, 3);
    actual = random_f32(4 * N, 4);
    for (size_t i = 0; i < N; i++) a[i] *= 12.0f;
    a[5] = NAN;
    a[77] = INFINITY;
    a[78] = -INFINITY;
    a[79] = -0.0f;
    b[80] = NAN;
}

static void teardown(void)
{
    free(a);
    free(b);
    free(expected);
    free(actual);
}

/* Whatever a NaN's sign and payload are, it is a NaN: vector code may swap a sum's operands. */
static void assert_same(const char *table, const char *entry, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const bool both_nan = isnan(expected[i]) && isnan(actual[i]);

        ck_assert_msg(both_nan || memcmp(&expected[i], &actual[i], sizeof(float)) == 0,
                      "%s, %s: %a at %zu, %a by the baseline", table, entry, (double)actual[i], i,
                      (double)expected[i]);
    }
}

static const struct {
    const char *name;
    size_t entry;
} unary[] = {
    { "exp", offsetof(effnn__kernels, exp_f32) },
    { "log", offsetof(effnn__kernels, log_f32) },
    { "tanh", offsetof(effnn__kernels, tanh_f32) },
    { "sigmoid", offsetof(effnn__kernels, sigmoid_f32) },
    { "erf", offsetof(effnn__kernels, erf_f32) },
    { "gelu", offsetof(effnn__kernels, gelu_f32) },
    { "gelu_tanh", offsetof(effnn__kernels, gelu_tanh_f32) },
    { "silu", offsetof(effnn__kernels, silu_f32) },
    { "relu", offsetof(effnn__kernels, relu_f32) },
    { "sqrt", offsetof(effnn__kernels, sqrt_f32) },
    { "hard_swish", offsetof(effnn__kernels, hard_swish_f32) },
},
  binary[] = {
      { "add", offsetof(effnn__kernels, add_f32) },
      { "sub", offsetof(effnn__kernels, sub_f32) },
      { "mul", offsetof(effnn__kernels, mul_f32) },
      { "div", offsetof(effnn__kernels, div_f32) },
      { "larger", offsetof(effnn__kernels, larger_f32) },
      { "smaller", offsetof(effnn__kernels, smaller_f32) },
  };

#define ENTRY(type, kernels, row) (*(const type *)((const char *)(kernels) + (row).entry))

START_TEST(functions_give_the_same_bits)
{
    const effnn__kernels *const base = effnn__kernels_at(0);

    for (size_t k = 1; effnn__kernels_at(k); k++) {
        const effnn__kernels *const t = effnn__kernels_at(k);

        for (size_t i = 0; i < sizeof unary / sizeof unary[0]; i++) {
            ENTRY(effnn__unary_f32, base, unary[i])(expected, a, N);
            ENTRY(effnn__unary_f32, t, unary[i])(actual, a, N);
            assert_same(t->name, unary[i].name, N);
        }
        for (size_t i = 0; i < sizeof binary / sizeof binary[0]; i++) {
            ENTRY(effnn__binary_f32, base, binary[i])(expected, a, b, N);
            ENTRY(effnn__binary_f32, t, binary[i])(actual, a, b, N);
            assert_same(t->name, binary[i].name, N);
        }
        base->clip_f32(expected, a, N, -0.5f, 2.0f);
        t->clip_f32(actual, a, N, -0.5f, 2.0f);
        assert_same(t->name, "clip", N);
        base->leaky_relu_f32(expected, a, N, 0.1f);
        t->leaky_relu_f32(actual, a, N, 0.1f);
        assert_same(t->name, "leaky_relu", N);
        base->hard_sigmoid_f32(expected, a, N, 0.3f, 0.4f);
        t->hard_sigmoid_f32(actual, a, N, 0.3f, 0.4f);
        assert_same(t->name, "hard_sigmoid", N);
    }
}
END_TEST

static bool same_half(uint16_t got, uint16_t wanted, uint16_t infinity)
{
    const bool both_nan = (got & 0x7fff) > infinity && (wanted & 0x7fff) > infinity;

    return got == wanted || both_nan;
}

/* Every 4093rd float of all there are, and all codes, against the functions for one number. */
START_TEST(halves_are_those_of_single_numbers)
{
    enum { COUNT = 1 << 16 };
    uint16_t *const codes = malloc(2 * COUNT), *const back = malloc(2 * COUNT);
    float *const x = malloc(4 * COUNT);
    uint32_t bits = 0;

    for (size_t k = 0; effnn__kernels_at(k); k++) {
        const effnn__kernels *const t = effnn__kernels_at(k);

        for (size_t i = 0; i < COUNT; i++) codes[i] = (uint16_t)i;
        t->f32_from_f16(x, codes, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            ck_assert_msg(x[i] == effnn__f32_from_f16((uint16_t)i) || isnan(x[i]), "f16 %zx", i);
        t->f16_from_f32(back, x, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            ck_assert_msg(same_half(back[i], codes[i], 0x7c00), "f16 %zx and back", i);
        t->f32_from_bf16(x, codes, COUNT);
        t->bf16_from_f32(back, x, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            ck_assert_msg(same_half(back[i], codes[i], 0x7f80), "bf16 %zx and back", i);
        for (int round = 0; round < 16; round++) {
            for (size_t i = 0; i < COUNT; i++, bits += 4093) memcpy(&x[i], &bits, sizeof bits);
            t->f16_from_f32(codes, x, COUNT);
            t->bf16_from_f32(back, x, COUNT);
            for (size_t i = 0; i < COUNT; i++) {
                ck_assert_msg(same_half(codes[i], effnn__f16_from_f32(x[i]), 0x7c00), "%a as f16",
                              (double)x[i]);
                ck_assert_msg(same_half(back[i], effnn__bf16_from_f32(x[i]), 0x7f80), "%a as bf16",
                              (double)x[i]);
            }
        }
    }
    free(codes);
    free(back);
    free(x);
}
END_TEST

START_TEST(tests_and_choices_follow_c)
{
    uint8_t less[N], at_most[N], equal[N], none[N];

    for (size_t i = 0; i < N; i += 3) b[i] = a[i];
    for (size_t k = 0; effnn__kernels_at(k); k++) {
        const effnn__kernels *const t = effnn__kernels_at(k);

        t->less_f32(less, a, b, N);
        t->less_or_equal_f32(at_most, a, b, N);
        t->equal_f32(equal, a, b, N);
        t->not_8(none, less, N);
        t->select_32((uint32_t *)actual, less, (const uint32_t *)a, (const uint32_t *)b, N);
        t->fill_f32(expected, N, 3.0f);
        for (size_t i = 0; i < N; i++) {
            ck_assert(less[i] == (a[i] < b[i]) && at_most[i] == (a[i] <= b[i]));
            ck_assert(equal[i] == (a[i] == b[i]) && none[i] == !less[i]);
            ck_assert_mem_eq(&actual[i], a[i] < b[i] ? &a[i] : &b[i], sizeof(float));
            ck_assert(expected[i] == 3.0f);
        }
    }
}
END_TEST

static void assert_rows_agree(const effnn__kernels *base, const effnn__kernels *t)
{
    const size_t n = 3, d = 331;

    ck_assert_ok(
        base->layer_norm_f32(NULL, n, d, b, b + N, b + 2 * N, 1e-5f, expected, NULL, NULL));
    ck_assert_ok(t->layer_norm_f32(NULL, n, d, b, b + N, b + 2 * N, 1e-5f, actual, NULL, NULL));
    assert_same(t->name, "layer_norm", n * d);
    ck_assert_ok(base->rms_norm_f32(NULL, n, d, b, b + N, 1e-5f, expected, NULL));
    ck_assert_ok(t->rms_norm_f32(NULL, n, d, b, b + N, 1e-5f, actual, NULL));
    assert_same(t->name, "rms_norm", n * d);
    ck_assert_ok(base->channel_affine_f32(NULL, 1, n, d, b, b + N, b + 2 * N, expected));
    ck_assert_ok(t->channel_affine_f32(NULL, 1, n, d, b, b + N, b + 2 * N, actual));
    assert_same(t->name, "channel_affine", n * d);
}

static void assert_axes_agree(const effnn__kernels *base, const effnn__kernels *t,
                              effnn__axis shape)
{
    const size_t n = shape.outer * shape.axis * shape.inner, reduced = shape.outer * shape.inner;

    ck_assert_ok(base->softmax_f32(NULL, shape, b + 100, expected));
    ck_assert_ok(t->softmax_f32(NULL, shape, b + 100, actual));
    assert_same(t->name, "softmax", n);
    ck_assert_ok(base->log_softmax_f32(NULL, shape, b + 100, expected));
    ck_assert_ok(t->log_softmax_f32(NULL, shape, b + 100, actual));
    assert_same(t->name, "log_softmax", n);
    ck_assert_ok(base->reduce_sum_f32(NULL, shape, b + 100, expected));
    ck_assert_ok(t->reduce_sum_f32(NULL, shape, b + 100, actual));
    assert_same(t->name, "reduce_sum", reduced);
    ck_assert_ok(base->reduce_max_f32(NULL, shape, b + 100, expected));
    ck_assert_ok(t->reduce_max_f32(NULL, shape, b + 100, actual));
    assert_same(t->name, "reduce_max", reduced);
}

START_TEST(rows_and_axes_give_the_same_bits)
{
    const effnn__kernels *const base = effnn__kernels_at(0);

    for (size_t k = 1; effnn__kernels_at(k); k++) {
        const effnn__kernels *const t = effnn__kernels_at(k);

        assert_rows_agree(base, t);
        assert_axes_agree(base, t, (effnn__axis){ 2, 901, 1 });
        assert_axes_agree(base, t, (effnn__axis){ 2, 9, 71 });
    }
}
END_TEST

static const effnn__conv2d convs[] = {
    { .n = 1,
      .c_in = 3,
      .h = 17,
      .w = 21,
      .c_out = 3,
      .kernel_h = 3,
      .kernel_w = 3,
      .out_h = 17,
      .out_w = 21,
      .groups = 3,
      .stride_h = 1,
      .stride_w = 1,
      .dilation_h = 1,
      .dilation_w = 1,
      .pad_top = 1,
      .pad_left = 1 },
    { .n = 1,
      .c_in = 3,
      .h = 17,
      .w = 21,
      .c_out = 3,
      .kernel_h = 3,
      .kernel_w = 3,
      .out_h = 9,
      .out_w = 11,
      .groups = 3,
      .stride_h = 2,
      .stride_w = 2,
      .dilation_h = 1,
      .dilation_w = 1,
      .pad_top = 1,
      .pad_left = 1 },
    { .n = 1,
      .c_in = 3,
      .h = 17,
      .w = 21,
      .c_out = 3,
      .kernel_h = 5,
      .kernel_w = 5,
      .out_h = 17,
      .out_w = 21,
      .groups = 3,
      .stride_h = 1,
      .stride_w = 1,
      .dilation_h = 1,
      .dilation_w = 1,
      .pad_top = 2,
      .pad_left = 2 },
};

START_TEST(planes_give_the_same_bits)
{
    const effnn__kernels *const base = effnn__kernels_at(0);
    const effnn__epilogue after = { .bias = b + N, .clamp = true, .lo = -1.0f, .hi = 9.0f };
    const effnn__pool2d pool = { .planes = 3,
                                 .h = 17,
                                 .w = 21,
                                 .kernel_h = 3,
                                 .kernel_w = 3,
                                 .out_h = 9,
                                 .out_w = 11,
                                 .stride_h = 2,
                                 .stride_w = 2,
                                 .dilation_h = 1,
                                 .dilation_w = 1,
                                 .pad_top = 1,
                                 .pad_left = 1,
                                 .pad_bottom = 1,
                                 .pad_right = 1 };

    for (size_t k = 1; effnn__kernels_at(k); k++) {
        const effnn__kernels *const t = effnn__kernels_at(k);

        for (size_t i = 0; i < sizeof convs / sizeof convs[0]; i++) {
            ck_assert_ok(base->depthwise2d_f32(NULL, &convs[i], b, a, &after, expected));
            ck_assert_ok(t->depthwise2d_f32(NULL, &convs[i], b, a, &after, actual));
            assert_same(t->name, "depthwise", 3 * convs[i].out_h * convs[i].out_w);
        }
        ck_assert_ok(base->max_pool2d_f32(NULL, &pool, a, expected, NULL));
        ck_assert_ok(t->max_pool2d_f32(NULL, &pool, a, actual, NULL));
        assert_same(t->name, "max_pool", 3 * 9 * 11);
        ck_assert_ok(base->average_pool2d_f32(NULL, &pool, a, expected));
        ck_assert_ok(t->average_pool2d_f32(NULL, &pool, a, actual));
        assert_same(t->name, "average_pool", 3 * 9 * 11);
    }
}
END_TEST

START_TEST(the_largest_set_is_chosen)
{
    size_t n = 0;

    if (getenv("EFFNN_CPU")) return;
    while (effnn__kernels_at(n)) n++;
    ck_assert_uint_gt(n, 0);
    ck_assert_ptr_eq(effnn__kernels_get(), effnn__kernels_at(n - 1));
    ck_assert_ptr_nonnull(strstr(effnn__kernels_describe(), effnn__kernels_get()->name));
    ck_assert_ptr_null(effnn__kernels_at(99));
}
END_TEST

/* Each test is a process, in which nothing has been chosen yet. */
START_TEST(the_environment_lowers_the_choice)
{
    ck_assert_int_eq(setenv("EFFNN_CPU", "baseline", 1), 0);
    ck_assert_str_eq(effnn__kernels_get()->name, "baseline");
    ck_assert_ptr_eq(effnn__kernels_get(), effnn__kernels_at(0));
}
END_TEST

START_TEST(a_set_that_is_not_there_is_not_chosen)
{
    ck_assert_int_eq(setenv("EFFNN_CPU", "abacus", 1), 0);
    ck_assert_str_ne(effnn__kernels_get()->name, "abacus");
}
END_TEST

SUITE("kernels", setup, teardown, functions_give_the_same_bits, halves_are_those_of_single_numbers,
      tests_and_choices_follow_c, rows_and_axes_give_the_same_bits, planes_give_the_same_bits,
      the_largest_set_is_chosen, the_environment_lowers_the_choice,
      a_set_that_is_not_there_is_not_chosen)
