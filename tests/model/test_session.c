/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: shapes, outputs given and made, plans, snapshots, threads, memory. */

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <effnn/effnn.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>

static effnn_model *model;
static effnn_session *session;
static effnn_tensor *input, *output;

static void setup(void)
{
    model = test_model_mlp(NULL);
    session = NULL;
    input = output = NULL;
    ck_assert_ok(effnn_session_create(&session, model, NULL));
}

static void teardown(void)
{
    effnn_tensor_release(input);
    effnn_tensor_release(output);
    effnn_session_destroy(session);
    effnn_model_destroy(model);
}

/* A random input of n samples in place of the last one. */
static void have_input(int64_t n)
{
    const int64_t dims[] = { n, 24 };

    effnn_tensor_release(input);
    input = test_tensor_random(NULL, EFFNN_F32, 2, dims, (uint64_t)n);
}

START_TEST(an_absent_output_becomes_a_new_tensor)
{
    have_input(3);
    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    ck_assert_tensor_dims(output, 3, 5);
    ck_assert(effnn__tensor_is_finite(output));
}
END_TEST

START_TEST(a_given_output_is_written_without_an_allocation)
{
    effnn_tensor *first = NULL;
    uint64_t before;

    have_input(3);
    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    ck_assert_ok(effnn_tensor_copy(&first, output));
    before = effnn__alloc_count();
    for (int i = 0; i < 5; i++) ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    ck_assert_uint_eq(effnn__alloc_count(), before);
    ck_assert_tensor_equal(output, first);
    effnn_tensor_release(first);
}
END_TEST

START_TEST(a_batch_gives_each_sample_what_it_gets_alone)
{
    effnn_tensor *alone = NULL, *row = NULL;

    have_input(9);
    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    for (int64_t i = 0; i < 9; i++) {
        effnn_tensor *one = NULL, *expected = NULL;

        ck_assert_ok(effnn_tensor_view_slice(&one, input, 0, i, 1, 1));
        ck_assert_ok(effnn_session_run(session, &one, &alone, NULL));
        ck_assert_ok(effnn_tensor_view_slice(&row, output, 0, i, 1, 1));
        ck_assert_ok(effnn_tensor_copy(&expected, row));
        ck_assert_tensor_near(alone, expected, 1e-5, 1e-6);
        effnn_tensor_release(expected);
        effnn_tensor_release(row);
        effnn_tensor_release(one);
    }
    effnn_tensor_release(alone);
}
END_TEST

START_TEST(more_shapes_than_plans_are_planned_again)
{
    effnn_session_options options = EFFNN_SESSION_OPTIONS_INIT;
    effnn_session *small = NULL;

    options.plans = 2;
    ck_assert_ok(effnn_session_create(&small, model, &options));
    for (int round = 0; round < 2; round++) {
        for (int64_t n = 1; n <= 4; n++) {
            effnn_tensor *a = NULL, *b = NULL;

            have_input(n);
            ck_assert_ok(effnn_session_run(small, &input, &a, NULL));
            ck_assert_ok(effnn_session_run(session, &input, &b, NULL));
            ck_assert_tensor_equal(a, b);
            effnn_tensor_release(a);
            effnn_tensor_release(b);
        }
    }
    effnn_session_destroy(small);
}
END_TEST

START_TEST(a_strided_input_gives_the_same_bits)
{
    const size_t axes[] = { 1, 0 };
    effnn_tensor *turned = NULL, *copy = NULL, *strided = NULL, *expected = NULL;

    have_input(4);
    ck_assert_ok(effnn_session_run(session, &input, &expected, NULL));
    ck_assert_ok(effnn_tensor_view_permute(&turned, input, axes));
    ck_assert_ok(effnn_tensor_copy(&copy, turned));
    ck_assert_ok(effnn_tensor_view_permute(&strided, copy, axes));
    ck_assert(!effnn_tensor_is_contiguous(strided));
    ck_assert_ok(effnn_session_run(session, &strided, &output, NULL));
    ck_assert_tensor_equal(output, expected);
    effnn_tensor_release(turned);
    effnn_tensor_release(copy);
    effnn_tensor_release(strided);
    effnn_tensor_release(expected);
}
END_TEST

