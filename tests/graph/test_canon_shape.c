/* SPDX-License-Identifier: BSD-3-Clause */
/* Shape arithmetic goes, with the batch still open. */

#include "graph/passes/passes.h"
#include "support/graphs.h"

static effnn__graph *graph;
static effnn__value *x;

static void setup(void)
{
    graph = test_graph();
    x = test_input(graph, "x", "f32[N,4,6]");
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

/* Dimension `axis` of a value as exporters write it: Shape, Gather, Unsqueeze. */
static effnn__value *size_of(effnn__value *value, int64_t axis)
{
    const int64_t index = axis;
    effnn__value *at = test_constant(graph, "at", test_tensor_i64(0, NULL, &index));
    effnn__value *size = test_op(graph, "gather", NULL, test_op(graph, "shape", NULL, value), at);

    return test_op(graph, "unsqueeze", NULL, size, test_ints(graph, 0));
}

static void assert_ints(const effnn__value *value, size_t n, const int64_t *expected)
{
    ck_assert_ptr_nonnull(value->constant);
    ck_assert_uint_eq(effnn_tensor_count(value->constant), n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(effnn__tensor_load_i64(value->constant, i), expected[i]);
}
#define ck_assert_ints(value, ...) \
    assert_ints(value, TEST_COUNT(__VA_ARGS__), (const int64_t[]){ __VA_ARGS__ })

START_TEST(a_reshape_by_shape_arithmetic_gets_a_constant_target)
{
    effnn__value *target = test_op(graph, "concat", "axis=0", size_of(x, 0), test_ints(graph, 2),
                                   size_of(x, 1), test_ints(graph, 3));
    effnn__value *y = test_op(graph, "reshape", NULL, x, target);

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_ints(y->producer->inputs[1], -1, 2, 4, 3);
}
END_TEST

START_TEST(targets_written_as_constants_take_the_same_form)
{
    effnn__value *y = test_op(graph, "reshape", NULL, x, test_ints(graph, 0, -1, 3));

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_ints(y->producer->inputs[1], -1, 8, 3);
}
END_TEST

START_TEST(a_target_without_zeros_allows_none)
{
    effnn__value *y = test_op(graph, "reshape", "allowzero=1", x, test_ints(graph, -1, 8, 3));

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_ints(y->producer->inputs[1], -1, 8, 3);
    ck_assert_int_eq(effnn__canon_attr(y->producer, "allowzero", 0), 0);
}
END_TEST

START_TEST(a_second_open_size_is_copied_in_its_place)
{
    effnn__value *z = test_input(graph, "z", "f32[N,M,6]");
    effnn__value *target =
        test_op(graph, "concat", "axis=0", size_of(z, 0), size_of(z, 1), test_ints(graph, 2, 3));
    effnn__value *y = test_op(graph, "reshape", NULL, z, target);
    effnn__value *turned = test_op(graph, "transpose", "perm=0:2:1:3", y);
    effnn__value *back = test_op(graph, "reshape", NULL, turned,
                                 test_op(graph, "concat", "axis=0", size_of(z, 0),
                                         test_ints(graph, 2), test_ints(graph, -1)));

    test_output(graph, y, "y");
    test_output(graph, back, "back");
    test_canonicalise(graph, 0.0);
    ck_assert_ints(y->producer->inputs[1], 0, 0, 2, 3);
    ck_assert_ints(back->producer->inputs[1], 0, 2, -1);
    ck_assert_uint_eq(graph->nodes.n, 3);
}
END_TEST

START_TEST(open_sizes_that_move_are_written_from_the_inputs)
{
    effnn__value *z = test_input(graph, "z", "f32[L,M,6]");
    effnn__value *turned = test_op(graph, "transpose", "perm=1:0:2", z);
    effnn__value *target = test_op(graph, "concat", "axis=0", size_of(turned, 1),
                                   size_of(turned, 0), test_ints(graph, 2), test_ints(graph, 3));
    effnn__value *y = test_op(graph, "reshape", NULL, turned, target);
    const effnn__node *concat;

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 4);
    concat = y->producer->inputs[1]->producer;
    ck_assert_str_eq(concat->def->name, "concat");
    ck_assert_uint_eq(concat->n_inputs, 2);
    ck_assert_str_eq(concat->inputs[0]->producer->def->name, "shape");
    ck_assert_int_eq(concat->inputs[0]->info.dims[0].offset, 2);
    ck_assert_ints(concat->inputs[1], 2, 3);
}
END_TEST

START_TEST(an_expand_to_known_sizes_gets_a_constant_target)
{
    effnn__value *row = test_op(graph, "slice", NULL, x, test_ints(graph, 0), test_ints(graph, 1),
                                test_ints(graph, 1));
    effnn__value *y = test_op(graph, "expand", NULL, row, test_op(graph, "shape", NULL, x));

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "shape"), 0);
    ck_assert_ints(y->producer->inputs[1], 1, 4, 1);
}
END_TEST

