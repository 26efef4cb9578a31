/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_TENSOR_ASSERT_H
#define EFFNN_TESTS_TENSOR_ASSERT_H

/* Tensors for tests, and comparisons that print where and by how much tensors differ. */

#include "support/suite.h"

#include <effnn/tensor.h>

/* New contiguous tensors on the default context; the test releases them. */
effnn_tensor *test_tensor_zeros(effnn_dtype dtype, size_t rank, const int64_t *dims);
effnn_tensor *test_tensor_f32(size_t rank, const int64_t *dims, const float *values);
effnn_tensor *test_tensor_f64(size_t rank, const int64_t *dims, const double *values);
effnn_tensor *test_tensor_i64(size_t rank, const int64_t *dims, const int64_t *values);

/* f32 tensor of these sizes holding 0, 1, 2, …: test_tensor_iota(2, 3). */
#define test_tensor_iota(...) \
    test_tensor_iota_of(TEST_COUNT(__VA_ARGS__), (const int64_t[]){ __VA_ARGS__ })
effnn_tensor *test_tensor_iota_of(size_t rank, const int64_t *dims);

/* Random elements, the same for a seed on every machine: floats standard normal, bool a coin,
 * integers uniform in [-100, 100] or as much of it as the type holds. context NULL: the default. */
effnn_tensor *test_tensor_random(effnn_context *context, effnn_dtype dtype, size_t rank,
                                 const int64_t *dims, uint64_t seed);

/* The test's data file tests/golden/<name>, read by effnn_tensor_read_npy. */
effnn_tensor *test_tensor_golden(const char *name);

/* One element by its index: ck_assert_tensor_at(tensor, 42.0, 1, 2). Exact. */
#define ck_assert_tensor_at(tensor, value, ...)                                                \
    test_assert_tensor_at(__FILE__, __LINE__, #tensor, tensor, value, TEST_COUNT(__VA_ARGS__), \
                          (const int64_t[]){ __VA_ARGS__ })

/* The shape: ck_assert_tensor_dims(tensor, 2, 3). */
#define ck_assert_tensor_dims(tensor, ...)                                                \
    test_assert_tensor_dims(__FILE__, __LINE__, #tensor, tensor, TEST_COUNT(__VA_ARGS__), \
                            (const int64_t[]){ __VA_ARGS__ })

/* Same dtype, shape and bits, whatever the strides. */
#define ck_assert_tensor_equal(a, b) test_assert_tensor_equal(__FILE__, __LINE__, #a, a, #b, b)

/* Same shape (dtypes may differ), and |a - b| <= atol + rtol * |b| everywhere; equal infinities and
 * NaN beside NaN count as near. */
#define ck_assert_tensor_near(a, b, rtol, atol) \
    test_assert_tensor_near(__FILE__, __LINE__, #a, a, #b, b, rtol, atol)

#define TEST_COUNT(...) (sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t))

void test_assert_tensor_at(const char *file, int line, const char *name, const effnn_tensor *tensor,
                           double value, size_t rank, const int64_t *index);
void test_assert_tensor_dims(const char *file, int line, const char *name,
                             const effnn_tensor *tensor, size_t rank, const int64_t *dims);
void test_assert_tensor_equal(const char *file, int line, const char *a_name, const effnn_tensor *a,
                              const char *b_name, const effnn_tensor *b);
void test_assert_tensor_near(const char *file, int line, const char *a_name, const effnn_tensor *a,
                             const char *b_name, const effnn_tensor *b, double rtol, double atol);
#endif
