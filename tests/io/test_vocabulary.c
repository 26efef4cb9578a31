/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/text/vocabulary.h"
#include "support/alloc_fail.h"

#include <stdio.h>

enum { N_WORDS = 5000 };

static effnn_status fill(effnn__vocabulary *words)
{
    for (int i = 0; i < N_WORDS; i++) {
        char text[16];
        const int n = snprintf(text, sizeof text, "w%d", i);

        EFFNN_TRY(effnn__vocabulary_add(words, text, (size_t)n));
    }
    return effnn__vocabulary_index(words);
}

START_TEST(strings_are_found_by_number_and_contents)
{
    effnn__vocabulary words = { 0 };

    ck_assert_ok(fill(&words));
    for (int i = 0; i < N_WORDS; i += 7) {
        char text[16];
        size_t n;

        snprintf(text, sizeof text, "w%d", i);
        ck_assert_int_eq(effnn__vocabulary_find(&words, text, strlen(text)), i);
        ck_assert_str_eq(effnn__vocabulary_at(&words, (size_t)i, &n), text);
        ck_assert_uint_eq(n, strlen(text));
    }
    ck_assert_int_eq(effnn__vocabulary_find(&words, "w", 1), -1);
    ck_assert_int_eq(effnn__vocabulary_find(&words, "", 0), -1);
    effnn__vocabulary_clear(&words);
}
END_TEST

START_TEST(zero_bytes_count_and_the_first_of_equals_is_found)
{
    effnn__vocabulary words = { 0 };

    ck_assert_ok(effnn__vocabulary_add(&words, "a\0b", 3));
    ck_assert_ok(effnn__vocabulary_add(&words, "a", 1));
    ck_assert_ok(effnn__vocabulary_add(&words, "", 0));
    ck_assert_ok(effnn__vocabulary_add(&words, "a", 1));
    ck_assert_ok(effnn__vocabulary_index(&words));
    ck_assert_int_eq(effnn__vocabulary_find(&words, "a\0b", 3), 0);
    ck_assert_int_eq(effnn__vocabulary_find(&words, "a", 1), 1);
    ck_assert_int_eq(effnn__vocabulary_find(&words, "", 0), 2);
    effnn__vocabulary_clear(&words);
}
END_TEST

static effnn_status make(void)
{
    effnn__vocabulary words = { 0 };
    const effnn_status status = fill(&words);

    effnn__vocabulary_clear(&words);
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    ALLOC_FAIL_LOOP(make(), );
}
END_TEST

SUITE("vocabulary", NULL, NULL, strings_are_found_by_number_and_contents,
      zero_bytes_count_and_the_first_of_equals_is_found, failing_allocations_are_errors)
