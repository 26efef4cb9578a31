/* SPDX-License-Identifier: BSD-3-Clause */
/* Losses where they fail only when run, and what an empty choice of places gives. */

#include "ops/op_loss.h"

#include "base/option.h"
#include "ops/op_run.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

#include <math.h>

/* The loss of scores [2, 3] and these labels; attributes as text. */
static effnn_status run(effnn_tensor **y, const char *op, const char *attrs, int64_t a, int64_t b)
{
    const effnn_op_def *def = effnn__op_find(op);
    effnn_tensor *x = test_tensor_iota(2, 3);
    effnn_tensor *labels = test_tensor_i64(1, (const int64_t[]){ 2 }, (const int64_t[]){ a, b });
    effnn__loss_attrs options = { 0 };

    ck_assert_ok(effnn__options_init(def->attrs, &options));
    ck_assert_ok(effnn__options_parse(def->attrs, &options, attrs));
    const effnn_status status = effnn__op_run(NULL, def, &options, "n",
                                              (const effnn_tensor *const[]){ x, labels }, 2, y, 1);
    effnn__options_clear(def->attrs, &options);
    effnn_tensor_release(x);
    effnn_tensor_release(labels);
    return status;
}

static const char *const losses[] = { "negative_log_likelihood_loss",
                                      "softmax_cross_entropy_loss" };

START_TEST(a_label_that_is_no_class_is_refused)
{
    effnn_tensor *y = NULL;

    ck_assert_fails_saying(EFFNN_E_ARG, "label 1 is 3 of 3 classes",
                           run(&y, losses[_i], "reduction=sum", 0, 3));
    ck_assert_fails_saying(EFFNN_E_ARG, "label 0 is -1 of 3 classes",
                           run(&y, losses[_i], "reduction=none", -1, 0));
    ck_assert_ptr_null(y);
}
END_TEST

START_TEST(an_ignored_label_need_not_be_a_class)
{
    effnn_tensor *y = NULL;

    ck_assert_ok(run(&y, losses[_i], "reduction=none,ignore_index=-7", 2, -7));
    ck_assert_tensor_at(y, 0.0, 1);
    effnn_tensor_release(y);
}
END_TEST

/* 0 / 0, as in PyTorch. */
START_TEST(the_mean_of_no_places_is_nan)
{
    effnn_tensor *y = NULL;

    ck_assert_ok(run(&y, losses[_i], "ignore_index=1", 1, 1));
    ck_assert(isnan(*(const float *)effnn_tensor_data(y)));
    effnn_tensor_release(y);
}
END_TEST

LOOP_SUITE("op_loss", NULL, NULL, 2, a_label_that_is_no_class_is_refused,
           an_ignored_label_need_not_be_a_class, the_mean_of_no_places_is_nan)
