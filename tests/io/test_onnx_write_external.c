/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters beside the model: what is written loads to the same model, its tensors over the mapped
 * file; a save that fails leaves both files as they were. */

#include "io/onnx/onnx_model.h"
#include "support/alloc_fail.h"
#include "support/model_files.h"
#include "support/models.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128], data_path[128];
static effnn_model *model, *again;

/* A matrix that goes outside, a vector that is too small to, and a large matrix. */
static void setup(void)
{
    const char *const names[] = { "w", "b", "large" };
    const int64_t dims[3][2] = { { 20, 30 }, { 1, 30 }, { 30, 10000 } };
    const effnn_node product = { .version = 1,
                                 .op = "gemm",
                                 .inputs = (const char *const[]){ "x", "w", "b" },
                                 .n_inputs = 3,
                                 .outputs = (const char *const[]){ "h" },
                                 .n_outputs = 1 };
    const effnn_node second = { .version = 1,
                                .op = "matmul",
                                .inputs = (const char *const[]){ "h", "large" },
                                .n_inputs = 2,
                                .outputs = (const char *const[]){ "y" },
                                .n_outputs = 1 };

    snprintf(folder, sizeof folder, "scratch_%ld", (long)getpid());
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    snprintf(data_path, sizeof data_path, "%s/model.onnx.data", folder);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    model = again = NULL;
    ck_assert_ok(effnn_model_create(&model, NULL));
    ck_assert_ok(
        effnn_model_add_input(model, "x", EFFNN_F32, 2, (const int64_t[]){ -1, 20 }, NULL));
    for (size_t i = 0; i < 3; i++) {
        effnn_tensor *tensor = test_tensor_random(NULL, EFFNN_F32, 2, dims[i], 5 + i);
        ck_assert_ok(effnn_model_add_parameter(model, names[i], tensor));
        effnn_tensor_release(tensor);
    }
    ck_assert_ok(effnn_model_add_node(model, &product));
    ck_assert_ok(effnn_model_add_node(model, &second));
    ck_assert_ok(effnn_model_add_output(model, "y"));
}

static void teardown(void)
{
    effnn_model_destroy(model);
    effnn_model_destroy(again);
    remove(path);
    remove(data_path);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left */
}

static size_t file_size(const char *name)
{
    struct stat info;

    ck_assert_int_eq(stat(name, &info), 0);
    return (size_t)info.st_size;
}

START_TEST(large_parameters_go_into_the_file_beside_at_aligned_places)
{
    ck_assert_ok(effnn__onnx_save_external(model, path, 17));
    ck_assert_uint_lt(file_size(path), 1000);
    /* 2400 bytes of w, then large from the next page on; b stays in the model. */
    ck_assert_uint_eq(file_size(data_path), 4096 + 30 * 10000 * 4);
    again = test_load(path, true);
    test_assert_same_graph(model, again);
    test_assert_same_results(model, again);
}
END_TEST

START_TEST(without_large_parameters_there_is_no_second_file)
{
    effnn_model *small = test_load_golden("onnx/forms_13.onnx", true);

    ck_assert_ok(effnn__onnx_save_external(small, path, 17));
    ck_assert_int_ne(access(data_path, F_OK), 0);
    effnn_model_destroy(small);
}
END_TEST

START_TEST(tensors_lie_over_the_mapped_file_and_outlive_its_name)
{
    effnn_tensor *before = NULL, *after = NULL;

    ck_assert_ok(effnn__onnx_save_external(model, path, 17));
    again = test_load(path, true);
    ck_assert_ok(effnn_model_get_parameter(&before, model, "large"));
    ck_assert_ok(effnn_model_get_parameter(&after, again, "large"));
    ck_assert_uint_eq((uintptr_t)effnn_tensor_data(after) % 4096, 0);
    effnn_model_destroy(again);
    again = NULL;
    ck_assert_int_eq(remove(data_path), 0);
    ck_assert(effnn__tensor_equal(before, after));
    effnn_tensor_release(before);
    effnn_tensor_release(after);
}
END_TEST

START_TEST(a_model_is_saved_over_the_files_that_it_lies_over)
{
    ck_assert_ok(effnn__onnx_save_external(model, path, 17));
    again = test_load(path, true);
    ck_assert_ok(effnn__onnx_save_external(again, path, 13));
    ck_assert_ok(effnn__onnx_save_external(again, path, 17));
    effnn_model_destroy(again);
    again = test_load(path, true);
    test_assert_same_graph(model, again);
}
END_TEST

START_TEST(a_failing_save_leaves_both_files_as_they_were)
{
    size_t n, n_data, size;
    unsigned char *bytes, *data, *now;

    ck_assert_ok(effnn__onnx_save_external(model, path, 17));
    bytes = test_read_file(&n, path);
    data = test_read_file(&n_data, data_path);
    ALLOC_FAIL_LOOP(effnn__onnx_save_external(model, path, 17), {
        now = test_read_file(&size, path);
        ck_assert_uint_eq(size, n);
        ck_assert_mem_eq(now, bytes, n);
        free(now);
        ck_assert_uint_eq(file_size(data_path), n_data);
    });
    now = test_read_file(&size, data_path);
    ck_assert_mem_eq(now, data, n_data);
    free(bytes);
    free(data);
    free(now);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(mkdir(path, 0755), 0); /* the model cannot be written: nor is the data */
    ck_assert_int_eq(remove(data_path), 0);
    ck_assert_fails_saying(EFFNN_E_IO, path, effnn__onnx_save_external(model, path, 17));
    ck_assert_int_ne(access(data_path, F_OK), 0);
}
END_TEST

SUITE("onnx_write_external", setup, teardown,
      large_parameters_go_into_the_file_beside_at_aligned_places,
      without_large_parameters_there_is_no_second_file,
      tensors_lie_over_the_mapped_file_and_outlive_its_name,
      a_model_is_saved_over_the_files_that_it_lies_over,
      a_failing_save_leaves_both_files_as_they_were)
