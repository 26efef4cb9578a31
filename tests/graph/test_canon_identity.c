/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes that change nothing go, those that only seem so stay. */

#include "support/graphs.h"

#include <math.h>

static effnn__graph *graph;
static effnn__value *x;

static void setup(void)
{
    graph = test_graph();
    x = test_input(graph, "x", "f32[N,2,3]");
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

/* Put the value between two nodes that stay, canonicalise, and return how many others are left. */
static size_t nodes_left(effnn__value *(*make)(effnn__value *))
{
    test_output(graph, test_op(graph, "exp", NULL, make(test_op(graph, "neg", NULL, x))), "y");
    test_canonicalise(graph, 0.0);
    return graph->nodes.n - 2;
}

static effnn__value *make_identity(effnn__value *v)
{
    return test_op(graph, "identity", NULL, test_op(graph, "identity", NULL, v));
}

static effnn__value *make_dropout(effnn__value *v)
{
    return test_op(graph, "dropout", NULL, v);
}

static effnn__value *make_same_cast(effnn__value *v)
{
    return test_op(graph, "cast", "to=f32", v);
}

static effnn__value *make_same_transpose(effnn__value *v)
{
    return test_op(graph, "transpose", "perm=0:1:2", v);
}

static effnn__value *make_transposes_back(effnn__value *v)
{
    return test_op(graph, "transpose", "perm=2:0:1", test_op(graph, "transpose", "perm=1:2:0", v));
}

static effnn__value *make_same_reshape(effnn__value *v)
{
    return test_op(graph, "reshape", NULL, v, test_ints(graph, -1, 2, 3));
}

static effnn__value *make_unsqueeze_squeeze(effnn__value *v)
{
    return test_op(graph, "squeeze", NULL,
                   test_op(graph, "unsqueeze", NULL, v, test_ints(graph, 1)), test_ints(graph, 1));
}

static effnn__value *make_reshapes_back(effnn__value *v)
{
    return test_op(graph, "reshape", NULL, test_op(graph, "flatten", NULL, v),
                   test_ints(graph, -1, 2, 3));
}

static effnn__value *make_same_expand(effnn__value *v)
{
    return test_op(graph, "expand", NULL, v, test_ints(graph, 2, 3));
}

static effnn__value *make_times_one(effnn__value *v)
{
    return test_op(graph, "mul", NULL, test_scalar(graph, 1.0), v);
}

static effnn__value *make_over_one(effnn__value *v)
{
    return test_op(graph, "div", NULL, v, test_scalar(graph, 1.0));
}

static effnn__value *make_minus_zero(effnn__value *v)
{
    return test_op(graph, "sub", NULL, v, test_scalar(graph, 0.0));
}

static effnn__value *make_plus_minus_zero(effnn__value *v)
{
    return test_op(graph, "add", NULL, v, test_scalar(graph, -0.0));
}

static effnn__value *make_one_part_concat(effnn__value *v)
{
    return test_op(graph, "concat", "axis=1", v);
}

START_TEST(what_changes_nothing_goes)
{
    static effnn__value *(*const makes[])(effnn__value *) = {
        make_identity,          make_dropout,         make_same_cast,     make_same_transpose,
        make_transposes_back,   make_same_reshape,    make_reshapes_back, make_same_expand,
        make_unsqueeze_squeeze, make_times_one,       make_over_one,      make_minus_zero,
        make_plus_minus_zero,   make_one_part_concat,
    };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        if (i) {
            teardown();
            setup();
        }
        ck_assert_msg(nodes_left(makes[i]) == 0, "case %zu leaves nodes", i);
    }
}
END_TEST

static effnn__value *make_other_cast(effnn__value *v)
{
    return test_op(graph, "cast", "to=f32", test_op(graph, "cast", "to=f16", v));
}

static effnn__value *make_other_transpose(effnn__value *v)
{
    return test_op(graph, "transpose", "perm=0:2:1", v);
}

static effnn__value *make_other_reshape(effnn__value *v)
{
    return test_op(graph, "reshape", NULL, v, test_ints(graph, -1, 3, 2));
}

static effnn__value *make_times_near_one(effnn__value *v)
{
    return test_op(graph, "mul", NULL, v, test_scalar(graph, 1.0000001));
}

static effnn__value *make_one_over(effnn__value *v)
{
    return test_op(graph, "div", NULL, test_scalar(graph, 1.0), v);
}

static effnn__value *make_zero_minus(effnn__value *v)
{
    return test_op(graph, "sub", NULL, test_scalar(graph, 0.0), v);
}

static effnn__value *make_plus_zero(effnn__value *v)
{
    return test_op(graph, "add", NULL, v, test_scalar(graph, 0.0));
}

