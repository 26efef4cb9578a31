/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands around the graph: versions, producer, metadata; files that are none; memory that runs
 * out at every point. */

#include "io/onnx/onnx_model.h"

#include "support/alloc_fail.h"
#include "support/model_files.h"

#include <stdio.h>

static effnn_model *loaded;

static void setup(void)
{
    loaded = NULL;
}

static void teardown(void)
{
    effnn_model_destroy(loaded);
}

START_TEST(the_model_knows_where_it_comes_from)
{
    loaded = test_load_golden("onnx/metadata.onnx", false);
    ck_assert_str_eq(effnn_model_format(loaded), "onnx");
    ck_assert_str_eq(effnn_model_producer(loaded), "maker 1.0");
    ck_assert_uint_eq(effnn_model_opset(loaded), 13);
}
END_TEST

START_TEST(metadata_are_read_in_order)
{
    const char *key, *value;

    loaded = test_load_golden("onnx/metadata.onnx", false);
    ck_assert_uint_eq(effnn_model_metadata_count(loaded), 2);
    ck_assert_ok(effnn_model_metadata_at(&key, &value, loaded, 0));
    ck_assert_str_eq(key, "author");
    ck_assert_str_eq(value, "somebody");
    ck_assert_str_eq(effnn_model_get_metadata(loaded, "note"), "ünïcode");
}
END_TEST

START_TEST(files_without_a_version_or_a_graph_are_refused)
{
    static const test_refusal refused[] = {
        { "no_opset", EFFNN_E_FORMAT, "no_opset.onnx': it does not say which opset" },
        { "opset_0", EFFNN_E_FORMAT, "it does not say which opset it uses" },
        { "operator_since", EFFNN_E_UNSUPPORTED, "operator 'Relu' of domain '', version 5," },
        { "opset_29", EFFNN_E_UNSUPPORTED, "opset 29, supported are 1 to 28" },
        { "opset_billion", EFFNN_E_UNSUPPORTED, "opset 1000000000, supported" },
        { "opset_negative", EFFNN_E_UNSUPPORTED, "opset -1, supported" },
        { "two_versions", EFFNN_E_FORMAT, "two versions of domain ''" },
        { "no_graph", EFFNN_E_FORMAT, "no graph" },
        { "two_graphs", EFFNN_E_FORMAT, "two graphs" },
    };

    test_refuse_golden("onnx/bad/%s.onnx", refused, sizeof refused / sizeof refused[0]);
}
END_TEST

START_TEST(an_empty_file_is_malformed)
{
    const char *path = test_scratch_path("empty.onnx");

    test_write_file(path, "", 0);
    ck_assert_fails_saying(EFFNN_E_FORMAT, path, effnn__onnx_load(&loaded, NULL, path));
    remove(path);
    ck_assert_ptr_null(loaded);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_named)
{
    ck_assert_fails_saying(EFFNN_E_IO, "'no/such.onnx'",
                           effnn__onnx_load(&loaded, NULL, "no/such.onnx"));
    ck_assert_fails(EFFNN_E_IO, effnn__onnx_load(&loaded, NULL, test_golden_path("onnx")));
    ck_assert_ptr_null(loaded);
}
END_TEST

START_TEST(loading_survives_failing_allocations)
{
    static const char *const names[] = {
        "onnx/forms_9.onnx",   "onnx/initialisers_typed.onnx", "onnx/initialisers_raw.onnx",
        "onnx/constants.onnx", "onnx/external.onnx",           "onnx/metadata.onnx"
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ALLOC_FAIL_LOOP(effnn_model_load(&loaded, NULL, test_golden_path(names[i]), NULL),
                        ck_assert_ptr_null(loaded));
        effnn_model_destroy(loaded);
        loaded = NULL;
    }
}
END_TEST

SUITE("onnx_model", setup, teardown, the_model_knows_where_it_comes_from,
      metadata_are_read_in_order, files_without_a_version_or_a_graph_are_refused,
      an_empty_file_is_malformed, a_file_that_cannot_be_read_is_named,
      loading_survives_failing_allocations)
