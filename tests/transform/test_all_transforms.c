/* SPDX-License-Identifier: BSD-3-Clause */
/* Conformance: what every method must do, whichever it is. Each test runs for each method of the
 * list
 * (_i), on tiny models, with options at their defaults. */

#include "base/option.h"
#include "model/model.h"
#include "support/alloc_fail.h"
#include "support/models.h"
#include "tensor/tensor.h"
#include "transform/transform_def.h"

#include <stdio.h>
#include <unistd.h>

enum { N_SAMPLES = 8 };

static effnn_transform *create(effnn_context *context, int i)
{
    effnn_transform *method = NULL;

    ck_assert_ok(
        effnn_transform_create(&method, context, effnn_transform_name_at(NULL, (size_t)i)));
    return method;
}

/* What a test works on: a method, a model and data for it. */
typedef struct bench {
    effnn_transform *method;
    effnn_model *model;
    effnn_dataset *data;
    effnn_transform_options options;
} bench;

static bench setup_bench(effnn_context *context, int i, test_model_fn make)
{
    bench b = { .method = create(context, i),
                .model = make(context),
                .options = EFFNN_TRANSFORM_OPTIONS_INIT };

    b.data = test_model_data(b.model, N_SAMPLES, 77);
    b.options.data = b.data;
    b.options.batch = 3;
    return b;
}

static void teardown_bench(bench *b)
{
    effnn_transform_destroy(b->method);
    effnn_dataset_destroy(b->data);
    effnn_model_destroy(b->model);
}

/* Logits of the bench's model after a run of its method. */
static effnn_tensor *logits_after_run(bench *b)
{
    ck_assert_ok(effnn_transform_run(b->method, b->model, &b->options, NULL));
    return test_model_logits(b->model, b->data);
}

/* ---- what it says of itself ---- */

START_TEST(a_method_names_itself_and_its_paper)
{
    effnn_transform *method = create(NULL, _i);

    ck_assert_str_eq(effnn_transform_name(method), effnn_transform_name_at(NULL, (size_t)_i));
    ck_assert_uint_gt(strlen(effnn_transform_summary(method)), 10);
    ck_assert_uint_gt(strlen(effnn_transform_paper(method)), 20);
    ck_assert_str_eq(effnn_transform_state(method), "created");
    effnn_transform_destroy(method);
}
END_TEST

START_TEST(every_option_has_help_and_a_default_within_its_range)
{
    effnn_transform *method = create(NULL, _i);
    const size_t n = effnn_transform_option_count(method);

    ck_assert_uint_gt(n, 0);
    ck_assert_ptr_null(effnn_transform_option_at(method, n));
    for (size_t i = 0; i < n; i++) {
        const effnn_option_def *row = effnn_transform_option_at(method, i);
        const char *text = NULL;
        char *kept;

        ck_assert_msg(row->help && strlen(row->help) > 5, "option '%s' has no help", row->name);
        if (row->type == EFFNN_OPT_I64 || row->type == EFFNN_OPT_F64) {
            ck_assert_msg(row->min < row->max, "option '%s' has no range", row->name);
            ck_assert_msg(row->min <= row->value && row->value <= row->max,
                          "option '%s': default %g", row->name, row->value);
        }
        /* What get gives, set takes. */
        ck_assert_ok(effnn_transform_get(&text, method, row->name));
        kept = strdup(text);
        ck_assert_ok(effnn_transform_set(method, row->name, kept));
        ck_assert_ok(effnn_transform_get(&text, method, row->name));
        ck_assert_str_eq(text, kept);
        free(kept);
    }
    effnn_transform_destroy(method);
}
END_TEST

