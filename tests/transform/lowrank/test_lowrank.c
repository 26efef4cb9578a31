/* SPDX-License-Identifier: BSD-3-Clause */
/* The promises of lowrank, site by site: what it predicts is what is measured, in double, on the
 * calibration inputs; and no other factors of the same rank do better in its metric. */

#include "transform/lowrank/lowrank_support.h"

#include <math.h>

START_TEST(the_predicted_error_is_the_measured_one)
{
    const lowrank_target *t = &lowrank_targets[_i];
    effnn_model *model = t->make(NULL), *small = NULL;
    effnn_dataset *data = test_model_data(model, LOWRANK_N_SAMPLES, 3);
    effnn_report *report = NULL;
    double measured;

    ck_assert_ok(
        lowrank_run(&small, &report, model, data, OPTIONS(ONE_SITE(t->site), "reduction", "0.4")));
    measured = lowrank_measured_error(model, small, data, t->site);
    ck_assert_double_eq_tol(measured, lowrank_row_number(report, t->site, "error"), 2e-6);
    ck_assert_double_gt(measured, 1e-3);
    effnn_report_destroy(report);
    effnn_model_destroy(small);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(in_its_own_metric_it_is_never_worse_than_plain_svd)
{
    const lowrank_target *t = &lowrank_targets[_i];
    effnn_model *model = t->make(NULL), *own = NULL, *svd = NULL;
    effnn_dataset *data = test_model_data(model, LOWRANK_N_SAMPLES, 3);
    effnn_report *report = NULL, *svd_report = NULL;

    ck_assert_ok(lowrank_run(&own, &report, model, data, OPTIONS(ONE_SITE(t->site))));
    ck_assert_ok(
        lowrank_run(&svd, &svd_report, model, NULL, OPTIONS(ONE_SITE(t->site), "metric", "svd")));
    ck_assert_double_eq(lowrank_row_number(report, t->site, "rank"),
                        lowrank_row_number(svd_report, t->site, "rank"));
    ck_assert_double_le(lowrank_measured_error(model, own, data, t->site),
                        lowrank_measured_error(model, svd, data, t->site) + 1e-6);
    effnn_report_destroy(report);
    effnn_report_destroy(svd_report);
    effnn_model_destroy(own);
    effnn_model_destroy(svd);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(plain_svd_has_the_error_of_the_weight)
{
    const lowrank_target *t = &lowrank_targets[_i];
    effnn_model *model = t->make(NULL), *small = NULL;
    effnn_report *report = NULL;
    effnn_site_list *list = NULL;
    const effnn__site *site;
    double *w, *w_hat, off = 0.0, norm = 0.0;

    ck_assert_ok(
        lowrank_run(&small, &report, model, NULL, OPTIONS(ONE_SITE(t->site), "metric", "svd")));
    ck_assert_ok(effnn__site_list(&list, model));
    site = lowrank_find_site(list, t->site);
    w = lowrank_matrix(model, t->site);
    w_hat = lowrank_matrix(small, t->site);
    for (int64_t i = 0; i < site->in * site->out; i++) {
        off += (w_hat[i] - w[i]) * (w_hat[i] - w[i]);
        norm += w[i] * w[i];
    }
    ck_assert_double_eq_tol(off / norm, lowrank_row_number(report, t->site, "error"), 1e-6);
    free(w);
    free(w_hat);
    effnn_site_list_destroy(list);
    effnn_report_destroy(report);
    effnn_model_destroy(small);
    effnn_model_destroy(model);
}
END_TEST

LOOP_SUITE("lowrank", NULL, NULL, LOWRANK_N_TARGETS, the_predicted_error_is_the_measured_one,
           in_its_own_metric_it_is_never_worse_than_plain_svd,
           plain_svd_has_the_error_of_the_weight)
