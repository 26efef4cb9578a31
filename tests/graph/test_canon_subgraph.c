/* SPDX-License-Identifier: BSD-3-Clause */
/* Canonical form of nodes that hold graphs. */

#include "graph/canon.h"
#include "graph/lower.h"
#include "graph/run.h"
#include "support/branches.h"

START_TEST(a_known_condition_leaves_its_branch)
{
    for (int condition = 0; condition < 2; condition++) {
        test_branches it = test_make_branches(condition);

        test_canonicalise(it.graph, 0.0);
        ck_assert_uint_eq(test_count_ops(it.graph, "if"), 0);
        ck_assert_uint_eq(test_count_ops(it.graph, "relu"), condition);
        effnn__graph_destroy(it.graph);
    }
}
END_TEST

/* The other branch wants a matrix: it does not fit a weight of rank 1, and that is no failure. */
START_TEST(constants_go_in_and_unread_inputs_go_out)
{
    test_branches it = test_make_branches(-1);
    effnn__value *weight = test_floats(it.graph, "w", -1, 2, -3);

    ck_assert_ok(effnn__graph_set_input(it.graph, it.node, 1, weight));
    ck_assert_ok(effnn__canonicalise(it.graph));
    ck_assert_ok(effnn__graph_check(it.graph));
    ck_assert_uint_eq(it.node->n_inputs, 1);
    ck_assert_uint_eq(it.node->subgraphs[0]->inputs.n, 0);
    /* relu of a constant is one. */
    ck_assert_uint_eq(it.node->subgraphs[0]->nodes.n, 0);
    ck_assert_ok(effnn__lower(it.graph));
    ck_assert_ok(effnn__graph_check(it.graph));
    effnn__graph_destroy(it.graph);
}
END_TEST

START_TEST(what_is_read_stays)
{
    test_branches it = test_make_branches(-1);

    ck_assert_ok(effnn__canonicalise(it.graph));
    ck_assert_ok(effnn__graph_check(it.graph));
    ck_assert_uint_eq(it.node->n_inputs, 2);
    ck_assert_uint_eq(test_count_ops(it.node->subgraphs[0], "relu"), 1);
    ck_assert_uint_eq(test_count_ops(it.node->subgraphs[1], "reduce_sum"), 1);
    effnn__graph_destroy(it.graph);
}
END_TEST

SUITE("canon_subgraph", NULL, NULL, a_known_condition_leaves_its_branch,
      constants_go_in_and_unread_inputs_go_out, what_is_read_stays)
