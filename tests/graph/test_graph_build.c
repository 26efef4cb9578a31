/* SPDX-License-Identifier: BSD-3-Clause */
/* Building graphs: names, order, inference at once, and nothing left behind by a failing call. */

#include "support/alloc_fail.h"
#include "support/graphs.h"

static effnn__graph *graph;

static void setup(void)
{
    graph = test_graph();
}

static void teardown(void)
{
    ck_assert_ok(effnn__graph_check(graph));
    effnn__graph_destroy(graph);
}

START_TEST(values_and_nodes_are_found_by_name)
{
    effnn__value *x = test_input(graph, "x", "f32[N,3]");
    effnn__value *y = NULL;

    ck_assert_ok(effnn__graph_add_op(&y, graph, "relu", "act", NULL, &x, 1, NULL));
    ck_assert_ptr_eq(effnn__graph_find_value(graph, "x"), x);
    ck_assert_ptr_eq(effnn__graph_find_node(graph, "act"), y->producer);
    ck_assert_ptr_eq(effnn__graph_find_value(graph, "act"), y);
    ck_assert_ptr_null(effnn__graph_find_value(graph, "y"));
    ck_assert_ptr_null(effnn__graph_find_node(graph, "x"));
}
END_TEST

START_TEST(a_new_node_knows_its_outputs_shape)
{
    effnn__value *x = test_input(graph, "x", "f32[N,1,4]");
    effnn__value *y = test_input(graph, "y", "f32[3,1]");
    effnn__value *sum = test_op(graph, "add", NULL, x, y);

    ck_assert(sum->info.has_shape && sum->info.has_dtype);
    ck_assert_uint_eq(sum->info.rank, 3);
    ck_assert(effnn__sym_equal(sum->info.dims[0], x->info.dims[0]));
    ck_assert_int_eq(sum->info.dims[1].offset, 3);
    ck_assert_int_eq(sum->info.dims[2].offset, 4);
    ck_assert_int_eq(sum->info.dtype, EFFNN_F32);
}
END_TEST

START_TEST(hints_are_made_unique_by_the_lowest_numbers)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    const char *const expected[] = { "relu",   "relu_1", "relu_2", "relu_3", "relu_4",
                                     "relu_5", "relu_6", "relu_7", "relu_8", "relu_9" };

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        x = test_op(graph, "relu", NULL, x);
        ck_assert_str_eq(x->name, expected[i]);
        ck_assert_str_eq(x->producer->name, expected[i]);
    }
}
END_TEST

START_TEST(a_name_that_is_taken_is_refused)
{
    effnn__value *x = test_input(graph, "x", "f32[3]"), *y = NULL;
    effnn_tensor *tensor = test_tensor_iota(3);
    const char *const names[] = { "x" };

    ck_assert_fails_saying(EFFNN_E_ARG, "'x'", effnn__graph_add_input(&y, graph, "x", &x->info));
    ck_assert_fails_saying(EFFNN_E_ARG, "'x'",
                           effnn__graph_add_constant(&y, graph, "x", true, tensor));
    ck_assert_fails_saying(EFFNN_E_ARG, "'x'",
                           effnn__graph_add_node(NULL, graph,
                                                 &(effnn__node_spec){ .def = effnn__op_find("relu"),
                                                                      .inputs = &x,
                                                                      .n_inputs = 1,
                                                                      .outputs = names,
                                                                      .n_outputs = 1 }));
    ck_assert_ptr_null(y);
    ck_assert_uint_eq(graph->values.n, 1);
    ck_assert_uint_eq(graph->nodes.n, 0);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(an_input_needs_a_dtype_and_a_shape)
{
    effnn__value *x = NULL;

    ck_assert_fails_saying(
        EFFNN_E_ARG, "dtype",
        effnn__graph_add_input(&x, graph, "x", &(effnn__value_info){ .has_shape = true }));
    ck_assert_fails_saying(
        EFFNN_E_ARG, "shape",
        effnn__graph_add_input(&x, graph, "x", &(effnn__value_info){ .has_dtype = true }));
    ck_assert_fails(EFFNN_E_ARG, effnn__graph_add_input(&x, graph, "", &(effnn__value_info){ 0 }));
    ck_assert_ptr_null(x);
}
END_TEST

START_TEST(a_node_in_front_of_another_takes_its_place_in_the_order)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    effnn__value *a = test_op(graph, "relu", NULL, x);
    effnn__value *b = test_op(graph, "exp", NULL, a), *c = NULL;

    ck_assert_ok(effnn__graph_add_op(&c, graph, "neg", NULL, NULL, &a, 1, b->producer));
    ck_assert_uint_eq(a->producer->index, 0);
    ck_assert_uint_eq(c->producer->index, 1);
    ck_assert_uint_eq(b->producer->index, 2);
}
END_TEST

START_TEST(a_node_in_front_of_its_operand_is_refused)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    effnn__value *a = test_op(graph, "relu", NULL, x), *c = NULL;

    ck_assert_fails_saying(EFFNN_E_ARG, "'relu'",
                           effnn__graph_add_op(&c, graph, "neg", NULL, NULL, &a, 1, a->producer));
    ck_assert_ptr_null(c);
}
END_TEST

