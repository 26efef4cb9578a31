/* SPDX-License-Identifier: BSD-3-Clause */
/* Option tables: defaults, every way of setting, ranges, texts that read back. */

#include "base/option.h"

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/suite.h"

typedef struct sample {
    bool flag;
    int64_t bits, large;
    double rate;
    int rounding;
    char *name;
    effnn_string_list sites;
    effnn_int_list pads;
} sample;

static const char *const roundings[] = { "nearest", "floor", NULL };
#define FIELD(f) offsetof(sample, f)
static const effnn_option_def defs[] = {
    { "flag", "a switch", EFFNN_OPT_BOOL, FIELD(flag), .value = 1 },
    { "bits", "width in bits", EFFNN_OPT_I64, FIELD(bits), .value = 8, .min = 2, .max = 16 },
    { "rate", "a share", EFFNN_OPT_F64, FIELD(rate), .value = 0.1, .min = 0, .max = 1 },
    { "rounding", "of ties", EFFNN_OPT_ENUM, FIELD(rounding), .choices = roundings },
    { "name", "any text", EFFNN_OPT_STRING, FIELD(name), .text = "plain" },
    { "sites", "globs", EFFNN_OPT_LIST, FIELD(sites), .text = "" },
    { "large", "without a range", EFFNN_OPT_I64, FIELD(large), .value = 0 },
    { "pads", "whole numbers", EFFNN_OPT_INTS, FIELD(pads), .text = "0:0", .min = -9, .max = 9 },
    EFFNN_OPTIONS_END,
};

static sample opts;

static void setup(void)
{
    memset(&opts, 0, sizeof opts);
    ck_assert_ok(effnn__options_init(defs, &opts));
}

static void teardown(void)
{
    effnn__options_clear(defs, &opts);
}

static void has_text(const char *key, const char *expected)
{
    char *text = NULL;

    ck_assert_ok(effnn__options_get_text(defs, &opts, key, &text));
    ck_assert_str_eq(text, expected);
    effnn__free(text);
}

START_TEST(every_type_begins_with_its_default)
{
    ck_assert(opts.flag);
    ck_assert_int_eq(opts.bits, 8);
    ck_assert_double_eq(opts.rate, 0.1);
    ck_assert_int_eq(opts.rounding, 0);
    ck_assert_str_eq(opts.name, "plain");
    ck_assert_uint_eq(opts.sites.n, 0);
    ck_assert_uint_eq(opts.pads.n, 2);
}
END_TEST

