/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_SUITE_H
#define EFFNN_TESTS_SUITE_H

/* A suite of Check tests as one table, and assertions on statuses that print the message. */

#include "base/status.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ck_assert_ok(call)                                                                   \
    do {                                                                                     \
        const effnn_status status_ = (call);                                                 \
        ck_assert_msg(status_ == EFFNN_OK, "%s: %s (%s)", #call, effnn_status_name(status_), \
                      effnn_last_error());                                                   \
    } while (0)

/* The call fails with this status and sets a message of its own. */
#define ck_assert_fails(expected, call)                                                         \
    do {                                                                                        \
        effnn__clear_error();                                                                   \
        const effnn_status status_ = (call);                                                    \
        ck_assert_msg(status_ == (expected), "%s: got %s (%s), expected %s", #call,             \
                      effnn_status_name(status_), effnn_last_error(),                           \
                      effnn_status_name(expected));                                             \
        ck_assert_msg(strcmp(effnn_last_error(), "no error") != 0, "%s set no message", #call); \
    } while (0)

/* The call fails so and its message holds this text. */
#define ck_assert_fails_saying(expected, text, call)                                             \
    do {                                                                                         \
        ck_assert_fails(expected, call);                                                         \
        ck_assert_msg(strstr(effnn_last_error(), (text)) != NULL, "'%s' is not in '%s'", (text), \
                      effnn_last_error());                                                       \
    } while (0)

/* main() of a test program: name, fixture (NULL: none) and the tests' names. */
#define SUITE(name, setup, teardown, ...)                                                  \
    int main(void)                                                                         \
    {                                                                                      \
        const TTest *tests[] = { __VA_ARGS__ };                                            \
        return run_suite(name, setup, teardown, tests, sizeof tests / sizeof tests[0], 0); \
    }

/* The same with every test run for _i in [0, n_loops): conformance over a table. */
#define LOOP_SUITE(name, setup, teardown, n_loops, ...)                                \
    int main(void)                                                                     \
    {                                                                                  \
        const TTest *tests[] = { __VA_ARGS__ };                                        \
        return run_suite(name, setup, teardown, tests, sizeof tests / sizeof tests[0], \
                         (int)(n_loops));                                              \
    }

static inline int run_suite(const char *name, SFun setup, SFun teardown, const TTest **tests,
                            size_t n_tests, int n_loops)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < n_tests; i++) {
        if (n_loops)
            tcase_add_loop_test(tcase, tests[i], 0, n_loops);
        else
            tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
#endif
