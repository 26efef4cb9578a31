/* SPDX-License-Identifier: BSD-3-Clause */
/* Running plans: no allocation, operands checked, taps, progress, measurement, several plans at
 * a time. */

#include "graph/run.h"
#include "support/alloc_fail.h"
#include "support/graphs.h"

#include <pthread.h>

static effnn__graph *graph;
static effnn__plan *plan;
static effnn__value *x, *hidden, *activated;
static effnn_tensor *input, *output;

/* relu(x · w) · v, with a view in between. */
static void setup(void)
{
    const effnn__shape shape = { 2, { 5, 8 } };

    graph = test_graph();
    x = test_input(graph, "x", "f32[N,8]");
    hidden = test_op(graph, "matmul", NULL, x, test_random(graph, "w", 1, 8, 16));
    activated = test_op(graph, "relu", NULL, hidden);
    test_output(graph,
                test_op(graph, "matmul", NULL,
                        test_op(graph, "reshape", NULL, activated, test_ints(graph, -1, 4, 4)),
                        test_random(graph, "v", 2, 4, 3)),
                "y");
    plan = NULL;
    ck_assert_ok(effnn__plan_create(&plan, graph, &shape, NULL));
    input = test_tensor_random(NULL, EFFNN_F32, 2, shape.dims, 3);
    output = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ 5, 4, 3 });
}

static void teardown(void)
{
    effnn__plan_destroy(plan);
    effnn__graph_destroy(graph);
    effnn_tensor_release(input);
    effnn_tensor_release(output);
}

static effnn_status run(const effnn_tensor *in, effnn_tensor *out,
                        const effnn__run_options *options)
{
    return effnn__plan_run(plan, &in, &out, options);
}

START_TEST(a_steady_run_allocates_nothing)
{
    uint64_t before;

    ck_assert_ok(run(input, output, NULL));
    before = effnn__alloc_count();
    for (int i = 0; i < 10; i++) ck_assert_ok(run(input, output, NULL));
    ck_assert_uint_eq(effnn__alloc_count(), before);
}
END_TEST

START_TEST(strided_inputs_give_the_same_bits)
{
    const size_t axes[] = { 1, 0 };
    effnn_tensor *turned = NULL, *copy = NULL, *strided = NULL, *again = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&turned, input, axes));
    ck_assert_ok(effnn_tensor_copy(&copy, turned));
    ck_assert_ok(effnn_tensor_view_permute(&strided, copy, axes));
    again = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ 5, 4, 3 });
    ck_assert(!effnn_tensor_is_contiguous(strided));
    ck_assert_ok(run(input, output, NULL));
    ck_assert_ok(run(strided, again, NULL));
    ck_assert_tensor_equal(output, again);
    ALLOC_FAIL_LOOP(run(strided, again, NULL), (void)0);
    effnn_tensor_release(turned);
    effnn_tensor_release(copy);
    effnn_tensor_release(strided);
    effnn_tensor_release(again);
}
END_TEST

START_TEST(a_strided_constant_is_read_in_its_order)
{
    const effnn__shape shape = { 2, { 3, 2 } };
    effnn__graph *small = test_graph();
    effnn_tensor *matrix = test_tensor_iota(2, 3), *turned = NULL, *result, *zeros;
    effnn__plan *own = NULL;
    effnn__value *z = test_input(small, "z", "f32[3,2]");

    ck_assert_ok(effnn_tensor_view_permute(&turned, matrix, (const size_t[]){ 1, 0 }));
    test_output(small, test_op(small, "add", NULL, z, test_constant(small, "w", turned)), "y");
    ck_assert_ok(effnn__plan_create(&own, small, &shape, NULL));
    result = test_tensor_zeros(EFFNN_F32, 2, shape.dims);
    zeros = test_tensor_zeros(EFFNN_F32, 2, shape.dims);
    ck_assert_ok(effnn__plan_run(own, (const effnn_tensor *const *)&zeros, &result, NULL));
    ck_assert_tensor_at(result, 3.0, 0, 1);
    ck_assert_tensor_at(result, 2.0, 2, 0);
    effnn__plan_destroy(own);
    effnn__graph_destroy(small);
    effnn_tensor_release(matrix);
    effnn_tensor_release(result);
    effnn_tensor_release(zeros);
}
END_TEST

