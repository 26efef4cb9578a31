/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/mapped_file.h"

#include "support/alloc_fail.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <stdio.h>

static const float values[] = { 1, 2, 3, 4, 5 };
static const effnn__shape four = { .rank = 1, .dims = { 4 } };
static const char *path;

static void setup(void)
{
    path = test_scratch_path("mapped.bin");
    test_write_file(path, values, sizeof values);
}

static void teardown(void)
{
    remove(path);
}

START_TEST(a_tensor_lies_over_the_file_and_outlives_the_reader)
{
    effnn__mapped *mapped = NULL;
    effnn_tensor *tensor = NULL;
    const unsigned char *data;

    ck_assert_ok(effnn__mapped_open(&mapped, path));
    data = effnn__mapped_file(mapped)->data;
    ck_assert_ok(effnn__mapped_tensor(&tensor, NULL, mapped, EFFNN_F32, &four, data + 4, 16));
    ck_assert_ptr_eq(effnn_tensor_data(tensor), data + 4);
    effnn__mapped_release(mapped);
    ck_assert_tensor_at(tensor, 5.0, 3);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(a_writer_gets_a_copy_and_the_file_stays_as_it_is)
{
    effnn__mapped *mapped = NULL;
    effnn_tensor *tensor = NULL;
    const unsigned char *data;

    ck_assert_ok(effnn__mapped_open(&mapped, path));
    data = effnn__mapped_file(mapped)->data;
    ck_assert_ok(effnn__mapped_tensor(&tensor, NULL, mapped, EFFNN_F32, &four, data, 16));
    ck_assert_ok(effnn_tensor_set_f64(tensor, (int64_t[]){ 0 }, 42.0));
    ck_assert_ptr_ne(effnn_tensor_data(tensor), data);
    ck_assert_mem_eq(data, values, sizeof values);
    effnn_tensor_release(tensor);
    effnn__mapped_release(mapped);
}
END_TEST

START_TEST(elements_at_an_address_that_does_not_suit_are_copied)
{
    effnn__mapped *mapped = NULL;
    effnn_tensor *tensor = NULL;
    const unsigned char *data;

    ck_assert_ok(effnn__mapped_open(&mapped, path));
    data = effnn__mapped_file(mapped)->data + 2;
    ck_assert_ok(effnn__mapped_tensor(&tensor, NULL, mapped, EFFNN_F32, &four, data, 16));
    ck_assert_ptr_ne(effnn_tensor_data(tensor), data);
    ck_assert_mem_eq(effnn_tensor_data(tensor), data, 16);
    effnn_tensor_release(tensor);
    effnn__mapped_release(mapped);
}
END_TEST

START_TEST(what_one_tensor_lets_go_of_the_others_still_have)
{
    effnn__mapped *mapped = NULL;
    effnn_tensor *tensor = NULL, *other = NULL;
    const unsigned char *data;

    ck_assert_ok(effnn__mapped_open(&mapped, path));
    data = effnn__mapped_file(mapped)->data;
    ck_assert_ok(effnn__mapped_tensor(&tensor, NULL, mapped, EFFNN_F32, &four, data, 16));
    effnn__mapped_release(mapped);
    ck_assert_ok(effnn__tensor_share(&other, tensor));
    effnn__tensor_let_go(tensor);
    ck_assert_ptr_null(effnn_tensor_data(tensor));
    ck_assert_mem_eq(effnn_tensor_data(other), values, 16);
    effnn_tensor_release(tensor);
    effnn_tensor_release(other);
}
END_TEST

static effnn_status open_and_wrap(void)
{
    effnn__mapped *mapped = NULL;
    effnn_tensor *tensor = NULL;
    effnn_status status = effnn__mapped_open(&mapped, path);

    if (status == EFFNN_OK)
        status = effnn__mapped_tensor(&tensor, NULL, mapped, EFFNN_F32, &four,
                                      effnn__mapped_file(mapped)->data, 16);
    effnn__mapped_release(mapped);
    effnn_tensor_release(tensor);
    return status;
}

START_TEST(it_survives_failing_allocations)
{
    ALLOC_FAIL_LOOP(open_and_wrap(), (void)0);
}
END_TEST

SUITE("mapped_file", setup, teardown, a_tensor_lies_over_the_file_and_outlives_the_reader,
      a_writer_gets_a_copy_and_the_file_stays_as_it_is,
      elements_at_an_address_that_does_not_suit_are_copied,
      what_one_tensor_lets_go_of_the_others_still_have, it_survives_failing_allocations)
