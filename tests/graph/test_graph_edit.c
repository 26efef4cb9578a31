/* SPDX-License-Identifier: BSD-3-Clause */
/* Changing graphs: the invariants hold after each step, and a failing step changes nothing. */

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

static effnn__value *output(size_t i)
{
    return graph->outputs.items[i];
}

START_TEST(set_input_moves_the_use)
{
    effnn__value *x = test_input(graph, "x", "f32[3]"), *y = test_input(graph, "y", "f32[3]");
    effnn__value *sum = test_op(graph, "add", NULL, x, x);

    ck_assert_ok(effnn__graph_set_input(graph, sum->producer, 1, y));
    ck_assert_ptr_eq(sum->producer->inputs[0], x);
    ck_assert_ptr_eq(sum->producer->inputs[1], y);
    ck_assert_uint_eq(x->n_uses, 1);
    ck_assert_uint_eq(y->n_uses, 1);
    ck_assert_uint_eq(y->uses[0].input, 1);
}
END_TEST

START_TEST(set_input_refuses_what_is_computed_later)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, a);

    ck_assert_fails_saying(EFFNN_E_ARG, "'relu'", effnn__graph_set_input(graph, a->producer, 0, b));
    ck_assert_fails(EFFNN_E_ARG, effnn__graph_set_input(graph, a->producer, 0, a));
    ck_assert_ptr_eq(a->producer->inputs[0], x);
}
END_TEST

START_TEST(replacing_a_value_moves_all_its_readers)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, x);
    effnn__value *sum = test_op(graph, "add", NULL, a, a);

    ck_assert_ok(effnn__graph_replace_value(graph, a, b));
    ck_assert_ptr_eq(sum->producer->inputs[0], b);
    ck_assert_ptr_eq(sum->producer->inputs[1], b);
    ck_assert_uint_eq(a->n_uses, 0);
    ck_assert_uint_eq(b->n_uses, 2);
}
END_TEST

START_TEST(replacing_an_output_keeps_its_name)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, x);

    test_output(graph, a, "logits");
    test_output(graph, a, NULL);
    ck_assert_ok(effnn__graph_replace_value(graph, a, b));
    ck_assert_ptr_eq(output(0), b);
    ck_assert_ptr_eq(output(1), b);
    ck_assert_str_eq(b->name, "logits");
    ck_assert_ptr_eq(effnn__graph_find_value(graph, "logits"), b);
    ck_assert_str_eq(a->name, "exp");
    ck_assert(!a->is_output && b->is_output);
}
END_TEST

START_TEST(an_output_that_becomes_an_input_keeps_its_name_by_an_identity)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, a);

    test_output(graph, a, "y");
    ck_assert_ok(effnn__graph_replace_value(graph, a, x));
    ck_assert_str_eq(output(0)->name, "y");
    ck_assert_str_eq(output(0)->producer->def->name, "identity");
    ck_assert_ptr_eq(output(0)->producer->inputs[0], x);
    ck_assert_ptr_eq(b->producer->inputs[0], x);
    ck_assert_str_eq(x->name, "x");
}
END_TEST

START_TEST(a_node_is_put_behind_a_value)
{
    effnn__value *x = test_input(graph, "x", "f32[3]"), *behind = NULL;
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, a);

    ck_assert_ok(effnn__graph_add_op(&behind, graph, "neg", NULL, NULL, &a, 1, b->producer));
    ck_assert_ok(effnn__graph_replace_value(graph, a, behind));
    ck_assert_ptr_eq(behind->producer->inputs[0], a);
    ck_assert_ptr_eq(b->producer->inputs[0], behind);
}
END_TEST

START_TEST(a_value_computed_behind_a_reader_is_refused)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, a);
    effnn__value *late = test_op(graph, "neg", NULL, x);

    ck_assert_fails_saying(EFFNN_E_ARG, "'neg'", effnn__graph_replace_value(graph, a, late));
    ck_assert_ptr_eq(b->producer->inputs[0], a);
    ck_assert_uint_eq(late->n_uses, 0);
}
END_TEST

