/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_GRAPHS_H
#define EFFNN_TESTS_GRAPHS_H

/* Small graphs for tests, built in few lines; every failure fails the test. */

#include "graph/graph.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

/* A graph on the default context; the test destroys it. */
effnn__graph *test_graph(void);

/* An input of this type, open sizes by name: test_input(g, "x", "f32[N,3]"). */
effnn__value *test_input(effnn__graph *graph, const char *name, const char *type);

/* A constant; the tensor is released. */
effnn__value *test_constant(effnn__graph *graph, const char *name, effnn_tensor *tensor);

/* The same from numbers: one f32 of rank 0 / f32 of rank 1 / i64 of rank 1. */
effnn__value *test_scalar(effnn__graph *graph, double value);
#define test_floats(graph, name, ...)                                              \
    test_constant(graph, name,                                                     \
                  test_tensor_f32(1, (const int64_t[]){ TEST_COUNT(__VA_ARGS__) }, \
                                  (const float[]){ __VA_ARGS__ }))
#define test_ints(graph, ...)                                                      \
    test_constant(graph, "ints",                                                   \
                  test_tensor_i64(1, (const int64_t[]){ TEST_COUNT(__VA_ARGS__) }, \
                                  (const int64_t[]){ __VA_ARGS__ }))

/* Random f32 constant: test_random(g, "w", seed, 3, 4). */
#define test_random(graph, name, seed, ...)                                    \
    test_constant(graph, name,                                                 \
                  test_tensor_random(NULL, EFFNN_F32, TEST_COUNT(__VA_ARGS__), \
                                     (const int64_t[]){ __VA_ARGS__ }, seed))

/* Output 0 of a new node at the end: test_op(g, "concat", "axis=0", a, b). attrs may be NULL. */
#define test_op(graph, op, attrs, ...)                                   \
    test_op_of(graph, op, attrs, (effnn__value *const[]){ __VA_ARGS__ }, \
               sizeof((effnn__value *const[]){ __VA_ARGS__ }) / sizeof(effnn__value *))
effnn__value *test_op_of(effnn__graph *graph, const char *op, const char *attrs,
                         effnn__value *const *inputs, size_t n_inputs);

/* Make it an output, under a name of its own if `name` is given. */
void test_output(effnn__graph *graph, effnn__value *value, const char *name);

/* Number of nodes that are this operator. */
size_t test_count_ops(const effnn__graph *graph, const char *op);

/* Run a clone of the graph (so that nothing planned holds on to it) on f32 or other random inputs
 * made from `seed`, with every open size set to `open`. out: [outputs.n], released by the test. */
void test_run_random(effnn_tensor **out, const effnn__graph *graph, int64_t open, uint64_t seed);

/* The text of effnn__graph_print(); freed by the test with effnn__free. */
char *test_text(const effnn__graph *graph);

/* Canonicalise, check the invariants, and hold the results for open size 1, 2 and 3 against those
 * of the graph before: |a - b| <= tolerance * (1 + |b|). Names and shapes of outputs must stay. */
void test_canonicalise(effnn__graph *graph, double tolerance);

/* The same for effnn__lower(). */
void test_lower(effnn__graph *graph, double tolerance);
#endif
