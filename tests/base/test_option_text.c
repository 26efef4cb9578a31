/* SPDX-License-Identifier: BSD-3-Clause */
/* Option tables as text: every type, and texts that hold the separators, through printing and
 * parsing, in a host program whose locale writes a comma for the decimal point. */

#include "base/option.h"

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/comma_locale.h"
#include "support/suite.h"

typedef struct sample {
    double rate;
    char *name;
    effnn_string_list sites;
    bool flag;
    int rounding;
    effnn_int_list pads;
    int64_t bits;
} sample;

static const char *const roundings[] = { "nearest", "floor", NULL };
#define FIELD(f) offsetof(sample, f)
static const effnn_option_def defs[] = {
    { "rate", "a share", EFFNN_OPT_F64, FIELD(rate), .value = 0.5 },
    { "name", "any text", EFFNN_OPT_STRING, FIELD(name), .text = "x" },
    { "sites", "globs", EFFNN_OPT_LIST, FIELD(sites), .text = "a:b" },
    { "flag", "a switch", EFFNN_OPT_BOOL, FIELD(flag), .value = 0 },
    { "rounding", "of ties", EFFNN_OPT_ENUM, FIELD(rounding), .value = 1, .choices = roundings },
    { "pads", "whole numbers", EFFNN_OPT_INTS, FIELD(pads), .text = "" },
    { "bits", "width in bits", EFFNN_OPT_I64, FIELD(bits), .value = -3 },
    EFFNN_OPTIONS_END,
};

static sample opts, other;

static void setup(void)
{
    opts = other = (sample){ 0 };
    ck_assert_ok(effnn__options_init(defs, &opts));
    ck_assert_ok(effnn__options_init(defs, &other));
}

static void teardown(void)
{
    effnn__options_clear(defs, &opts);
    effnn__options_clear(defs, &other);
}

/* All of opts, printed and parsed into other. */
static void comes_back(void)
{
    char *text = NULL;

    ck_assert_ok(effnn__options_print(defs, &opts, &text));
    ck_assert_ok(effnn__options_parse(defs, &other, text));
    ck_assert_msg(effnn__options_equal(defs, &opts, &other), "%s", text);
    effnn__free(text);
}

START_TEST(the_default_of_every_type_has_a_text)
{
    static const char *const expected[] = { "0.5", "x", "a:b", "false", "floor", "", "-3" };

    for (size_t i = 0; defs[i].name; i++) {
        char *text = NULL;

        ck_assert_ok(effnn__option_default_text(&defs[i], &text));
        ck_assert_str_eq(text, expected[i]);
        effnn__free(text);
    }
    ck_assert_uint_eq(effnn__option_count(defs), sizeof expected / sizeof expected[0]);
    ck_assert_uint_eq(effnn__option_count(NULL), 0);
}
END_TEST

START_TEST(defaults_print_as_nothing)
{
    char *text = NULL;

    ck_assert_ok(effnn__options_print(defs, &opts, &text));
    ck_assert_str_eq(text, "");
    effnn__free(text);
    comes_back();
}
END_TEST

START_TEST(texts_with_separators_and_backslashes_come_back)
{
    static const char *const names[] = { "",      ",",   "\\",  "\\\\", "a\\,b", "a,",
                                         "C:\\d", "a=b", "\\,", ",,\\", "ä:ö" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_ok(effnn__options_set(defs, &opts, "name", names[i]));
        ck_assert_ok(effnn__options_set(defs, &opts, "sites", names[i]));
        ck_assert_ok(effnn__options_set(defs, &opts, "bits", "7"));
        comes_back();
    }
}
END_TEST

START_TEST(a_backslash_before_other_letters_is_itself)
{
    ck_assert_ok(effnn__options_parse(defs, &opts, "name=C:\\data\\x,bits=4"));
    ck_assert_str_eq(opts.name, "C:\\data\\x");
    ck_assert_int_eq(opts.bits, 4);
}
END_TEST

START_TEST(numbers_come_back_exactly_in_a_locale_with_commas)
{
    static const double rates[] = { 0.1, 1.0 / 3.0, -1e-300, 12345678.9, 5e-324, 1e22 };

    enter_comma_locale();
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        ck_assert_ok(effnn__options_set_f64(defs, &opts, "rate", rates[i]));
        comes_back();
        ck_assert_double_eq(other.rate, rates[i]);
    }
    ck_assert_ok(effnn__options_parse(defs, &opts, "rate=1.5,pads=1:-2:9223372036854775807"));
    comes_back();
    ck_assert_int_eq(other.pads.items[2], INT64_MAX);
    ck_assert_fails_saying(EFFNN_E_ARG, "4.5 is not a whole number",
                           effnn__options_set(defs, &opts, "bits", "4.5"));
}
END_TEST

static void holds_first_values(void)
{
    ck_assert_double_eq(opts.rate, 0.5);
    ck_assert_str_eq(opts.name, "x");
    ck_assert_uint_eq(opts.sites.n, 2);
}

START_TEST(no_memory_while_parsing_changes_nothing)
{
    ALLOC_FAIL_LOOP(effnn__options_parse(defs, &opts, "rate=2,name=longer,sites=c,pads=1:2"),
                    holds_first_values());
    ck_assert_str_eq(opts.name, "longer");
}
END_TEST

START_TEST(no_memory_while_printing_or_copying_is_an_error)
{
    char *text = NULL;
    sample copy = { 0 };

    ck_assert_ok(effnn__options_parse(defs, &opts, "rate=2,name=longer,sites=c:d,pads=1:2"));
    ALLOC_FAIL_LOOP(effnn__options_print(defs, &opts, &text), ck_assert_ptr_null(text));
    effnn__free(text);
    text = NULL;
    ALLOC_FAIL_LOOP(effnn__options_get_text(defs, &opts, "sites", &text), ck_assert_ptr_null(text));
    effnn__free(text);
    ALLOC_FAIL_LOOP(effnn__options_copy(defs, &copy, &opts), ck_assert_ptr_null(copy.name));
    ck_assert(effnn__options_equal(defs, &opts, &copy));
    effnn__options_clear(defs, &copy);
}
END_TEST

SUITE("option_text", setup, teardown, the_default_of_every_type_has_a_text,
      defaults_print_as_nothing, texts_with_separators_and_backslashes_come_back,
      a_backslash_before_other_letters_is_itself, numbers_come_back_exactly_in_a_locale_with_commas,
      no_memory_while_parsing_changes_nothing, no_memory_while_printing_or_copying_is_an_error)
