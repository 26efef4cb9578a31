/* SPDX-License-Identifier: BSD-3-Clause */
/* Data sets over tensors and callbacks. */

#include "model/dataset.h"

#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

static effnn_dataset *data;
static effnn_tensor *inputs[2];
static effnn_batch batch;

static void setup(void)
{
    data = NULL;
    inputs[0] = inputs[1] = NULL;
    batch = (effnn_batch){ .version = 1, .inputs = inputs };
}

static void teardown(void)
{
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
}

START_TEST(tensors_are_read_by_samples)
{
    effnn_tensor *x[] = { test_tensor_iota(4, 2), test_tensor_iota(4, 3) };
    effnn_tensor *y = test_tensor_iota(4);
    const char *names[] = { "a", "b" };

    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, names, x, 2, y, NULL));
    for (int i = 0; i < 2; i++) effnn_tensor_release(x[i]); /* the data set shares the storage */
    effnn_tensor_release(y);
    ck_assert_uint_eq(effnn_dataset_count(data), 4);
    ck_assert_str_eq(effnn_dataset_input_name_at(data, 1), "b");
    ck_assert_ok(effnn_dataset_read(&batch, data, 1, 2));
    ck_assert_uint_eq(batch.n, 2);
    ck_assert_tensor_dims(inputs[1], 2, 3);
    ck_assert_tensor_at(inputs[0], 2.0, 0, 0);
    ck_assert_tensor_at(inputs[1], 8.0, 1, 2);
    ck_assert_tensor_at(batch.targets, 2.0, 1);
    ck_assert_ptr_null(batch.mask);
}
END_TEST

START_TEST(counts_that_differ_are_refused)
{
    effnn_tensor *x = test_tensor_iota(4, 2), *y = test_tensor_iota(3), *scalar = NULL;

    ck_assert_ok(effnn_tensor_create(&scalar, NULL, EFFNN_F32, 0, NULL));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "targets 0 holds 3 samples, input 0 holds 4",
                           effnn_dataset_create_from_tensors(&data, NULL, NULL, &x, 1, y, NULL));
    ck_assert_fails(EFFNN_E_SHAPE,
                    effnn_dataset_create_from_tensors(&data, NULL, NULL, &scalar, 1, NULL, NULL));
    ck_assert_ptr_null(data);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
    effnn_tensor_release(scalar);
}
END_TEST

START_TEST(samples_past_the_end_are_refused_and_the_batch_untouched)
{
    effnn_tensor *x = test_tensor_iota(4, 2);

    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &x, 1, NULL, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "2 samples from 3 asked for, there are 4",
                           effnn_dataset_read(&batch, data, 3, 2));
    ck_assert_fails(EFFNN_E_ARG, effnn_dataset_read(&batch, data, 0, 0));
    ck_assert_ptr_null(inputs[0]);
    effnn_tensor_release(x);
}
END_TEST

/* What a callback does, and what became of it. */
typedef struct source {
    int answer;
    int64_t give; /* samples given instead of those asked for; 0: as asked */
    int n_destroyed;
} source;

static int give(void *user, uint64_t first, size_t n, effnn_batch *out)
{
    const source *self = user;

    if (self->answer) return self->answer;
    out->inputs[0] = test_tensor_iota(self->give ? self->give : (int64_t)n, 1);
    (void)first;
    return 0;
}

static void destroy(void *user)
{
    ((source *)user)->n_destroyed++;
}

static effnn_dataset_source source_of(source *self)
{
    return (effnn_dataset_source){
        .version = 1, .user = self, .count = 10, .n_inputs = 1, .read = give, .destroy = destroy
    };
}

START_TEST(a_callback_s_samples_are_checked)
{
    source self = { 0 };
    const effnn_dataset_source spec = source_of(&self);

    ck_assert_ok(effnn_dataset_create(&data, NULL, &spec));
    ck_assert_ok(effnn_dataset_read(&batch, data, 2, 3));
    ck_assert_tensor_dims(inputs[0], 3, 1);
    effnn_batch_clear(&batch);
    self.give = 2;
    ck_assert_fails_saying(EFFNN_E_SHAPE, "holds 2 samples, 3 were asked for",
                           effnn_dataset_read(&batch, data, 2, 3));
    self.answer = -7;
    ck_assert_fails_saying(EFFNN_E_USER, "gave -7 for samples 2 to 4",
                           effnn_dataset_read(&batch, data, 2, 3));
    ck_assert_ptr_null(inputs[0]);
    effnn_dataset_destroy(data);
    data = NULL;
    ck_assert_int_eq(self.n_destroyed, 1);
}
END_TEST

