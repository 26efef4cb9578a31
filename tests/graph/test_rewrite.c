/* SPDX-License-Identifier: BSD-3-Clause */
/* Matching and replacing. */

#include "graph/rewrite.h"
#include "support/graphs.h"

static effnn__graph *graph;
static effnn__value *x;

static void setup(void)
{
    graph = test_graph();
    x = test_input(graph, "x", "f32[N,3]");
}

static void teardown(void)
{
    ck_assert_ok(effnn__graph_check(graph));
    effnn__graph_destroy(graph);
}

START_TEST(a_producer_matches_by_operator)
{
    effnn__value *a = test_op(graph, "relu", NULL, x);

    ck_assert_ptr_eq(effnn__match_producer(a, "relu"), a->producer);
    ck_assert_ptr_null(effnn__match_producer(a, "exp"));
    ck_assert_ptr_null(effnn__match_producer(x, "relu"));
    ck_assert_ptr_null(effnn__match_producer(NULL, "relu"));
}
END_TEST

START_TEST(an_only_reader_is_one_and_the_value_no_output)
{
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, a);

    ck_assert_ptr_eq(effnn__match_only_reader(a, "exp"), b->producer);
    ck_assert_ptr_null(effnn__match_only_reader(a, "relu"));
    ck_assert_ptr_null(effnn__match_only_reader(b, "exp"));
    test_output(graph, a, NULL);
    ck_assert_ptr_null(effnn__match_only_reader(a, "exp"));
    test_op(graph, "neg", NULL, x);
    ck_assert_ptr_null(effnn__match_only_reader(x, "relu"));
}
END_TEST

START_TEST(the_other_input_is_found_on_either_side)
{
    effnn__value *w = test_floats(graph, "w", 1, 2, 3), *other = NULL;
    effnn__value *a = test_op(graph, "mul", NULL, x, w), *b = test_op(graph, "mul", NULL, w, x);

    ck_assert(effnn__match_other_input(a->producer, x, &other));
    ck_assert_ptr_eq(other, w);
    ck_assert(effnn__match_other_input(b->producer, x, &other));
    ck_assert_ptr_eq(other, w);
    ck_assert(!effnn__match_other_input(a->producer, b, &other));
}
END_TEST

START_TEST(a_scalar_is_a_constant_of_one_element)
{
    const int64_t five = 5;
    double value = 0.0;

    ck_assert(effnn__match_scalar(test_scalar(graph, 0.5), &value));
    ck_assert_double_eq(value, 0.5);
    ck_assert(effnn__match_scalar(test_floats(graph, "w", 3), &value));
    ck_assert_double_eq(value, 3.0);
    ck_assert(
        effnn__match_scalar(test_constant(graph, "i", test_tensor_i64(0, NULL, &five)), &value));
    ck_assert_double_eq(value, 5.0);
    ck_assert(!effnn__match_scalar(test_floats(graph, "v", 3, 3), &value));
    ck_assert(!effnn__match_scalar(x, &value));
    ck_assert(!effnn__match_scalar(NULL, &value));
}
END_TEST

START_TEST(near_means_a_millionth)
{
    ck_assert(effnn__match_scalar_near(test_scalar(graph, 1.4142135), 1.41421356237));
    ck_assert(!effnn__match_scalar_near(test_scalar(graph, 1.4142), 1.41421356237));
    ck_assert(!effnn__match_scalar_near(x, 1.0));
}
END_TEST

START_TEST(replacing_removes_what_only_fed_the_old_node)
{
    effnn__value *shared = test_op(graph, "neg", NULL, x);
    effnn__value *a = test_op(graph, "exp", NULL, shared), *b = test_op(graph, "abs", NULL, a);
    effnn__value *old = test_op(graph, "add", NULL, b, shared);
    effnn__value *y = NULL;

    test_output(graph, old, "y");
    test_output(graph, test_op(graph, "sqrt", NULL, shared), "z");
    ck_assert_ok(effnn__graph_add_op(&y, graph, "relu", NULL, NULL, &x, 1, old->producer));
    ck_assert_ok(effnn__rewrite_replace(graph, old->producer, y));
    ck_assert_ptr_eq(graph->outputs.items[0], y);
    ck_assert_str_eq(y->name, "y");
    ck_assert_uint_eq(test_count_ops(graph, "exp"), 0);
    ck_assert_uint_eq(test_count_ops(graph, "abs"), 0);
    ck_assert_uint_eq(test_count_ops(graph, "add"), 0);
    ck_assert_uint_eq(test_count_ops(graph, "neg"), 1);
    ck_assert_uint_eq(graph->nodes.n, 3);
}
END_TEST

SUITE("rewrite", setup, teardown, a_producer_matches_by_operator,
      an_only_reader_is_one_and_the_value_no_output, the_other_input_is_found_on_either_side,
      a_scalar_is_a_constant_of_one_element, near_means_a_millionth,
      replacing_removes_what_only_fed_the_old_node)
