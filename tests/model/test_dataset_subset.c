/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices and reorderings of datasets. */

#include "model/dataset.h"
#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

static effnn_dataset *inner, *data;
static effnn_tensor *inputs[1];
static effnn_batch batch;

/* Six samples [2]: 0 1, 2 3, …, 10 11, with targets 0 … 5 and masks 0 … 5. */
static effnn_dataset *six(const char *name)
{
    effnn_tensor *x = test_tensor_iota(6, 2), *y = test_tensor_iota(6), *m = test_tensor_iota(6, 1);
    effnn_dataset *made = NULL;

    ck_assert_ok(effnn_dataset_create_from_tensors(&made, NULL, name ? &name : NULL, &x, 1, y, m));
    effnn_tensor_release(x);
    effnn_tensor_release(y);
    effnn_tensor_release(m);
    return made;
}

static void setup(void)
{
    inner = six("x");
    data = NULL;
    inputs[0] = NULL;
    batch = (effnn_batch){ .version = 1, .inputs = inputs };
}

static void teardown(void)
{
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
    effnn_dataset_destroy(inner);
}

/* The subset owns the inner dataset from here on. */
static void take(uint64_t first, uint64_t count, const uint64_t *order)
{
    ck_assert_ok(effnn__dataset_subset(&data, inner, first, count, order));
    inner = NULL;
}

START_TEST(a_slice_counts_from_its_first_sample)
{
    take(2, 3, NULL);
    ck_assert_uint_eq(effnn_dataset_count(data), 3);
    ck_assert_uint_eq(effnn_dataset_input_count(data), 1);
    ck_assert_str_eq(effnn_dataset_input_name_at(data, 0), "x");
    ck_assert_ok(effnn_dataset_read(&batch, data, 1, 2));
    ck_assert_tensor_at(inputs[0], 6.0, 0, 0);
    ck_assert_tensor_at(inputs[0], 9.0, 1, 1);
    ck_assert_tensor_at(batch.targets, 3.0, 0);
    ck_assert_fails(EFFNN_E_ARG, effnn_dataset_read(&batch, data, 2, 2));
}
END_TEST

START_TEST(an_order_may_repeat_and_leave_out)
{
    const uint64_t order[] = { 5, 0, 5, 3 };

    take(0, 4, order);
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, 4));
    ck_assert_tensor_dims(inputs[0], 4, 2);
    ck_assert_tensor_dims(batch.mask, 4, 1);
    for (int64_t i = 0; i < 4; i++) {
        ck_assert_tensor_at(inputs[0], (double)(2 * order[i]), i, 0);
        ck_assert_tensor_at(inputs[0], (double)(2 * order[i] + 1), i, 1);
        ck_assert_tensor_at(batch.targets, (double)order[i], i);
        ck_assert_tensor_at(batch.mask, (double)order[i], i, 0);
    }
}
END_TEST

START_TEST(samples_that_the_inner_data_set_lacks_are_refused)
{
    const uint64_t order[] = { 0, 6 };

    take(0, 2, order);
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, 1));
    effnn_batch_clear(&batch);
    ck_assert_fails_saying(EFFNN_E_ARG, "there are 6", effnn_dataset_read(&batch, data, 0, 2));
    ck_assert_ptr_null(inputs[0]);
}
END_TEST

START_TEST(what_is_known_of_the_preprocessing_is_kept)
{
    ck_assert_ok(effnn__dataset_set_preprocess(inner, "{\"scale\": 255}"));
    take(0, 2, NULL);
    ck_assert_str_eq(effnn__dataset_preprocess(data), "{\"scale\": 255}");
}
END_TEST

START_TEST(a_subset_of_inputs_without_names_has_none)
{
    effnn_dataset_destroy(inner);
    inner = six(NULL);
    take(0, 2, NULL);
    ck_assert_ptr_null(effnn_dataset_input_name_at(data, 0));
}
END_TEST

/* Samples whose size (user 0), element type (1) or targets (2) change from sample to sample. */
static int change(void *user, uint64_t first, size_t n, effnn_batch *out)
{
    const int which = *(const int *)user;
    const int64_t dims[] = { (int64_t)n, which == 0 && first == 1 ? 3 : 2 };

    out->inputs[0] = test_tensor_zeros(which == 1 && first == 1 ? EFFNN_I32 : EFFNN_F32, 2, dims);
    if (which == 2 && first == 1) out->targets = test_tensor_zeros(EFFNN_I64, 1, dims);
    return 0;
}

START_TEST(samples_that_do_not_make_one_batch_are_refused)
{
    const uint64_t order[] = { 0, 1 };
    const char *const said[] = { "different sizes", "different sizes", "lack targets" };

    for (int which = 0; which < 3; which++) {
        const effnn_dataset_source source = {
            .version = 1, .user = &which, .count = 4, .n_inputs = 1, .read = change
        };

        effnn_dataset_destroy(inner);
        effnn_dataset_destroy(data);
        ck_assert_ok(effnn_dataset_create(&inner, NULL, &source));
        take(0, 2, order);
        ck_assert_fails_saying(EFFNN_E_SHAPE, said[which], effnn_dataset_read(&batch, data, 0, 2));
        ck_assert_ptr_null(inputs[0]);
    }
}
END_TEST

START_TEST(no_memory_at_any_point_is_an_error_and_the_inner_data_set_stays_the_caller_s)
{
    const uint64_t order[] = { 2, 1, 0 };
    effnn_dataset *made = NULL;

    ck_assert_ok(effnn__dataset_set_preprocess(inner, "{}"));
    ALLOC_FAIL_LOOP(effnn__dataset_subset(&made, inner, 0, 3, order), {
        ck_assert_ptr_null(made);
        ck_assert_uint_eq(effnn_dataset_count(inner), 6);
    });
    effnn_dataset_destroy(made);
    inner = NULL;
}
END_TEST

START_TEST(no_memory_at_any_point_of_a_read_is_an_error_without_a_leak)
{
    const uint64_t order[] = { 2, 1, 0 };

    take(0, 3, order);
    ALLOC_FAIL_LOOP(effnn_dataset_read(&batch, data, 0, 3), ck_assert_ptr_null(inputs[0]));
}
END_TEST

SUITE("dataset_subset", setup, teardown, a_slice_counts_from_its_first_sample,
      an_order_may_repeat_and_leave_out, samples_that_the_inner_data_set_lacks_are_refused,
      what_is_known_of_the_preprocessing_is_kept, a_subset_of_inputs_without_names_has_none,
      samples_that_do_not_make_one_batch_are_refused,
      no_memory_at_any_point_is_an_error_and_the_inner_data_set_stays_the_caller_s,
      no_memory_at_any_point_of_a_read_is_an_error_without_a_leak)
