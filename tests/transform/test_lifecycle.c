/* SPDX-License-Identifier: BSD-3-Clause */
/* The order of stages and the rollback, with a method made for it that says what it did. */

#include "transform/transform_priv.h"

#include "base/alloc.h"
#include "base/context.h"
#include "model/dataset.h"
#include "support/models.h"

#include <stdio.h>

/* A method of this test: each hook notes itself in the model's metadata, and the hook named by
 * `fails` fails after it did. */
typedef struct spy_options {
    int64_t unused;
    char *fails;
} spy_options;

#define FIELD(f) offsetof(spy_options, f)
static const effnn_option_def spy_defs[] = {
    { "unused", "does nothing", EFFNN_OPT_I64, FIELD(unused), .value = 3, .min = 0, .max = 9 },
    { "fails", "hook that fails", EFFNN_OPT_STRING, FIELD(fails), .text = "" },
    EFFNN_OPTIONS_END,
};

static effnn_status note(effnn_transform_call *call, const char *hook)
{
    const spy_options *options = call->options;
    const char *before = effnn_model_get_metadata(call->model, "hooks");
    char text[128];

    ck_assert_ptr_nonnull(call->context);
    ck_assert_ptr_nonnull(call->report);
    snprintf(text, sizeof text, "%s%s ", before ? before : "", hook);
    ck_assert_ok(effnn_model_set_metadata(call->model, "hooks", text));
    if (strcmp(options->fails, hook) == 0) return effnn__fail(EFFNN_E_NUMERIC, "%s failed", hook);
    return EFFNN_OK;
}

static effnn_status spy_check(effnn_transform_call *call)
{
    const spy_options *options = call->options;

    if (strcmp(options->fails, "check") == 0) return effnn__fail(EFFNN_E_UNSUPPORTED, "no use");
    return EFFNN_OK;
}

static effnn_status spy_apply(effnn_transform_call *call)
{
    size_t row;

    EFFNN_TRY(effnn__report_add_row(call->report, &row, "spied"));
    return note(call, "apply");
}

static effnn_status spy_fit(effnn_transform_call *call)
{
    return note(call, "fit");
}

static effnn_status spy_step(effnn_transform_call *call, int64_t iteration)
{
    char text[32];

    snprintf(text, sizeof text, "step%lld", (long long)iteration);
    return note(call, text);
}

static effnn_status spy_fold(effnn_transform_call *call)
{
    return note(call, "fold");
}

static const effnn_transform_def spy = {
    .version = 1,
    .option_stride = sizeof(effnn_option_def),
    .name = "spy",
    .summary = "notes its hooks",
    .paper = "none",
    .options = spy_defs,
    .options_size = sizeof(spy_options),
    .check = spy_check,
    .apply = spy_apply,
    .fit = spy_fit,
    .step = spy_step,
    .fold = spy_fold,
};

/* The same without what is optional. */
static effnn_transform_def plain;

static effnn_model *model;

static void setup(void)
{
    plain = spy;
    plain.fit = plain.fold = NULL;
    plain.step = NULL;
    model = test_model_mlp(NULL);
}

static void teardown(void)
{
    effnn_model_destroy(model);
}

static effnn_transform *create(const effnn_transform_def *def, const char *fails)
{
    effnn_transform *self = effnn__zalloc(sizeof *self);

    self->def = def;
    self->context = effnn__context_retain(NULL);
    self->options = effnn__zalloc(def->options_size);
    ck_assert_ok(effnn__options_init(def->options, self->options));
    ck_assert_ok(effnn_transform_set(self, "fails", fails));
    return self;
}

static const char *hooks(void)
{
    const char *text = effnn_model_get_metadata(model, "hooks");

    return text ? text : "";
}