START_TEST(a_removed_node_leaves_no_trace)
{
    effnn__value *x = test_input(graph, "x", "f32[3]");
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, x);

    effnn__graph_remove_node(graph, a->producer);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_uint_eq(graph->values.n, 2);
    ck_assert_uint_eq(x->n_uses, 1);
    ck_assert_ptr_null(effnn__graph_find_node(graph, "relu"));
    ck_assert_uint_eq(b->producer->index, 0);
    ck_assert_str_eq(test_op(graph, "relu", NULL, b)->name, "relu");
}
END_TEST

START_TEST(sweeping_keeps_inputs_and_what_outputs_need)
{
    effnn__value *x = test_input(graph, "x", "f32[4]"), *unused = test_input(graph, "u", "f32[4]");
    effnn__value *w = test_floats(graph, "w", 1, 2, 3, 4);
    effnn__value *dead = test_op(graph, "add", NULL, x, test_floats(graph, "v", 1, 2, 3, 4));

    test_op(graph, "exp", NULL, dead);
    test_output(graph, test_op(graph, "mul", NULL, x, w), "y");
    ck_assert_uint_eq(effnn__graph_sweep(graph), 2);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_ptr_eq(effnn__graph_find_value(graph, "u"), unused);
    ck_assert_ptr_eq(effnn__graph_find_value(graph, "w"), w);
    ck_assert_ptr_null(effnn__graph_find_value(graph, "v"));
    ck_assert_uint_eq(x->n_uses, 1);
    ck_assert_uint_eq(effnn__graph_sweep(graph), 0);
}
END_TEST

START_TEST(sweeping_keeps_unread_outputs_of_needed_nodes)
{
    effnn__value *ends[] = { test_input(graph, "x", "f32[4,3]"), test_ints(graph, 1, 3) };
    effnn__node *node = NULL;

    ck_assert_ok(effnn__graph_add_node(
        &node, graph,
        &(effnn__node_spec){
            .def = effnn__op_find("split"), .inputs = ends, .n_inputs = 2, .n_outputs = 2 }));
    test_output(graph, node->outputs[1], NULL);
    ck_assert_uint_eq(effnn__graph_sweep(graph), 0);
    ck_assert_ptr_nonnull(node->outputs[0]);
}
END_TEST

START_TEST(changing_a_node_keeps_its_name_output_and_readers)
{
    effnn__value *x = test_input(graph, "x", "f32[N,3]"), *w = test_floats(graph, "w", 1, 2, 3);
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "exp", NULL, a);
    effnn__value *ends[] = { x, w };

    ck_assert_ok(effnn__graph_change_node(
        graph, a->producer,
        &(effnn__node_spec){ .def = effnn__op_find("mul"), .inputs = ends, .n_inputs = 2 }));
    ck_assert_str_eq(a->producer->def->name, "mul");
    ck_assert_str_eq(a->producer->name, "relu");
    ck_assert_ptr_eq(b->producer->inputs[0], a);
    ck_assert_uint_eq(x->n_uses, 1);
    ck_assert_uint_eq(w->n_uses, 1);
}
END_TEST

START_TEST(a_change_of_the_outputs_shape_is_refused)
{
    effnn__value *x = test_input(graph, "x", "f32[N,3]"), *w = test_random(graph, "w", 1, 2, 1, 3);
    effnn__value *a = test_op(graph, "relu", NULL, x), *ends[] = { x, w };
    const effnn__node_spec spec = { .def = effnn__op_find("mul"), .inputs = ends, .n_inputs = 2 };

    ck_assert_fails_saying(EFFNN_E_SHAPE, "'relu'",
                           effnn__graph_change_node(graph, a->producer, &spec));
    ck_assert_str_eq(a->producer->def->name, "relu");
    ck_assert_uint_eq(x->n_uses, 1);
    ck_assert_uint_eq(w->n_uses, 0);
}
END_TEST

START_TEST(a_result_becomes_a_constant_under_its_name)
{
    effnn__value *a = test_op(graph, "exp", NULL, test_floats(graph, "w", 0, 0, 0));
    effnn__value *b = test_op(graph, "relu", NULL, a);
    effnn_tensor *ones = test_tensor_f32(1, (const int64_t[]){ 3 }, (const float[]){ 1, 1, 1 });

    test_output(graph, b, "y");
    ck_assert_ok(effnn__graph_make_constant(graph, a, ones));
    ck_assert_tensor_equal(a->constant, ones);
    ck_assert_ptr_eq(b->producer->inputs[0], a);
    ck_assert_ok(effnn__graph_check(graph));
    ck_assert_uint_eq(effnn__graph_sweep(graph), 1);
    ck_assert_ptr_null(effnn__graph_find_value(graph, "w"));
    ck_assert_fails_saying(EFFNN_E_ARG, "'exp'", effnn__graph_make_constant(graph, a, ones));
    effnn_tensor_release(ones);
}
END_TEST

