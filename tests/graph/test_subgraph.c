/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs that a node holds: inference over them, running, copying, putting one in its node's place.
 */

#include "graph/subgraph.h"

#include "graph/run.h"
#include "support/alloc_fail.h"
#include "support/branches.h"

static test_branches it;

static void setup(void)
{
    it = test_make_branches(-1);
}

static void teardown(void)
{
    effnn__graph_destroy(it.graph);
}

static effnn_tensor *run(const effnn__graph *graph, bool condition)
{
    effnn_tensor *x = test_tensor_iota(2, 3), *y = NULL;
    effnn_tensor *c = test_tensor_zeros(EFFNN_BOOL, 1, (const int64_t[]){ 1 });

    *(bool *)effnn__tensor_data(c) = condition;
    ck_assert_ok(effnn__graph_run(graph, (const effnn_tensor *const[]){ x, c }, &y, NULL));
    effnn_tensor_release(x);
    effnn_tensor_release(c);
    return y;
}

static void assert_right(const effnn__graph *graph)
{
    effnn_tensor *y = run(graph, true);

    ck_assert_tensor_dims(y, 2, 3);
    ck_assert_tensor_at(y, 10.0, 1, 2);
    effnn_tensor_release(y);
    y = run(graph, false);
    ck_assert_tensor_dims(y, 2);
    ck_assert_tensor_at(y, 24.0, 1); /* 2 · (3 + 4 + 5) */
    effnn_tensor_release(y);
}

START_TEST(the_condition_chooses_the_graph_that_runs)
{
    assert_right(it.graph);
}
END_TEST

START_TEST(results_of_other_rank_have_an_unknown_shape)
{
    const effnn__value *y = it.node->outputs[0];

    ck_assert(y->info.has_dtype && y->info.dtype == EFFNN_F32);
    ck_assert(!y->info.has_shape);
    ck_assert_ok(effnn__graph_check(it.graph));
}
END_TEST

START_TEST(a_copy_has_graphs_of_its_own)
{
    effnn__graph *copy = NULL;

    ck_assert_ok(effnn__graph_clone(&copy, it.graph));
    ck_assert_ptr_ne(effnn__graph_find_node(copy, "choice")->subgraphs[0], it.node->subgraphs[0]);
    effnn__graph_destroy(it.graph);
    it.graph = copy;
    ck_assert_ok(effnn__graph_check(copy));
    assert_right(copy);
    ALLOC_FAIL_LOOP(effnn__graph_clone(&copy, it.graph), (void)0);
    effnn__graph_destroy(copy);
}
END_TEST

START_TEST(a_graph_whose_inputs_do_not_fit_is_refused_and_stays_the_callers)
{
    effnn__graph *empty[] = { test_graph(), test_graph() };
    effnn__node *node = NULL;

    ck_assert_fails_saying(
        EFFNN_E_ARG, "'second': its graph 'else_branch' has 0 inputs",
        effnn__graph_add_node(&node, it.graph,
                              &(effnn__node_spec){ .def = effnn__op_find("if"),
                                                   .name = "second",
                                                   .inputs = (effnn__value *const[]){ it.c, it.h },
                                                   .n_inputs = 2,
                                                   .subgraphs = empty }));
    ck_assert_ptr_null(node);
    effnn__graph_destroy(empty[0]);
    effnn__graph_destroy(empty[1]);
    ck_assert_fails_saying(
        EFFNN_E_ARG, "needs its 2 graphs",
        effnn__graph_add_node(&node, it.graph,
                              &(effnn__node_spec){ .def = effnn__op_find("if"),
                                                   .inputs = (effnn__value *const[]){ it.c, it.h },
                                                   .n_inputs = 2 }));
}
END_TEST

START_TEST(a_graph_can_take_the_place_of_its_node)
{
    effnn_tensor *y;

    ck_assert_ok(effnn__subgraph_inline(it.graph, it.node, 1));
    effnn__graph_sweep(it.graph);
    ck_assert_ok(effnn__graph_check(it.graph));
    ck_assert_uint_eq(test_count_ops(it.graph, "if"), 0);
    ck_assert_uint_eq(test_count_ops(it.graph, "reduce_sum"), 1);
    ck_assert_str_eq(((effnn__value *)it.graph->outputs.items[0])->name, "y");
    y = run(it.graph, true); /* the condition is read no more */
    ck_assert_tensor_dims(y, 2);
    effnn_tensor_release(y);
}
END_TEST

START_TEST(the_text_shows_both_graphs)
{
    char *text = test_text(it.graph);

    ck_assert_ptr_nonnull(strstr(text, "then_branch of choice {"));
    ck_assert_ptr_nonnull(strstr(text, "else_branch of choice {"));
    effnn__free(text);
}
END_TEST

SUITE("subgraph", setup, teardown, the_condition_chooses_the_graph_that_runs,
      results_of_other_rank_have_an_unknown_shape, a_copy_has_graphs_of_its_own,
      a_graph_whose_inputs_do_not_fit_is_refused_and_stays_the_callers,
      a_graph_can_take_the_place_of_its_node, the_text_shows_both_graphs)
