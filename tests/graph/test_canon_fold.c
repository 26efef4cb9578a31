/* SPDX-License-Identifier: BSD-3-Clause */
/* Constant folding. */

#include "support/graphs.h"

static effnn__graph *graph;

static void setup(void)
{
    graph = test_graph();
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

START_TEST(a_chain_of_constants_becomes_one_under_its_name)
{
    effnn__value *x = test_input(graph, "x", "f32[N]");
    effnn__value *d = test_op(graph, "sqrt", NULL, test_scalar(graph, 16.0));
    effnn__value *scale = test_op(graph, "div", NULL, test_scalar(graph, 1.0), d);

    ck_assert_ok(effnn__graph_rename_value(graph, scale, "scale"));
    test_output(graph, test_op(graph, "mul", NULL, x, scale), "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_uint_eq(graph->values.n, 3);
    ck_assert_ptr_nonnull(scale->constant);
    ck_assert_double_eq(effnn__tensor_load_f64(scale->constant, 0), 0.25);
    ck_assert_ptr_eq(effnn__graph_find_value(graph, "scale"), scale);
}
END_TEST

START_TEST(a_parameter_that_one_node_reads_is_folded)
{
    effnn__value *x = test_input(graph, "x", "f32[N,3]");
    effnn__value *w = test_op(graph, "transpose", "perm=1:0", test_random(graph, "w", 1, 3, 1));

    test_output(graph, test_op(graph, "mul", NULL, x, w), "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 1);
}
END_TEST

START_TEST(a_shared_parameter_stays_one)
{
    effnn__value *x = test_input(graph, "x", "f32[3,3]"), *w = test_random(graph, "w", 1, 3, 3);
    effnn__value *turned = test_op(graph, "transpose", "perm=1:0", w);

    test_output(graph, test_op(graph, "mul", NULL, x, w), "y");
    test_output(graph, test_op(graph, "mul", NULL, x, turned), "z");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "transpose"), 1);
}
END_TEST

/* Rows [begin, end) of a matrix. */
static effnn__value *rows_of(effnn__value *w, int64_t begin, int64_t end)
{
    return test_op(graph, "slice", NULL, w, test_ints(graph, begin), test_ints(graph, end),
                   test_ints(graph, 0));
}

/* y = x · [w's last two rows, w's first rows up to `end`]ᵀ and what canonical form leaves of it. */
static size_t slices_left(effnn__value *w, int64_t end)
{
    effnn__value *x = test_input(graph, "x", "f32[N,5]");
    effnn__value *turned = test_op(graph, "concat", "axis=0", rows_of(w, 2, 4), rows_of(w, 0, end));

    test_output(graph, test_op(graph, "gemm", "transB=1", x, turned), "y");
    test_canonicalise(graph, 0.0);
    return test_count_ops(graph, "slice");
}

START_TEST(a_parameter_whose_readers_take_parts_of_their_own_is_cut_up)
{
    ck_assert_uint_eq(slices_left(test_random(graph, "w", 1, 4, 5), 2), 0);
    ck_assert_uint_eq(graph->nodes.n, 1);
    ck_assert_ptr_null(effnn__graph_find_value(graph, "w"));
}
END_TEST

START_TEST(a_parameter_whose_parts_overlap_is_not_cut_up)
{
    ck_assert_uint_eq(slices_left(test_random(graph, "w", 1, 4, 5), 3), 2);
}
END_TEST

START_TEST(a_parameter_that_is_read_as_it_is_is_not_cut_up)
{
    effnn__value *w = test_random(graph, "w", 1, 4, 5);

    test_output(graph, test_op(graph, "mul", NULL, test_input(graph, "z", "f32[4,5]"), w), "v");
    ck_assert_uint_eq(slices_left(w, 2), 2);
}
END_TEST

START_TEST(a_parameter_is_not_repeated)
{
    effnn__value *x = test_input(graph, "x", "f32[5,1,3]"),
                 *w = test_random(graph, "w", 1, 1, 1, 3);

    test_output(graph,
                test_op(graph, "concat", "axis=1", x,
                        test_op(graph, "expand", NULL, w, test_ints(graph, 5, 1, 3))),
                "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "expand"), 1);
    ck_assert_ptr_nonnull(effnn__graph_find_value(graph, "w"));
}
END_TEST

START_TEST(a_large_result_of_small_constants_is_not_stored)
{
    effnn__value *small = test_op(graph, "constant_of_shape", NULL, test_ints(graph, 2, 3));
    effnn__value *large = test_op(graph, "constant_of_shape", NULL, test_ints(graph, 512, 512));

    test_output(graph, test_op(graph, "relu", NULL, small), "y");
    test_output(graph, test_op(graph, "relu", NULL, large), "z");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "constant_of_shape"), 1);
}
END_TEST

START_TEST(random_operators_are_not_folded)
{
    static effnn_op_def noisy;
    effnn__value *w = test_floats(graph, "w", 1, 2, 3);
    effnn__node *node = NULL;

    noisy = *effnn__op_find("relu");
    noisy.name = "noisy";
    noisy.flags |= EFFNN_OP_RANDOM;
    ck_assert_ok(effnn__graph_add_node(
        &node, graph, &(effnn__node_spec){ .def = &noisy, .inputs = &w, .n_inputs = 1 }));
    test_output(graph, node->outputs[0], "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(test_count_ops(graph, "noisy"), 1);
}
END_TEST

START_TEST(an_output_folds_and_keeps_its_name)
{
    test_output(graph, test_op(graph, "neg", NULL, test_floats(graph, "w", 1, 2)), "y");
    test_canonicalise(graph, 0.0);
    ck_assert_uint_eq(graph->nodes.n, 0);
    ck_assert_ptr_nonnull(effnn__graph_find_value(graph, "y")->constant);
}
END_TEST

SUITE("canon_fold", setup, teardown, a_chain_of_constants_becomes_one_under_its_name,
      a_parameter_that_one_node_reads_is_folded, a_shared_parameter_stays_one,
      a_parameter_whose_readers_take_parts_of_their_own_is_cut_up,
      a_parameter_whose_parts_overlap_is_not_cut_up,
      a_parameter_that_is_read_as_it_is_is_not_cut_up, a_parameter_is_not_repeated,
      a_large_result_of_small_constants_is_not_stored, random_operators_are_not_folded,
      an_output_folds_and_keeps_its_name)
