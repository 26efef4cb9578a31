/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_ALLOC_FAIL_H
#define EFFNN_TESTS_ALLOC_FAIL_H

/* Run a call with its n-th allocation failing, n = 0, 1, 2, …, until it succeeds. Each failure must
 * be E_NOMEM with a message, and none may be passed over in silence; leaks are AddressSanitizer's
 * to find. */

#include "base/alloc.h"
#include "support/suite.h"

#define ALLOC_FAIL_LIMIT 100000

/* status_call: an expression of type effnn_status; after_failure: statements that check that
 * nothing changed (may be empty). */
#define ALLOC_FAIL_LOOP(status_call, after_failure)                                          \
    do {                                                                                     \
        int64_t n_ = 0;                                                                      \
        for (; n_ < ALLOC_FAIL_LIMIT; n_++) {                                                \
            const uint64_t before_ = effnn__alloc_count();                                   \
            effnn__clear_error();                                                            \
            effnn__alloc_fail_after(n_, 0);                                                  \
            const effnn_status outcome_ = (status_call);                                     \
            effnn__alloc_fail_after(-1, 0);                                                  \
            if (outcome_ == EFFNN_OK) {                                                      \
                ck_assert_msg(effnn__alloc_count() - before_ <= (uint64_t)n_,                \
                              "succeeded though allocation %lld failed", (long long)n_);     \
                break;                                                                       \
            }                                                                                \
            ck_assert_msg(outcome_ == EFFNN_E_NOMEM, "allocation %lld failing gave %s (%s)", \
                          (long long)n_, effnn_status_name(outcome_), effnn_last_error());   \
            ck_assert_msg(strcmp(effnn_last_error(), "no error") != 0, "no message at %lld", \
                          (long long)n_);                                                    \
            after_failure;                                                                   \
        }                                                                                    \
        ck_assert_msg(n_ > 0 && n_ < ALLOC_FAIL_LIMIT,                                       \
                      "succeeded at allocation %lld: nothing was tested", (long long)n_);    \
    } while (0)
#endif
