/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes that the product in front does: which ones, and that it changes no bit. */

#include "graph/plan_priv.h"
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

static effnn_tensor *run(const effnn__shape *shape, const effnn__plan_options *options,
                         const effnn_tensor *x, size_t *n_fused)
{
    effnn__plan *plan = NULL;
    effnn_tensor *y;

    ck_assert_ok(effnn__plan_create(&plan, graph, shape, options));
    y = test_tensor_zeros(effnn__plan_output_dtype(plan, 0),
                          effnn__plan_output_shape(plan, 0)->rank,
                          effnn__plan_output_shape(plan, 0)->dims);
    *n_fused = 0;
    for (size_t i = 0; i < graph->nodes.n; i++) *n_fused += plan->nodes[i].is_fused;
    ck_assert_ok(effnn__plan_run(plan, &x, &y, NULL));
    effnn__plan_destroy(plan);
    return y;
}

/* Nodes that are done by others; the bits are those of all nodes by themselves. A neg behind `y`
 * keeps it from being the graph's output. */
static size_t fused(effnn__value *y, const effnn__shape *shape)
{
    const effnn__plan_options apart = { .prepack = true, .keep_all = true };
    effnn_tensor *x = test_tensor_random(NULL, EFFNN_F32, shape->rank, shape->dims, 5);
    effnn_tensor *expected, *got;
    size_t n = 0;

    test_output(graph, test_op(graph, "neg", NULL, y), "out");
    expected = run(shape, &apart, x, &n);
    ck_assert_uint_eq(n, 0);
    got = run(shape, &(effnn__plan_options){ .prepack = true }, x, &n);
    ck_assert_tensor_equal(got, expected);
    effnn_tensor_release(x);
    effnn_tensor_release(got);
    effnn_tensor_release(expected);
    return n;
}

static effnn__value *plus(effnn__value *x, effnn__value *bias)
{
    return test_op(graph, "add", NULL, x, bias);
}

START_TEST(a_product_takes_bias_and_bounds)
{
    effnn__value *x = test_input(graph, "x", "f32[2,5,8]");
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_random(graph, "w", 1, 8, 40));

    y = test_op(graph, "add", NULL, test_random(graph, "b", 2, 40), y);
    ck_assert_uint_eq(fused(test_op(graph, "relu", NULL, y), &(effnn__shape){ 3, { 2, 5, 8 } }), 2);
}
END_TEST

/* What is along the last dimension of the result are the rows of the product. */
START_TEST(a_product_with_a_vector_takes_them_along_its_result)
{
    effnn__value *x = test_input(graph, "x", "f32[4,8]");
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_random(graph, "w", 1, 8));

    y = plus(y, test_random(graph, "b", 2, 4));
    ck_assert_uint_eq(fused(test_op(graph, "relu", NULL, y), &(effnn__shape){ 2, { 4, 8 } }), 2);
}
END_TEST

START_TEST(a_stack_with_vectors_takes_them_along_its_result)
{
    effnn__value *x = test_input(graph, "x", "f32[3,4,8]");
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_random(graph, "w", 1, 8));

    ck_assert_uint_eq(
        fused(plus(y, test_random(graph, "b", 2, 4)), &(effnn__shape){ 3, { 3, 4, 8 } }), 1);
}
END_TEST

START_TEST(a_product_of_two_computed_matrices_takes_them)
{
    effnn__value *x = test_input(graph, "x", "f32[3,6,6]");
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_op(graph, "neg", NULL, x));

    y = plus(y, test_random(graph, "b", 2, 6));
    ck_assert_uint_eq(fused(test_op(graph, "relu", NULL, y), &(effnn__shape){ 3, { 3, 6, 6 } }), 2);
}
END_TEST

START_TEST(a_vector_times_a_matrix_takes_them)
{
    effnn__value *x = test_input(graph, "x", "f32[8]");
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_random(graph, "w", 1, 8, 9));

    y = plus(y, test_random(graph, "b", 2, 9));
    ck_assert_uint_eq(fused(test_op(graph, "relu", NULL, y), &(effnn__shape){ 1, { 8 } }), 2);
}
END_TEST

START_TEST(gemm_and_convolution_take_bounds)
{
    effnn__value *x = test_input(graph, "x", "f32[2,3,7,6]");
    effnn__value *y =
        test_op(graph, "conv", "pads=1:1:1:1", x, test_random(graph, "w", 1, 8, 3, 3, 3));

    y = test_op(graph, "clip", NULL, y, test_scalar(graph, -0.5), test_scalar(graph, 0.75));
    y = test_op(graph, "flatten", NULL, y);
    y = test_op(graph, "gemm", NULL, y, test_random(graph, "v", 2, 8 * 42, 5),
                test_random(graph, "c", 3, 5));
    ck_assert_uint_eq(fused(test_op(graph, "relu", NULL, y), &(effnn__shape){ 4, { 2, 3, 7, 6 } }),
                      2);
}
END_TEST

START_TEST(what_is_seen_otherwise_stays)
{
    effnn__value *x = test_input(graph, "x", "f32[5,8]");
    effnn__value *y = test_op(graph, "matmul", NULL, x, test_random(graph, "w", 1, 8, 8));

    /* Read twice; then a bias of another shape; then one that is computed. */
    y = plus(test_op(graph, "relu", NULL, y), y);
    y = plus(test_op(graph, "matmul", NULL, y, test_random(graph, "v", 2, 8, 8)),
             test_random(graph, "b", 3, 5, 1));
    y = plus(test_op(graph, "matmul", NULL, y, test_random(graph, "u", 4, 8, 8)), x);
    ck_assert_uint_eq(fused(y, &(effnn__shape){ 2, { 5, 8 } }), 0);
}
END_TEST

SUITE("plan_fuse", setup, teardown, a_product_takes_bias_and_bounds,
      a_product_with_a_vector_takes_them_along_its_result,
      a_stack_with_vectors_takes_them_along_its_result,
      a_product_of_two_computed_matrices_takes_them, a_vector_times_a_matrix_takes_them,
      gemm_and_convolution_take_bounds, what_is_seen_otherwise_stays)