START_TEST(bad_options_are_refused_and_change_nothing)
{
    effnn_transform *method = create(NULL, _i);

    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no_such_option",
                           effnn_transform_set(method, "no_such_option", "1"));
    for (size_t i = 0; i < effnn_transform_option_count(method); i++) {
        const effnn_option_def *row = effnn_transform_option_at(method, i);
        const char *text = NULL;
        char *before;

        if (row->type == EFFNN_OPT_STRING || row->type == EFFNN_OPT_LIST) continue;
        ck_assert_ok(effnn_transform_get(&text, method, row->name));
        before = strdup(text);
        ck_assert_fails_saying(EFFNN_E_ARG, row->name,
                               effnn_transform_set(method, row->name, "nonsense"));
        if (row->type == EFFNN_OPT_I64 || row->type == EFFNN_OPT_F64)
            ck_assert_fails_saying(
                EFFNN_E_ARG, row->name,
                effnn_transform_set_f64(method, row->name, row->max * 2.0 + 1.0));
        ck_assert_ok(effnn_transform_get(&text, method, row->name));
        ck_assert_str_eq(text, before);
        free(before);
    }
    effnn_transform_destroy(method);
}
END_TEST

/* ---- what it does to a model ---- */

START_TEST(inputs_and_outputs_stay_as_they_are)
{
    for (size_t m = 0; m < TEST_N_MODELS; m++) {
        bench b = setup_bench(NULL, _i, test_models[m]);
        effnn_value_spec before[2] = { { .version = 1 }, { .version = 1 } };
        effnn_model *original = NULL;

        ck_assert_ok(effnn_model_clone(&original, b.model));
        ck_assert_ok(effnn_transform_run(b.method, b.model, &b.options, NULL));
        ck_assert_ok(effnn__graph_check(b.model->graph));
        ck_assert_ok(effnn_model_input_at(&before[0], original, 0));
        ck_assert_ok(effnn_model_output_at(&before[1], original, 0));
        for (int end = 0; end < 2; end++) {
            effnn_value_spec after = { .version = 1 };

            ck_assert_ok(end ? effnn_model_output_at(&after, b.model, 0)
                             : effnn_model_input_at(&after, b.model, 0));
            ck_assert_str_eq(after.name, before[end].name);
            ck_assert_uint_eq(after.rank, before[end].rank);
            ck_assert_mem_eq(after.dims, before[end].dims, after.rank * sizeof *after.dims);
        }
        effnn_model_destroy(original);
        teardown_bench(&b);
    }
}
END_TEST

START_TEST(the_report_agrees_with_the_models)
{
    for (size_t m = 0; m < TEST_N_MODELS; m++) {
        bench b = setup_bench(NULL, _i, test_models[m]);
        effnn_cost cost[2] = { { .version = 1 }, { .version = 1 } };
        static const char *const when[] = { "before", "after" };
        effnn_report *report = NULL;
        double value = 0.0;
        char path[64];

        b.options.evaluate = b.data;
        ck_assert_ok(effnn_model_cost(&cost[0], b.model));
        ck_assert_ok(effnn_transform_run(b.method, b.model, &b.options, &report));
        ck_assert_ok(effnn_model_cost(&cost[1], b.model));
        for (int i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "%s.parameters", when[i]);
            ck_assert_ok(effnn_report_get(&value, report, path));
            ck_assert_double_eq(value, (double)cost[i].parameters);
            snprintf(path, sizeof path, "%s.macs", when[i]);
            ck_assert_ok(effnn_report_get(&value, report, path));
            ck_assert_double_eq(value, cost[i].macs);
            snprintf(path, sizeof path, "%s.top1", when[i]);
            ck_assert_ok(effnn_report_get(&value, report, path));
            ck_assert(value >= 0.0 && value <= 1.0);
        }
        ck_assert_ok(effnn_report_get(&value, report, "seconds"));
        ck_assert_double_gt(value, 0.0);
        ck_assert_uint_gt(effnn_report_row_count(report), 0);
        effnn_report_destroy(report);
        teardown_bench(&b);
    }
}
END_TEST

