/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_MODELS_H
#define EFFNN_TESTS_MODELS_H

/* Tiny seeded classifiers built through the public API, data for them, and comparisons. Everything
 * is the same for a seed on every machine; every failure fails the test. */

#include "support/suite.h"
#include "support/tensor_assert.h"

#include <effnn/effnn.h>

/* x [N, 24] → gemm and relu twice, gemm → [N, 5]: "fc1", "fc2", "fc3". */
effnn_model *test_model_mlp(effnn_context *context);

/* x [N, 3, 8, 8] → convolutions "stem" (3 × 3), "wide" (3 × 3, stride 2), "point" (1 × 1), a
 * grouped one "grouped", relu between, average over pixels, gemm "head" → [N, 5]. */
effnn_model *test_model_cnn(effnn_context *context);

/* x [N, 6, 16] → matmul and add "embed"; layer norm, "fc1", gelu, "fc2", residual; "shared" twice
 * with one weight; mean over tokens, gemm "head" → [N, 5]. */
effnn_model *test_model_tokens(effnn_context *context);

/* The makers above, for loops over them. */
typedef effnn_model *(*test_model_fn)(effnn_context *context);
enum { TEST_N_MODELS = 3 };
extern const test_model_fn test_models[TEST_N_MODELS];

/* Standard normal inputs that fit the model, with targets 0, 1, …, 4, 0, … */
effnn_dataset *test_model_data(const effnn_model *model, int64_t count, uint64_t seed);

/* Logits of all samples, [count, classes]; released by the test. */
effnn_tensor *test_model_logits(const effnn_model *model, effnn_dataset *data);

/* Same graph, bits of every constant, and metadata. */
#define ck_assert_models_equal(a, b) test_assert_models_equal(__FILE__, __LINE__, a, b)
void test_assert_models_equal(const char *file, int line, const effnn_model *a,
                              const effnn_model *b);

/* An input, a parameter (released), a node with one output; as effnn_model_add_*. */
void test_add_input(effnn_model *model, const char *name, size_t rank, const int64_t *dims);
void test_add_parameter(effnn_model *model, const char *name, effnn_tensor *tensor);
void test_add_node(effnn_model *model, const char *op, const char *attrs, const char *output,
                   const char *input_0, const char *input_1, const char *input_2);

/* Random normal parameter times `scale`: test_add_weight(m, "fc.weight", 7, 0.1, 4, 3). */
#define test_add_weight(model, name, seed, scale, ...)                    \
    test_add_weight_of(model, name, seed, scale, TEST_COUNT(__VA_ARGS__), \
                       (const int64_t[]){ __VA_ARGS__ })
void test_add_weight_of(effnn_model *model, const char *name, uint64_t seed, double scale,
                        size_t rank, const int64_t *dims);
#endif