START_TEST(every_type_is_set_from_text_and_printed_to_the_same_text)
{
    static const char *const cases[][2] = {
        { "flag", "false" },     { "bits", "4" },        { "rate", "0.25" },
        { "rounding", "floor" }, { "name", "a, b = c" }, { "sites", "blocks.*:head" },
        { "pads", "-1:2:3" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_ok(effnn__options_set(defs, &opts, cases[i][0], cases[i][1]));
        has_text(cases[i][0], cases[i][1]);
    }
    ck_assert_str_eq(opts.sites.items[1], "head");
    ck_assert_int_eq(opts.pads.items[0], -1);
}
END_TEST

START_TEST(a_value_out_of_range_is_refused_and_nothing_changes)
{
    ck_assert_fails_saying(EFFNN_E_ARG, "option 'bits': 99 is outside [2, 16]",
                           effnn__options_set(defs, &opts, "bits", "99"));
    ck_assert_fails_saying(EFFNN_E_ARG, "outside [0, 1]",
                           effnn__options_set_f64(defs, &opts, "rate", 1.5));
    ck_assert_fails(EFFNN_E_ARG, effnn__options_set(defs, &opts, "pads", "1:10"));
    ck_assert_int_eq(opts.bits, 8);
    ck_assert_double_eq(opts.rate, 0.1);
    has_text("pads", "0:0");
}
END_TEST

START_TEST(text_that_is_no_value_is_refused)
{
    static const char *const cases[][2] = {
        { "bits", "" },
        { "bits", "4x" },
        { "bits", "4.5" },
        { "bits", " 4" },
        { "rate", "nan" },
        { "rate", "0,5" },
        { "flag", "2" },
        { "rounding", "ceil" },
        { "pads", "1:b" },
        { "pads", "1:" },
        { "large", "9007199254740993" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_fails_saying(EFFNN_E_ARG, cases[i][0],
                               effnn__options_set(defs, &opts, cases[i][0], cases[i][1]));
}
END_TEST

START_TEST(a_choice_that_is_none_gets_all_of_them_named)
{
    ck_assert_fails_saying(EFFNN_E_ARG, "option 'rounding': 'ceil' is none of nearest, floor",
                           effnn__options_set(defs, &opts, "rounding", "ceil"));
}
END_TEST

START_TEST(whole_numbers_are_set_as_a_list_in_range)
{
    ck_assert_ok(effnn__options_set_ints(defs, &opts, "pads", (const int64_t[]){ 1, -2, 3 }, 3));
    has_text("pads", "1:-2:3");
    ck_assert_fails_saying(
        EFFNN_E_ARG, "outside [-9, 9]",
        effnn__options_set_ints(defs, &opts, "pads", (const int64_t[]){ 1, 10 }, 2));
    ck_assert_fails(EFFNN_E_ARG,
                    effnn__options_set_ints(defs, &opts, "sites", (const int64_t[]){ 1 }, 1));
    has_text("pads", "1:-2:3");
    ck_assert_ok(effnn__options_set_ints(defs, &opts, "pads", NULL, 0));
    has_text("pads", "");
}
END_TEST

START_TEST(an_unknown_key_gets_the_nearest_one_offered)
{
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no option 'bitz'; did you mean 'bits'?",
                           effnn__options_set(defs, &opts, "bitz", "4"));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no option 'completely_else'",
                           effnn__options_set_i64(defs, &opts, "completely_else", 4));
}
END_TEST

START_TEST(several_at_once_are_set_all_or_none)
{
    ck_assert_ok(effnn__options_parse(defs, &opts, "bits=4,name=a\\,b,pads=1:2"));
    ck_assert_int_eq(opts.bits, 4);
    ck_assert_str_eq(opts.name, "a,b");
    ck_assert_fails(EFFNN_E_ARG, effnn__options_parse(defs, &opts, "bits=5,rate=7"));
    ck_assert_fails(EFFNN_E_ARG, effnn__options_parse(defs, &opts, "bits=5,rate"));
    ck_assert_int_eq(opts.bits, 4);
}
END_TEST

START_TEST(what_differs_from_the_defaults_prints_and_parses_back)
{
    sample other = { 0 };
    char *text = NULL;

    ck_assert_ok(effnn__options_parse(defs, &opts, "flag=0,name=x\\,y,sites=a:b"));
    ck_assert_ok(effnn__options_print(defs, &opts, &text));
    ck_assert_str_eq(text, "flag=false,name=x\\,y,sites=a:b");
    ck_assert_ok(effnn__options_init(defs, &other));
    ck_assert(!effnn__options_equal(defs, &opts, &other));
    ck_assert_ok(effnn__options_parse(defs, &other, text));
    ck_assert(effnn__options_equal(defs, &opts, &other));
    effnn__options_clear(defs, &other);
    effnn__free(text);
}
END_TEST

START_TEST(a_copy_has_memory_of_its_own)
{
    sample copy = { 0 };

    ck_assert_ok(effnn__options_set(defs, &opts, "sites", "a:b"));
    ck_assert_ok(effnn__options_copy(defs, &copy, &opts));
    ck_assert_ok(effnn__options_set(defs, &opts, "sites", "c"));
    ck_assert_uint_eq(copy.sites.n, 2);
    ck_assert_str_eq(copy.sites.items[0], "a");
    effnn__options_clear(defs, &copy);
}
END_TEST

START_TEST(numbers_suit_numeric_types_only)
{
    int64_t whole;
    double real;

    ck_assert_ok(effnn__options_set_i64(defs, &opts, "rounding", 1));
    ck_assert_int_eq(opts.rounding, 1);
    ck_assert_fails(EFFNN_E_ARG, effnn__options_set_i64(defs, &opts, "rounding", 2));
    ck_assert_fails(EFFNN_E_ARG, effnn__options_set_f64(defs, &opts, "bits", 4.5));
    ck_assert_fails(EFFNN_E_ARG, effnn__options_set_i64(defs, &opts, "name", 1));
    ck_assert_ok(effnn__options_set_i64(defs, &opts, "large", INT64_C(1) << 53));
    ck_assert_fails(EFFNN_E_ARG, effnn__options_set_i64(defs, &opts, "large", INT64_MAX));
    ck_assert_int_eq(opts.large, INT64_C(1) << 53);
    ck_assert_fails(EFFNN_E_ARG, effnn__options_get_i64(defs, &opts, "rate", &whole));
    ck_assert_ok(effnn__options_get_i64(defs, &opts, "bits", &whole));
    ck_assert_int_eq(whole, 8);
    ck_assert_ok(effnn__options_get_f64(defs, &opts, "rate", &real));
    ck_assert_double_eq(real, 0.1);
    ck_assert_fails(EFFNN_E_ARG, effnn__options_get_f64(defs, &opts, "name", &real));
}
END_TEST

static effnn_status make_and_parse(void)
{
    sample made = { 0 };
    effnn_status status = effnn__options_init(defs, &made);

    if (status != EFFNN_OK) return status;
    status = effnn__options_parse(defs, &made, "sites=a:b,pads=1:2,name=x");
    effnn__options_clear(defs, &made);
    return status;
}

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    ALLOC_FAIL_LOOP(make_and_parse(), );
}
END_TEST

SUITE("option", setup, teardown, every_type_begins_with_its_default,
      every_type_is_set_from_text_and_printed_to_the_same_text,
      a_value_out_of_range_is_refused_and_nothing_changes, text_that_is_no_value_is_refused,
      a_choice_that_is_none_gets_all_of_them_named, whole_numbers_are_set_as_a_list_in_range,
      an_unknown_key_gets_the_nearest_one_offered, several_at_once_are_set_all_or_none,
      what_differs_from_the_defaults_prints_and_parses_back, a_copy_has_memory_of_its_own,
      numbers_suit_numeric_types_only, no_memory_at_any_point_is_an_error_without_a_leak)
