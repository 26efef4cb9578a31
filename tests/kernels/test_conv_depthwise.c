/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution with one filter a channel against the reference: planes of one band and of many, rows
 * that are cut, strides with phases, dilations, filters and strides too large for the bands. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"

enum { CHANNELS = 3 };

static const struct {
    size_t h, w, kernel, stride, dilation, pad;
} cases[] = {
    { 5, 7, 3, 1, 1, 1 },    { 112, 90, 3, 1, 1, 1 },  { 57, 56, 3, 2, 1, 1 },
    { 14, 13, 5, 2, 1, 2 },  { 28, 28, 5, 1, 1, 2 },   { 9, 5000, 3, 1, 1, 1 },
    { 4, 4100, 3, 2, 1, 0 }, { 40, 31, 3, 3, 2, 2 },   { 23, 19, 2, 1, 3, 0 },
    { 6, 6, 1, 1, 1, 0 },    { 3, 3, 5, 1, 1, 4 },     { 40, 40, 33, 1, 1, 3 },
    { 40, 40, 3, 17, 1, 1 }, { 70, 3000, 3, 5, 1, 2 }, { 8, 3000, 9, 4, 300, 5 },
};

static effnn__conv2d conv_of(int i)
{
    const size_t reach = (cases[i].kernel - 1) * cases[i].dilation + 1;
    const size_t padded_h = cases[i].h + 2 * cases[i].pad, padded_w = cases[i].w + 2 * cases[i].pad;

    return (effnn__conv2d){ .n = 2,
                            .c_in = CHANNELS,
                            .h = cases[i].h,
                            .w = cases[i].w,
                            .c_out = CHANNELS,
                            .kernel_h = cases[i].dilation > 100 ? 1 : cases[i].kernel,
                            .kernel_w = cases[i].kernel,
                            .out_h = cases[i].dilation > 100
                                         ? (padded_h - 1) / cases[i].stride + 1
                                         : (padded_h - reach) / cases[i].stride + 1,
                            .out_w = (padded_w - reach) / cases[i].stride + 1,
                            .groups = CHANNELS,
                            .stride_h = cases[i].stride,
                            .stride_w = cases[i].stride,
                            .dilation_h = cases[i].dilation,
                            .dilation_w = cases[i].dilation,
                            .pad_top = cases[i].pad,
                            .pad_left = cases[i].pad };
}

/* Sums of k products of numbers below 1 in two orders: each is off by at most k · k · eps / 2. */
START_TEST(it_agrees_with_the_reference)
{
    const effnn__conv2d v = conv_of(_i);
    const size_t taps = v.kernel_h * v.kernel_w, n = 2 * CHANNELS * v.out_h * v.out_w;
    const double bound = (double)(taps + 1) * (double)(taps + 1) * FLT_EPSILON;
    float *const x = random_f32(2 * CHANNELS * v.h * v.w, 1);
    float *const weight = random_f32(CHANNELS * taps, 2), *const bias = random_f32(CHANNELS, 3);
    float *const y = random_f32(n, 4), *const expected = random_f32(n, 5);
    const effnn__epilogue after = { .bias = bias, .clamp = _i % 2, .lo = -0.5f, .hi = 0.75f };

    ck_assert_ok(
        effnn__kernels_reference()->conv2d_f32(NULL, &v, x, weight, &after, expected, NULL));
    for (size_t k = 0; effnn__kernels_at(k); k++) {
        ck_assert_ok(effnn__kernels_at(k)->depthwise2d_f32(NULL, &v, x, weight, &after, y));
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(fabs((double)y[i] - (double)expected[i]) <= bound, "%g at %zu, not %g",
                          (double)y[i], i, (double)expected[i]);
    }
    free(x);
    free(weight);
    free(bias);
    free(y);
    free(expected);
}
END_TEST

LOOP_SUITE("conv_depthwise", NULL, NULL, sizeof cases / sizeof cases[0],
           it_agrees_with_the_reference)
