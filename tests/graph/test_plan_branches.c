/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans of graphs that a node holds: made once, the results of a run without a plan, no allocation
 * from the second run on. */

#include "base/alloc.h"
#include "graph/plan.h"
#include "graph/run.h"
#include "graph/subgraph.h"
#include "support/alloc_fail.h"
#include "support/branches.h"

#include <pthread.h>

static effnn__graph *graph;
static effnn__plan *plan;
static effnn_tensor *inputs[2], *output;

static void setup(void)
{
    graph = NULL;
    plan = NULL;
    output = inputs[0] = NULL;
    inputs[1] = test_tensor_zeros(EFFNN_BOOL, 1, (const int64_t[]){ 1 });
}

static void teardown(void)
{
    effnn__plan_destroy(plan);
    effnn__graph_destroy(graph);
    effnn_tensor_release(inputs[0]);
    effnn_tensor_release(inputs[1]);
    effnn_tensor_release(output);
}

static void choose(bool condition)
{
    *(bool *)effnn__tensor_data(inputs[1]) = condition;
}

static void have_plan(int64_t n, bool is_dynamic)
{
    const effnn__shape shapes[] = { { 2, { n, 3 } }, { 1, { 1 } } };

    inputs[0] = test_tensor_random(NULL, EFFNN_F32, 2, shapes[0].dims, 5);
    ck_assert_ok(
        effnn__plan_create(&plan, graph, shapes, &(effnn__plan_options){ .prepack = true }));
    ck_assert(effnn__plan_is_dynamic(plan) == is_dynamic);
}

/* c ? relu(x) : x · w, x: f32[N,3], both of x's shape. */
static void have_equal_branches(void)
{
    effnn__value *x, *c, *inner[2] = { NULL };
    effnn__graph *branches[] = { test_graph(), test_graph() };
    effnn__node *node = NULL;

    graph = test_graph();
    x = test_input(graph, "x", "f32[N,3]");
    c = test_input(graph, "c", "bool[1]");
    for (size_t i = 0; i < 2; i++)
        ck_assert_ok(effnn__subgraph_add_input(&inner[i], branches[i], x->name, &x->info));
    test_output(branches[0], test_op(branches[0], "relu", NULL, inner[0]), NULL);
    test_output(
        branches[1],
        test_op(branches[1], "matmul", NULL, inner[1], test_random(branches[1], "w", 2, 3, 3)),
        NULL);
    ck_assert_ok(
        effnn__graph_add_node(&node, graph,
                              &(effnn__node_spec){ .def = effnn__op_find("if"),
                                                   .inputs = (effnn__value *const[]){ c, x },
                                                   .n_inputs = 2,
                                                   .subgraphs = branches }));
    test_output(graph, node->outputs[0], "y");
}

static effnn_status run(void)
{
    return effnn__plan_run(plan, (const effnn_tensor *const *)inputs, &output, NULL);
}

/* What the plan gives is near what a run without one gives. */
static void assert_right(void)
{
    effnn_tensor *expected = NULL;

    ck_assert_ok(effnn__graph_run(graph, (const effnn_tensor *const *)inputs, &expected, NULL));
    ck_assert_ok(run());
    ck_assert_tensor_near(output, expected, 1e-5, 1e-6);
    effnn_tensor_release(expected);
}

START_TEST(both_branches_give_what_they_give_without_a_plan)
{
    have_equal_branches();
    have_plan(4, false);
    output = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 4, 3 });
    for (int i = 0; i < 4; i++) {
        choose(i % 2);
        assert_right();
    }
}
END_TEST

START_TEST(a_branch_that_has_run_runs_again_without_an_allocation)
{
    uint64_t before;

    have_equal_branches();
    have_plan(4, false);
    output = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 4, 3 });
    ck_assert_ok(run());
    before = effnn__alloc_count();
    ck_assert_ok(run());
    ck_assert_uint_eq(effnn__alloc_count(), before);
}
END_TEST

START_TEST(memory_counts_the_branches_that_have_run)
{
    have_equal_branches();
    have_plan(4, false);
    output = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 4, 3 });
    ck_assert_uint_eq(effnn__plan_memory_of(plan).packed, 0);
    ck_assert_ok(run());
    ck_assert_uint_gt(effnn__plan_memory_of(plan).packed, 0);
}
END_TEST