START_TEST(shapes_that_do_not_fit_add_nothing)
{
    effnn__value *ends[] = { test_input(graph, "x", "f32[3]"), test_input(graph, "y", "f32[4]") };
    effnn__value *sum = NULL;

    ck_assert_fails_saying(EFFNN_E_SHAPE, "plus",
                           effnn__graph_add_op(&sum, graph, "add", "plus", NULL, ends, 2, NULL));
    ck_assert_ptr_null(sum);
    ck_assert_uint_eq(graph->nodes.n, 0);
    ck_assert_uint_eq(ends[0]->n_uses, 0);
}
END_TEST

START_TEST(unknown_operators_and_attributes_are_refused)
{
    effnn__value *x = test_input(graph, "x", "f32[3]"), *y = NULL;

    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "'frobnicate'",
                           effnn__graph_add_op(&y, graph, "frobnicate", NULL, NULL, &x, 1, NULL));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "colour",
                           effnn__graph_add_op(&y, graph, "gelu", NULL, "colour=1", &x, 1, NULL));
    ck_assert_ptr_null(y);
}
END_TEST

START_TEST(an_empty_output_name_leaves_the_output_out)
{
    effnn__value *ends[] = { test_input(graph, "x", "f32[4,3]"), test_ints(graph, 1, 3) };
    const char *const names[] = { "", "rest" };
    effnn__node *node = NULL;

    ck_assert_ok(effnn__graph_add_node(&node, graph,
                                       &(effnn__node_spec){ .def = effnn__op_find("split"),
                                                            .inputs = ends,
                                                            .n_inputs = 2,
                                                            .outputs = names,
                                                            .n_outputs = 2 }));
    ck_assert_ptr_null(node->outputs[0]);
    ck_assert_str_eq(node->outputs[1]->name, "rest");
    ck_assert_int_eq(node->outputs[1]->info.dims[0].offset, 3);
}
END_TEST

START_TEST(an_output_that_an_operator_always_gives_is_there_without_a_name)
{
    effnn__value *ends[] = { test_input(graph, "x", "f32[4,3]"), test_floats(graph, "w", 1, 2, 3) };
    const char *const names[] = { "", "mean" };
    effnn__node *node = NULL;

    ck_assert_ok(
        effnn__graph_add_node(&node, graph,
                              &(effnn__node_spec){ .def = effnn__op_find("layer_normalization"),
                                                   .inputs = ends,
                                                   .n_inputs = 2,
                                                   .outputs = names,
                                                   .n_outputs = 2 }));
    ck_assert_ptr_nonnull(node->outputs[0]);
    ck_assert_str_eq(node->outputs[1]->name, "mean");
}
END_TEST

START_TEST(a_constant_shares_storage_and_keeps_its_contents)
{
    effnn_tensor *tensor = test_tensor_iota(3);
    effnn__value *value = NULL;

    ck_assert_ok(effnn__graph_add_constant(&value, graph, "w", true, tensor));
    ck_assert(effnn__tensor_shares_storage(tensor, value->constant));
    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 1 }, 42.0));
    ck_assert_tensor_at(value->constant, 1.0, 1);
    ck_assert_tensor_at(tensor, 42.0, 1);
    effnn_tensor_release(tensor);
}
END_TEST

static void assert_as_before(size_t n_values, size_t n_nodes, const effnn__value *x)
{
    ck_assert_ok(effnn__graph_check(graph));
    ck_assert_uint_eq(graph->values.n, n_values);
    ck_assert_uint_eq(graph->nodes.n, n_nodes);
    ck_assert_uint_eq(x->n_uses, n_nodes);
}

START_TEST(adding_survives_failing_allocations)
{
    effnn__value *x = test_input(graph, "x", "f32[N,3]"), *y = NULL, *w = NULL;
    effnn_tensor *tensor = test_tensor_iota(3);

    ALLOC_FAIL_LOOP(effnn__graph_add_op(&y, graph, "relu", NULL, NULL, &x, 1, NULL),
                    assert_as_before(1, 0, x));
    ALLOC_FAIL_LOOP(effnn__graph_add_op(&y, graph, "gelu", NULL, "approximate=tanh", &x, 1,
                                        effnn__graph_node(graph, 0)),
                    assert_as_before(2, 1, x));
    ALLOC_FAIL_LOOP(effnn__graph_add_input(&y, graph, "y", &x->info), assert_as_before(3, 2, x));
    ALLOC_FAIL_LOOP(effnn__graph_add_constant(&w, graph, "w", true, tensor),
                    assert_as_before(4, 2, x));
    ALLOC_FAIL_LOOP(effnn__graph_add_output(graph, y), ck_assert_uint_eq(graph->outputs.n, 0));
    effnn_tensor_release(tensor);
}
END_TEST

SUITE("graph_build", setup, teardown, values_and_nodes_are_found_by_name,
      a_new_node_knows_its_outputs_shape, hints_are_made_unique_by_the_lowest_numbers,
      a_name_that_is_taken_is_refused, an_input_needs_a_dtype_and_a_shape,
      a_node_in_front_of_another_takes_its_place_in_the_order,
      a_node_in_front_of_its_operand_is_refused, shapes_that_do_not_fit_add_nothing,
      unknown_operators_and_attributes_are_refused, an_empty_output_name_leaves_the_output_out,
      an_output_that_an_operator_always_gives_is_there_without_a_name,
      a_constant_shares_storage_and_keeps_its_contents, adding_survives_failing_allocations)
