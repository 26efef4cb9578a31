/* SPDX-License-Identifier: BSD-3-Clause */
/* What every row of the format table must keep, over all its codes: codes and values map one to
 * one, rounding is to the nearest value with ties to the even code, and the row's own numbers are
 * true. Midpoints of neighbours are exact in double for any format of at most 50 significant bits.
 */

#include "num/format.h"
#include "support/suite.h"

#include <math.h>

#define MOST_BITS 16 /* all codes are walked; wider formats need a sampled suite */

static const effnn__format *format;
static double *values; /* finite values in rising order, -0 left out */
static size_t n_values;

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static uint32_t n_codes(void)
{
    return (uint32_t)1 << format->bits;
}

static bool is_negative_zero(double value)
{
    return value == 0 && signbit(value);
}

/* The fixture knows no loop index; each test calls this first. */
static void open_format(int index)
{
    format = effnn__format_at((size_t)index);
    ck_assert_uint_le(format->bits, MOST_BITS);
    values = malloc(n_codes() * sizeof *values);
    ck_assert_ptr_nonnull(values);
    n_values = 0;
    for (uint32_t code = 0; code < n_codes(); code++) {
        const double value = format->decode(code);

        if (isfinite(value) && !is_negative_zero(value)) values[n_values++] = value;
    }
    qsort(values, n_values, sizeof *values, compare);
}

static void teardown(void)
{
    free(values);
    values = NULL;
}

/* An assertion for the inner loops: Check's own writes to a file each time, even when it holds. */
static void must(bool holds, const char *what, double value)
{
    if (!holds) ck_abort_msg("format '%s' at %a: %s", format->name, value, what);
}

static uint32_t encode(double value, effnn_rounding rounding)
{
    uint32_t code = 0;

    must(effnn_format_encode(&code, &value, 1, format->name, rounding) == EFFNN_OK,
         effnn_last_error(), value);
    must(code < n_codes(), "its code is too wide", value);
    return code;
}

static double rounded(double value, effnn_rounding rounding)
{
    const uint32_t code = encode(value, rounding);
    double result = 0;

    must(effnn_format_decode(&result, &code, 1, format->name) == EFFNN_OK, effnn_last_error(),
         value);
    return result;
}

START_TEST(the_row_is_complete_and_its_name_unique)
{
    uint32_t bits = 0;

    open_format(_i);
    ck_assert_str_eq(effnn_format_name_at((size_t)_i), format->name);
    ck_assert_ptr_eq(effnn__format_find(format->name), format);
    ck_assert_uint_gt(strlen(format->summary), 10);
    ck_assert_ok(effnn_format_bits(&bits, format->name));
    ck_assert_uint_eq(bits, format->bits);
}
END_TEST

START_TEST(every_code_comes_back_from_its_value)
{
    open_format(_i);
    for (uint32_t code = 0; code < n_codes(); code++) {
        const double value = format->decode(code);

        if (isnan(value)) {
            must(format->has_nan, "a NaN that the row denies", value);
            must(isnan(rounded(value, EFFNN_ROUND_NEAREST_EVEN)), "not NaN again", value);
        } else {
            must(encode(value, EFFNN_ROUND_NEAREST_EVEN) == code, "another code", value);
            must(encode(value, EFFNN_ROUND_TOWARD_ZERO) == code, "another code", value);
        }
        must(!isinf(value) || format->has_infinity, "an infinity that the row denies", value);
    }
}
END_TEST

START_TEST(no_two_codes_stand_for_one_value)
{
    open_format(_i);
    for (size_t i = 1; i < n_values; i++) must(values[i - 1] < values[i], "twice", values[i]);
}
END_TEST

START_TEST(values_between_neighbours_go_to_the_nearest_and_ties_to_the_even_code)
{
    const effnn_rounding nearest = EFFNN_ROUND_NEAREST_EVEN;

    open_format(_i);
    for (size_t i = 1; i < n_values; i++) {
        const double low = values[i - 1], high = values[i], middle = low + (high - low) / 2;
        const bool low_is_even = (encode(low, nearest) & 1) == 0;

        must(middle - low == high - middle, "a midpoint that is not exact", middle);
        must(rounded(middle, nearest) == (low_is_even ? low : high), "a tie to odd", middle);
        must(rounded(nextafter(middle, low), nearest) == low, "not the value below", middle);
        must(rounded(nextafter(middle, high), nearest) == high, "not the value above", middle);
    }
}
END_TEST