START_TEST(clones_and_saved_files_of_the_result_give_the_same_bits)
{
    for (size_t m = 0; m < TEST_N_MODELS; m++) {
        bench b = setup_bench(NULL, _i, test_models[m]);
        effnn_tensor *logits = logits_after_run(&b), *others[2];
        effnn_model *clone = NULL, *loaded = NULL;
        char path[64];

        snprintf(path, sizeof path, "test_all_transforms_%d.onnx", (int)getpid());
        ck_assert_ok(effnn_model_clone(&clone, b.model));
        ck_assert_ok(effnn_model_save(b.model, path, NULL));
        ck_assert_ok(effnn_model_load(&loaded, NULL, path, NULL));
        remove(path);
        others[0] = test_model_logits(clone, b.data);
        others[1] = test_model_logits(loaded, b.data);
        for (int i = 0; i < 2; i++) {
            ck_assert_tensor_equal(others[i], logits);
            effnn_tensor_release(others[i]);
        }
        effnn_tensor_release(logits);
        effnn_model_destroy(clone);
        effnn_model_destroy(loaded);
        teardown_bench(&b);
    }
}
END_TEST

START_TEST(the_number_of_threads_changes_no_bit)
{
    static const uint32_t threads[] = { 1, 2, 8 };

    for (size_t m = 0; m < TEST_N_MODELS; m++) {
        effnn_model *first = NULL;

        for (int i = 0; i < 3; i++) {
            effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
            effnn_context *context = NULL;
            bench b;

            options.threads = threads[i];
            ck_assert_ok(effnn_context_create(&context, &options));
            b = setup_bench(context, _i, test_models[m]);
            ck_assert_ok(effnn_transform_run(b.method, b.model, &b.options, NULL));
            if (first)
                ck_assert_models_equal(b.model, first);
            else
                ck_assert_ok(effnn_model_clone(&first, b.model));
            teardown_bench(&b);
            effnn_context_destroy(context);
        }
        effnn_model_destroy(first);
    }
}
END_TEST

START_TEST(stage_by_stage_gives_what_a_run_gives)
{
    const effnn_transform_def *def =
        effnn__transform_find(NULL, effnn_transform_name_at(NULL, (size_t)_i));

    for (size_t m = 0; m < TEST_N_MODELS; m++) {
        bench a = setup_bench(NULL, _i, test_models[m]);
        bench b = setup_bench(NULL, _i, test_models[m]);

        ck_assert_ok(effnn_transform_run(a.method, a.model, &a.options, NULL));
        ck_assert_ok(effnn_transform_check(b.method, b.model, &b.options));
        ck_assert_ok(effnn_transform_apply(b.method, b.model, &b.options));
        if (def->fit) ck_assert_ok(effnn_transform_fit(b.method, b.model, &b.options));
        ck_assert_ok(effnn_transform_fold(b.method, b.model));
        ck_assert_models_equal(b.model, a.model);
        teardown_bench(&a);
        teardown_bench(&b);
    }
}
END_TEST

START_TEST(folding_changes_outputs_within_the_method_s_tolerance)
{
    for (size_t m = 0; m < TEST_N_MODELS; m++) {
        bench b = setup_bench(NULL, _i, test_models[m]);
        const double tolerance =
            effnn__transform_find(NULL, effnn_transform_name(b.method))->fold_tolerance;
        effnn_tensor *before, *after;

        ck_assert_ok(effnn_transform_apply(b.method, b.model, &b.options));
        before = test_model_logits(b.model, b.data);
        ck_assert_ok(effnn_transform_fold(b.method, b.model));
        after = test_model_logits(b.model, b.data);
        ck_assert_tensor_near(after, before, tolerance, tolerance);
        effnn_tensor_release(before);
        effnn_tensor_release(after);
        teardown_bench(&b);
    }
}
END_TEST

/* ---- failure ---- */

