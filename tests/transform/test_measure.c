/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers before and after: against effnn_model_evaluate() with a reference, which runs both. */

#include "transform/measure.h"

#include "support/models.h"

START_TEST(agreement_and_divergence_are_what_an_evaluation_with_a_reference_gives)
{
    effnn_model *before = test_model_mlp(NULL), *after = test_model_mlp(NULL);
    effnn_dataset *data = test_model_data(before, 40, 5);
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn_evaluate_options evaluate = EFFNN_EVALUATE_OPTIONS_INIT;
    effnn_evaluation expected = { .version = 1 };
    effnn__measure a = { 0 }, b = { 0 };
    effnn_report *report = NULL;
    double agreement = 0.0, kl = 0.0, loss = 0.0;

    /* Another last layer. */
    effnn_tensor *weight = test_tensor_random(NULL, EFFNN_F32, 2, (const int64_t[]){ 5, 18 }, 99);
    ck_assert_ok(effnn_model_set_parameter(after, "fc3.weight", weight));
    effnn_tensor_release(weight);

    options.evaluate = data;
    evaluate.reference = before;
    ck_assert_ok(effnn_model_evaluate(&expected, after, data, &evaluate));
    ck_assert_ok(effnn__report_create(&report));
    ck_assert_ok(effnn__measure_take(&a, before, &options));
    ck_assert_ok(effnn__measure_take(&b, after, &options));
    ck_assert_ok(effnn__measure_report(report, "after", &b, &a));
    ck_assert_ok(effnn_report_get(&agreement, report, "after.agreement"));
    ck_assert_ok(effnn_report_get(&kl, report, "after.kl"));
    ck_assert_ok(effnn_report_get(&loss, report, "after.loss"));
    ck_assert_double_eq(agreement, expected.agreement);
    ck_assert_double_eq(kl, expected.kl);
    ck_assert_double_eq(loss, expected.loss);
    ck_assert(agreement > 0.0 && agreement < 1.0 && kl > 0.0);
    effnn__measure_clear(&a);
    effnn__measure_clear(&b);
    effnn_report_destroy(report);
    effnn_dataset_destroy(data);
    effnn_model_destroy(before);
    effnn_model_destroy(after);
}
END_TEST

START_TEST(without_data_only_costs_are_reported)
{
    effnn_model *model = test_model_mlp(NULL);
    const effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn__measure measure = { 0 };
    effnn_report *report = NULL;
    double value = 0.0;

    ck_assert_ok(effnn__report_create(&report));
    ck_assert_ok(effnn__measure_take(&measure, model, &options));
    ck_assert_ok(effnn__measure_report(report, "before", &measure, NULL));
    ck_assert_ok(effnn_report_get(&value, report, "before.parameters"));
    ck_assert_double_eq(value, 24 * 20 + 20 + 20 * 18 + 18 + 18 * 5 + 5);
    ck_assert_ok(effnn_report_get(&value, report, "before.parameter_bytes"));
    ck_assert_double_eq(value, 4 * (24 * 20 + 20 + 20 * 18 + 18 + 18 * 5 + 5));
    ck_assert_ok(effnn_report_get(&value, report, "before.macs"));
    ck_assert_double_eq(value, 24 * 20 + 20 * 18 + 18 * 5);
    ck_assert_ok(effnn_report_get(&value, report, "before.bits_per_weight"));
    ck_assert_double_eq(value, 32.0);
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_report_get(&value, report, "before.top1"));
    effnn__measure_clear(&measure);
    effnn_report_destroy(report);
    effnn_model_destroy(model);
}
END_TEST

SUITE("measure", NULL, NULL, agreement_and_divergence_are_what_an_evaluation_with_a_reference_gives,
      without_data_only_costs_are_reported)