START_TEST(tensors_that_do_not_fit_are_refused_by_name)
{
    effnn_tensor *wrong_shape = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 4, 8 });
    effnn_tensor *wrong_type = test_tensor_zeros(EFFNN_F64, 2, (const int64_t[]){ 5, 8 });
    effnn_tensor *columns = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ 3, 4, 5 });
    effnn_tensor *strided = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&strided, columns, (const size_t[]){ 2, 1, 0 }));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "input 'x'", run(wrong_shape, output, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "f64", run(wrong_type, output, NULL));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "output 'y'", run(input, wrong_shape, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "not contiguous", run(input, strided, NULL));
    effnn_tensor_release(wrong_shape);
    effnn_tensor_release(wrong_type);
    effnn_tensor_release(columns);
    effnn_tensor_release(strided);
}
END_TEST

/* Stops at a node. */
static int stop_at(void *user, const effnn_progress *progress)
{
    const int64_t *at = user;

    ck_assert_uint_eq(progress->total, 4);
    if (*at < 0) return (int64_t)progress->done == -*at ? -1 : 0;
    return (int64_t)progress->done == *at;
}

START_TEST(progress_can_stop_a_run_between_nodes)
{
    int64_t at = 2;
    const effnn__progress progress = { stop_at, &at };
    double seconds[4] = { 0 };
    const effnn__run_options options = { .progress = &progress, .node_seconds = seconds };

    ck_assert_fails(EFFNN_E_CANCELLED, run(input, output, &options));
    ck_assert(seconds[0] > 0.0);
    ck_assert_double_eq(seconds[2], 0.0);
    at = -2;
    ck_assert_fails(EFFNN_E_USER, run(input, output, &options));
    at = 9;
    ck_assert_ok(run(input, output, &options));
    ck_assert(seconds[3] > 0.0);
}
END_TEST

typedef struct tapped {
    size_t n;
    effnn_tensor *inputs[4], *outputs[4];
    const effnn__node *nodes[4];
} tapped;

static effnn_status record(void *user, const effnn__node *node, const effnn_tensor *const *inputs,
                           effnn_tensor *const *outputs)
{
    tapped *t = user;

    t->nodes[t->n] = node;
    ck_assert_ok(effnn_tensor_copy(&t->inputs[t->n], inputs[0]));
    ck_assert_ok(effnn_tensor_copy(&t->outputs[t->n], outputs[0]));
    t->n++;
    return EFFNN_OK;
}

START_TEST(a_tap_sees_operands_before_they_are_overwritten)
{
    const effnn__shape shape = { 2, { 5, 8 } };
    const effnn__node *nodes[] = { activated->producer, hidden->producer };
    tapped t = { 0 };
    const effnn__run_options options = { .tap = record, .tap_user = &t };
    effnn_tensor *untapped = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ 5, 4, 3 });

    ck_assert_ok(run(input, untapped, NULL));
    effnn__plan_destroy(plan);
    ck_assert_ok(effnn__plan_create(&plan, graph, &shape,
                                    &(effnn__plan_options){ .tapped = nodes, .n_tapped = 2 }));
    ck_assert_ok(run(input, output, &options));
    ck_assert_tensor_equal(output, untapped);
    ck_assert_uint_eq(t.n, 2);
    ck_assert_ptr_eq(t.nodes[0], hidden->producer);
    ck_assert_ptr_eq(t.nodes[1], activated->producer);
    ck_assert_tensor_equal(t.inputs[0], input);
    ck_assert_tensor_equal(t.inputs[1], t.outputs[0]);
    for (size_t i = 0; i < effnn_tensor_count(t.outputs[1]); i++) {
        const float before = ((const float *)effnn_tensor_data(t.inputs[1]))[i];
        const float after = ((const float *)effnn_tensor_data(t.outputs[1]))[i];
        ck_assert_float_eq(after, before > 0.0f ? before : 0.0f);
    }
    for (size_t i = 0; i < 2; i++) {
        effnn_tensor_release(t.inputs[i]);
        effnn_tensor_release(t.outputs[i]);
    }
    effnn_tensor_release(untapped);
}
END_TEST

static effnn_status refuse(void *user, const effnn__node *node, const effnn_tensor *const *inputs,
                           effnn_tensor *const *outputs)
{
    (void)user, (void)inputs, (void)outputs;
    return effnn__fail(EFFNN_E_NUMERIC, "tap at '%s'", node->name);
}

START_TEST(a_failing_tap_ends_the_run)
{
    const effnn__shape shape = { 2, { 5, 8 } };
    const effnn__node *nodes[] = { activated->producer };
    const effnn__run_options options = { .tap = refuse };

    effnn__plan_destroy(plan);
    ck_assert_ok(effnn__plan_create(&plan, graph, &shape,
                                    &(effnn__plan_options){ .tapped = nodes, .n_tapped = 1 }));
    ck_assert_fails_saying(EFFNN_E_NUMERIC, "tap at 'relu'", run(input, output, &options));
    ck_assert_ok(run(input, output, NULL));
}
END_TEST

