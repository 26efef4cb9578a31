/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/text/text_samples.h"
#include "support/alloc_fail.h"

static effnn__text_samples samples;

static void teardown(void)
{
    effnn__text_samples_clear(&samples);
}

static effnn_status add(const char *file, const char *text, const char *label)
{
    return effnn__text_samples_add(&samples, "f", file, strlen(file), text, label);
}

static void check(size_t i, const char *text, int64_t label)
{
    ck_assert_uint_lt(i, samples.n);
    ck_assert_uint_eq(samples.items[i].n, strlen(text));
    ck_assert_mem_eq(samples.items[i].text, text, strlen(text));
    ck_assert_int_eq(samples.items[i].label, label);
}

START_TEST(lines_are_texts_and_empty_ones_are_none)
{
    ck_assert_ok(add("one\n\ntwo\tcolumns\r\n\r\nlast", NULL, NULL));
    ck_assert_uint_eq(samples.n, 3);
    check(0, "one", 0);
    check(1, "two\tcolumns", 0);
    check(2, "last", 0);
    ck_assert_ok(add("", NULL, NULL));
    ck_assert_uint_eq(samples.n, 3);
}
END_TEST

START_TEST(columns_are_found_by_name_and_by_number)
{
    ck_assert_ok(add("sentence\tlabel\na b\t1\n\t0\n", "sentence", "label"));
    ck_assert_uint_eq(samples.n, 2);
    check(0, "a b", 1);
    check(1, "", 0);
    ck_assert_ok(add("x\t2\t*\tgood\n", "4", "2"));
    check(2, "good", 2);
    ck_assert_ok(add("sentence\tlabel\nmixed\t7\n", "1", "label"));
    check(3, "mixed", 7);
}
END_TEST

START_TEST(lines_that_do_not_fit_are_refused_by_number)
{
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no column 'txt'", add("text\tlabel\n", "txt", NULL));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no column 'txt'", add("", "txt", NULL));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "line 2 has no column 3",
                           add("a\tb\tc\nd\te\n", "3", NULL));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "line 1 has no column 2", add("a\n", "1", "2"));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "line 3: the label 'x'",
                           add("t\tl\na\t1\nb\tx\n", "t", "l"));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "label '-1'", add("a\t-1\n", "1", "2"));
    ck_assert_fails(EFFNN_E_FORMAT, add("a\t11111111111111111111111111111111111\n", "1", "2"));
    ck_assert_fails(EFFNN_E_ARG, add("a\n", "99999999999999999999", NULL));
}
END_TEST

static effnn_status add_once(void)
{
    effnn__text_samples mine = { 0 };
    const effnn_status status = effnn__text_samples_add(&mine, "f", "a\nb\n", 4, NULL, NULL);

    effnn__text_samples_clear(&mine);
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    ALLOC_FAIL_LOOP(add_once(), );
}
END_TEST

SUITE("text_samples", NULL, teardown, lines_are_texts_and_empty_ones_are_none,
      columns_are_found_by_name_and_by_number, lines_that_do_not_fit_are_refused_by_number,
      failing_allocations_are_errors)
