/* SPDX-License-Identifier: BSD-3-Clause */
/* Rotary positions in the forms that files of older opsets hold, and what only looks like them. */

#include "base/alloc.h"
#include "base/option.h"
#include "graph/canon.h"
#include "support/graphs.h"

#include <string.h>

static effnn__graph *graph;
static effnn__value *c, *s; /* as they are multiplied */

static void setup(void)
{
    graph = test_graph();
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

static effnn__value *unsqueeze(effnn__value *x, int64_t axis)
{
    return test_op(graph, "unsqueeze", NULL, x, test_ints(graph, axis));
}

/* Cosines and sines of each token, `half` of them, with an axis for the heads. */
static void make_tables(const char *type, int64_t axis)
{
    c = unsqueeze(test_input(graph, "cos", type), axis);
    s = unsqueeze(test_input(graph, "sin", type), axis);
}

static effnn__value *part(effnn__value *x, int64_t start, int64_t end, int64_t step)
{
    return test_op(graph, "slice", NULL, x, test_ints(graph, start), test_ints(graph, end),
                   test_ints(graph, -1), test_ints(graph, step));
}

static effnn__value *mul(effnn__value *a, effnn__value *b)
{
    return test_op(graph, "mul", NULL, a, b);
}

static effnn__value *first_turned(effnn__value *a, effnn__value *b)
{
    return test_op(graph, "sub", NULL, mul(c, a), mul(s, b));
}

static effnn__value *second_turned(effnn__value *a, effnn__value *b)
{
    return test_op(graph, "add", NULL, mul(s, a), mul(c, b));
}

static effnn__value *join(effnn__value *a, effnn__value *b)
{
    return test_op(graph, "concat", "axis=-1", a, b);
}

static effnn__value *turn_halves(effnn__value *x, int64_t half)
{
    effnn__value *a = part(x, 0, half, 1), *b = part(x, half, 1000, 1);

    return join(first_turned(a, b), second_turned(a, b));
}

static void check(effnn__value *y, const char *attrs)
{
    char *text;

    test_output(graph, y, "y");
    test_canonicalise(graph, 1e-6);
    text = test_text(graph);
    ck_assert_msg(test_count_ops(graph, "rotary_embedding") == 1 && graph->nodes.n == 1 &&
                      strstr(text, attrs),
                  "%s", text);
    effnn__free(text);
}

START_TEST(halves_by_slices)
{
    make_tables("f32[N,5,3]", 1);
    check(turn_halves(test_input(graph, "x", "f32[N,2,5,6]"), 3), "rotary_embedding");
}
END_TEST

START_TEST(halves_by_a_split_with_cosines_by_place)
{
    effnn__value *x = test_input(graph, "x", "f32[N,2,5,6]");
    effnn__value *places = test_op(
        graph, "cast", "to=i64",
        test_op(graph, "mul", NULL, test_input(graph, "at", "f32[N,5]"), test_scalar(graph, 0.0)));
    effnn__value *table = test_input(graph, "table", "f32[7,3]");
    effnn__value *other = test_input(graph, "other", "f32[7,3]");
    effnn__node *split = NULL;

    c = unsqueeze(test_op(graph, "gather", NULL, table, places), 1);
    s = unsqueeze(test_op(graph, "gather", NULL, other, places), 1);
    void *attrs = effnn__zalloc(effnn__op_find("split")->attrs_size);
    ck_assert_ok(effnn__options_init(effnn__op_find("split")->attrs, attrs));
    ck_assert_ok(effnn__options_set_i64(effnn__op_find("split")->attrs, attrs, "axis", -1));
    ck_assert_ok(effnn__graph_add_node(&split, graph,
                                       &(effnn__node_spec){ .def = effnn__op_find("split"),
                                                            .attrs = attrs,
                                                            .inputs = &x,
                                                            .n_inputs = 1,
                                                            .n_outputs = 2 }));
    effnn__options_clear(effnn__op_find("split")->attrs, attrs);
    effnn__free(attrs);
    effnn__value *a = split->outputs[0], *b = split->outputs[1];
    effnn__value *y = join(first_turned(a, b), second_turned(a, b));

    test_output(graph, y, "y");
    test_canonicalise(graph, 1e-6);
    ck_assert_uint_eq(test_count_ops(graph, "rotary_embedding"), 1);
    ck_assert_ptr_eq(y->producer->inputs[1], table);
    ck_assert_uint_eq(y->producer->n_inputs, 4);
    ck_assert_uint_eq(test_count_ops(graph, "gather") + test_count_ops(graph, "split"), 0);
}
END_TEST

START_TEST(neighbours)
{
    effnn__value *x = test_input(graph, "x", "f32[N,2,5,6]");
    effnn__value *a = part(x, 0, 1000, 2), *b = part(x, 1, 1000, 2);

    make_tables("f32[N,5,3]", 1);
    check(test_op(graph, "reshape", NULL,
                  join(unsqueeze(first_turned(a, b), -1), unsqueeze(second_turned(a, b), -1)),
                  test_ints(graph, 0, 0, 0, -1)),
          "interleaved=true");
}
END_TEST

START_TEST(a_part_of_heads_that_stand_side_by_side)
{
    effnn__value *x = test_input(graph, "x", "f32[N,5,24]");
    effnn__value *heads = test_op(graph, "reshape", NULL, x, test_ints(graph, 0, 0, 3, -1));

    make_tables("f32[N,5,2]", 2);
    check(test_op(graph, "reshape", NULL,
                  join(turn_halves(part(heads, 0, 4, 1), 2), part(heads, 4, 1000, 1)),
                  test_ints(graph, 0, 0, -1)),
          "rotary_embedding_dim=4");
}
END_TEST

static void refuse(effnn__value *y)
{
    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "rotary_embedding"), 0);
}

START_TEST(turned_the_other_way_it_stays)
{
    effnn__value *x = test_input(graph, "x", "f32[N,2,5,6]");
    effnn__value *a = part(x, 0, 3, 1), *b = part(x, 3, 6, 1);

    make_tables("f32[N,5,3]", 1);
    refuse(join(second_turned(a, b), first_turned(a, b)));
}
END_TEST

START_TEST(pairs_of_another_order_stay)
{
    effnn__value *x = test_input(graph, "x", "f32[N,2,5,6]");

    make_tables("f32[N,5,3]", 1);
    /* Neighbours joined as halves. */
    effnn__value *a = part(x, 0, 6, 2), *b = part(x, 1, 6, 2);
    refuse(join(first_turned(a, b), second_turned(a, b)));
}
END_TEST

START_TEST(one_table_for_the_whole_batch_stays)
{
    make_tables("f32[1,5,3]", 1);
    refuse(turn_halves(test_input(graph, "x", "f32[N,2,5,6]"), 3));
}
END_TEST

START_TEST(a_table_along_the_heads_stays)
{
    make_tables("f32[N,2,3]", 2);
    refuse(turn_halves(test_input(graph, "x", "f32[N,2,5,6]"), 3));
}
END_TEST

SUITE("canon_rotary", setup, teardown, halves_by_slices, halves_by_a_split_with_cosines_by_place,
      neighbours, a_part_of_heads_that_stand_side_by_side, turned_the_other_way_it_stays,
      pairs_of_another_order_stay, one_table_for_the_whole_batch_stays,
      a_table_along_the_heads_stays)