START_TEST(what_does_not_fit_is_refused_and_named)
{
    effnn_tensor *bad = test_tensor_iota(3, 7), *scalar = test_tensor_iota(3), *given = NULL;
    effnn_tensor *none = NULL, *wide = NULL;

    have_input(2);
    ck_assert_fails_saying(EFFNN_E_SHAPE, "input 'x' is [-1, 24] (-1: open), not [3, 7]",
                           effnn_session_run(session, &bad, &output, NULL));
    ck_assert_fails(EFFNN_E_SHAPE, effnn_session_run(session, &scalar, &output, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "missing",
                           effnn_session_run(session, &none, &output, NULL));
    ck_assert_ok(effnn_tensor_cast(&wide, input, EFFNN_F64));
    ck_assert_fails_saying(EFFNN_E_ARG, "is f32, not f64",
                           effnn_session_run(session, &wide, &output, NULL));
    ck_assert_ptr_null(output);
    given = test_tensor_iota(3, 5);
    ck_assert_fails_saying(EFFNN_E_SHAPE, "is [2, 5], not [3, 5]",
                           effnn_session_run(session, &input, &given, NULL));
    effnn_tensor_release(given);
    effnn_tensor_release(bad);
    effnn_tensor_release(scalar);
    effnn_tensor_release(wide);
}
END_TEST

START_TEST(an_output_that_is_an_input_or_another_output_is_refused)
{
    effnn_model *both = NULL;
    effnn_session *two = NULL;
    effnn_tensor *x = test_tensor_iota(2, 3), *y = test_tensor_iota(2, 3);
    effnn_tensor *as_input[] = { x, NULL }, *twice[] = { y, y };

    ck_assert_ok(effnn_model_create(&both, NULL));
    test_add_input(both, "x", 2, (int64_t[]){ -1, 3 });
    test_add_node(both, "neg", NULL, "a", "x", NULL, NULL);
    test_add_node(both, "add", NULL, "b", "a", "x", NULL);
    ck_assert_ok(effnn_model_add_output(both, "a"));
    ck_assert_ok(effnn_model_add_output(both, "b"));
    ck_assert_ok(effnn_session_create(&two, both, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "output 'a': the tensor given is that of 'x'",
                           effnn_session_run(two, &x, as_input, NULL));
    ck_assert_ptr_null(as_input[1]);
    ck_assert_fails_saying(EFFNN_E_ARG, "output 'b': the tensor given is that of 'a'",
                           effnn_session_run(two, &x, twice, NULL));
    effnn_session_destroy(two);
    effnn_model_destroy(both);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
}
END_TEST

START_TEST(an_output_over_the_storage_of_an_input_gets_storage_of_its_own)
{
    effnn_model *negated = NULL;
    effnn_session *negate = NULL;
    effnn_tensor *x = test_tensor_iota(2, 3), *view = NULL;

    ck_assert_ok(effnn_model_create(&negated, NULL));
    test_add_input(negated, "x", 2, (int64_t[]){ -1, 3 });
    test_add_node(negated, "neg", NULL, "y", "x", NULL, NULL);
    ck_assert_ok(effnn_model_add_output(negated, "y"));
    ck_assert_ok(effnn_session_create(&negate, negated, NULL));
    ck_assert_ok(effnn_tensor_view_slice(&view, x, 0, 0, 2, 1));
    ck_assert_ok(effnn_session_run(negate, &x, &view, NULL));
    ck_assert_tensor_at(view, -5.0, 1, 2);
    ck_assert_tensor_at(x, 5.0, 1, 2);
    effnn_tensor_release(view);
    effnn_tensor_release(x);
    effnn_session_destroy(negate);
    effnn_model_destroy(negated);
}
END_TEST

START_TEST(sizes_of_one_name_must_agree_between_inputs)
{
    effnn_model *sum = NULL;
    effnn_session *adds = NULL;
    effnn_tensor *given[] = { test_tensor_iota(2, 3), test_tensor_iota(1, 3) };

    ck_assert_ok(effnn_model_create(&sum, NULL));
    test_add_input(sum, "a", 2, (int64_t[]){ -1, 3 });
    test_add_input(sum, "b", 2, (int64_t[]){ -1, 3 });
    test_add_node(sum, "add", NULL, "y", "a", "b", NULL);
    ck_assert_ok(effnn_model_add_output(sum, "y"));
    ck_assert_ok(effnn_session_create(&adds, sum, NULL));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "input 'b': dimension 0 of [1, 3]",
                           effnn_session_run(adds, given, &output, NULL));
    ck_assert_ptr_null(output);
    for (int i = 0; i < 2; i++) effnn_tensor_release(given[i]);
    effnn_session_destroy(adds);
    effnn_model_destroy(sum);
}
END_TEST

START_TEST(a_session_outlives_its_model)
{
    effnn_tensor *expected = NULL;

    have_input(2);
    ck_assert_ok(effnn_session_run(session, &input, &expected, NULL));
    effnn_model_destroy(model);
    model = NULL;
    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    ck_assert_tensor_equal(output, expected);
    effnn_tensor_release(expected);
}
END_TEST

static int stop(void *user, const effnn_progress *progress)
{
    (void)progress;
    return *(int *)user;
}

START_TEST(a_run_can_be_stopped_and_makes_no_output)
{
    effnn_run_options options = EFFNN_RUN_OPTIONS_INIT;
    int answer = 1;

    have_input(2);
    options.progress = stop;
    options.progress_user = &answer;
    ck_assert_fails(EFFNN_E_CANCELLED, effnn_session_run(session, &input, &output, &options));
    answer = -1;
    ck_assert_fails(EFFNN_E_USER, effnn_session_run(session, &input, &output, &options));
    ck_assert_ptr_null(output);
    answer = 0;
    ck_assert_ok(effnn_session_run(session, &input, &output, &options));
}
END_TEST

START_TEST(a_profile_counts_runs_and_macs)
{
    effnn_session_options options = EFFNN_SESSION_OPTIONS_INIT;
    effnn_session *profiled = NULL;
    effnn_node_profile node = { .version = 2 }, old = { .version = 1, .bytes = -1.0 };
    double macs = 0, bytes = 0;

    ck_assert_fails(EFFNN_E_STATE, effnn_session_profile_at(&node, session, 0));
    options.profile = 1;
    ck_assert_ok(effnn_session_create(&profiled, model, &options));
    have_input(3);
    for (int i = 0; i < 4; i++) ck_assert_ok(effnn_session_run(profiled, &input, &output, NULL));
    for (size_t i = 0; i < effnn_session_node_count(profiled); i++) {
        ck_assert_ok(effnn_session_profile_at(&node, profiled, i));
        ck_assert_uint_eq(node.runs, 4);
        ck_assert(node.seconds >= 0.0);
        macs += node.macs;
        bytes += node.bytes;
        ck_assert_ok(effnn_session_profile_at(&old, profiled, i));
        ck_assert_double_eq(old.macs, node.macs);
        ck_assert_double_eq(old.bytes, -1.0); /* beyond the struct of version 1 */
    }
    ck_assert(bytes > 0.0);
    effnn_cost cost = { .version = 1 };

    ck_assert_ok(effnn_model_cost(&cost, model));
    ck_assert_double_eq(macs, 3 * cost.macs);
    ck_assert_fails(EFFNN_E_ARG,
                    effnn_session_profile_at(&node, profiled, effnn_session_node_count(profiled)));
    effnn_session_destroy(profiled);
}
END_TEST

START_TEST(memory_is_told_after_the_first_run)
{
    effnn_session_memory memory = { .version = 1 };

    ck_assert_fails(EFFNN_E_STATE, effnn_session_get_memory(&memory, session));
    have_input(3);
    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    ck_assert_ok(effnn_session_get_memory(&memory, session));
    ck_assert_uint_gt(memory.arena, 0);
    ck_assert_uint_gt(memory.constants, 0);
}
END_TEST

START_TEST(inputs_and_outputs_are_found_by_name)
{
    ck_assert_uint_eq(effnn_session_input_count(session), 1);
    ck_assert_uint_eq(effnn_session_output_count(session), 1);
    ck_assert_int_eq(effnn_session_find_input(session, "x"), 0);
    ck_assert_int_eq(effnn_session_find_input(session, "y"), -1);
    ck_assert_int_eq(effnn_session_find_output(session, "x"), -1);
}
END_TEST

START_TEST(threads_and_the_session_s_own_passes_do_not_change_the_meaning)
{
    for (size_t k = 0; k < TEST_N_MODELS; k++) {
        effnn_tensor *logits[3] = { NULL };

        for (int t = 0; t < 3; t++) {
            effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
            effnn_context *context = NULL;
            effnn_model *other;
            effnn_dataset *data;

            options.threads = (uint32_t[]){ 1, 2, 8 }[t];
            ck_assert_ok(effnn_context_create(&context, &options));
            other = test_models[k](context);
            data = test_model_data(other, 40, 1);
            logits[t] = test_model_logits(other, data);
            effnn_dataset_destroy(data);
            effnn_model_destroy(other);
            effnn_context_destroy(context);
        }
        ck_assert_tensor_equal(logits[0], logits[1]);
        ck_assert_tensor_equal(logits[0], logits[2]);
        for (int t = 0; t < 3; t++) effnn_tensor_release(logits[t]);
    }
}
END_TEST

static void *run_in_thread(void *expected)
{
    effnn_session *mine = NULL;
    effnn_tensor *result = NULL;
    bool same = true;

    if (effnn_session_create(&mine, model, NULL) != EFFNN_OK) return expected;
    for (int i = 0; i < 20 && same; i++) {
        same = effnn_session_run(mine, &input, &result, NULL) == EFFNN_OK &&
               effnn__tensor_equal(result, expected);
    }
    effnn_tensor_release(result);
    effnn_session_destroy(mine);
    return same ? NULL : expected;
}

START_TEST(sessions_of_one_model_run_in_several_threads)
{
    pthread_t threads[3];

    have_input(16);
    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_in_thread, output), 0);
    for (int i = 0; i < 3; i++) {
        void *failed = NULL;

        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

static effnn_status create_and_run(void)
{
    effnn_session *made = NULL;
    effnn_tensor *result = NULL;
    effnn_status status = effnn_session_create(&made, model, NULL);

    if (status == EFFNN_OK) status = effnn_session_run(made, &input, &result, NULL);
    effnn_tensor_release(result);
    effnn_session_destroy(made);
    return status;
}

/* x [1, 8, W] → convolution over W → [1, 40, W]. */
static effnn_model *line_model(void)
{
    effnn_model *line = NULL;

    ck_assert_ok(effnn_model_create(&line, NULL));
    test_add_input(line, "x", 3, (const int64_t[]){ 1, 8, -1 });
    test_add_weight(line, "w", 1, 1.0, 40, 8, 3);
    test_add_weight(line, "b", 2, 1.0, 40);
    test_add_node(line, "conv", "pads=1:1", "y", "x", "w", "b");
    ck_assert_ok(effnn_model_add_output(line, "y"));
    return line;
}

START_TEST(bits_do_not_depend_on_the_shapes_that_came_before)
{
    static const int64_t widths[] = { 4, 40 };
    effnn_model *line = line_model();

    for (size_t order = 0; order < 2; order++) {
        effnn_session *both = NULL;

        ck_assert_ok(effnn_session_create(&both, line, NULL));
        for (size_t i = 0; i < 2; i++) {
            const int64_t dims[] = { 1, 8, widths[i ^ order] };
            effnn_tensor *x = test_tensor_random(NULL, EFFNN_F32, 3, dims, 3);
            effnn_tensor *y = NULL, *expected = NULL;
            effnn_session *alone = NULL;

            ck_assert_ok(effnn_session_create(&alone, line, NULL));
            ck_assert_ok(effnn_session_run(both, &x, &y, NULL));
            ck_assert_ok(effnn_session_run(alone, &x, &expected, NULL));
            ck_assert_tensor_equal(y, expected);
            effnn_session_destroy(alone);
            effnn_tensor_release(x);
            effnn_tensor_release(y);
            effnn_tensor_release(expected);
        }
        effnn_session_destroy(both);
    }
    effnn_model_destroy(line);
}
END_TEST

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    have_input(2);
    ALLOC_FAIL_LOOP(create_and_run(), );
}
END_TEST

