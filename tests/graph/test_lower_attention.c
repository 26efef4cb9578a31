/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention blocks as one operator: the same results as the parts give. */

#include "graph/lower.h"
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

static effnn__value *times(effnn__value *x, double factor)
{
    return test_op(graph, "mul", NULL, x, test_scalar(graph, factor));
}

static void finish(effnn__value *scores, effnn__value *v)
{
    effnn__value *weights = test_op(graph, "softmax", "axis=-1", scores);

    test_output(graph, test_op(graph, "matmul", NULL, weights, v), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "attention"), 1);
    ck_assert_uint_eq(test_count_ops(graph, "softmax"), 0);
    ck_assert_uint_eq(test_count_ops(graph, "matmul"), 0);
}

START_TEST(heads_of_one_projection_as_vision_transformers_have_them)
{
    effnn__value *x = test_input(graph, "x", "f32[N,7,24]");
    effnn__value *heads = test_op(graph, "reshape", NULL, x, test_ints(graph, 0, 7, 3, 8));
    effnn__value *q = test_op(graph, "transpose", "perm=0:2:1:3", heads);
    effnn__value *k = test_op(graph, "transpose", "perm=0:2:3:1", heads);

    finish(test_op(graph, "matmul", NULL, times(q, 0.6), times(k, 0.6)), q);
    /* k is transposed to where q lies already: no transpose more than before. */
    ck_assert_uint_eq(test_count_ops(graph, "transpose"), 2);
}
END_TEST

START_TEST(a_mask_and_another_length_of_keys)
{
    effnn__value *q = test_input(graph, "q", "f32[N,2,5,8]");
    effnn__value *k = test_input(graph, "k", "f32[N,2,6,8]");
    effnn__value *v = test_input(graph, "v", "f32[N,2,6,4]");
    effnn__value *mask = test_input(graph, "mask", "f32[N,1,1,6]");
    effnn__value *kt = test_op(graph, "transpose", "perm=0:1:3:2", k);
    effnn__value *scores = times(test_op(graph, "matmul", NULL, q, kt), 0.35);

    finish(test_op(graph, "add", NULL, scores, mask), v);
    ck_assert_uint_eq(test_count_ops(graph, "transpose"), 0);
}
END_TEST

START_TEST(heads_in_the_batch)
{
    effnn__value *q = test_input(graph, "q", "f32[N,5,8]");
    effnn__value *kt = test_input(graph, "kt", "f32[N,8,6]");

    finish(test_op(graph, "matmul", NULL, q, kt), test_input(graph, "v", "f32[N,6,8]"));
}
END_TEST

SUITE("lower_attention", setup, teardown, heads_of_one_projection_as_vision_transformers_have_them,
      a_mask_and_another_length_of_keys, heads_in_the_batch)
