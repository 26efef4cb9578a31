/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolutions by register tiles and by direct loops against the reference and against PyTorch,
 * and their bits at several numbers of threads. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <stdio.h>

/* n, c_in, h, w, c_out, kernel_h, kernel_w, out_h, out_w, groups, strides, dilations, pads. */
static const effnn__conv2d cases[] = {
    { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 },
    { 2, 3, 9, 7, 5, 3, 3, 9, 7, 1, 1, 1, 1, 1, 1, 1 },
    { 1, 4, 11, 12, 6, 3, 2, 5, 5, 2, 2, 3, 2, 1, 1, 2 },      /* everything uneven */
    { 3, 8, 5, 6, 7, 1, 1, 5, 6, 1, 1, 1, 1, 1, 0, 0 },        /* pointwise, few positions */
    { 1, 64, 28, 28, 96, 1, 1, 28, 28, 1, 1, 1, 1, 1, 0, 0 },  /* pointwise */
    { 2, 16, 14, 14, 24, 1, 1, 7, 7, 1, 2, 2, 1, 1, 0, 0 },    /* 1 x 1 that strides */
    { 2, 6, 8, 8, 6, 1, 1, 10, 10, 1, 1, 1, 1, 1, 1, 1 },      /* 1 x 1 with padding */
    { 1, 3, 64, 64, 48, 16, 16, 4, 4, 1, 16, 16, 1, 1, 0, 0 }, /* patches */
    { 1, 24, 30, 30, 64, 3, 3, 30, 30, 1, 1, 1, 1, 1, 1, 1 },
    { 1, 48, 28, 30, 70, 3, 3, 28, 30, 1, 1, 1, 1, 1, 1, 1 }, /* all threads in each step */
    { 2, 64, 48, 60, 16, 3, 3, 48, 60, 1, 1, 1, 1, 1, 1, 1 }, /* several blocks */
    { 1, 256, 7, 7, 128, 3, 3, 7, 7, 1, 1, 1, 1, 1, 1, 1 },
    { 9, 16, 12, 12, 16, 3, 3, 12, 12, 1, 1, 1, 1, 1, 1, 1 },  /* an image a thread */
    { 2, 32, 10, 10, 64, 3, 3, 5, 5, 8, 2, 2, 1, 1, 1, 1 },    /* groups */
    { 2, 4, 6, 6, 8, 3, 3, 6, 6, 4, 1, 1, 1, 1, 1, 1 },        /* two filters a channel */
    { 2, 20, 17, 19, 20, 3, 3, 17, 19, 20, 1, 1, 1, 1, 1, 1 }, /* depthwise */
    { 1, 5, 16, 15, 5, 5, 3, 8, 8, 5, 2, 2, 1, 1, 2, 1 },      /* depthwise that strides */
    { 1, 3, 10, 10, 3, 3, 3, 10, 10, 3, 1, 1, 4, 5, 4, 5 },    /* depthwise, dilated */
    { 1, 2, 2, 2, 3, 3, 3, 6, 6, 1, 1, 1, 1, 1, 3, 3 },        /* windows all in the padding */
    { 1, 2, 3, 2, 2, 3, 3, 7, 6, 2, 1, 1, 1, 1, 3, 3 },        /* the same, depthwise */
    { 0, 2, 4, 4, 2, 3, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0 },        /* no images */
    { 2, 40, 7, 7, 72, 1, 1, 7, 7, 1, 1, 1, 1, 1, 0, 0 },      /* small pictures: pointwise, */
    { 1, 200, 19, 21, 33, 1, 1, 19, 21, 1, 1, 1, 1, 1, 0, 0 }, /* in several pieces, */
    { 2, 32, 7, 7, 64, 3, 3, 7, 7, 1, 1, 1, 1, 1, 1, 1 },      /* with padding, */
    { 1, 30, 15, 15, 80, 3, 3, 8, 8, 1, 2, 2, 1, 1, 1, 1 },    /* that stride, */
    { 1, 16, 9, 12, 96, 3, 3, 7, 10, 1, 1, 1, 1, 1, 0, 0 },    /* without padding, */
    { 2, 64, 15, 14, 64, 1, 1, 8, 7, 1, 2, 2, 1, 1, 0, 0 },    /* 1 x 1 that stride, */
    { 2, 24, 10, 9, 80, 3, 2, 6, 8, 2, 1, 1, 2, 3, 0, 1 },     /* in groups, dilated, */
    { 1, 3, 40, 230, 64, 5, 5, 20, 115, 1, 2, 2, 1, 1, 2, 2 }, /* of long lines */
    { 2, 2, 4, 4, 0, 3, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0 },        /* no filters */
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

static size_t size_x(const effnn__conv2d *v)
{
    return v->n * v->c_in * v->h * v->w;
}

static size_t size_weight(const effnn__conv2d *v)
{
    return v->c_out * (v->c_in / v->groups) * v->kernel_h * v->kernel_w;
}

static size_t size_y(const effnn__conv2d *v)
{
    return v->n * v->c_out * v->out_h * v->out_w;
}

/* Scratch is filled with NaN, which may not show in the result. */
static float *convolve(const effnn__kernels *kernels, effnn_context *context,
                       const effnn__conv2d *v, const float *x, const float *weight,
                       const effnn__epilogue *after)
{
    const size_t n_scratch = kernels->conv2d_scratch(context, v) / sizeof(float);
    float *const scratch = malloc((n_scratch + 1) * sizeof *scratch);
    float *const y = random_f32(size_y(v), 99);

    for (size_t i = 0; i < n_scratch; i++) scratch[i] = NAN;
    ck_assert_ok(kernels->conv2d_f32(context, v, x, weight, after, y, scratch));
    free(scratch);
    return y;
}

START_TEST(equals_the_reference)
{
    const effnn__conv2d *const v = &cases[_i];
    float *const x = random_f32(size_x(v), 1), *const weight = random_f32(size_weight(v), 2);
    float *const bias = random_f32(v->c_out, 3);
    effnn_context *const context = context_of(2);

    for (int form = 0; form < 4; form++) {
        const effnn__epilogue after = {
            .bias = form & 1 ? bias : NULL, .clamp = form & 2, .lo = -0.5f, .hi = 0.75f
        };
        const effnn__epilogue *const a = form ? &after : NULL;
        float *const y = convolve(effnn__kernels_get(), context, v, x, weight, a);
        float *const expected = convolve(effnn__kernels_reference(), context, v, x, weight, a);
        const size_t terms = v->c_in / v->groups * v->kernel_h * v->kernel_w;

        assert_near_f32(y, expected, size_y(v), /* every term is below 1 */
                        4.0 * (double)(terms * (terms + 1)) * FLT_EPSILON);
        free(y);
        free(expected);
    }
    effnn_context_destroy(context);
    free(x);
    free(weight);
    free(bias);
}
END_TEST

START_TEST(has_the_same_bits_at_any_number_of_threads)
{
    const effnn__conv2d *const v = &cases[_i];
    float *const x = random_f32(size_x(v), 1), *const weight = random_f32(size_weight(v), 2);
    float *const bias = random_f32(v->c_out, 3), *first = NULL;

    for (size_t t = 0; t < N_THREAD_COUNTS; t++) {
        effnn_context *const context = context_of(thread_counts[t]);
        const effnn__epilogue after = { .bias = bias };
        float *const y = convolve(effnn__kernels_get(), context, v, x, weight, &after);

        if (first) {
            ck_assert_mem_eq(first, y, size_y(v) * sizeof *y);
            free(y);
        } else {
            first = y;
        }
        effnn_context_destroy(context);
    }
    free(first);
    free(x);
    free(weight);
    free(bias);
}
END_TEST

/* Packed weights, and with them the way by slabs, are another order of memory only. */
START_TEST(packed_weights_give_the_same_bits)
{
    const effnn__conv2d *const v = &cases[_i];
    const effnn__kernels *const kernels = effnn__kernels_get();
    const size_t bytes = size_weight(v) ? kernels->conv2d_pack_bytes(v) : 0;
    float *const x = random_f32(size_x(v), 1), *const weight = random_f32(size_weight(v), 2);
    float *const bias = random_f32(v->c_out, 3), *const packed = calloc(1, bytes + 1);
    const effnn__epilogue after = { .bias = bias, .clamp = true, .lo = -1.0f, .hi = 2.0f };

    if (bytes) kernels->conv2d_pack(v, weight, packed);
    for (size_t t = 0; bytes && t <= N_THREAD_COUNTS; t++) {
        const effnn__epilogue *const a = t < N_THREAD_COUNTS ? &after : NULL;
        effnn_context *const context = context_of(thread_counts[t % N_THREAD_COUNTS]);
        float *const expected = convolve(kernels, context, v, x, weight, a);
        const size_t n_scratch = kernels->conv2d_scratch(context, v) / sizeof(float);
        float *const scratch = malloc((n_scratch + 1) * sizeof *scratch);
        float *const y = random_f32(size_y(v), 98);

        for (size_t i = 0; i < n_scratch; i++) scratch[i] = NAN;
        ck_assert_ok(kernels->conv2d_packed_f32(context, v, x, packed, a, y, scratch));
        ck_assert_mem_eq(y, expected, size_y(v) * sizeof *y);
        free(scratch);
        free(y);
        free(expected);
        effnn_context_destroy(context);
    }
    free(x);
    free(weight);
    free(bias);
    free(packed);
}
END_TEST

static effnn_tensor *golden(const char *conv, const char *part)
{
    char name[64];

    snprintf(name, sizeof name, "kernels/conv_%s_%s.npy", conv, part);
    return test_tensor_golden(name);
}

/* Inputs are small multiples of 1/8, so every order of additions gives PyTorch's result exactly. */
START_TEST(equals_pytorch)
{
    static const struct {
        const char *name;
        effnn__conv2d conv;
    } golden_cases[] = {
        { "plain", { 2, 3, 6, 5, 4, 3, 3, 6, 5, 1, 1, 1, 1, 1, 1, 1 } },
        { "odd", { 1, 4, 9, 8, 6, 3, 2, 5, 3, 2, 2, 3, 2, 1, 1, 2 } },
        { "depthwise", { 1, 3, 7, 7, 3, 3, 3, 4, 4, 3, 2, 2, 1, 1, 1, 1 } },
    };
    if (_i >= 6) return;
    const effnn__kernels *const kernels =
        _i % 2 ? effnn__kernels_get() : effnn__kernels_reference();
    const char *const name = golden_cases[_i / 2].name;
    const effnn__conv2d *const v = &golden_cases[_i / 2].conv;
    effnn_tensor *const x = golden(name, "x"), *const weight = golden(name, "weight");
    effnn_tensor *const bias = golden(name, "bias"), *const expected = golden(name, "y");
    const effnn__epilogue after = { .bias = effnn__tensor_data(bias) };
    float *const y =
        convolve(kernels, NULL, v, effnn__tensor_data(x), effnn__tensor_data(weight), &after);

    ck_assert_uint_eq(effnn_tensor_count(expected), size_y(v));
    assert_near_f32(y, effnn__tensor_data(expected), size_y(v), 0.0);
    free(y);
    effnn_tensor_release(x);
    effnn_tensor_release(weight);
    effnn_tensor_release(bias);
    effnn_tensor_release(expected);
}
END_TEST

LOOP_SUITE("conv_tiles", NULL, NULL, N_CASES, equals_the_reference,
           has_the_same_bits_at_any_number_of_threads, packed_weights_give_the_same_bits,
           equals_pytorch)
