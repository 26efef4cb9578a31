/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolutions of few output positions: the bits of the kernels' way for many, at any number of
 * threads and for any number of images. */

#include "ops/op_conv_few.h"
#include "support/arrays.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

#include <effnn/base.h>

/* n, c_in, h, w, c_out, kernel_h, kernel_w, out_h, out_w, groups, strides, dilations, pads. */
static const effnn__conv2d cases[] = {
    { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 },
    { 1, 1, 1, 640, 258, 1, 256, 1, 4, 1, 1, 128, 1, 1, 0, 0 }, /* frames of a signal */
    { 3, 1, 1, 640, 258, 1, 256, 1, 4, 1, 1, 128, 1, 1, 0, 0 }, /* … of several */
    { 1, 1, 1, 90, 20, 1, 9, 1, 8, 1, 1, 10, 1, 2, 0, 0 },      /* … with holes */
    { 2, 129, 1, 4, 128, 1, 3, 1, 4, 1, 1, 1, 1, 1, 0, 1 },     /* along a short line */
    { 1, 64, 1, 4, 70, 1, 3, 1, 2, 1, 1, 2, 1, 1, 0, 1 },       /* … that strides */
    { 5, 64, 1, 1, 33, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 },       /* images are rows */
    { 5, 64, 1, 1, 64, 1, 1, 1, 1, 2, 1, 1, 1, 1, 0, 0 },       /* … in groups */
    { 1, 64, 1, 1, 33, 1, 3, 1, 1, 1, 1, 1, 1, 1, 0, 1 },       /* one of three taps inside */
    { 1, 40, 1, 7, 33, 1, 1, 1, 4, 1, 1, 2, 1, 1, 0, 0 },       /* 1 x 1 that strides */
    { 2, 30, 4, 4, 50, 1, 1, 4, 4, 1, 1, 1, 1, 1, 0, 0 },       /* 1 x 1 */
    { 7, 12, 5, 6, 40, 3, 2, 3, 5, 2, 2, 1, 1, 1, 1, 0 },       /* everything uneven */
    { 70, 3, 2, 2, 18, 2, 2, 1, 1, 1, 1, 1, 1, 1, 0, 0 },       /* several products */
    { 1, 512, 2, 2, 400, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1 },     /* several pieces of one */
    { 1, 2, 2, 2, 3, 3, 3, 4, 4, 1, 1, 1, 1, 1, 2, 2 },         /* windows in the padding */
    { 0, 2, 2, 2, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 0, 0 },         /* no images */
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

/* `floats` of NaN, which may not show in a result. */
static float *scratch_of(size_t bytes)
{
    const size_t n = bytes / sizeof(float);
    float *const scratch = malloc((n + 1) * sizeof *scratch);

    for (size_t i = 0; i < n; i++) scratch[i] = NAN;
    return scratch;
}

static float *convolve_few(effnn_context *context, const effnn__conv2d *v, const float *x,
                           const float *weight, const effnn__epilogue *after)
{
    float *const packed = calloc(1, effnn__conv_few_pack_bytes(v));
    float *const scratch = scratch_of(effnn__conv_few_scratch(v));
    float *const y = random_f32(size_y(v), 98);

    effnn__conv_few_pack(v, weight, packed);
    ck_assert_ok(effnn__conv_few_f32(context, v, x, packed, after, y, scratch));
    free(packed);
    free(scratch);
    return y;
}

static float *convolve(effnn_context *context, const effnn__conv2d *v, const float *x,
                       const float *weight, const effnn__epilogue *after)
{
    const effnn__kernels *const kernels = effnn__kernels_get();
    float *const scratch = scratch_of(kernels->conv2d_scratch(context, v));
    float *const y = random_f32(size_y(v), 99);

    ck_assert_ok(kernels->conv2d_f32(context, v, x, weight, after, y, scratch));
    free(scratch);
    return y;
}

START_TEST(has_the_bits_of_many_positions_at_any_number_of_threads)
{
    const effnn__conv2d *const v = &cases[_i];
    float *const x = random_f32(size_x(v), 1), *const weight = random_f32(size_weight(v), 2);
    float *const bias = random_f32(v->c_out, 3);

    ck_assert(effnn__conv_few_fits(v));
    for (size_t form = 0; form < 4 * N_THREAD_COUNTS; form++) {
        effnn_context *const context = context_of(thread_counts[form / 4]);
        const effnn__epilogue after = {
            .bias = form & 1 ? bias : NULL, .clamp = form & 2, .lo = -0.5f, .hi = 0.75f
        };
        const effnn__epilogue *const a = form & 3 ? &after : NULL;
        float *const y = convolve_few(context, v, x, weight, a);
        float *const expected = convolve(context, v, x, weight, a);

        ck_assert_mem_eq(y, expected, size_y(v) * sizeof *y);
        free(y);
        free(expected);
        effnn_context_destroy(context);
    }
    free(x);
    free(weight);
    free(bias);
}
END_TEST

START_TEST(an_image_has_its_bits_in_any_company)
{
    const effnn__conv2d *const v = &cases[_i];
    const size_t image = v->n ? size_x(v) / v->n : 0, plane = v->n ? size_y(v) / v->n : 0;
    float *const x = random_f32(size_x(v), 1), *const weight = random_f32(size_weight(v), 2);
    float *const all = convolve_few(NULL, v, x, weight, NULL);
    effnn__conv2d one = *v;

    one.n = 1;
    for (size_t i = 0; i < v->n; i++) {
        float *const y = convolve_few(NULL, &one, x + i * image, weight, NULL);

        ck_assert_mem_eq(y, all + i * plane, plane * sizeof *y);
        free(y);
    }
    free(x);
    free(weight);
    free(all);
}
END_TEST

START_TEST(many_positions_small_groups_and_nothing_do_not_fit)
{
    static const effnn__conv2d others[] = {
        { 1, 8, 1, 17, 32, 1, 1, 1, 17, 1, 1, 1, 1, 1, 0, 0 },
        { 1, 32, 1, 1, 32, 1, 1, 1, 1, 32, 1, 1, 1, 1, 0, 0 },
        { 1, 8, 1, 1, 8, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0 },
        { 1, 0, 1, 1, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 },
        { 1, 8, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0 },
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert(!effnn__conv_few_fits(&others[i]));
}
END_TEST

LOOP_SUITE("op_conv_few", NULL, NULL, N_CASES,
           has_the_bits_of_many_positions_at_any_number_of_threads,
           an_image_has_its_bits_in_any_company, many_positions_small_groups_and_nothing_do_not_fit)