START_TEST(toward_zero_never_grows_a_magnitude)
{
    const effnn_rounding toward_zero = EFFNN_ROUND_TOWARD_ZERO;

    open_format(_i);
    for (size_t i = 1; i < n_values; i++) {
        const double low = values[i - 1], high = values[i], inner = high > 0 ? low : high;

        must(rounded(nextafter(low, high), toward_zero) == inner, "grew above", low);
        must(rounded(nextafter(high, low), toward_zero) == inner, "grew below", high);
    }
}
END_TEST

START_TEST(the_range_is_that_of_the_codes)
{
    double largest = 0, smallest = 0;
    size_t i = 0;

    open_format(_i);
    ck_assert_ok(effnn_format_range(&largest, &smallest, format->name));
    while (values[i] <= 0) i++;
    ck_assert(smallest == values[i]);
    ck_assert(largest == values[n_values - 1]);
}
END_TEST

START_TEST(values_outside_saturate_or_become_infinite)
{
    open_format(_i);

    const double highest = values[n_values - 1], lowest = values[0];
    const double step = highest - values[n_values - 2];
    const double above = format->has_infinity ? INFINITY : highest;
    const double below = format->has_infinity ? -INFINITY : lowest;

    ck_assert(rounded(INFINITY, EFFNN_ROUND_NEAREST_EVEN) == above);
    ck_assert(rounded(-INFINITY, EFFNN_ROUND_TOWARD_ZERO) == below);
    ck_assert(rounded(1e300, EFFNN_ROUND_NEAREST_EVEN) == above);
    ck_assert(rounded(-1e300, EFFNN_ROUND_NEAREST_EVEN) == below);
    ck_assert(rounded(1e300, EFFNN_ROUND_TOWARD_ZERO) == highest);
    ck_assert(rounded(-1e300, EFFNN_ROUND_TOWARD_ZERO) == lowest);
    /* The highest value is odd in every IEEE layout, so that the tie above it overflows. */
    ck_assert(rounded(highest + step / 2, EFFNN_ROUND_NEAREST_EVEN) == above);
    ck_assert(rounded(nextafter(highest + step / 2, 0), EFFNN_ROUND_NEAREST_EVEN) == highest);
}
END_TEST

START_TEST(tiny_values_go_to_zero_and_keep_no_other_code)
{
    open_format(_i);
    ck_assert(rounded(0x1p-1074, EFFNN_ROUND_NEAREST_EVEN) == 0);
    ck_assert(rounded(-0x1p-1074, EFFNN_ROUND_TOWARD_ZERO) == 0);
    ck_assert(rounded(format->smallest / 2, EFFNN_ROUND_NEAREST_EVEN) == 0);
}
END_TEST

START_TEST(nan_is_kept_or_refused_as_the_row_says)
{
    const double nan = NAN;
    uint32_t code = 5;

    open_format(_i);
    if (format->has_nan)
        ck_assert(isnan(rounded(nan, EFFNN_ROUND_NEAREST_EVEN)));
    else
        ck_assert_fails_saying(EFFNN_E_NUMERIC, format->name,
                               effnn_format_encode(&code, &nan, 1, format->name, 0));
    if (!format->has_nan) ck_assert_uint_eq(code, 5);
}
END_TEST

START_TEST(a_code_that_is_too_wide_is_refused_and_nothing_is_written)
{
    open_format(_i);

    const uint32_t codes[] = { 0, n_codes() };
    double out[] = { 7, 7 };

    ck_assert_fails_saying(EFFNN_E_ARG, "code 1 of 2",
                           effnn_format_decode(out, codes, 2, format->name));
    ck_assert(out[0] == 7);
}
END_TEST

LOOP_SUITE("all_formats", NULL, teardown, effnn_format_count(),
           the_row_is_complete_and_its_name_unique, every_code_comes_back_from_its_value,
           no_two_codes_stand_for_one_value,
           values_between_neighbours_go_to_the_nearest_and_ties_to_the_even_code,
           toward_zero_never_grows_a_magnitude, the_range_is_that_of_the_codes,
           values_outside_saturate_or_become_infinite,
           tiny_values_go_to_zero_and_keep_no_other_code, nan_is_kept_or_refused_as_the_row_says,
           a_code_that_is_too_wide_is_refused_and_nothing_is_written)
