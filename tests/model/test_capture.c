/* SPDX-License-Identifier: BSD-3-Clause */
/* Streaming operands of chosen nodes over a dataset. */

#include "model/capture.h"

#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <effnn/effnn.h>
#include <math.h>

static effnn_model *model;
static effnn_dataset *data;
static effnn__node *nodes[2];
static effnn__capture_options options;

/* y = -(-x), [batch, 3] (-1: open); taps on "y" and, second, on "h". Five samples 0 1 2, 3 4 5, …
 */
static void have(int64_t batch)
{
    effnn_tensor *x = test_tensor_iota(5, 3), *mask = test_tensor_iota(5, 1);

    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 2, (int64_t[]){ batch, 3 });
    test_add_node(model, "neg", NULL, "h", "x", NULL, NULL);
    test_add_node(model, "neg", NULL, "y", "h", NULL, NULL);
    ck_assert_ok(effnn_model_add_output(model, "y"));
    nodes[0] = effnn__graph_find_node(model->graph, "y");
    nodes[1] = effnn__graph_find_node(model->graph, "h");
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &x, 1, NULL, mask));
    effnn_tensor_release(x);
    effnn_tensor_release(mask);
}

static void setup(void)
{
    model = NULL;
    data = NULL;
    options = (effnn__capture_options){ .batch = 2, .stage = "test" };
}

static void teardown(void)
{
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}

/* What the taps saw. */
typedef struct seen {
    uint64_t samples[2]; /* of each tap, in order */
    size_t most;         /* in one batch */
    effnn_status answer; /* what the consumer says at sample 4 */
} seen;

static effnn_status look(void *user, const effnn__capture_event *event)
{
    seen *self = user;
    const double sign = event->tap == 0 ? -1.0 : 1.0; /* "y" reads h = -x, "h" reads x */

    ck_assert_ptr_eq(event->node, nodes[event->tap]);
    ck_assert_uint_eq(event->first, self->samples[event->tap]);
    ck_assert_tensor_dims(event->inputs[0], (int64_t)event->batch, 3);
    for (size_t i = 0; i < event->n; i++) {
        const int64_t sample = (int64_t)(event->first + i);

        ck_assert_tensor_at(event->inputs[0], sign * (double)(3 * sample + 1), (int64_t)i, 1);
        ck_assert_tensor_at(event->outputs[0], -sign * (double)(3 * sample + 1), (int64_t)i, 1);
        ck_assert_tensor_at(event->mask, (double)sample, (int64_t)i, 0);
    }
    self->samples[event->tap] += event->n;
    if (event->batch > self->most) self->most = event->batch;
    if (self->answer != EFFNN_OK && self->samples[event->tap] >= 4)
        return effnn__fail(self->answer, "the consumer has had enough");
    return EFFNN_OK;
}

static effnn_status run(seen *out)
{
    return effnn__capture_run(model, data, nodes, 2, &options, look, out);
}

START_TEST(each_tap_sees_every_sample_once_and_in_order)
{
    for (uint32_t batch = 1; batch <= 7; batch++) {
        seen result = { 0 };

        options.batch = batch;
        have(-1);
        ck_assert_ok(run(&result));
        ck_assert_uint_eq(result.samples[0], 5);
        ck_assert_uint_eq(result.samples[1], 5);
        ck_assert_uint_eq(result.most, batch < 5 ? batch : 5);
        teardown();
    }
    setup();
}
END_TEST

START_TEST(copies_that_fill_up_a_fixed_batch_do_not_count)
{
    for (int64_t batch = 1; batch <= 6; batch++) {
        seen result = { 0 };

        have(batch);
        ck_assert_ok(run(&result));
        ck_assert_uint_eq(result.samples[0], 5);
        ck_assert_uint_eq(result.most, (size_t)batch);
        teardown();
    }
    setup();
}
END_TEST

START_TEST(a_count_ends_it_early)
{
    seen result = { 0 };

    have(-1);
    options.count = 3;
    ck_assert_ok(run(&result));
    ck_assert_uint_eq(result.samples[0], 3);
}
END_TEST

START_TEST(what_the_consumer_says_is_what_the_run_says)
{
    seen result = { .answer = EFFNN_E_UNSUPPORTED };

    have(-1);
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "had enough", run(&result));
    ck_assert_uint_le(result.samples[1], 4);
}
END_TEST

static int stop_at_two(void *user, const effnn_progress *progress)
{
    (void)user;
    return progress->done >= 2;
}

START_TEST(it_can_be_stopped_between_batches)
{
    const effnn__progress progress = { stop_at_two, NULL };
    seen result = { 0 };

    have(-1);
    options.progress = &progress;
    ck_assert_fails(EFFNN_E_CANCELLED, run(&result));
    ck_assert_uint_eq(result.samples[0], 2);
}
END_TEST

static effnn_status count(void *user, const effnn__capture_event *event)
{
    *(size_t *)user += event->n;
    return EFFNN_OK;
}

START_TEST(operands_that_are_not_finite_are_named_with_their_samples)
{
    const char *const names[] = { "blocks.0.fc", "other" };
    effnn_tensor *x = test_tensor_iota(5, 3);
    size_t n = 0;

    have(-1);
    effnn_dataset_destroy(data);
    data = NULL;
    ck_assert_ok(effnn_tensor_set_f64(x, (const int64_t[]){ 3, 0 }, (double)NAN));
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &x, 1, NULL, NULL));
    effnn_tensor_release(x);
    ck_assert_fails_saying(EFFNN_E_NUMERIC, "node 'y': an operand is not finite for samples 2 to 3",
                           effnn__capture_run(model, data, nodes, 1, &options, count, &n));
    ck_assert_uint_eq(n, 2);
    options.names = names;
    ck_assert_fails_saying(EFFNN_E_NUMERIC, "site 'blocks.0.fc'",
                           effnn__capture_run(model, data, nodes, 1, &options, count, &n));
}
END_TEST

static effnn_status run_counting(void)
{
    size_t n = 0;

    return effnn__capture_run(model, data, nodes, 2, &options, count, &n);
}

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    have(2);
    ALLOC_FAIL_LOOP(run_counting(), );
}
END_TEST

SUITE("capture", setup, teardown, each_tap_sees_every_sample_once_and_in_order,
      copies_that_fill_up_a_fixed_batch_do_not_count, a_count_ends_it_early,
      what_the_consumer_says_is_what_the_run_says, it_can_be_stopped_between_batches,
      operands_that_are_not_finite_are_named_with_their_samples,
      no_memory_at_any_point_is_an_error_without_a_leak)