START_TEST(set_constant_changes_contents_and_shape)
{
    effnn__value *w = test_floats(graph, "w", 1, 2, 3), *x = test_input(graph, "x", "f32[3]");
    effnn_tensor *tensor = test_tensor_iota(2, 2);

    ck_assert_ok(effnn__graph_set_constant(graph, w, tensor));
    ck_assert_tensor_equal(w->constant, tensor);
    ck_assert_uint_eq(w->info.rank, 2);
    ck_assert_fails_saying(EFFNN_E_ARG, "'x'", effnn__graph_set_constant(graph, x, tensor));
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(renaming_frees_the_old_name)
{
    effnn__value *x = test_input(graph, "x", "f32[3]"), *y = test_op(graph, "relu", NULL, x);

    ck_assert_ok(effnn__graph_rename_value(graph, x, "image"));
    ck_assert_ptr_eq(effnn__graph_find_value(graph, "image"), x);
    ck_assert_ptr_null(effnn__graph_find_value(graph, "x"));
    ck_assert_ok(effnn__graph_rename_node(graph, y->producer, "act"));
    ck_assert_ptr_eq(effnn__graph_find_node(graph, "act"), y->producer);
    ck_assert_fails(EFFNN_E_ARG, effnn__graph_rename_value(graph, y, "image"));
    ck_assert_ok(effnn__graph_rename_value(graph, y, "relu"));
}
END_TEST

START_TEST(editing_survives_failing_allocations)
{
    effnn__value *x = test_input(graph, "x", "f32[N,3]"), *w = test_floats(graph, "w", 1, 2, 3);
    effnn__value *a = test_op(graph, "relu", NULL, x), *b = test_op(graph, "gelu", NULL, a);
    effnn__value *ends[] = { x, w };
    const effnn__node_spec spec = { .def = effnn__op_find("mul"), .inputs = ends, .n_inputs = 2 };
    effnn_tensor *tensor = test_tensor_iota(3);

    test_output(graph, a, "y");
    test_output(graph, b, "z");
    ALLOC_FAIL_LOOP(effnn__graph_change_node(graph, b->producer, &spec), {
        ck_assert_ok(effnn__graph_check(graph));
        ck_assert_str_eq(b->producer->def->name, "gelu");
    });
    ALLOC_FAIL_LOOP(effnn__graph_replace_value(graph, a, x), {
        ck_assert_ok(effnn__graph_check(graph));
        ck_assert_ptr_eq(output(0), a);
        ck_assert_str_eq(a->name, "y");
    });
    ALLOC_FAIL_LOOP(effnn__graph_rename_value(graph, x, "image"), {
        ck_assert_ok(effnn__graph_check(graph));
        ck_assert_str_eq(x->name, "x");
    });
    ALLOC_FAIL_LOOP(effnn__graph_set_constant(graph, w, tensor),
                    ck_assert_tensor_at(w->constant, 1.0, 0));
    ALLOC_FAIL_LOOP(effnn__graph_make_constant(graph, b, tensor),
                    ck_assert_ptr_nonnull(b->producer));
    effnn_tensor_release(tensor);
}
END_TEST

SUITE("graph_edit", setup, teardown, set_input_moves_the_use,
      set_input_refuses_what_is_computed_later, replacing_a_value_moves_all_its_readers,
      replacing_an_output_keeps_its_name,
      an_output_that_becomes_an_input_keeps_its_name_by_an_identity, a_node_is_put_behind_a_value,
      a_value_computed_behind_a_reader_is_refused, a_removed_node_leaves_no_trace,
      sweeping_keeps_inputs_and_what_outputs_need, sweeping_keeps_unread_outputs_of_needed_nodes,
      changing_a_node_keeps_its_name_output_and_readers, a_change_of_the_outputs_shape_is_refused,
      a_result_becomes_a_constant_under_its_name, set_constant_changes_contents_and_shape,
      renaming_frees_the_old_name, editing_survives_failing_allocations)
