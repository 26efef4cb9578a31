/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/dataset_pixels.h"
#include "support/alloc_fail.h"

static const double means[] = { 0.5, 0.25 }, stds[] = { 0.25, 2.0 };

START_TEST(bytes_are_scaled_by_channel)
{
    static const unsigned char bytes[] = { 0, 255, 51, 102 };
    static const float want[] = { -2.0f, 2.0f, (0.2f - 0.25f) / 2.0f, (0.4f - 0.25f) / 2.0f };
    const effnn__pixel_scale scale = { 255.0, 2, 2, means, stds };
    effnn__pixels pixels;
    float out[4];

    ck_assert_ok(effnn__pixels_init(&pixels, "x", 2, 2, &scale));
    effnn__pixels_convert(&pixels, out, bytes);
    for (size_t i = 0; i < 4; i++) ck_assert_float_eq_tol(out[i], want[i], 1e-6f);
    effnn__pixels_clear(&pixels);
}
END_TEST

START_TEST(one_number_serves_all_channels_and_none_is_as_it_is)
{
    static const unsigned char bytes[] = { 3, 4, 5 };
    const effnn__pixel_scale one = { 1.0, 1, 1, means, stds }, none = { 1.0, 0, 0, NULL, NULL };
    effnn__pixels pixels;
    float out[3];

    ck_assert_ok(effnn__pixels_init(&pixels, "x", 3, 1, &one));
    effnn__pixels_convert(&pixels, out, bytes);
    for (size_t i = 0; i < 3; i++) ck_assert_float_eq(out[i], ((float)bytes[i] - 0.5f) * 4.0f);
    effnn__pixels_clear(&pixels);
    ck_assert_ok(effnn__pixels_init(&pixels, "x", 3, 1, &none));
    effnn__pixels_convert(&pixels, out, bytes);
    for (size_t i = 0; i < 3; i++) ck_assert_float_eq(out[i], (float)bytes[i]);
    effnn__pixels_clear(&pixels);
}
END_TEST

START_TEST(numbers_that_do_not_fit_are_refused)
{
    static const double zero[] = { 0.0 };
    const effnn__pixel_scale two = { 1.0, 2, 0, means, NULL }, no_std = { 1.0, 0, 1, NULL, zero };
    const effnn__pixel_scale no_scale = { 0.0, 0, 0, NULL, NULL };
    effnn__pixels pixels;

    ck_assert_fails_saying(EFFNN_E_ARG, "x: 2 means and 0 stds for 3 channels",
                           effnn__pixels_init(&pixels, "x", 3, 1, &two));
    ck_assert_fails_saying(EFFNN_E_ARG, "std 0", effnn__pixels_init(&pixels, "x", 3, 1, &no_std));
    ck_assert_fails_saying(EFFNN_E_ARG, "scale 0",
                           effnn__pixels_init(&pixels, "x", 3, 1, &no_scale));
    ck_assert_fails(EFFNN_E_NOMEM,
                    effnn__pixels_init(&pixels, "x", SIZE_MAX / 8, 1,
                                       &(effnn__pixel_scale){ 1.0, 0, 0, NULL, NULL }));
}
END_TEST

SUITE("dataset_pixels", NULL, NULL, bytes_are_scaled_by_channel,
      one_number_serves_all_channels_and_none_is_as_it_is, numbers_that_do_not_fit_are_refused)
