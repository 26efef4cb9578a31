/* SPDX-License-Identifier: BSD-3-Clause */
/* Which sites are treated and how much is cut; what is refused. */

#include "transform/lowrank/lowrank_support.h"

#include <math.h>

/* ---- how much ---- */

static const struct choice {
    const char *reduction, *count, *metric, *allocation, *step;
} choices[] = {
    { "0.05", "sites", "normalized_output", "greedy", "1" },
    { "0.4", "sites", "normalized_output", "greedy", "0" },
    { "0.6", "sites", "normalized_output", "uniform", "2" },
    { "0.7", "sites", "svd", "greedy", "1" },
    { "0.5", "sites", "svd", "uniform", "1" },
    { "0.5", "sites", "mean_input", "greedy", "3" },
    { "0.3", "model", "normalized_output", "greedy", "1" },
    { "0.2", "model", "mean_input", "uniform", "1" },
};
enum { N_CHOICES = sizeof choices / sizeof choices[0] };

static void assert_met(const struct choice *c)
{
    effnn_model *model = test_model_tokens(NULL), *small = NULL;
    effnn_dataset *data = test_model_data(model, LOWRANK_N_SAMPLES, 3);
    effnn_report *report = NULL;
    const bool of_model = strcmp(c->count, "model") == 0;
    double base, freed, one_step;

    ck_assert_ok(
        lowrank_run(&small, &report, model, data,
                    OPTIONS("reduction", c->reduction, "count", c->count, "metric", c->metric,
                            "allocation", c->allocation, "rank_step", c->step)));
    /* Sites fc1 and fc2 are treated: 16 × 48 each; the shared one is refused, the ends skipped. */
    base = of_model ? lowrank_number(report, "before.parameters") : 2.0 * 16 * 48;
    freed =
        lowrank_number(report, "before.parameters") - lowrank_number(report, "after.parameters");
    one_step = (16 + 48) * fmax(1.0, atof(c->step));
    ck_assert_double_ge(freed, atof(c->reduction) * base);
    ck_assert_double_lt(freed, atof(c->reduction) * base + one_step);
    ck_assert_double_eq_tol(lowrank_number(report, "lowrank.reduction"), freed / base, 1e-12);
    for (size_t i = 0; i < 2; i++) {
        const char *name = i ? "fc2" : "fc1";
        const double rank = lowrank_row_number(report, name, "rank");

        ck_assert_double_eq(lowrank_row_number(report, name, "parameters_after"),
                            rank < 16 ? rank * (16 + 48) : 16 * 48);
    }
    effnn_report_destroy(report);
    effnn_model_destroy(small);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}

START_TEST(the_reduction_is_met_within_one_step)
{
    for (size_t i = 0; i < N_CHOICES; i++) assert_met(&choices[i]);
}
END_TEST

