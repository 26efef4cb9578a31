/* SPDX-License-Identifier: BSD-3-Clause */
/* Going through a dataset in batches, of the caller's choice or of the model's own. */

#include "model/batch_reader.h"

#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

static effnn_model *model;
static effnn_dataset *data;
static effnn__batch_reader reader;

/* A model of two inputs of this batch (-1: open), and five samples for it, in the other order. */
static void have(int64_t batch)
{
    const char *names[] = { "b", "a" };
    effnn_tensor *x[] = { test_tensor_iota(5, 3), test_tensor_iota(5, 2) };
    effnn_tensor *y = test_tensor_iota(5);

    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "a", 2, (int64_t[]){ batch, 2 });
    test_add_input(model, "b", 2, (int64_t[]){ batch, 3 });
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, names, x, 2, y, NULL));
    for (int i = 0; i < 2; i++) effnn_tensor_release(x[i]);
    effnn_tensor_release(y);
}

static void setup(void)
{
    model = NULL;
    data = NULL;
    reader = (effnn__batch_reader){ 0 };
}

static void teardown(void)
{
    effnn__batch_reader_close(&reader);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}

START_TEST(an_open_batch_is_cut_as_asked_and_the_last_is_shorter)
{
    static const size_t real[] = { 2, 2, 1, 0, 0 };

    have(-1);
    ck_assert_ok(effnn__batch_reader_open(&reader, data, model, 2, 0));
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
        ck_assert_ok(effnn__batch_reader_next(&reader));
        ck_assert_uint_eq(reader.real, real[i]);
        if (real[i] == 0) continue;
        ck_assert_tensor_dims(reader.inputs[0], (int64_t)real[i], 2);
        ck_assert_tensor_at(reader.inputs[0], (double)(4 * i), 0, 0);
        ck_assert_tensor_at(reader.inputs[1], (double)(6 * i), 0, 0);
        ck_assert_tensor_at(reader.current.targets, (double)(2 * i), 0);
    }
    ck_assert_uint_eq(reader.first, 5);
}
END_TEST

START_TEST(a_fixed_batch_is_filled_up_with_the_last_sample)
{
    have(3);
    ck_assert_ok(effnn__batch_reader_open(&reader, data, model, 32, 0));
    ck_assert_ok(effnn__batch_reader_next(&reader));
    ck_assert_uint_eq(reader.real, 3);
    ck_assert_ok(effnn__batch_reader_next(&reader));
    ck_assert_uint_eq(reader.real, 2);
    ck_assert_tensor_dims(reader.inputs[0], 3, 2);
    ck_assert_tensor_dims(reader.inputs[1], 3, 3);
    ck_assert_tensor_dims(reader.current.targets, 2); /* of those that count */
    for (int64_t i = 0; i < 3; i++) {
        const double sample = (double[]){ 3, 4, 4 }[i];

        ck_assert_tensor_at(reader.inputs[0], 2 * sample + 1, i, 1);
        ck_assert_tensor_at(reader.inputs[1], 3 * sample + 2, i, 2);
    }
    ck_assert_ok(effnn__batch_reader_next(&reader));
    ck_assert_uint_eq(reader.real, 0);
}
END_TEST

START_TEST(strided_samples_are_filled_up_as_well)
{
    const size_t axes[] = { 1, 0 };
    effnn_tensor *stored = test_tensor_iota(2, 3), *x = NULL; /* samples 0 3, 1 4, 2 5 */

    ck_assert_ok(effnn_tensor_view_permute(&x, stored, axes));
    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 2, (int64_t[]){ 4, 2 });
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &x, 1, NULL, NULL));
    ck_assert_ok(effnn__batch_reader_open(&reader, data, model, 1, 0));
    ck_assert_ok(effnn__batch_reader_next(&reader));
    ck_assert_tensor_at(reader.inputs[0], 4.0, 1, 1);
    ck_assert_tensor_at(reader.inputs[0], 5.0, 3, 1);
    effnn_tensor_release(x);
    effnn_tensor_release(stored);
}
END_TEST

START_TEST(a_count_ends_early_and_one_beyond_the_end_does_not_matter)
{
    have(-1);
    ck_assert_ok(effnn__batch_reader_open(&reader, data, model, 2, 3));
    ck_assert_ok(effnn__batch_reader_next(&reader));
    ck_assert_ok(effnn__batch_reader_next(&reader));
    ck_assert_uint_eq(reader.real, 1);
    ck_assert_ok(effnn__batch_reader_next(&reader));
    ck_assert_uint_eq(reader.real, 0);
    effnn__batch_reader_close(&reader);
    ck_assert_ok(effnn__batch_reader_open(&reader, data, model, 2, 100));
    ck_assert_uint_eq(reader.count, 5);
}
END_TEST

START_TEST(no_samples_at_once_are_refused)
{
    have(-1);
    ck_assert_fails_saying(EFFNN_E_ARG, "0 samples at once",
                           effnn__batch_reader_open(&reader, data, model, 0, 0));
}
END_TEST

static effnn_status read_all(void)
{
    effnn_status status = effnn__batch_reader_open(&reader, data, model, 1, 0);

    while (status == EFFNN_OK) {
        status = effnn__batch_reader_next(&reader);
        if (reader.real == 0) break;
    }
    effnn__batch_reader_close(&reader);
    return status;
}

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    have(3);
    ALLOC_FAIL_LOOP(read_all(), );
}
END_TEST

SUITE("batch_reader", setup, teardown, an_open_batch_is_cut_as_asked_and_the_last_is_shorter,
      a_fixed_batch_is_filled_up_with_the_last_sample, strided_samples_are_filled_up_as_well,
      a_count_ends_early_and_one_beyond_the_end_does_not_matter, no_samples_at_once_are_refused,
      no_memory_at_any_point_is_an_error_without_a_leak)