/* Gives what it must, and changes fields that are not its own; user: which. */
static int change(void *user, uint64_t first, size_t n, effnn_batch *out)
{
    const int which = *(const int *)user;

    out->inputs[0] = test_tensor_iota((int64_t)n, 1);
    (void)first;
    if (which == 0) out->n_inputs = 1000;
    if (which == 1) out->inputs = NULL;
    if (which == 2) out->n = n - 1;
    return 0;
}

START_TEST(a_callback_cannot_change_the_size_of_a_batch)
{
    int which = 0;
    const effnn_dataset_source spec = {
        .version = 1, .user = &which, .count = 10, .n_inputs = 1, .read = change
    };

    ck_assert_ok(effnn_dataset_create(&data, NULL, &spec));
    for (; which < 2; which++) {
        ck_assert_ok(effnn_dataset_read(&batch, data, 0, 4));
        ck_assert_uint_eq(batch.n, 4);
        ck_assert_uint_eq(batch.n_inputs, 1);
        effnn_batch_clear(&batch);
    }
    ck_assert_fails_saying(EFFNN_E_SHAPE, "gave 3 samples, not 4",
                           effnn_dataset_read(&batch, data, 0, 4));
    ck_assert_ptr_null(inputs[0]);
}
END_TEST

START_TEST(names_are_for_all_inputs_or_none)
{
    effnn_tensor *x[] = { test_tensor_iota(4, 2), test_tensor_iota(4, 3) };
    const char *names[] = { "a", NULL };

    ck_assert_fails_saying(EFFNN_E_ARG, "input 1 of 2 has no name",
                           effnn_dataset_create_from_tensors(&data, NULL, names, x, 2, NULL, NULL));
    ck_assert_ptr_null(data);
    for (int i = 0; i < 2; i++) effnn_tensor_release(x[i]);
}
END_TEST

START_TEST(a_model_s_inputs_are_matched_by_name_or_place)
{
    effnn_model *model = NULL;
    effnn_tensor *x[] = { test_tensor_iota(4, 2), test_tensor_iota(4, 3) }, *matched[2];
    const char *swapped[] = { "b", "a" }, *other[] = { "a", "c" };

    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "a", 2, (int64_t[]){ -1, 3 });
    test_add_input(model, "b", 2, (int64_t[]){ -1, 2 });
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, swapped, x, 2, NULL, NULL));
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, 4));
    ck_assert_ok(effnn__dataset_match(matched, data, &batch, model));
    ck_assert_ptr_eq(matched[0], inputs[1]);
    ck_assert_ptr_eq(matched[1], inputs[0]);
    effnn_dataset_destroy(data);
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, other, x, 2, NULL, NULL));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no input 'b'",
                           effnn__dataset_match(matched, data, &batch, model));
    effnn_dataset_destroy(data);
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, x, 1, NULL, NULL));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "2 inputs, the dataset gives 1",
                           effnn__dataset_match(matched, data, &batch, model));
    for (int i = 0; i < 2; i++) effnn_tensor_release(x[i]);
    effnn_model_destroy(model);
}
END_TEST

static effnn_status make_and_read(effnn_tensor *x)
{
    const char *names[] = { "a" };
    effnn_dataset *made = NULL;
    effnn_tensor *input = NULL;
    effnn_batch read = { .version = 1, .inputs = &input };
    effnn_status status = effnn_dataset_create_from_tensors(&made, NULL, names, &x, 1, x, x);

    if (status == EFFNN_OK) status = effnn_dataset_read(&read, made, 0, 2);
    effnn_batch_clear(&read);
    effnn_dataset_destroy(made);
    return status;
}

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    effnn_tensor *x = test_tensor_iota(4, 2);
    source self = { 0 };
    const effnn_dataset_source spec = source_of(&self);

    ALLOC_FAIL_LOOP(make_and_read(x), );
    ALLOC_FAIL_LOOP(effnn_dataset_create(&data, NULL, &spec),
                    ck_assert_int_eq(self.n_destroyed, 0));
    effnn_tensor_release(x);
}
END_TEST

SUITE("dataset", setup, teardown, tensors_are_read_by_samples, counts_that_differ_are_refused,
      samples_past_the_end_are_refused_and_the_batch_untouched, a_callback_s_samples_are_checked,
      a_callback_cannot_change_the_size_of_a_batch, names_are_for_all_inputs_or_none,
      a_model_s_inputs_are_matched_by_name_or_place,
      no_memory_at_any_point_is_an_error_without_a_leak)
