/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds for every network of the zoo, in a small size with random weights. */

#include "model/zoo_build.h"
#include "support/alloc_fail.h"
#include "support/zoo.h"
#include "tensor/tensor.h"

#include <stdio.h>

/* Small sizes by name; a network that is not here fails the test. */
static const struct {
    const char *name, *options;
} small[] = {
    { "bert", "vocabulary=101,positions=7,types=101,width=8,depth=1,heads=2,hidden=12" },
    { "mobilenet_v2", "multiplier=0.05,image=16,classes=3,last=16" },
    { "resnet", "depth=8,width=4,image=8,classes=3" },
    { "vit", "image=8,patch=4,width=8,depth=1,heads=2,hidden=12,classes=3" },
    { "llama", "vocabulary=101,width=8,depth=2,heads=2,kv_heads=1,hidden=12,context=16" },
};
enum { N_SMALL = sizeof small / sizeof small[0] };

static const char *options_of(const char *name)
{
    for (size_t i = 0; i < N_SMALL; i++)
        if (strcmp(small[i].name, name) == 0) return small[i].options;
    ck_abort_msg("no small size of '%s' in this test", name);
    return NULL;
}

START_TEST(a_network_says_what_it_is)
{
    const char *name = effnn_zoo_name_at((size_t)_i);
    size_t n = 0;

    ck_assert_ptr_nonnull(name);
    ck_assert_ptr_nonnull(effnn_zoo_summary_at((size_t)_i));
    for (const effnn_option_def *row; (row = effnn_zoo_option_at((size_t)_i, n)); n++) {
        ck_assert_ptr_nonnull(row->name);
        ck_assert_uint_gt(strlen(row->help), 0);
    }
    ck_assert_uint_gt(n, 0);
}
END_TEST

START_TEST(it_runs_and_goes_through_onnx_to_the_bit)
{
    const char *name = effnn_zoo_name_at((size_t)_i);
    effnn_model *model = test_zoo(name, options_of(name), NULL), *again;
    const char *path = test_scratch_path("zoo.onnx");

    ck_assert_ok(effnn_model_save(model, path, NULL));
    again = test_load(path, false);
    remove(path);
    test_assert_same_results(model, again);
    effnn_model_destroy(again);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(random_weights_come_from_the_seed_alone)
{
    const char *name = effnn_zoo_name_at((size_t)_i);
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *context = NULL;
    effnn_model *a = test_zoo(name, options_of(name), NULL);
    effnn_model *b = test_zoo(name, options_of(name), NULL), *other = NULL;
    size_t n_different = 0;

    test_assert_same_graph(a, b);
    options.seed = 1;
    ck_assert_ok(effnn_context_create(&context, &options));
    ck_assert_ok(effnn_zoo_create(&other, context, name, options_of(name), NULL));
    for (size_t i = 0; i < effnn_model_parameter_count(a); i++) {
        const char *parameter = effnn_model_parameter_name_at(a, i);
        effnn_tensor *x = NULL, *y = NULL;

        ck_assert_ok(effnn_model_get_parameter(&x, a, parameter));
        ck_assert_ok(effnn_model_get_parameter(&y, other, parameter));
        n_different += !effnn__tensor_equal(x, y);
        effnn_tensor_release(x);
        effnn_tensor_release(y);
    }
    ck_assert_uint_gt(n_different, 0);
    effnn_model_destroy(a);
    effnn_model_destroy(b);
    effnn_model_destroy(other);
    effnn_context_destroy(context);
}
END_TEST

static effnn_status build_once(const char *name)
{
    effnn_model *model = NULL;
    const effnn_status status = effnn_zoo_create(&model, NULL, name, options_of(name), NULL);

    effnn_model_destroy(model);
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    const char *name = effnn_zoo_name_at((size_t)_i);

    ck_assert_ok(build_once(name)); /* the default context is there from now on */
    ALLOC_FAIL_LOOP(build_once(name), );
}
END_TEST

START_TEST(what_there_is_not_is_refused_by_name)
{
    effnn_model *model = NULL, *weights = NULL;
    const char *name = effnn_zoo_name_at((size_t)_i);

    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no network 'lama'; did you mean 'llama'?",
                           effnn_zoo_create(&model, NULL, "lama", NULL, NULL));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "wdith",
                           effnn_zoo_create(&model, NULL, name, "wdith=3", NULL));
    ck_assert_ok(effnn_model_create(&weights, NULL));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "the weights have none of",
                           effnn_zoo_create(&model, NULL, name, NULL, weights));
    ck_assert_ptr_null(model);
    ck_assert_ptr_null(effnn_zoo_name_at(effnn_zoo_count()));
    ck_assert_ptr_null(effnn_zoo_option_at(effnn_zoo_count(), 0));
    effnn_model_destroy(weights);
}
END_TEST

LOOP_SUITE("zoo", NULL, NULL, effnn_zoo_count(), a_network_says_what_it_is,
           it_runs_and_goes_through_onnx_to_the_bit, random_weights_come_from_the_seed_alone,
           failing_allocations_are_errors, what_there_is_not_is_refused_by_name)
