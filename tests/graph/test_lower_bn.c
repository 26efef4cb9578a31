/* SPDX-License-Identifier: BSD-3-Clause */
/* Batch norm into convolutions, gemms and products, and where that would be wrong. */

#include "support/graphs.h"

static effnn__graph *graph;
static effnn__value *x;

static void setup(void)
{
    graph = test_graph();
    x = test_input(graph, "x", "f32[N,4,5,5]");
}

static void teardown(void)
{
    effnn__graph_destroy(graph);
}

/* A batch norm of n channels with positive variances. */
static effnn__value *norm(effnn__value *value, int64_t n)
{
    effnn__value *variance = test_random(graph, "variance", 14, n);

    for (int64_t i = 0; i < n; i++)
        ck_assert_ok(effnn_tensor_set_f64(variance->constant, &i, 0.5 + 0.1 * (double)i));
    return test_op(graph, "batch_normalization", "epsilon=0.01", value,
                   test_random(graph, "gamma", 11, n), test_random(graph, "beta", 12, n),
                   test_random(graph, "mean", 13, n), variance);
}

START_TEST(a_convolution_takes_its_norm_in)
{
    effnn__value *y =
        test_op(graph, "conv", "pads=1:1:1:1,strides=2:1", x,
                test_random(graph, "w", 1, 6, 4, 3, 3), test_random(graph, "b", 2, 6));

    test_output(graph, test_op(graph, "relu", NULL, norm(y, 6)), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(graph->nodes.n, 2);
    ck_assert_uint_eq(test_count_ops(graph, "conv"), 1);
    ck_assert_uint_eq(graph->values.n, 5); /* x, two constants, two results */
}
END_TEST

START_TEST(a_grouped_convolution_without_bias_takes_it_in)
{
    effnn__value *y = test_op(graph, "conv", "group=2", x, test_random(graph, "w", 1, 6, 2, 3, 3));

    test_output(graph, norm(y, 6), "y");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(graph->nodes.n, 1);
}
END_TEST

START_TEST(a_gemm_takes_it_in_with_either_layout)
{
    effnn__value *flat = test_input(graph, "f", "f32[N,4]");
    effnn__value *y = test_op(graph, "gemm", "transB=1,alpha=0.5,beta=2", flat,
                              test_random(graph, "w", 1, 6, 4), test_random(graph, "b", 2, 6));
    effnn__value *z = test_op(graph, "gemm", NULL, flat, test_random(graph, "v", 3, 4, 6),
                              test_random(graph, "c", 4, 1, 1));

    test_output(graph, norm(y, 6), "y");
    test_output(graph, norm(z, 6), "z");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "gemm"), 2);
    ck_assert_uint_eq(graph->nodes.n, 2);
}
END_TEST

START_TEST(a_product_of_rank_two_becomes_a_gemm)
{
    effnn__value *flat = test_input(graph, "f", "f32[N,4]");
    effnn__value *y = test_op(graph, "matmul", NULL, flat, test_random(graph, "w", 1, 4, 6));
    effnn__value *z = test_op(graph, "matmul", NULL, flat, test_random(graph, "v", 2, 4, 6));

    test_output(graph, norm(y, 6), "y");
    test_output(graph, norm(test_op(graph, "add", NULL, test_random(graph, "b", 3, 6), z), 6), "z");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "gemm"), 2);
    ck_assert_uint_eq(graph->nodes.n, 2);
}
END_TEST

START_TEST(parameters_that_others_read_are_not_changed)
{
    effnn__value *w = test_random(graph, "w", 1, 4, 4, 3, 3);
    effnn__value *y = test_op(graph, "conv", NULL, x, w), *z = test_op(graph, "conv", NULL, x, w);
    effnn_tensor *before = NULL;

    ck_assert_ok(effnn_tensor_copy(&before, w->constant));
    test_output(graph, norm(y, 4), "y");
    test_output(graph, z, "z");
    test_lower(graph, 1e-5);
    ck_assert_uint_eq(test_count_ops(graph, "batch_normalization"), 0);
    ck_assert_tensor_equal(w->constant, before);
    effnn_tensor_release(before);
}
END_TEST

static effnn__value *alone(void)
{
    return norm(x, 4);
}

static effnn__value *read_elsewhere(void)
{
    effnn__value *y = test_op(graph, "conv", NULL, x, test_random(graph, "w", 1, 6, 4, 3, 3));

    test_output(graph, test_op(graph, "relu", NULL, y), NULL);
    return norm(y, 6);
}

static effnn__value *is_output(void)
{
    effnn__value *y = test_op(graph, "conv", NULL, x, test_random(graph, "w", 1, 6, 4, 3, 3));

    test_output(graph, y, NULL);
    return norm(y, 6);
}

static effnn__value *given_weight(void)
{
    effnn__value *w = test_input(graph, "w", "f32[6,4,3,3]");

    return norm(test_op(graph, "conv", NULL, x, w), 6);
}

static effnn__value *rank_three_product(void)
{
    effnn__value *z = test_input(graph, "z", "f32[N,6,6]");

    return norm(test_op(graph, "matmul", NULL, z, test_random(graph, "w", 1, 6, 6)), 6);
}

START_TEST(a_norm_that_cannot_move_stays)
{
    effnn__value *(*const makes[])(void) = { alone, read_elsewhere, is_output, given_weight,
                                             rank_three_product };

    for (size_t i = 0; i < sizeof makes / sizeof makes[0]; i++) {
        if (i) {
            teardown();
            setup();
        }
        test_output(graph, makes[i](), "y");
        test_lower(graph, 0.0);
        ck_assert_msg(test_count_ops(graph, "batch_normalization") == 1, "case %zu is folded", i);
    }
}
END_TEST

SUITE("lower_bn", setup, teardown, a_convolution_takes_its_norm_in,
      a_grouped_convolution_without_bias_takes_it_in, a_gemm_takes_it_in_with_either_layout,
      a_product_of_rank_two_becomes_a_gemm, parameters_that_others_read_are_not_changed,
      a_norm_that_cannot_move_stays)