START_TEST(outputs_that_are_inputs_constants_or_repeats_are_copied)
{
    const effnn__shape shape = { 1, { 3 } };
    effnn__graph *small = test_graph();
    effnn__value *z = test_input(small, "z", "f32[3]"), *w = test_floats(small, "w", 7, 8, 9);
    effnn__value *sum = test_op(small, "add", NULL, z, w);
    effnn_tensor *given = test_tensor_f32(1, shape.dims, (const float[]){ 1, 2, 3 }), *outputs[4];
    effnn__plan *own = NULL;

    test_output(small, z, NULL);
    test_output(small, w, NULL);
    test_output(small, sum, NULL);
    test_output(small, sum, NULL);
    ck_assert_ok(effnn__plan_create(&own, small, &shape, NULL));
    for (size_t i = 0; i < 4; i++) outputs[i] = test_tensor_zeros(EFFNN_F32, 1, shape.dims);
    ck_assert_ok(effnn__plan_run(own, (const effnn_tensor *const *)&given, outputs, NULL));
    ck_assert_tensor_equal(outputs[0], given);
    ck_assert_tensor_equal(outputs[1], w->constant);
    ck_assert_tensor_at(outputs[2], 12.0, 2);
    ck_assert_tensor_equal(outputs[3], outputs[2]);
    for (size_t i = 0; i < 4; i++) effnn_tensor_release(outputs[i]);
    effnn_tensor_release(given);
    effnn__plan_destroy(own);
    effnn__graph_destroy(small);
}
END_TEST

START_TEST(empty_tensors_run)
{
    const effnn__shape shape = { 2, { 0, 8 } };
    effnn_tensor *nothing = test_tensor_zeros(EFFNN_F32, 2, shape.dims);
    effnn_tensor *result = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ 0, 4, 3 });
    effnn__plan *own = NULL;

    ck_assert_ok(effnn__plan_create(&own, graph, &shape, NULL));
    ck_assert_int_eq(effnn__plan_output_shape(own, 0)->dims[0], 0);
    ck_assert_ok(effnn__plan_run(own, (const effnn_tensor *const *)&nothing, &result, NULL));
    effnn__plan_destroy(own);
    effnn_tensor_release(nothing);
    effnn_tensor_release(result);
}
END_TEST

/* Makes and runs a plan of its own on the shared graph. */
static void *plan_and_run(void *user)
{
    const int64_t rows = *(const int64_t *)user;
    const effnn__shape shape = { 2, { rows, 8 } };
    effnn_tensor *in = test_tensor_random(NULL, EFFNN_F32, 2, shape.dims, 3);
    effnn_tensor *out = test_tensor_zeros(EFFNN_F32, 3, (const int64_t[]){ rows, 4, 3 });

    for (int i = 0; i < 20; i++) {
        effnn__plan *own = NULL;
        ck_assert_ok(effnn__plan_create(&own, graph, &shape, NULL));
        ck_assert_ok(effnn__plan_run(own, (const effnn_tensor *const *)&in, &out, NULL));
        effnn__plan_destroy(own);
    }
    effnn_tensor_release(in);
    return out;
}

START_TEST(several_plans_of_one_graph_run_at_a_time)
{
    enum { N = 4 };
    const int64_t rows[N] = { 5, 5, 3, 5 };
    pthread_t threads[N];
    void *results[N];

    ck_assert_ok(run(input, output, NULL));
    for (size_t i = 0; i < N; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, plan_and_run, (void *)&rows[i]), 0);
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &results[i]), 0);
        if (rows[i] == 5) ck_assert_tensor_equal((effnn_tensor *)results[i], output);
        effnn_tensor_release(results[i]);
    }
}
END_TEST

SUITE("run", setup, teardown, a_steady_run_allocates_nothing, strided_inputs_give_the_same_bits,
      a_strided_constant_is_read_in_its_order, tensors_that_do_not_fit_are_refused_by_name,
      progress_can_stop_a_run_between_nodes, a_tap_sees_operands_before_they_are_overwritten,
      a_failing_tap_ends_the_run, outputs_that_are_inputs_constants_or_repeats_are_copied,
      empty_tensors_run, several_plans_of_one_graph_run_at_a_time)
