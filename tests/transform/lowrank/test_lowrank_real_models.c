/* SPDX-License-Identifier: BSD-3-Clause */
/* lowrank on a trained vision transformer, in three exports of one net. */

#include "support/data.h"
#include "support/suite.h"

#include <effnn/effnn.h>

enum { N_SITES = 24, MOST_SITES = 32 };

static effnn_dataset *open_data(const char *file, const char *slice)
{
    char path[1024], uri[1200];
    effnn_dataset *data = NULL;

    snprintf(uri, sizeof uri, "cifar10:%s,%s,mean=.4914/.4822/.4465,std=.2470/.2435/.2616",
             test_data_path(path, sizeof path, file), slice);
    ck_assert_ok(effnn_dataset_open(&data, NULL, uri, NULL));
    return data;
}

/* What a run on one export gives. */
typedef struct outcome {
    double ranks[MOST_SITES], top1, kl, reduction;
} outcome;

static void run(outcome *out, const char *name, const char *reduction)
{
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn_transform *method = NULL;
    effnn_model *model = NULL;
    effnn_report *report = NULL;
    char path[1024];

    ck_assert_ok(effnn_model_load(&model, NULL, test_data_path(path, sizeof path, name), NULL));
    ck_assert_ok(effnn_transform_create(&method, NULL, "lowrank"));
    ck_assert_ok(effnn_transform_set(method, "reduction", reduction));
    options.data = open_data("cifar10/data_batch_1.bin", "count=128");
    options.evaluate = open_data("cifar10/data_batch_2.bin", "count=400");
    ck_assert_ok(effnn_transform_run(method, model, &options, &report));
    ck_assert_uint_eq(effnn_report_row_count(report), N_SITES);
    for (size_t i = 0; i < N_SITES; i++)
        ck_assert_ok(effnn_report_row_get(&out->ranks[i], report, i, "rank"));
    ck_assert_ok(effnn_report_get(&out->top1, report, "after.top1"));
    ck_assert_ok(effnn_report_get(&out->kl, report, "after.kl"));
    ck_assert_ok(effnn_report_get(&out->reduction, report, "lowrank.reduction"));
    effnn_report_destroy(report);
    effnn_dataset_destroy(options.data);
    effnn_dataset_destroy(options.evaluate);
    effnn_transform_destroy(method);
    effnn_model_destroy(model);
}

START_TEST(three_exports_of_one_net_get_the_same_ranks_and_accuracy)
{
    static const char *const exports[] = {
        "models/vit-cifar10-gelu/vit96_opset13.onnx",
        "models/vit-cifar10-gelu/vit96_opset17.onnx",
        "models/vit-cifar10-gelu/vit96_opset18.onnx",
    };
    outcome first, other;

    run(&first, exports[0], "0.4");
    /* A step of rank of the widest site is 288 + 96 of 552,960 weights. */
    ck_assert(first.reduction >= 0.4 && first.reduction < 0.4 + 384.0 / 552960.0);
    ck_assert_double_lt(first.kl, 0.08); /* twice what 1,024 samples reach */
    for (size_t k = 1; k < 3; k++) {
        run(&other, exports[k], "0.4");
        for (size_t i = 0; i < N_SITES; i++) ck_assert_double_eq(other.ranks[i], first.ranks[i]);
        ck_assert_double_eq(other.top1, first.top1);
        ck_assert_double_eq_tol(other.kl, first.kl, 1e-6);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = { three_exports_of_one_net_get_the_same_ranks_and_accuracy };
    char path[1024];

    if (!test_data_path(path, sizeof path, "models/vit-cifar10-gelu/vit96_opset13.onnx")) return 77;
    return run_suite("lowrank_real_models", NULL, NULL, tests, 1, 0);
}