START_TEST(a_failing_allocation_leaves_the_model_as_it_was)
{
    for (size_t m = 0; m < TEST_N_MODELS; m++) {
        bench b = setup_bench(NULL, _i, test_models[m]);
        effnn_model *original = NULL;
        effnn_report *report = NULL;

        b.options.evaluate = b.data;
        ck_assert_ok(effnn_model_clone(&original, b.model));
        ALLOC_FAIL_LOOP(effnn_transform_run(b.method, b.model, &b.options, &report), {
            ck_assert_ptr_null(report);
            ck_assert_str_eq(effnn_transform_state(b.method), "created");
            ck_assert_models_equal(b.model, original);
        });
        ck_assert_str_eq(effnn_transform_state(b.method), "folded");
        effnn_report_destroy(report);
        effnn_model_destroy(original);
        teardown_bench(&b);
    }
}
END_TEST

/* Ends the run at the call with this number. */
typedef struct stopper {
    int calls_left, answer;
} stopper;

static int stop(void *user, const effnn_progress *progress)
{
    stopper *self = user;

    ck_assert_ptr_nonnull(progress->stage);
    ck_assert_uint_le(progress->done, progress->total);
    return self->calls_left-- == 0 ? self->answer : 0;
}

START_TEST(cancelling_at_any_point_leaves_the_model_as_it_was)
{
    bench b = setup_bench(NULL, _i, test_model_tokens);
    effnn_model *original = NULL;
    effnn_status status = EFFNN_E_CANCELLED;
    int n_stops = 0;

    b.options.evaluate = b.data;
    b.options.progress = stop;
    ck_assert_ok(effnn_model_clone(&original, b.model));
    for (; status == EFFNN_E_CANCELLED; n_stops++) {
        stopper end = { n_stops, 1 };

        b.options.progress_user = &end;
        status = effnn_transform_run(b.method, b.model, &b.options, NULL);
        if (status == EFFNN_E_CANCELLED) ck_assert_models_equal(b.model, original);
    }
    ck_assert_int_eq(status, EFFNN_OK);
    ck_assert_int_gt(n_stops, 3);
    effnn_model_destroy(original);
    teardown_bench(&b);
}
END_TEST

START_TEST(a_failing_callback_is_the_caller_s_failure)
{
    bench b = setup_bench(NULL, _i, test_model_tokens);
    stopper end = { 1, -1 };

    b.options.progress = stop;
    b.options.progress_user = &end;
    b.options.evaluate = b.data;
    ck_assert_fails(EFFNN_E_USER, effnn_transform_run(b.method, b.model, &b.options, NULL));
    teardown_bench(&b);
}
END_TEST

START_TEST(a_model_without_any_site_is_refused)
{
    effnn_transform *method = create(NULL, _i);
    effnn_model *model = NULL;
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;

    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 2, (const int64_t[]){ -1, 5 });
    test_add_node(model, "relu", NULL, "y", "x", NULL, NULL);
    ck_assert_ok(effnn_model_add_output(model, "y"));
    options.data = test_model_data(model, 4, 1);
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "site",
                           effnn_transform_check(method, model, &options));
    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn_transform_run(method, model, &options, NULL));
    effnn_dataset_destroy(options.data);
    effnn_model_destroy(model);
    effnn_transform_destroy(method);
}
END_TEST

LOOP_SUITE("all_transforms", NULL, NULL, effnn_transform_count(NULL),
           a_method_names_itself_and_its_paper,
           every_option_has_help_and_a_default_within_its_range,
           bad_options_are_refused_and_change_nothing, inputs_and_outputs_stay_as_they_are,
           the_report_agrees_with_the_models,
           clones_and_saved_files_of_the_result_give_the_same_bits,
           the_number_of_threads_changes_no_bit, stage_by_stage_gives_what_a_run_gives,
           folding_changes_outputs_within_the_method_s_tolerance,
           a_failing_allocation_leaves_the_model_as_it_was,
           cancelling_at_any_point_leaves_the_model_as_it_was,
           a_failing_callback_is_the_caller_s_failure, a_model_without_any_site_is_refused)