static effnn__value *make_times_wide_one(effnn__value *v)
{
    return test_op(
        graph, "mul", NULL, v,
        test_constant(graph, "one",
                      test_tensor_f32(4, (const int64_t[]){ 1, 1, 1, 1 }, (const float[]){ 1 })));
}

START_TEST(what_changes_something_stays)
{
    static effnn__value *(*const makes[])(effnn__value *) = {
        make_other_transpose, make_other_reshape, make_times_near_one, make_one_over,
        make_zero_minus,      make_plus_zero,     make_times_wide_one,
    };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        if (i) {
            teardown();
            setup();
        }
        ck_assert_msg(nodes_left(makes[i]) == 1, "case %zu goes", i);
    }
    teardown();
    setup();
    ck_assert_uint_eq(nodes_left(make_other_cast), 2);
}
END_TEST

START_TEST(plus_zero_changes_the_sign_of_zero)
{
    effnn__value *y =
        test_op(graph, "add", NULL, test_floats(graph, "w", -0.0f), test_scalar(graph, 0.0));

    test_output(graph, test_op(graph, "identity", NULL, y), "y");
    test_canonicalise(graph, 0.0);
    ck_assert_int_eq(
        signbit(effnn__tensor_load_f64(effnn__graph_find_value(graph, "y")->constant, 0)), 0);
}
END_TEST

START_TEST(integers_drop_any_zero)
{
    effnn__value *i = test_input(graph, "i", "i64[N]");
    effnn__value *sum = test_op(graph, "add", NULL, i, test_ints(graph, 0));

    test_output(graph,
                test_op(graph, "neg", NULL, test_op(graph, "sub", NULL, sum, test_ints(graph, 0))),
                "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 1);
}
END_TEST

START_TEST(transposes_in_a_row_become_one)
{
    effnn__value *t = test_op(graph, "transpose", "perm=1:0:2", x);

    test_output(graph, test_op(graph, "transpose", "perm=0:2:1", t), "y");
    test_output(graph, test_op(graph, "neg", NULL, t), "z");
    test_canonicalise(graph, 0.0);
    ck_assert_ptr_eq(effnn__graph_find_value(graph, "y")->producer->inputs[0], x);
    ck_assert_uint_eq(test_count_ops(graph, "transpose"), 2);
}
END_TEST

START_TEST(reshapes_in_a_row_become_one)
{
    effnn__value *v = test_op(graph, "reshape", NULL, x, test_ints(graph, -1, 6));

    v = test_op(graph, "unsqueeze", NULL, v, test_ints(graph, 0));
    test_output(graph, test_op(graph, "reshape", NULL, v, test_ints(graph, 0, -1, 3, 2)), "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_str_eq(effnn__graph_node(graph, 0)->def->name, "reshape");
}
END_TEST

START_TEST(an_output_that_is_an_input_keeps_one_identity)
{
    effnn__value *same = test_op(graph, "cast", "to=f32", x);

    test_output(graph, test_op(graph, "identity", NULL, same), "y");
    test_output(graph, same, "z");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "identity"), 2);
    ck_assert_uint_eq(graph->nodes.n, 2);
}
END_TEST

START_TEST(an_identity_of_a_parameter_shares_it)
{
    effnn__value *w = test_random(graph, "w", 1, 3), *v = test_op(graph, "identity", NULL, w);
    effnn__value *y = test_op(graph, "mul", NULL, test_op(graph, "mul", NULL, x, w), v);

    test_output(graph, y, "y");
    test_canonicalise(graph, 0.0);
    ck_assert_ptr_eq(y->producer->inputs[1], w);
    ck_assert_uint_eq(graph->nodes.n, 2);
}
END_TEST

START_TEST(dropout_in_training_and_a_mask_that_is_read_stay)
{
    effnn__node *node = NULL;

    ck_assert_ok(effnn__graph_add_node(
        &node, graph,
        &(effnn__node_spec){
            .def = effnn__op_find("dropout"), .inputs = &x, .n_inputs = 1, .n_outputs = 2 }));
    test_output(graph, node->outputs[0], "y");
    test_output(graph, node->outputs[1], "mask");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "dropout"), 1);
}
END_TEST

SUITE("canon_identity", setup, teardown, what_changes_nothing_goes, what_changes_something_stays,
      plus_zero_changes_the_sign_of_zero, integers_drop_any_zero, transposes_in_a_row_become_one,
      reshapes_in_a_row_become_one, an_output_that_is_an_input_keeps_one_identity,
      an_identity_of_a_parameter_shares_it, dropout_in_training_and_a_mask_that_is_read_stay)