START_TEST(no_reduction_is_the_same_model)
{
    for (size_t m = 0; m < TEST_N_MODELS; m++) {
        effnn_model *model = test_models[m](NULL), *same = NULL;
        effnn_report *report = NULL;

        ck_assert_ok(effnn_model_canonicalise(model));
        ck_assert_ok(
            lowrank_run(&same, &report, model, NULL, OPTIONS("reduction", "0", "metric", "svd")));
        ck_assert_models_equal(same, model);
        ck_assert_double_eq(lowrank_number(report, "lowrank.reduction"), 0.0);
        ck_assert_double_eq(lowrank_number(report, "after.parameters"),
                            lowrank_number(report, "before.parameters"));
        effnn_report_destroy(report);
        effnn_model_destroy(same);
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(greedy_has_less_error_than_uniform)
{
    effnn_model *model = test_model_tokens(NULL);
    effnn_dataset *data = test_model_data(model, LOWRANK_N_SAMPLES, 3);
    effnn_report *greedy = NULL, *uniform = NULL;

    ck_assert_ok(
        lowrank_run(NULL, &greedy, model, data,
                    OPTIONS("reduction", "0.5", "skip_first", "false", "skip_last", "false")));
    ck_assert_ok(lowrank_run(NULL, &uniform, model, data,
                             OPTIONS("reduction", "0.5", "skip_first", "false", "skip_last",
                                     "false", "allocation", "uniform")));
    ck_assert_double_lt(lowrank_number(greedy, "lowrank.error"),
                        lowrank_number(uniform, "lowrank.error"));
    effnn_report_destroy(greedy);
    effnn_report_destroy(uniform);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(what_cannot_be_reached_is_refused)
{
    effnn_model *model = test_model_tokens(NULL);
    effnn_dataset *data = test_model_data(model, LOWRANK_N_SAMPLES, 3);

    ck_assert_fails_saying(EFFNN_E_ARG, "reduction 0.99",
                           lowrank_run(NULL, NULL, model, data, OPTIONS("reduction", "0.99")));
    ck_assert_fails_saying(EFFNN_E_ARG, "cannot be reached",
                           lowrank_run(NULL, NULL, model, data, OPTIONS("rank_step", "100")));
    ck_assert_fails_saying(
        EFFNN_E_ARG, "cannot be reached",
        lowrank_run(NULL, NULL, model, data, OPTIONS("reduction", "0.9", "count", "model")));
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}
END_TEST

/* ---- which sites ---- */

START_TEST(both_ends_are_left_alone_unless_asked_for)
{
    effnn_model *model = test_model_mlp(NULL);
    effnn_report *report = NULL;

    ck_assert_ok(lowrank_run(NULL, &report, model, NULL, OPTIONS("metric", "svd")));
    ck_assert_uint_eq(effnn_report_row_count(report), 1);
    ck_assert_str_eq(effnn_report_row_name_at(report, 0), "fc2");
    effnn_report_destroy(report);
    ck_assert_ok(
        lowrank_run(NULL, &report, model, NULL,
                    OPTIONS("metric", "svd", "skip_first", "false", "skip_last", "false")));
    ck_assert_uint_eq(effnn_report_row_count(report), 3);
    effnn_report_destroy(report);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(globs_choose_and_exclude)
{
    effnn_model *model = test_model_tokens(NULL);
    effnn_report *report = NULL;

    ck_assert_ok(
        lowrank_run(NULL, &report, model, NULL,
                    OPTIONS("metric", "svd", "only", "fc*", "exclude", "*2", "reduction", "0.3")));
    ck_assert_uint_eq(effnn_report_row_count(report), 1);
    ck_assert_str_eq(effnn_report_row_name_at(report, 0), "fc1");
    effnn_report_destroy(report);
    ck_assert_fails_saying(
        EFFNN_E_NOTFOUND, "conv*",
        lowrank_run(NULL, NULL, model, NULL, OPTIONS("metric", "svd", "only", "conv*")));
    ck_assert_fails_saying(
        EFFNN_E_UNSUPPORTED, "no site is selected",
        lowrank_run(NULL, NULL, model, NULL, OPTIONS("metric", "svd", "exclude", "*")));
    effnn_model_destroy(model);
}
END_TEST

START_TEST(convolutions_can_be_left_out)
{
    effnn_model *model = test_model_cnn(NULL);
    effnn_report *report = NULL;

    ck_assert_ok(
        lowrank_run(NULL, &report, model, NULL,
                    OPTIONS("metric", "svd", "convolutions", "pointwise", "reduction", "0.3")));
    ck_assert(lowrank_has_row(report, "point") && !lowrank_has_row(report, "wide"));
    effnn_report_destroy(report);
    ck_assert_fails_saying(
        EFFNN_E_UNSUPPORTED, "no site",
        lowrank_run(NULL, NULL, model, NULL, OPTIONS("metric", "svd", "convolutions", "none")));
    effnn_model_destroy(model);
}
END_TEST

START_TEST(what_cannot_be_treated_is_refused_by_name)
{
    effnn_model *model = test_model_tokens(NULL), *cnn = test_model_cnn(NULL), *small = NULL;
    effnn_report *report = NULL;
    effnn_tensor *before = NULL, *after = NULL;

    ck_assert_ok(lowrank_run(&small, &report, model, NULL, OPTIONS("metric", "svd")));
    ck_assert_ptr_nonnull(strstr(effnn_report_json(report), "the weight is shared with node"));
    ck_assert_double_eq(lowrank_row_number(report, "shared", "parameters_after"), 16 * 16);
    ck_assert_ok(effnn_model_get_parameter(&before, model, "shared.weight"));
    ck_assert_ok(effnn_model_get_parameter(&after, small, "shared.weight"));
    ck_assert_tensor_equal(after, before);
    effnn_tensor_release(before);
    effnn_tensor_release(after);
    effnn_report_destroy(report);
    ck_assert_ok(lowrank_run(NULL, &report, cnn, NULL, OPTIONS("metric", "svd")));
    ck_assert_ptr_nonnull(strstr(effnn_report_json(report), "a grouped convolution"));
    ck_assert_double_eq(lowrank_row_number(report, "grouped", "parameters_after"), 12 * 3 * 9);
    effnn_report_destroy(report);
    /* With nothing else selected it is an error. */
    ck_assert_fails_saying(
        EFFNN_E_UNSUPPORTED, "'grouped': a grouped convolution",
        lowrank_run(NULL, NULL, cnn, NULL, OPTIONS("metric", "svd", "only", "grouped")));
    effnn_model_destroy(small);
    effnn_model_destroy(model);
    effnn_model_destroy(cnn);
}
END_TEST

START_TEST(a_site_that_gives_nothing_stays_as_it_is)
{
    effnn_model *model = test_model_tokens(NULL);
    effnn_dataset *data = test_model_data(model, LOWRANK_N_SAMPLES, 3);
    effnn_tensor *zeros = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 16, 48 });
    effnn_report *report = NULL;

    ck_assert_ok(effnn_model_set_parameter(model, "fc1.weight", zeros));
    ck_assert_ok(lowrank_run(NULL, &report, model, data, OPTIONS("reduction", "0.3")));
    ck_assert_ptr_nonnull(strstr(effnn_report_json(report), "its output is zero"));
    ck_assert_double_eq(lowrank_row_number(report, "fc1", "parameters_after"), 16 * 48);
    effnn_report_destroy(report);
    ck_assert_ok(
        lowrank_run(NULL, &report, model, NULL, OPTIONS("reduction", "0.3", "metric", "svd")));
    ck_assert_ptr_nonnull(strstr(effnn_report_json(report), "its weight is zero"));
    effnn_report_destroy(report);
    /* What is left cannot free so much. */
    ck_assert_fails_saying(EFFNN_E_ARG, "cannot be reached",
                           lowrank_run(NULL, NULL, model, data, OPTIONS("reduction", "0.7")));
    effnn_tensor_release(zeros);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}
END_TEST

/* ---- data ---- */

START_TEST(a_metric_that_needs_data_says_so)
{
    effnn_model *model = test_model_tokens(NULL);

    ck_assert_fails_saying(EFFNN_E_ARG, "normalized_output needs calibration data",
                           lowrank_run(NULL, NULL, model, NULL, OPTIONS("reduction", "0.5")));
    ck_assert_fails_saying(EFFNN_E_ARG, "mean_input needs calibration data",
                           lowrank_run(NULL, NULL, model, NULL, OPTIONS("metric", "mean_input")));
    effnn_model_destroy(model);
}
END_TEST

START_TEST(data_that_gives_no_numbers_is_refused_by_site)
{
    effnn_model *model = test_model_tokens(NULL);
    effnn_tensor *x = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ 4, 6, 16 });
    effnn_dataset *data = NULL;

    ((float *)effnn__tensor_data(x))[100] = INFINITY;
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &x, 1, NULL, NULL));
    ck_assert_fails_saying(EFFNN_E_NUMERIC, "site 'fc1'",
                           lowrank_run(NULL, NULL, model, data, OPTIONS("reduction", "0.5")));
    effnn_dataset_destroy(data);
    effnn_tensor_release(x);
    effnn_model_destroy(model);
}
END_TEST

SUITE("lowrank_plan", NULL, NULL, the_reduction_is_met_within_one_step,
      no_reduction_is_the_same_model, greedy_has_less_error_than_uniform,
      what_cannot_be_reached_is_refused, both_ends_are_left_alone_unless_asked_for,
      globs_choose_and_exclude, convolutions_can_be_left_out,
      what_cannot_be_treated_is_refused_by_name, a_site_that_gives_nothing_stays_as_it_is,
      a_metric_that_needs_data_says_so, data_that_gives_no_numbers_is_refused_by_site)
