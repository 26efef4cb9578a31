/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing: what is saved loads to the same graph and results at every opset, the same model gives
 * the same bytes, and a save that fails leaves what was there. */

#include "io/onnx/onnx_model.h"

#include "base/str.h"
#include "support/alloc_fail.h"
#include "support/model_files.h"
#include "support/models.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPSET_MIN 13
#define OPSET_MAX 21

static char folder[64], path[128];
static effnn_model *model, *again;

static void setup(void)
{
    snprintf(folder, sizeof folder, "scratch_%ld", (long)getpid());
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    model = again = NULL;
}

static void teardown(void)
{
    effnn_model_destroy(model);
    effnn_model_destroy(again);
    remove(path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left */
}

static size_t count_files(void)
{
    DIR *dir = opendir(folder);
    size_t n = 0;

    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void drop(effnn_model **out)
{
    effnn_model_destroy(*out);
    *out = NULL;
}

START_TEST(small_models_saved_at_any_opset_load_to_the_same_graph)
{
    for (uint32_t opset = OPSET_MIN; opset <= OPSET_MAX; opset++) {
        for (size_t i = 0; i < TEST_N_MODELS; i++) {
            model = test_models[i](NULL);
            ck_assert_ok(effnn_model_canonicalise(model));
            ck_assert_ok(effnn__onnx_save(model, path, opset));
            again = test_load(path, false);
            test_assert_same_nodes(model, again);
            if (opset >= 18) test_assert_same_graph(model, again); /* before, axes have no name */
            test_assert_same_results(model, again);
            ck_assert_uint_eq(effnn_model_opset(again), opset);
            drop(&model);
            drop(&again);
        }
    }
}
END_TEST

START_TEST(the_same_model_gives_the_same_bytes)
{
    for (uint32_t opset = OPSET_MIN; opset <= OPSET_MAX; opset++) {
        size_t sizes[2];
        unsigned char *bytes[2];

        for (int i = 0; i < 2; i++) {
            model = test_model_tokens(NULL);
            ck_assert_ok(effnn__onnx_save(model, path, opset));
            bytes[i] = test_read_file(&sizes[i], path);
            drop(&model);
        }
        ck_assert_uint_eq(sizes[0], sizes[1]);
        ck_assert_mem_eq(bytes[0], bytes[1], sizes[0]);
        free(bytes[0]);
        free(bytes[1]);
    }
}
END_TEST

START_TEST(the_ir_version_is_the_one_that_came_with_the_opset)
{
    /* Versions.md of ONNX: opset 13 and 14 came with IR 7, 15 to 18 with 8, 19 and 20 with 9, 21
     * with 10. ir_version is field 1, a varint. */
    static const unsigned char expected[] = { 7, 7, 8, 8, 8, 8, 9, 9, 10 };

    model = test_model_mlp(NULL);
    for (uint32_t opset = OPSET_MIN; opset <= OPSET_MAX; opset++) {
        size_t size;
        unsigned char *bytes;

        ck_assert_ok(effnn__onnx_save(model, path, opset));
        bytes = test_read_file(&size, path);
        ck_assert_int_eq(bytes[0], 0x08);
        ck_assert_int_eq(bytes[1], expected[opset - OPSET_MIN]);
        free(bytes);
    }
}
END_TEST

START_TEST(every_element_type_is_written)
{
    model = test_load_golden("onnx/initialisers_typed.onnx", true);
    ck_assert_ok(effnn__onnx_save(model, path, 21));
    again = test_load(path, true);
    test_assert_same_graph(model, again);
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "'i4': i4 can be written at opset 21 or later",
                           effnn__onnx_save(model, path, 20));
}
END_TEST

START_TEST(metadata_producer_and_open_sizes_are_written)
{
    const effnn__value *x;
    char *producer;

    model = test_load_golden("onnx/metadata.onnx", false);
    ck_assert_ok(effnn__onnx_save(model, path, 13));
    again = test_load(path, false);
    ck_assert_uint_eq(effnn_model_metadata_count(again), 2);
    ck_assert_str_eq(effnn_model_get_metadata(again, "note"), "ünïcode");
    producer = effnn__strprintf("libeffnn %s", effnn_version());
    ck_assert_str_eq(effnn_model_producer(again), producer);
    free(producer);
    x = again->graph->inputs.items[0];
    ck_assert_str_eq(effnn__symbol_text(again->graph->symbols, x->info.dims[0].symbol), "batch");
    ck_assert(effnn__symbol_is_fresh(again->graph->symbols, x->info.dims[1].symbol));
    ck_assert(effnn__symbol_is_fresh(again->graph->symbols, x->info.dims[2].symbol));
    test_assert_same_graph(model, again);
}
END_TEST

START_TEST(a_constant_with_strides_is_written_in_order)
{
    effnn_tensor *rows = test_tensor_iota(2, 3), *turned = NULL, *read = NULL;

    model = test_model_mlp(NULL);
    ck_assert_ok(effnn_tensor_view_permute(&turned, rows, (size_t[]){ 1, 0 }));
    ck_assert_ok(effnn_model_add_parameter(model, "turned", turned));
    ck_assert_ok(effnn__onnx_save(model, path, 13));
    again = test_load(path, true);
    ck_assert_ok(effnn_model_get_parameter(&read, again, "turned"));
    ck_assert_tensor_equal(read, turned);
    effnn_tensor_release(rows);
    effnn_tensor_release(turned);
    effnn_tensor_release(read);
}
END_TEST

START_TEST(other_opsets_and_models_without_outputs_are_refused)
{
    model = test_model_mlp(NULL);
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "opset 12, 13 to 21",
                           effnn__onnx_save(model, path, 12));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "opset 22, 13 to 21",
                           effnn__onnx_save(model, path, 22));
    ck_assert_ok(effnn_model_create(&again, NULL));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "without outputs",
                           effnn__onnx_save(again, path, 13));
    ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(a_directory_that_is_missing_or_may_not_be_written_is_an_error)
{
    model = test_model_mlp(NULL);
    ck_assert_fails_saying(EFFNN_E_IO, "no/such", effnn__onnx_save(model, "no/such.onnx", 13));
    if (geteuid() == 0) return; /* root may write anywhere */
    ck_assert_int_eq(chmod(folder, 0555), 0);
    ck_assert_fails_saying(EFFNN_E_IO, path, effnn__onnx_save(model, path, 13));
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(a_save_that_fails_leaves_no_file)
{
    model = test_model_tokens(NULL);
    ck_assert_ok(effnn_model_set_metadata(model, "key", "value"));
    for (uint32_t opset = OPSET_MIN; opset <= OPSET_MAX; opset += OPSET_MAX - OPSET_MIN) {
        ALLOC_FAIL_LOOP(effnn__onnx_save(model, path, opset), ck_assert_uint_eq(count_files(), 0));
        ck_assert_uint_eq(count_files(), 1);
        remove(path);
    }
}
END_TEST

START_TEST(a_save_that_fails_leaves_the_old_file)
{
    model = test_model_tokens(NULL);
    test_write_file(path, "old", 3);
    ALLOC_FAIL_LOOP(effnn__onnx_save(model, path, 17), {
        size_t size;
        unsigned char *bytes = test_read_file(&size, path);
        ck_assert_uint_eq(size, 3);
        ck_assert_mem_eq(bytes, "old", 3);
        free(bytes);
        ck_assert_uint_eq(count_files(), 1);
    });
    again = test_load(path, false);
}
END_TEST

SUITE("onnx_write", setup, teardown, small_models_saved_at_any_opset_load_to_the_same_graph,
      the_same_model_gives_the_same_bytes, the_ir_version_is_the_one_that_came_with_the_opset,
      every_element_type_is_written, metadata_producer_and_open_sizes_are_written,
      a_constant_with_strides_is_written_in_order,
      other_opsets_and_models_without_outputs_are_refused,
      a_directory_that_is_missing_or_may_not_be_written_is_an_error,
      a_save_that_fails_leaves_no_file, a_save_that_fails_leaves_the_old_file)
