/* SPDX-License-Identifier: BSD-3-Clause */
/* Third-party models as they come: sites, threads, snapshots. */

#include "support/data.h"
#include "support/suite.h"
#include "tensor/tensor.h"

#include <effnn/effnn.h>

static effnn_model *load(effnn_context *context, const char *name)
{
    effnn_model *model = NULL;
    char path[1024];

    ck_assert_ok(effnn_model_load(&model, context, test_data_path(path, sizeof path, name), NULL));
    return model;
}

static const char *const exports[] = {
    "models/vit-cifar10-gelu/vit96_opset13.onnx",
    "models/vit-cifar10-gelu/vit96_opset17.onnx",
    "models/vit-cifar10-gelu/vit96_opset18.onnx",
};

/* Sites of an operator ("": of any). */
static size_t count_sites(const effnn_site_list *sites, effnn_site_kind kind, const char *op)
{
    size_t n = 0;

    for (size_t i = 0; i < effnn_site_list_count(sites); i++) {
        effnn_site_info site = { .version = 1 };

        ck_assert_ok(effnn_site_list_at(&site, sites, i));
        n += site.kind == kind && (!*op || strcmp(site.op, op) == 0);
    }
    return n;
}

START_TEST(a_vision_transformer_has_its_sites)
{
    for (size_t k = 0; k < 3; k++) {
        effnn_model *model = load(NULL, exports[k]);
        effnn_site_list *sites = NULL;

        ck_assert_ok(effnn_site_list_create(&sites, model));
        ck_assert_uint_eq(count_sites(sites, EFFNN_SITE_LINEAR, ""), 26); /* 24, patch, head */
        ck_assert_uint_eq(count_sites(sites, EFFNN_SITE_NONLINEAR, "layer_normalization"), 13);
        ck_assert_uint_eq(count_sites(sites, EFFNN_SITE_NONLINEAR, "softmax"), 6);
        ck_assert_uint_eq(count_sites(sites, EFFNN_SITE_NONLINEAR, "gelu"), 6);
        effnn_site_list_destroy(sites);
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(three_exports_of_one_net_give_the_same_sites)
{
    effnn_site_list *lists[3];
    effnn_model *models[3];

    for (size_t k = 0; k < 3; k++) {
        models[k] = load(NULL, exports[k]);
        ck_assert_ok(effnn_site_list_create(&lists[k], models[k]));
        ck_assert_uint_eq(effnn_site_list_count(lists[k]), effnn_site_list_count(lists[0]));
    }
    for (size_t i = 0; i < effnn_site_list_count(lists[0]); i++) {
        effnn_site_info first = { .version = 1 };

        ck_assert_ok(effnn_site_list_at(&first, lists[0], i));
        for (size_t k = 1; k < 3; k++) {
            effnn_site_info site = { .version = 1 };

            ck_assert_ok(effnn_site_list_at(&site, lists[k], i));
            ck_assert_str_eq(site.name, first.name);
            ck_assert_str_eq(site.op, first.op);
            ck_assert_int_eq(site.in, first.in);
            ck_assert_int_eq(site.out, first.out);
            ck_assert_uint_eq(site.parameters, first.parameters);
            ck_assert_ptr_null(site.refused);
        }
    }
    for (size_t k = 0; k < 3; k++) {
        effnn_site_list_destroy(lists[k]);
        effnn_model_destroy(models[k]);
    }
}
END_TEST

/* Output 0 of a model on random inputs, at a number of threads. */
static effnn_tensor *run_at(const char *name, uint32_t threads, size_t batch)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *context = NULL;
    effnn_session *session = NULL;
    effnn_dataset *data = NULL;
    effnn_tensor *input = NULL, *output = NULL;
    effnn_batch samples = { .version = 1, .inputs = &input };
    effnn_model *model;
    char uri[32];

    options.threads = threads;
    ck_assert_ok(effnn_context_create(&context, &options));
    model = load(context, name);
    snprintf(uri, sizeof uri, "random:%zu", batch);
    ck_assert_ok(effnn_dataset_open(&data, context, uri, model));
    ck_assert_ok(effnn_dataset_read(&samples, data, 0, batch));
    ck_assert_ok(effnn_session_create(&session, model, NULL));
    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    effnn_session_destroy(session);
    effnn_batch_clear(&samples);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
    effnn_context_destroy(context);
    return output;
}

START_TEST(one_two_and_eight_threads_give_the_same_bits)
{
    static const struct {
        const char *name;
        size_t batch;
    } cases[] = {
        { "models/vit-cifar10-gelu/vit96_opset18.onnx", 5 },
        { "models/vit-cifar10/ibp_3_3_8.onnx", 5 },
        { "models/vit-cifar10/vit_2_6.onnx", 1 },
        { "models/resnet-cifar10/resnet20.onnx", 5 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        effnn_tensor *one = run_at(cases[i].name, 1, cases[i].batch);

        for (uint32_t threads = 2; threads <= 8; threads *= 4) {
            effnn_tensor *more = run_at(cases[i].name, threads, cases[i].batch);

            ck_assert_msg(effnn__tensor_equal(one, more), "%s at %u threads", cases[i].name,
                          threads);
            effnn_tensor_release(more);
        }
        effnn_tensor_release(one);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = { a_vision_transformer_has_its_sites,
                             three_exports_of_one_net_give_the_same_sites,
                             one_two_and_eight_threads_give_the_same_bits };

    char path[1024];

    if (!test_data_path(path, sizeof path, exports[0])) return 77; /* meson: skipped */
    return run_suite("real_models", NULL, NULL, tests, sizeof tests / sizeof tests[0], 0);
}
