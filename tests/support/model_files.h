/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_MODEL_FILES_H
#define EFFNN_TESTS_MODEL_FILES_H

/* Models for tests: files, runs on random inputs, comparison. Every failure fails the test. */

#include "model/model.h"
#include "support/suite.h"

#include <effnn/session.h>

/* Path of tests/golden/<name>; valid until the next call. */
const char *test_golden_path(const char *name);

/* Path in the working directory that no other test process uses; valid until the next call with
 * another name. The test removes the file. */
const char *test_scratch_path(const char *name);

/* Load a file / tests/golden/<name>, canonical or as written; the test destroys the model. */
effnn_model *test_load(const char *path, bool keep_written);
effnn_model *test_load_golden(const char *name, bool keep_written);

/* Run a session on inputs / on random ones made from `seed` with every open size set to `open`.
 * outputs: [the model's outputs], released by the test. */
void test_model_run(effnn_tensor **outputs, const effnn_model *model, effnn_tensor *const *inputs);
void test_model_run_random(effnn_tensor **outputs, const effnn_model *model, int64_t open,
                           uint64_t seed);

/* The graphs have the same nodes, values and constants to the bit, in whatever order the values
 * stand. */
void test_assert_same_graph(const effnn_model *a, const effnn_model *b);

/* The same nodes in the same order: names, operators, attributes, outputs; names of constants may
 * differ. */
void test_assert_same_nodes(const effnn_model *a, const effnn_model *b);

/* The same outputs to the bit on random inputs with open sizes 1 and 3. */
void test_assert_same_results(const effnn_model *a, const effnn_model *b);

/* Files tests/golden/<format with the name for %s> that must not load, and the message's words. */
typedef struct test_refusal {
    const char *name;
    effnn_status status;
    const char *saying;
} test_refusal;
void test_refuse_golden(const char *format, const test_refusal *list, size_t n);

/* The whole file; freed by the test with free(). */
unsigned char *test_read_file(size_t *size, const char *path);
void test_write_file(const char *path, const void *data, size_t size);
#endif
