/* SPDX-License-Identifier: BSD-3-Clause */
/* Softmax written out. */

#include "base/option.h"
#include "support/graphs.h"

static effnn__graph *graph;
static effnn__value *x;

static void setup(void)
{
    graph = test_graph();
    x = test_input(graph, "x", "f32[N,5,6]");
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

static effnn__value *reduce(const char *op, effnn__value *value, int64_t axis)
{
    return test_op(graph, op, NULL, value, test_ints(graph, axis));
}

static effnn__value *exponentials(effnn__value *value, int64_t axis)
{
    effnn__value *off = test_op(graph, "sub", NULL, value, reduce("reduce_max", value, axis));

    return test_op(graph, "exp", NULL, off);
}

START_TEST(exponentials_over_their_sum_become_softmax)
{
    effnn__value *e = exponentials(x, -1), *y;
    int64_t axis = 0;

    y = test_op(graph, "div", NULL, e, reduce("reduce_sum", e, 2));
    test_output(graph, y, "y");
    test_canonicalise(graph, 1e-6);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_str_eq(y->producer->def->name, "softmax");
    ck_assert_ok(
        effnn__options_get_i64(y->producer->def->attrs, y->producer->attrs, "axis", &axis));
    ck_assert_int_eq(axis, -1);
}
END_TEST

START_TEST(a_product_with_the_reciprocal_along_another_axis_too)
{
    effnn__value *e = exponentials(x, 1), *y;
    int64_t axis = 0;

    y = test_op(graph, "mul", NULL, test_op(graph, "reciprocal", NULL, reduce("reduce_sum", e, 1)),
                e);
    test_output(graph, y, "y");
    test_canonicalise(graph, 1e-6);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_ok(
        effnn__options_get_i64(y->producer->def->attrs, y->producer->attrs, "axis", &axis));
    ck_assert_int_eq(axis, -2);
}
END_TEST

START_TEST(exponentials_that_are_read_elsewhere_stay)
{
    effnn__value *e = exponentials(x, -1);

    test_output(graph, test_op(graph, "div", NULL, e, reduce("reduce_sum", e, -1)), "y");
    test_output(graph, e, "e");
    test_canonicalise(graph, 1e-6);
    ck_assert_uint_eq(test_count_ops(graph, "softmax"), 1);
    ck_assert_uint_eq(test_count_ops(graph, "exp"), 1);
}
END_TEST

static effnn__value *other_sum_axis(void)
{
    effnn__value *e = exponentials(x, -1);

    return test_op(graph, "div", NULL, e, reduce("reduce_sum", e, 1));
}

static effnn__value *other_sum(void)
{
    return test_op(graph, "div", NULL, exponentials(x, -1),
                   reduce("reduce_sum", test_op(graph, "exp", NULL, x), -1));
}

static effnn__value *mean_instead(void)
{
    effnn__value *e = exponentials(x, -1);

    return test_op(graph, "div", NULL, e, reduce("reduce_mean", e, -1));
}

static effnn__value *without_maximum(void)
{
    effnn__value *e = test_op(graph, "exp", NULL, x);

    return test_op(graph, "div", NULL, e, reduce("reduce_sum", e, -1));
}

static effnn__value *over_two_axes(void)
{
    effnn__value *max = test_op(graph, "reduce_max", NULL, x, test_ints(graph, 1, 2));
    effnn__value *e = test_op(graph, "exp", NULL, test_op(graph, "sub", NULL, x, max));

    return test_op(graph, "div", NULL, e,
                   test_op(graph, "reduce_sum", NULL, e, test_ints(graph, 1, 2)));
}

START_TEST(what_only_looks_like_softmax_stays)
{
    effnn__value *(*const makes[])(void) = { other_sum_axis, other_sum, mean_instead,
                                             without_maximum, over_two_axes };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        if (i) {
            teardown();
            setup();
        }
        test_output(graph, makes[i](), "y");
        test_canonicalise(graph, 0.0);
        ck_assert_msg(!test_count_ops(graph, "softmax"), "case %zu is matched", i);
    }
}
END_TEST

SUITE("canon_softmax", setup, teardown, exponentials_over_their_sum_become_softmax,
      a_product_with_the_reciprocal_along_another_axis_too,
      exponentials_that_are_read_elsewhere_stay, what_only_looks_like_softmax_stays)