START_TEST(branches_of_other_rank_make_the_output_that_comes_out)
{
    test_branches it = test_make_branches(-1);

    graph = it.graph;
    have_plan(2, true);
    for (int i = 0; i < 4; i++) {
        choose(i % 2);
        assert_right();
        ck_assert_uint_eq(effnn_tensor_rank(output), i % 2 ? 2 : 1);
        effnn_tensor_release(output);
        output = NULL;
    }
}
END_TEST

/* The rows of x that are not 0 make up h, so that branches see other shapes at each run. */
START_TEST(more_shapes_than_plans_are_planned_again)
{
    effnn__value *x, *c, *h, *inner[2] = { NULL };
    effnn__graph *branches[] = { test_graph(), test_graph() };
    effnn__node *node = NULL;

    graph = test_graph();
    x = test_input(graph, "x", "f32[N,3]");
    c = test_input(graph, "c", "bool[1]");
    h = test_op(graph, "nonzero", NULL, x);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_ok(effnn__subgraph_add_input(&inner[i], branches[i], h->name, &h->info));
        test_output(branches[i], test_op(branches[i], i ? "neg" : "abs", NULL, inner[i]), NULL);
    }
    ck_assert_ok(
        effnn__graph_add_node(&node, graph,
                              &(effnn__node_spec){ .def = effnn__op_find("if"),
                                                   .inputs = (effnn__value *const[]){ c, h },
                                                   .n_inputs = 2,
                                                   .subgraphs = branches }));
    test_output(graph, node->outputs[0], "y");
    have_plan(4, true);
    for (int i = 0; i < 24; i++) {
        memset(effnn__tensor_data(inputs[0]), 0, (size_t)(i % 12) * sizeof(float));
        assert_right();
        effnn_tensor_release(output);
        output = NULL;
    }
}
END_TEST

/* A plan of its own over the graph that all share, on n rows; NULL: all went well. */
static void *plan_and_run(void *rows)
{
    const int64_t n = (int64_t)(intptr_t)rows;
    const effnn__shape shapes[] = { { 2, { n, 3 } }, { 1, { 1 } } };
    effnn_tensor *own[] = { test_tensor_random(NULL, EFFNN_F32, 2, shapes[0].dims, 5),
                            test_tensor_zeros(EFFNN_BOOL, 1, (const int64_t[]){ 1 }) };
    effnn_tensor *y = test_tensor_zeros(EFFNN_F32, 2, shapes[0].dims), *expected = NULL;
    effnn__plan *mine = NULL;
    effnn_status status =
        effnn__plan_create(&mine, graph, shapes, &(effnn__plan_options){ .prepack = true });

    if (status == EFFNN_OK)
        status = effnn__graph_run(graph, (const effnn_tensor *const *)own, &expected, NULL);
    for (int i = 0; i < 10 && status == EFFNN_OK; i++)
        status = effnn__plan_run(mine, (const effnn_tensor *const *)own, &y, NULL);
    if (status == EFFNN_OK) ck_assert_tensor_near(y, expected, 1e-5, 1e-6);
    effnn__plan_destroy(mine);
    effnn_tensor_release(own[0]);
    effnn_tensor_release(own[1]);
    effnn_tensor_release(y);
    effnn_tensor_release(expected);
    return status == EFFNN_OK ? NULL : rows;
}

START_TEST(several_threads_plan_one_graph)
{
    pthread_t threads[4];
    void *failed = NULL;

    have_equal_branches();
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, plan_and_run, (void *)(intptr_t)(i + 1)),
                         0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    have_equal_branches();
    have_plan(4, false);
    output = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 4, 3 });
    ALLOC_FAIL_LOOP(run(), (void)0);
}
END_TEST

SUITE("plan_branches", setup, teardown, both_branches_give_what_they_give_without_a_plan,
      a_branch_that_has_run_runs_again_without_an_allocation,
      memory_counts_the_branches_that_have_run,
      branches_of_other_rank_make_the_output_that_comes_out,
      more_shapes_than_plans_are_planned_again, several_threads_plan_one_graph,
      no_memory_at_any_point_is_an_error_without_a_leak)
