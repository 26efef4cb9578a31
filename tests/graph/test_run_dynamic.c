/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs in which a shape depends on data. */

#include "graph/run.h"
#include "support/alloc_fail.h"
#include "support/graphs.h"

static effnn__graph *graph;
static effnn__plan *plan;
static effnn__value *flat, *sum;
static effnn_tensor *inputs[2], *output;

/* relu(reshape(x, s) + 1): s is an input. */
static void setup(void)
{
    const effnn__shape shapes[] = { { 2, { 2, 3 } }, { 1, { 2 } } };
    effnn__value *x, *s;

    graph = test_graph();
    x = test_input(graph, "x", "f32[2,3]");
    s = test_input(graph, "s", "i64[2]");
    flat = test_op(graph, "reshape", NULL, x, s);
    sum = test_op(graph, "add", NULL, flat, test_scalar(graph, 1.0));
    test_output(graph, test_op(graph, "relu", NULL, sum), "y");
    plan = NULL;
    ck_assert_ok(effnn__plan_create(
        &plan, graph, shapes,
        &(effnn__plan_options){ .tapped = (const effnn__node *const[]){ sum->producer },
                                .n_tapped = 1 }));
    inputs[0] = test_tensor_iota(2, 3);
    inputs[1] = test_tensor_i64(1, (const int64_t[]){ 2 }, (const int64_t[]){ 3, -1 });
    output = NULL;
}

static void teardown(void)
{
    effnn__plan_destroy(plan);
    effnn__graph_destroy(graph);
    effnn_tensor_release(inputs[0]);
    effnn_tensor_release(inputs[1]);
    effnn_tensor_release(output);
}

static effnn_status run(effnn_tensor **out, const effnn__run_options *options)
{
    return effnn__plan_run(plan, (const effnn_tensor *const *)inputs, out, options);
}

START_TEST(an_output_that_is_not_given_is_made)
{
    ck_assert(effnn__plan_is_dynamic(plan));
    ck_assert_ok(run(&output, NULL));
    ck_assert_tensor_dims(output, 3, 2);
    ck_assert_tensor_at(output, 6.0, 2, 1);
}
END_TEST

START_TEST(an_output_that_is_given_must_have_the_shape_that_comes_out)
{
    effnn_tensor *fits = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 3, 2 });
    effnn_tensor *other = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 2, 3 });

    ck_assert_ok(run(&fits, NULL));
    ck_assert_tensor_at(fits, 1.0, 0, 0);
    ck_assert_tensor_at(fits, 6.0, 2, 1);
    ck_assert_fails_saying(EFFNN_E_SHAPE, "output 'y'", run(&other, NULL));
    effnn_tensor_release(fits);
    effnn_tensor_release(other);
}
END_TEST

START_TEST(inputs_are_held_against_the_plan)
{
    effnn_tensor *wrong = test_tensor_iota(3, 3), *const right = inputs[0];

    inputs[0] = wrong;
    ck_assert_fails_saying(EFFNN_E_SHAPE, "input 'x'", run(&output, NULL));
    inputs[0] = right;
    ck_assert_ptr_null(output);
    effnn_tensor_release(wrong);
}
END_TEST

START_TEST(contents_that_do_not_fit_fail_with_the_nodes_name)
{
    effnn_tensor_release(inputs[1]);
    inputs[1] = test_tensor_i64(1, (const int64_t[]){ 2 }, (const int64_t[]){ 4, -1 });
    ck_assert_fails_saying(EFFNN_E_SHAPE, "reshape", run(&output, NULL));
    ck_assert_ptr_null(output);
}
END_TEST

static effnn_status count_tap(void *user, const effnn__node *node, const effnn_tensor *const *in,
                              effnn_tensor *const *out)
{
    ck_assert_str_eq(node->def->name, "add");
    ck_assert_uint_eq(effnn_tensor_count(in[0]), effnn_tensor_count(out[0]));
    ++*(int *)user;
    return EFFNN_OK;
}

START_TEST(a_tap_sees_the_listed_nodes_only)
{
    int n = 0;

    ck_assert_ok(run(&output, &(effnn__run_options){ .tap = count_tap, .tap_user = &n }));
    ck_assert_int_eq(n, 1);
}
END_TEST

START_TEST(a_failing_allocation_is_reported_and_leaks_nothing)
{
    ALLOC_FAIL_LOOP(run(&output, NULL), ck_assert_ptr_null(output));
}
END_TEST

START_TEST(an_output_may_be_an_input_or_a_constant)
{
    effnn__graph *small = test_graph();
    effnn__value *x = test_input(small, "x", "f32[2,3]");
    effnn_tensor *results[2] = { NULL };

    test_output(small, x, NULL);
    test_output(small, test_floats(small, "c", 1, 2), NULL);
    ck_assert_ok(effnn__graph_run(small, (const effnn_tensor *const *)inputs, results, NULL));
    ck_assert_tensor_equal(results[0], inputs[0]);
    ck_assert_tensor_at(results[1], 2.0, 1);
    effnn_tensor_release(results[0]);
    effnn_tensor_release(results[1]);
    effnn__graph_destroy(small);
}
END_TEST

/* A plan for other shapes has had them packed and let go of. */
START_TEST(packed_constants_are_not_looked_for)
{
    const effnn__shape shape = { 2, { 2, 3 } };
    effnn__plan *packed = NULL;
    effnn__graph *product = test_graph();
    effnn__value *x = test_input(product, "x", "f32[N,3]"), *w = test_random(product, "w", 1, 3, 4);
    effnn_tensor *expected = NULL;

    test_output(product, test_op(product, "matmul", NULL, x, w), "y");
    ck_assert_ok(effnn__graph_run(product, (const effnn_tensor *const *)inputs, &expected, NULL));
    ck_assert_ok(effnn__plan_create(&packed, product, &shape,
                                    &(effnn__plan_options){ .prepack = true, .let_go = true }));
    ck_assert_ptr_null(effnn_tensor_data(w->constant));
    ck_assert_ok(effnn__graph_run(product, (const effnn_tensor *const *)inputs, &output, NULL));
    ck_assert_tensor_near(output, expected, 1e-5, 1e-6);
    effnn_tensor_release(expected);
    effnn__plan_destroy(packed);
    effnn__graph_destroy(product);
}
END_TEST

SUITE("run_dynamic", setup, teardown, packed_constants_are_not_looked_for,
      an_output_that_is_not_given_is_made,
      an_output_that_is_given_must_have_the_shape_that_comes_out, inputs_are_held_against_the_plan,
      contents_that_do_not_fit_fail_with_the_nodes_name, a_tap_sees_the_listed_nodes_only,
      a_failing_allocation_is_reported_and_leaks_nothing, an_output_may_be_an_input_or_a_constant)
