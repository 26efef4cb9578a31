/* SPDX-License-Identifier: BSD-3-Clause */
/* Pooling against PyTorch, and in corners where PyTorch has no answer. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

/* A square window of `kernel` over h x w, padded alike on all sides. */
static effnn__pool2d square_pool(size_t planes, size_t h, size_t w, size_t kernel, size_t stride,
                                 size_t pad)
{
    return (effnn__pool2d){ .planes = planes,
                            .h = h,
                            .w = w,
                            .kernel_h = kernel,
                            .kernel_w = kernel,
                            .out_h = (h + 2 * pad - kernel) / stride + 1,
                            .out_w = (w + 2 * pad - kernel) / stride + 1,
                            .stride_h = stride,
                            .stride_w = stride,
                            .dilation_h = 1,
                            .dilation_w = 1,
                            .pad_top = pad,
                            .pad_left = pad,
                            .pad_bottom = pad,
                            .pad_right = pad };
}

START_TEST(maximum_and_its_position_equal_pytorch)
{
    effnn__pool2d pool = square_pool(2, 7, 6, 3, 2, 1);
    effnn_tensor *const x = test_tensor_golden("kernels/pool_x.npy");
    effnn_tensor *const max = test_tensor_golden("kernels/pool_max.npy");
    effnn_tensor *const position = test_tensor_golden("kernels/pool_max_index.npy");
    float y[24];
    int64_t index[24];

    pool.kernel_w = pool.dilation_w = 2;
    ck_assert_uint_eq(effnn_tensor_count(max), 24);
    ck_assert_ok(
        effnn__kernels_get()->max_pool2d_f32(NULL, &pool, effnn__tensor_data(x), y, index));
    ck_assert_mem_eq(y, effnn__tensor_data(max), sizeof y);
    ck_assert_mem_eq(index, effnn__tensor_data(position), sizeof index);
    ck_assert_ok(effnn__kernels_get()->max_pool2d_f32(NULL, &pool, effnn__tensor_data(x), y, NULL));
    ck_assert_mem_eq(y, effnn__tensor_data(max), sizeof y);
    effnn_tensor_release(x);
    effnn_tensor_release(max);
    effnn_tensor_release(position);
}
END_TEST

/* Windows of 3 with stride 2 over 7 x 6 with padding 1 in ceil mode: the last column's windows
 * reach beyond the padding. */
START_TEST(averages_equal_pytorch)
{
    effnn__pool2d pool = square_pool(2, 7, 6, 3, 2, 1);
    effnn_tensor *const x = test_tensor_golden("kernels/pool_x.npy");
    effnn_tensor *const average = test_tensor_golden("kernels/pool_average.npy");
    float y[32];

    pool.out_w = 4;
    ck_assert_uint_eq(effnn_tensor_count(average), 64);
    for (int with_pad = 0; with_pad < 2; with_pad++) {
        pool.count_include_pad = with_pad;
        ck_assert_ok(
            effnn__kernels_get()->average_pool2d_f32(NULL, &pool, effnn__tensor_data(x), y));
        assert_within_ulps(y, (const float *)effnn__tensor_data(average) + 32 * with_pad, 32, 1.0);
    }
    effnn_tensor_release(x);
    effnn_tensor_release(average);
}
END_TEST

START_TEST(window_in_the_padding_is_empty)
{
    effnn__pool2d pool = square_pool(1, 1, 1, 1, 1, 1);
    const float x[] = { 5.0f };
    float y[3];
    int64_t index[3];

    pool.pad_top = pool.pad_bottom = 0;
    pool.out_h = 1;
    ck_assert_ok(effnn__kernels_get()->max_pool2d_f32(NULL, &pool, x, y, index));
    ck_assert_float_eq(y[0], -INFINITY);
    ck_assert_float_eq(y[1], 5.0f);
    ck_assert_float_eq(y[2], -INFINITY);
    ck_assert_int_eq(index[0], -1);
    ck_assert_int_eq(index[1], 0);
    ck_assert_ok(effnn__kernels_get()->average_pool2d_f32(NULL, &pool, x, y));
    ck_assert_float_eq(y[0], 0.0f);
    ck_assert_float_eq(y[1], 5.0f);
}
END_TEST

START_TEST(not_a_number_is_the_maximum)
{
    effnn__pool2d pool = square_pool(1, 1, 4, 1, 1, 0);
    const float x[] = { 1.0f, NAN, 7.0f, NAN }, low[] = { -INFINITY, -INFINITY, -INFINITY, 0 };
    float y;
    int64_t index;

    pool.kernel_w = 4;
    pool.out_w = 1;
    ck_assert_ok(effnn__kernels_get()->max_pool2d_f32(NULL, &pool, x, &y, &index));
    ck_assert(isnan(y));
    ck_assert_int_eq(index, 1);
    ck_assert_ok(effnn__kernels_get()->max_pool2d_f32(NULL, &pool, low, &y, &index));
    ck_assert_float_eq(y, 0.0f);
    ck_assert_int_eq(index, 3);
}
END_TEST

START_TEST(bits_do_not_depend_on_the_threads)
{
    const effnn__pool2d pool = square_pool(300, 19, 21, 3, 2, 1);
    enum { N_OUT = 300 * 110 };
    float *const x = random_f32(300 * 19 * 21, 1), *const first = random_f32(2 * N_OUT, 2);
    float *const y = random_f32(2 * N_OUT, 3);

    for (size_t t = 0; t < N_THREAD_COUNTS; t++) {
        effnn_context *const context = context_of(thread_counts[t]);
        float *const out = t ? y : first;

        ck_assert_ok(effnn__kernels_get()->max_pool2d_f32(context, &pool, x, out, NULL));
        ck_assert_ok(effnn__kernels_get()->average_pool2d_f32(context, &pool, x, out + N_OUT));
        if (t) ck_assert_mem_eq(first, y, 2 * N_OUT * sizeof *y);
        effnn_context_destroy(context);
    }
    free(x);
    free(y);
    free(first);
}
END_TEST

SUITE("pool2d", NULL, NULL, maximum_and_its_position_equal_pytorch, averages_equal_pytorch,
      window_in_the_padding_is_empty, not_a_number_is_the_maximum,
      bits_do_not_depend_on_the_threads)
