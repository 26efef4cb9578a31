/* SPDX-License-Identifier: BSD-3-Clause */
/* The text form of a graph. */

#include "support/alloc_fail.h"
#include "support/graphs.h"

static effnn__graph *graph;

static void setup(void)
{
    effnn__value *x;

    graph = test_graph();
    x = test_input(graph, "x", "f32[N,3]");
    x = test_op(graph, "mul", NULL, x, test_floats(graph, "w", 1, 2, 3));
    x = test_op(graph, "gelu", "approximate=tanh", x);
    test_output(graph, x, "y");
    test_op(graph, "shape", NULL, x);
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

START_TEST(a_graph_prints_as_one_line_a_value_or_node)
{
    char *text = test_text(graph);

    ck_assert_str_eq(text, "input x: f32[N, 3]\n"
                           "constant w: f32[3]\n"
                           "mul: mul: f32[N, 3] = mul(x, w)\n"
                           "gelu: y: f32[N, 3] = gelu(mul) {approximate=tanh}\n"
                           "shape: shape: i64[2] {N, 3} = shape(y)\n"
                           "output y\n");
    effnn__free(text);
}
END_TEST

START_TEST(printing_survives_failing_allocations)
{
    char *text = NULL;

    ALLOC_FAIL_LOOP(effnn__graph_print(&text, graph), ck_assert_ptr_null(text));
    effnn__free(text);
}
END_TEST

SUITE("graph_print", setup, teardown, a_graph_prints_as_one_line_a_value_or_node,
      printing_survives_failing_allocations)
