/* SPDX-License-Identifier: BSD-3-Clause */
/* A progress callback's answers as statuses. */

#include "base/progress.h"

#include "support/suite.h"

typedef struct told {
    effnn_progress last;
    int n, answer;
} told;

static int keep(void *user, const effnn_progress *progress)
{
    told *self = user;

    self->last = *progress;
    self->n++;
    return self->answer;
}

START_TEST(the_callback_is_told_all_and_zero_goes_on)
{
    told seen = { 0 };
    const effnn__progress progress = { .fn = keep, .user = &seen };

    ck_assert_ok(effnn__progress_tell(&progress, "capture", 3, 9));
    ck_assert_int_eq(seen.n, 1);
    ck_assert_uint_eq(seen.last.version, 1);
    ck_assert_str_eq(seen.last.stage, "capture");
    ck_assert_uint_eq(seen.last.done, 3);
    ck_assert_uint_eq(seen.last.total, 9);
}
END_TEST

START_TEST(positive_answers_stop_and_negative_ones_are_a_failure)
{
    told seen = { .answer = 7 };
    const effnn__progress progress = { .fn = keep, .user = &seen };

    ck_assert_fails_saying(EFFNN_E_CANCELLED, "capture: stopped at 3 of 9",
                           effnn__progress_tell(&progress, "capture", 3, 9));
    seen.answer = -1;
    ck_assert_fails_saying(EFFNN_E_USER, "capture",
                           effnn__progress_tell(&progress, "capture", 3, 9));
}
END_TEST

START_TEST(nobody_need_listen)
{
    const effnn__progress silent = { 0 };

    ck_assert_ok(effnn__progress_tell(NULL, "capture", 3, 9));
    ck_assert_ok(effnn__progress_tell(&silent, "capture", 3, 9));
}
END_TEST

SUITE("progress", NULL, NULL, the_callback_is_told_all_and_zero_goes_on,
      positive_answers_stop_and_negative_ones_are_a_failure, nobody_need_listen)
