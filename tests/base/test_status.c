/* SPDX-License-Identifier: BSD-3-Clause */
/* Statuses and messages. */

#include "base/status.h"

#include "support/suite.h"

#include <pthread.h>

START_TEST(every_status_has_a_text_of_its_own)
{
    static const effnn_status all[] = {
#define X(id, value, text) EFFNN_##id,
        EFFNN_STATUS_MAP(X)
#undef X
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(effnn_status_name(all[i]), effnn_status_name(all[k]));
    ck_assert_str_eq(effnn_status_name((effnn_status)-99), "unknown status");
}
END_TEST

static void *fail_there(void *unused)
{
    effnn__fail(EFFNN_E_ARG, "elsewhere");
    return unused;
}

START_TEST(a_message_belongs_to_its_thread)
{
    pthread_t thread;

    effnn__fail(EFFNN_E_ARG, "here %d", 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, fail_there, NULL), 0);
    pthread_join(thread, NULL);
    ck_assert_str_eq(effnn_last_error(), "here 1");
}
END_TEST

START_TEST(a_long_message_is_cut_not_overrun)
{
    char text[2000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    effnn__fail(EFFNN_E_ARG, "%s", text);
    ck_assert_uint_lt(strlen(effnn_last_error()), 512);
}
END_TEST

START_TEST(a_message_may_quote_the_last_one_and_stays_one_line)
{
    effnn__fail(EFFNN_E_ARG, "inner");
    effnn__fail(EFFNN_E_ARG, "%s: %s", "outer", effnn_last_error());
    ck_assert_str_eq(effnn_last_error(), "outer: inner");
    effnn__fail(EFFNN_E_FORMAT, "node '%s'", "a\nb\033[31m\x7f\xc3\xa9");
    ck_assert_str_eq(effnn_last_error(), "node 'a?b?[31m?\xc3\xa9'");
}
END_TEST

SUITE("status", NULL, NULL, every_status_has_a_text_of_its_own, a_message_belongs_to_its_thread,
      a_long_message_is_cut_not_overrun, a_message_may_quote_the_last_one_and_stays_one_line)