START_TEST(a_model_without_outputs_has_no_session)
{
    effnn_model *empty = NULL;
    effnn_session *none = NULL;
    effnn_session_options options = EFFNN_SESSION_OPTIONS_INIT;

    ck_assert_ok(effnn_model_create(&empty, NULL));
    ck_assert_fails(EFFNN_E_STATE, effnn_session_create(&none, empty, NULL));
    options.plans = 0;
    ck_assert_fails(EFFNN_E_ARG, effnn_session_create(&none, model, &options));
    effnn_model_destroy(empty);
}
END_TEST

SUITE("session", setup, teardown, an_absent_output_becomes_a_new_tensor,
      a_given_output_is_written_without_an_allocation, a_batch_gives_each_sample_what_it_gets_alone,
      more_shapes_than_plans_are_planned_again, a_strided_input_gives_the_same_bits,
      what_does_not_fit_is_refused_and_named,
      an_output_that_is_an_input_or_another_output_is_refused,
      an_output_over_the_storage_of_an_input_gets_storage_of_its_own,
      sizes_of_one_name_must_agree_between_inputs, a_session_outlives_its_model,
      a_run_can_be_stopped_and_makes_no_output, a_profile_counts_runs_and_macs,
      memory_is_told_after_the_first_run, inputs_and_outputs_are_found_by_name,
      threads_and_the_session_s_own_passes_do_not_change_the_meaning,
      sessions_of_one_model_run_in_several_threads,
      bits_do_not_depend_on_the_shapes_that_came_before,
      no_memory_at_any_point_is_an_error_without_a_leak, a_model_without_outputs_has_no_session)
