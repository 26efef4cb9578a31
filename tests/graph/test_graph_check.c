/* SPDX-License-Identifier: BSD-3-Clause */
/* Each invariant, broken by hand, is found and named. */

#include "support/graphs.h"

static effnn__graph *graph;
static effnn__value *x, *a, *b;

static void setup(void)
{
    graph = test_graph();
    x = test_input(graph, "x", "f32[3]");
    a = test_op(graph, "relu", NULL, x);
    b = test_op(graph, "add", NULL, a, a);
    test_output(graph, b, "y");
}

static void teardown(void)
{
    ck_assert_ok(effnn__graph_check(graph)); /* each test repairs what it broke */
    effnn__graph_destroy(graph);
}

START_TEST(an_operand_behind_its_reader_is_found)
{
    void *first = graph->nodes.items[0];

    graph->nodes.items[0] = graph->nodes.items[1];
    graph->nodes.items[1] = first;
    a->producer->index = 1;
    b->producer->index = 0;
    ck_assert_fails_saying(EFFNN_E_STATE, "before it is computed", effnn__graph_check(graph));
    graph->nodes.items[1] = graph->nodes.items[0];
    graph->nodes.items[0] = first;
    a->producer->index = 0;
    b->producer->index = 1;
}
END_TEST

START_TEST(a_wrong_place_is_found)
{
    a->producer->index = 1;
    ck_assert_fails_saying(EFFNN_E_STATE, "'relu'", effnn__graph_check(graph));
    a->producer->index = 0;
    x->index = 2;
    ck_assert_fails_saying(EFFNN_E_STATE, "'x'", effnn__graph_check(graph));
    x->index = 0;
}
END_TEST

START_TEST(a_second_origin_is_found)
{
    a->is_input = true;
    ck_assert_fails_saying(EFFNN_E_STATE, "2 origins", effnn__graph_check(graph));
    a->is_input = false;
    x->is_input = false;
    ck_assert_fails_saying(EFFNN_E_STATE, "0 origins", effnn__graph_check(graph));
    x->is_input = true;
}
END_TEST

START_TEST(a_name_that_finds_another_value_is_found)
{
    char *name = x->name;
    char wrong[] = "other";

    x->name = wrong;
    ck_assert_fails_saying(EFFNN_E_STATE, "'other'", effnn__graph_check(graph));
    x->name = name;
}
END_TEST

START_TEST(a_use_that_is_missing_twice_or_false_is_found)
{
    a->n_uses = 1;
    ck_assert_fails_saying(EFFNN_E_STATE, "uses are listed", effnn__graph_check(graph));
    a->n_uses = 2;
    a->uses[1].input = 0;
    ck_assert_fails_saying(EFFNN_E_STATE, "twice", effnn__graph_check(graph));
    a->uses[1].input = 1;
    x->uses[0].node = b->producer;
    ck_assert_fails_saying(EFFNN_E_STATE, "does not read it", effnn__graph_check(graph));
    x->uses[0].node = a->producer;
}
END_TEST

START_TEST(an_output_that_is_not_listed_is_found)
{
    a->is_output = true;
    ck_assert_fails_saying(EFFNN_E_STATE, "outputs", effnn__graph_check(graph));
    a->is_output = false;
    graph->outputs.items[0] = a;
    ck_assert_fails_saying(EFFNN_E_STATE, "outputs", effnn__graph_check(graph));
    graph->outputs.items[0] = b;
}
END_TEST

START_TEST(an_output_of_another_node_is_found)
{
    a->producer->outputs[0] = b;
    ck_assert_fails_saying(EFFNN_E_STATE, "'relu'", effnn__graph_check(graph));
    a->producer->outputs[0] = a;
}
END_TEST

SUITE("graph_check", setup, teardown, an_operand_behind_its_reader_is_found, a_wrong_place_is_found,
      a_second_origin_is_found, a_name_that_finds_another_value_is_found,
      a_use_that_is_missing_twice_or_false_is_found, an_output_that_is_not_listed_is_found,
      an_output_of_another_node_is_found)