START_TEST(a_run_is_apply_fit_fold)
{
    effnn_transform *self = create(&spy, "");
    effnn_report *report = NULL;

    ck_assert_ok(effnn_transform_run(self, model, NULL, &report));
    ck_assert_str_eq(hooks(), "apply fit fold ");
    ck_assert_str_eq(effnn_transform_state(self), "folded");
    ck_assert_str_eq(effnn_report_row_name_at(report, 0), "spied");
    ck_assert_ptr_nonnull(strstr(effnn_report_json(report), "\"unused\":\t3"));
    effnn_report_destroy(report);
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(a_method_without_training_runs_too)
{
    effnn_transform *self = create(&plain, "");

    ck_assert_ok(effnn_transform_run(self, model, NULL, NULL));
    ck_assert_str_eq(hooks(), "apply ");
    ck_assert_str_eq(effnn_transform_state(self), "folded");
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(a_hook_that_fails_in_a_run_leaves_the_model_as_it_was)
{
    static const char *const hook[] = { "apply", "fit", "fold" };

    for (int i = 0; i < 3; i++) {
        effnn_transform *self = create(&spy, hook[i]);
        effnn_report *report = NULL;
        effnn_model *original = NULL;

        ck_assert_ok(effnn_model_clone(&original, model));
        ck_assert_fails_saying(EFFNN_E_NUMERIC, hook[i],
                               effnn_transform_run(self, model, NULL, &report));
        ck_assert_ptr_null(report);
        ck_assert_models_equal(model, original);
        ck_assert_str_eq(effnn_transform_state(self), "created");
        /* Nothing stands in the way of another try. */
        ck_assert_ok(effnn_transform_set(self, "fails", ""));
        ck_assert_ok(effnn_transform_run(self, model, NULL, NULL));
        ck_assert_ok(effnn_model_set_metadata(model, "hooks", NULL));
        effnn_model_destroy(original);
        effnn_transform_destroy(self);
    }
}
END_TEST

START_TEST(stages_follow_each_other)
{
    effnn_transform *self = create(&spy, "");

    ck_assert_ok(effnn_transform_check(self, model, NULL));
    ck_assert_str_eq(effnn_transform_state(self), "created");
    ck_assert_ok(effnn_transform_apply(self, model, NULL));
    ck_assert_str_eq(effnn_transform_state(self), "applied");
    ck_assert_ok(effnn_transform_step(self, model, 0));
    ck_assert_ok(effnn_transform_step(self, model, 1));
    ck_assert_str_eq(effnn_transform_state(self), "stepped");
    ck_assert_ok(effnn_transform_fit(self, model, NULL));
    ck_assert_str_eq(effnn_transform_state(self), "fitted");
    ck_assert_ok(effnn_transform_step(self, model, 2));
    ck_assert_ok(effnn_transform_fold(self, model));
    ck_assert_str_eq(effnn_transform_state(self), "folded");
    ck_assert_str_eq(hooks(), "apply step0 step1 fit step2 fold ");
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(before_apply_there_is_nothing_to_train_or_fold)
{
    effnn_transform *self = create(&spy, "");

    ck_assert_fails_saying(EFFNN_E_STATE, "created", effnn_transform_fit(self, model, NULL));
    ck_assert_fails_saying(EFFNN_E_STATE, "created", effnn_transform_step(self, model, 0));
    ck_assert_fails_saying(EFFNN_E_STATE, "created", effnn_transform_fold(self, model));
    ck_assert_str_eq(hooks(), "");
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(after_apply_it_is_too_late_for_options_and_another_apply)
{
    effnn_transform *self = create(&spy, "");

    ck_assert_ok(effnn_transform_apply(self, model, NULL));
    ck_assert_fails_saying(EFFNN_E_STATE, "applied", effnn_transform_set(self, "unused", "4"));
    ck_assert_fails(EFFNN_E_STATE, effnn_transform_set_i64(self, "unused", 4));
    ck_assert_fails(EFFNN_E_STATE, effnn_transform_set_f64(self, "unused", 4.0));
    ck_assert_fails(EFFNN_E_STATE, effnn_transform_check(self, model, NULL));
    ck_assert_fails(EFFNN_E_STATE, effnn_transform_apply(self, model, NULL));
    ck_assert_fails(EFFNN_E_STATE, effnn_transform_run(self, model, NULL, NULL));
    ck_assert_str_eq(hooks(), "apply ");
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(after_fold_the_life_is_over)
{
    effnn_transform *self = create(&spy, "");

    ck_assert_ok(effnn_transform_run(self, model, NULL, NULL));
    ck_assert_fails_saying(EFFNN_E_STATE, "folded", effnn_transform_fold(self, model));
    ck_assert_fails(EFFNN_E_STATE, effnn_transform_fit(self, model, NULL));
    ck_assert_fails(EFFNN_E_STATE, effnn_transform_step(self, model, 0));
    ck_assert_fails(EFFNN_E_STATE, effnn_transform_run(self, model, NULL, NULL));
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(a_method_that_does_not_train_says_so)
{
    effnn_transform *self = create(&plain, "");

    ck_assert_ok(effnn_transform_apply(self, model, NULL));
    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn_transform_fit(self, model, NULL));
    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn_transform_step(self, model, 0));
    ck_assert_ok(effnn_transform_fold(self, model));
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(apply_and_fold_that_fail_leave_model_and_state)
{
    effnn_transform *self = create(&spy, "apply");
    effnn_model *original = NULL;

    ck_assert_ok(effnn_model_clone(&original, model));
    ck_assert_fails(EFFNN_E_NUMERIC, effnn_transform_apply(self, model, NULL));
    ck_assert_models_equal(model, original);
    ck_assert_str_eq(effnn_transform_state(self), "created");
    ck_assert_ok(effnn_transform_set(self, "fails", "fold"));
    ck_assert_ok(effnn_transform_apply(self, model, NULL));
    ck_assert_fails(EFFNN_E_NUMERIC, effnn_transform_fold(self, model));
    ck_assert_str_eq(hooks(), "apply ");
    ck_assert_str_eq(effnn_transform_state(self), "applied");
    effnn_model_destroy(original);
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(what_check_refuses_is_not_begun)
{
    effnn_transform *self = create(&spy, "check");

    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn_transform_check(self, model, NULL));
    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn_transform_run(self, model, NULL, NULL));
    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn_transform_apply(self, model, NULL));
    ck_assert_str_eq(hooks(), "");
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(call_options_are_checked)
{
    effnn_transform *self = create(&spy, "");
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;

    options.batch = 0;
    ck_assert_fails_saying(EFFNN_E_ARG, "batch 0",
                           effnn_transform_run(self, model, &options, NULL));
    options.batch = 1;
    options.version = 2;
    ck_assert_fails_saying(EFFNN_E_ARG, "version 2",
                           effnn_transform_run(self, model, &options, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_apply(self, model, &options));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_check(self, model, &options));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_run(NULL, model, NULL, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_run(self, NULL, NULL, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_transform_step(self, model, -1));
    effnn_transform_destroy(self);
}
END_TEST

START_TEST(the_model_learns_how_its_data_was_made)
{
    static const char text[] = "{\"mean\": [0.5], \"std\": [0.25], \"scale\": 255}";
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn_transform *self = create(&plain, "");

    options.data = test_model_data(model, 4, 1);
    ck_assert_ok(effnn__dataset_set_preprocess(options.data, text));
    ck_assert_ok(effnn_transform_run(self, model, &options, NULL));
    ck_assert_str_eq(effnn_model_get_metadata(model, "effnn.preprocess"), text);
    effnn_transform_destroy(self);
    /* What the model says itself stands. */
    ck_assert_ok(effnn_model_set_metadata(model, "effnn.preprocess", "{}"));
    self = create(&plain, "");
    ck_assert_ok(effnn_transform_run(self, model, &options, NULL));
    ck_assert_str_eq(effnn_model_get_metadata(model, "effnn.preprocess"), "{}");
    effnn_transform_destroy(self);
    effnn_dataset_destroy(options.data);
}
END_TEST

SUITE("lifecycle", setup, teardown, a_run_is_apply_fit_fold, a_method_without_training_runs_too,
      a_hook_that_fails_in_a_run_leaves_the_model_as_it_was, stages_follow_each_other,
      before_apply_there_is_nothing_to_train_or_fold,
      after_apply_it_is_too_late_for_options_and_another_apply, after_fold_the_life_is_over,
      a_method_that_does_not_train_says_so, apply_and_fold_that_fail_leave_model_and_state,
      what_check_refuses_is_not_begun, call_options_are_checked,
      the_model_learns_how_its_data_was_made)
