/* SPDX-License-Identifier: BSD-3-Clause */
/* Text helpers. */

#include "base/str.h"

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/comma_locale.h"
#include "support/suite.h"

#include <math.h>
#include <stdio.h>

START_TEST(globs_match_stars_marks_and_sets)
{
    static const struct {
        const char *glob, *text;
        bool matches;
    } cases[] = {
        { "", "", true },
        { "", "a", false },
        { "*", "", true },
        { "blocks.*", "blocks.0.qkv", true },
        { "blocks.*", "block", false },
        { "*.fc?", "blocks.0.fc1", true },
        { "*.fc?", "blocks.0.fc", false },
        { "*.fc[12]", "b.fc2", true },
        { "*.fc[!12]", "b.fc2", false },
        { "*.fc[1-3]", "b.fc3", true },
        { "a*b*c", "aXbXbXc", true },
        { "a*b*c", "aXbXbX", false },
        { "[", "[", true },
        { "[]]", "]", true },
        { "a?", "a", false },
        { "*[a-b", "x[a-b", true },
        { "[\xc3-\xc4]", "\xc3", true },
        { "[a-z]", "\xc3", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(effnn__glob_match(cases[i].glob, cases[i].text) == cases[i].matches,
                      "'%s' on '%s'", cases[i].glob, cases[i].text);
}
END_TEST

START_TEST(the_nearest_word_is_a_slip_of_the_finger_away)
{
    static const char *const words[] = { "reduction", "rank_step", "metric" };
    char longer[400] = "";

    ck_assert_str_eq(effnn__nearest_word("reductoin", words, 3), "reduction");
    ck_assert_str_eq(effnn__nearest_word("metrik", words, 3), "metric");
    ck_assert_ptr_null(effnn__nearest_word("calibration", words, 3));
    ck_assert_ptr_null(effnn__nearest_word("x", words, 0));
    ck_assert_ptr_null(effnn__nearest_word("k", (const char *const[]){ "n" }, 1));
    memset(longer, 'x', sizeof longer - 1);
    ck_assert_ptr_null(effnn__nearest_word(longer, words, 3));
}
END_TEST

START_TEST(numbers_are_read_whole_or_not_at_all)
{
    static const char *const bad[] = { "", " 1", "1 ", "1x", "0x", "--1", "1e", "." };
    int64_t whole;
    double real;

    ck_assert(effnn__parse_i64("-42", &whole));
    ck_assert_int_eq(whole, -42);
    ck_assert(!effnn__parse_i64("9223372036854775808", &whole));
    ck_assert(!effnn__parse_i64("1.0", &whole));
    ck_assert(effnn__parse_f64("-1.5e3", &real));
    ck_assert_double_eq(real, -1500);
    ck_assert(!effnn__parse_f64("nan", &real));
    ck_assert(!effnn__parse_f64("1e999", &real));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!effnn__parse_i64(bad[i], &whole), "'%s'", bad[i]);
        ck_assert_msg(!effnn__parse_f64(bad[i], &real), "'%s'", bad[i]);
    }
}
END_TEST

START_TEST(a_double_prints_shortest_and_reads_back)
{
    static const double values[] = { 0.1, 1.0 / 3.0, 1e300, -5e-324, 123456789.0, 0.0, 1e-7 };
    char text[32];

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        double back;

        effnn__format_f64(text, sizeof text, values[i]);
        ck_assert(effnn__parse_f64(text, &back));
        ck_assert_msg(back == values[i], "%s", text);
    }
    effnn__format_f64(text, sizeof text, 0.1);
    ck_assert_str_eq(text, "0.1");
}
END_TEST

START_TEST(the_host_s_locale_does_not_matter)
{
    effnn__str growing = { 0 };
    double value;
    char text[32];

    enter_comma_locale();
    ck_assert(effnn__parse_f64("0.5", &value));
    ck_assert_double_eq(value, 0.5);
    ck_assert(!effnn__parse_f64("0,5", &value));
    effnn__format_f64(text, sizeof text, 1234567.5);
    ck_assert_str_eq(text, "1234567.5");
    ck_assert_ok(effnn__str_printf(&growing, "%.1f", 0.5));
    ck_assert_str_eq(growing.text, "0.5");
    effnn__str_clear(&growing);
    snprintf(text, sizeof text, "%g", 0.5);
    ck_assert_str_eq(text, "0,5"); /* and is as it was afterwards */
}
END_TEST

START_TEST(texts_run_out_of_memory_unchanged)
{
    effnn__str text = { 0 };

    ck_assert_ok(effnn__str_add(&text, "1234567"));
    ALLOC_FAIL_LOOP(effnn__str_printf(&text, "%s", "89"), ck_assert_str_eq(text.text, "1234567"));
    ck_assert_str_eq(text.text, "123456789");
    effnn__alloc_fail_after(0, 0);
    ck_assert_ptr_null(effnn__strprintf("%d", 1));
    effnn__alloc_fail_after(-1, 0);
    effnn__str_clear(&text);
}
END_TEST

START_TEST(text_grows_and_stays_terminated)
{
    effnn__str text = { 0 };

    for (int i = 0; i < 1000; i++) ck_assert_ok(effnn__str_printf(&text, "%d,", i));
    ck_assert_uint_eq(text.n, strlen(text.text));
    ck_assert_uint_eq(text.n, 10 * 2 + 90 * 3 + 900 * 4);
    ck_assert_ok(effnn__str_add_bytes(&text, "a\0b", 3));
    ck_assert_uint_eq(text.n, 10 * 2 + 90 * 3 + 900 * 4 + 3);
    effnn__str_clear(&text);
    ck_assert_ptr_null(text.text);
}
END_TEST

SUITE("str", NULL, NULL, globs_match_stars_marks_and_sets,
      the_nearest_word_is_a_slip_of_the_finger_away, numbers_are_read_whole_or_not_at_all,
      a_double_prints_shortest_and_reads_back, the_host_s_locale_does_not_matter,
      texts_run_out_of_memory_unchanged, text_grows_and_stays_terminated)