/* The class token of a vision transformer as torch.onnx writes it: expand(-1, ...) over the batch.
 */
static effnn__value *class_token(void)
{
    effnn__value *token = test_random(graph, "cls", 1, 1, 1, 6);
    effnn__value *wanted = test_op(graph, "concat", "axis=0", size_of(x, 0), test_ints(graph, -1),
                                   test_ints(graph, -1));
    effnn__value *ones =
        test_op(graph, "constant_of_shape", NULL, test_ints(graph, 3), test_ints(graph, 1));
    effnn__value *minus = test_op(graph, "mul", NULL, ones, test_ints(graph, -1));
    effnn__value *keep = test_op(graph, "equal", NULL, wanted, minus);
    effnn__value *target = test_op(graph, "where", NULL, keep, ones, wanted);

    return test_op(graph, "expand", NULL, token, target);
}

START_TEST(a_class_token_needs_the_batch_and_nothing_else)
{
    effnn__value *y = test_op(graph, "concat", "axis=1", class_token(), x);
    const effnn__node *expand, *concat;

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    expand = y->producer->inputs[0]->producer;
    ck_assert_str_eq(expand->def->name, "expand");
    ck_assert_str_eq(expand->inputs[0]->name, "cls");
    concat = expand->inputs[1]->producer;
    ck_assert_str_eq(concat->def->name, "concat");
    ck_assert_uint_eq(concat->n_inputs, 2);
    ck_assert_str_eq(concat->inputs[0]->producer->def->name, "shape");
    ck_assert_ptr_eq(concat->inputs[0]->producer->inputs[0], x);
    ck_assert_ints(concat->inputs[1], 1, 1);
    ck_assert_uint_eq(graph->nodes.n, 4);
}
END_TEST

START_TEST(a_class_token_for_a_fixed_batch_of_one_is_the_parameter)
{
    effnn__value *y;

    ck_assert_ok(effnn__graph_rename_value(graph, x, "unused"));
    x = test_input(graph, "x", "f32[1,4,6]");
    y = test_op(graph, "concat", "axis=1", class_token(), x);
    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_str_eq(y->producer->inputs[0]->name, "cls");
}
END_TEST

START_TEST(sizes_that_are_computed_become_scalars)
{
    effnn__value *d = test_op(graph, "cast", "to=f32", size_of(x, 2));
    effnn__value *scale = test_op(graph, "sqrt", NULL, d);
    effnn__value *y = test_op(graph, "div", NULL, x, scale);

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_ptr_nonnull(y->producer->inputs[1]->constant);
}
END_TEST

START_TEST(a_size_that_is_an_output_stays_an_output)
{
    test_output(graph, test_op(graph, "shape", NULL, x), "whole");
    test_output(graph, size_of(x, 1), "one");
    test_canonicalise(graph, 0.0);
    ck_assert_ints(effnn__graph_find_value(graph, "one"), 4);
    ck_assert_uint_eq(test_count_ops(graph, "shape"), 1);
    ck_assert_uint_eq(graph->nodes.n, 1);
}
END_TEST

START_TEST(an_empty_size_keeps_the_target_as_written)
{
    effnn__value *e = test_input(graph, "e", "f32[N,0,6]");
    effnn__value *y = test_op(graph, "reshape", NULL, e, test_ints(graph, 0, 0, 3, 2));

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_ints(y->producer->inputs[1], 0, 0, 3, 2);
}
END_TEST

SUITE("canon_shape", setup, teardown, a_reshape_by_shape_arithmetic_gets_a_constant_target,
      targets_written_as_constants_take_the_same_form, a_target_without_zeros_allows_none,
      a_second_open_size_is_copied_in_its_place, open_sizes_that_move_are_written_from_the_inputs,
      an_expand_to_known_sizes_gets_a_constant_target,
      a_class_token_needs_the_batch_and_nothing_else,
      a_class_token_for_a_fixed_batch_of_one_is_the_parameter,
      sizes_that_are_computed_become_scalars, a_size_that_is_an_output_stays_an_output,
      an_empty_size_keeps_the_target_as_written)
