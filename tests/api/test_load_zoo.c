/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/load_zoo.h"
#include "support/alloc_fail.h"
#include "support/zoo.h"

#include <stdio.h>

#define SMALL "zoo:llama,vocabulary=11,width=8,depth=1,heads=2,hidden=12"

START_TEST(a_uri_gives_the_network_with_its_options_and_weights)
{
    char uri[1024];
    effnn_model *by_uri, *by_call = test_zoo("llama", "depth=1", "zoo/llama_meta.safetensors");

    snprintf(uri, sizeof uri, "zoo:llama,weights=%s,depth=1",
             test_golden_path("zoo/llama_meta.safetensors"));
    by_uri = test_load(uri, false);
    test_assert_same_graph(by_uri, by_call);
    effnn_model_destroy(by_uri);
    effnn_model_destroy(by_call);
    by_uri = test_load(SMALL, false);
    ck_assert_uint_eq(effnn_model_input_count(by_uri), 4);
    effnn_model_destroy(by_uri);
}
END_TEST

START_TEST(a_comma_in_the_path_is_escaped)
{
    const char *path = test_scratch_path("weights,of.safetensors");
    char uri[1024], *comma;
    effnn_model *weights = test_load(test_golden_path("zoo/llama_meta.safetensors"), true), *model;

    ck_assert_ok(effnn_model_save(weights, path, NULL));
    snprintf(uri, sizeof uri, "zoo:llama,weights=%s", path);
    comma = strstr(uri, "weights,of");
    memmove(comma + 8, comma + 7, strlen(comma + 7) + 1);
    comma[7] = '\\';
    model = test_load(uri, false);
    remove(path);
    effnn_model_destroy(model);
    effnn_model_destroy(weights);
}
END_TEST

START_TEST(bad_uris_are_refused)
{
    effnn_model *model = NULL;

    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no network 'lama'",
                           effnn_model_load(&model, NULL, "zoo:lama", NULL));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no network ''",
                           effnn_model_load(&model, NULL, "zoo:", NULL));
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_model_load(&model, NULL, SMALL ",deep=2", NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "twice",
                           effnn_model_load(&model, NULL, "zoo:llama,weights=a,weights=b", NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "from a file",
                           effnn_model_load(&model, NULL, "zoo:llama,weights=zoo:llama", NULL));
    ck_assert_fails(
        EFFNN_E_IO,
        effnn_model_load(&model, NULL, "zoo:llama,weights=there-is-none.safetensors", NULL));
    ck_assert_ptr_null(model);
}
END_TEST

static effnn_status load_once(void)
{
    effnn_model *model = NULL;
    const effnn_status status = effnn_model_load(&model, NULL, SMALL, NULL);

    effnn_model_destroy(model);
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    ck_assert_ok(load_once());
    ALLOC_FAIL_LOOP(load_once(), );
}
END_TEST

SUITE("load_zoo", NULL, NULL, a_uri_gives_the_network_with_its_options_and_weights,
      a_comma_in_the_path_is_escaped, bad_uris_are_refused, failing_allocations_are_errors)
