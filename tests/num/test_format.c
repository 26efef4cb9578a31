/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookup of number formats and the public calls over them; what holds of every format is in
 * test_all_formats.c. */

#include "num/format.h"
#include "support/suite.h"

#include <math.h>

START_TEST(formats_are_found_by_name)
{
    ck_assert_ptr_nonnull(effnn__format_find("bf16"));
    ck_assert_str_eq(effnn__format_find("int4")->name, "int4");
    ck_assert_ptr_null(effnn__format_find("int"));
    ck_assert_ptr_null(effnn__format_at(effnn_format_count()));
    ck_assert_ptr_null(effnn_format_name_at(effnn_format_count()));
}
END_TEST

START_TEST(an_unknown_name_is_refused_by_every_call)
{
    uint32_t code = 7;
    double value = 7;

    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "'int9'", effnn_format_bits(&code, "int9"));
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_format_range(&value, NULL, "x"));
    ck_assert_fails(EFFNN_E_NOTFOUND,
                    effnn_format_encode(&code, &value, 1, "", EFFNN_ROUND_NEAREST_EVEN));
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_format_decode(&value, &code, 1, "float"));
    ck_assert_uint_eq(code, 7);
    ck_assert(value == 7);
}
END_TEST

START_TEST(a_misspelt_name_is_answered_with_the_nearest)
{
    uint32_t bits;

    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "'bf16'", effnn_format_bits(&bits, "bf61"));
}
END_TEST

START_TEST(missing_arguments_are_refused)
{
    uint32_t code = 0;
    double value = 0;

    ck_assert_fails(EFFNN_E_ARG, effnn_format_bits(NULL, "f16"));
    ck_assert_fails(EFFNN_E_ARG, effnn_format_bits(&code, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_format_range(&value, &value, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_format_encode(NULL, &value, 1, "f16", 0));
    ck_assert_fails(EFFNN_E_ARG, effnn_format_decode(&value, NULL, 1, "f16"));
    ck_assert_fails_saying(EFFNN_E_ARG, "rounding",
                           effnn_format_encode(&code, &value, 1, "f16", (effnn_rounding)2));
}
END_TEST

START_TEST(no_values_need_no_arrays)
{
    ck_assert_ok(effnn_format_encode(NULL, NULL, 0, "f16", EFFNN_ROUND_NEAREST_EVEN));
    ck_assert_ok(effnn_format_decode(NULL, NULL, 0, "f16"));
    ck_assert_ok(effnn_format_range(NULL, NULL, "f16"));
}
END_TEST

START_TEST(integers_are_their_own_values)
{
    static const double values[] = { -9, -8, -1.5, -0.5, 0.5, 2.5, 6.5, 7.4, INFINITY };
    static const uint32_t nearest[] = { 8, 8, 14, 0, 0, 2, 6, 7, 7 };
    static const uint32_t toward_zero[] = { 8, 8, 15, 0, 0, 2, 6, 7, 7 };
    uint32_t codes[9];

    ck_assert_ok(effnn_format_encode(codes, values, 9, "int4", EFFNN_ROUND_NEAREST_EVEN));
    ck_assert_mem_eq(codes, nearest, sizeof codes);
    ck_assert_ok(effnn_format_encode(codes, values, 9, "int4", EFFNN_ROUND_TOWARD_ZERO));
    ck_assert_mem_eq(codes, toward_zero, sizeof codes);
}
END_TEST

START_TEST(a_nan_in_an_integer_format_is_named_by_index_and_nothing_is_written)
{
    const double values[] = { 1, 2, NAN };
    uint32_t codes[3] = { 9, 9, 9 };

    ck_assert_fails_saying(EFFNN_E_NUMERIC, "value 2 of 3",
                           effnn_format_encode(codes, values, 3, "int8", 0));
    ck_assert_uint_eq(codes[0], 9);
}
END_TEST

SUITE("format", NULL, NULL, formats_are_found_by_name, an_unknown_name_is_refused_by_every_call,
      a_misspelt_name_is_answered_with_the_nearest, missing_arguments_are_refused,
      no_values_need_no_arrays, integers_are_their_own_values,
      a_nan_in_an_integer_format_is_named_by_index_and_nothing_is_written)
