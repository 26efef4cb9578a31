/* SPDX-License-Identifier: BSD-3-Clause */
/* Softmax, normalisations and reductions: the reference against PyTorch, the chosen kernels against
 * the reference over shapes, in place, and at several numbers of threads. */

#include "kernels/kernels.h"
#include "support/arrays.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

static const effnn__axis shapes[] = {
    { 1, 1, 1 },     { 3, 2, 1 },    { 5, 17, 1 }, { 197, 197, 1 }, { 2, 1000, 1 },
    { 1, 5000, 1 },  { 300, 49, 1 }, { 2, 3, 5 },  { 1, 30, 64 },   { 3, 7, 65 },
    { 2, 500, 130 }, { 4, 1, 9 },    { 0, 5, 1 },  { 2, 3, 0 },
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

typedef effnn_status (*axis_fn)(effnn_context *context, effnn__axis shape, const float *x,
                                float *y);

static size_t count(effnn__axis shape)
{
    return shape.outer * shape.axis * shape.inner;
}

/* Numbers in [-20, 20). */
static float *wide(size_t n, uint64_t seed)
{
    float *const x = random_f32(n, seed);

    for (size_t i = 0; i < n; i++) x[i] *= 20.0f;
    return x;
}

START_TEST(softmax_reference_equals_pytorch)
{
    effnn_tensor *const golden = test_tensor_golden("kernels/softmax.npy");
    const float *const x = effnn__tensor_data(golden);
    const effnn__axis last = { 15, 4, 1 }, middle = { 3, 5, 4 };
    const effnn__kernels *const kernels = effnn__kernels_reference();
    float y[60];

    ck_assert_ok(kernels->softmax_f32(NULL, last, x, y));
    assert_within_ulps(y, x + 60, 60, 1.0);
    ck_assert_ok(kernels->softmax_f32(NULL, middle, x, y));
    assert_within_ulps(y, x + 120, 60, 1.0);
    ck_assert_ok(kernels->log_softmax_f32(NULL, last, x, y));
    assert_within_ulps(y, x + 180, 60, 1.0);
    ck_assert_ok(kernels->log_softmax_f32(NULL, middle, x, y));
    assert_within_ulps(y, x + 240, 60, 1.0);
    effnn_tensor_release(golden);
}
END_TEST

START_TEST(norm_references_equal_pytorch)
{
    effnn_tensor *const golden = test_tensor_golden("kernels/norm.npy");
    effnn_tensor *const affine = test_tensor_golden("kernels/norm_scale_bias.npy");
    const float *const x = effnn__tensor_data(golden), *const scale = effnn__tensor_data(affine);
    const effnn__kernels *const kernels = effnn__kernels_reference();
    float y[60];

    ck_assert_ok(kernels->layer_norm_f32(NULL, 3, 20, x, scale, scale + 20, 1e-3f, y, NULL, NULL));
    assert_within_ulps(y, x + 60, 60, 1.0);
    ck_assert_ok(kernels->rms_norm_f32(NULL, 3, 20, x, scale, 1e-3f, y, NULL));
    assert_within_ulps(y, x + 120, 60, 1.0);
    effnn_tensor_release(golden);
    effnn_tensor_release(affine);
}
END_TEST

/* exp(difference) is off by 1 ulp and the difference by half an ulp of at most 40; the sum of n
 * positive terms by n eps. */
START_TEST(softmax_equals_the_reference)
{
    const effnn__axis shape = shapes[_i];
    const size_t n = count(shape);
    float *const x = wide(n, 1), *const y = wide(n, 2), *const expected = wide(n, 3);
    effnn_context *const context = context_of(2);

    ck_assert_ok(effnn__kernels_get()->softmax_f32(context, shape, x, y));
    ck_assert_ok(effnn__kernels_reference()->softmax_f32(context, shape, x, expected));
    assert_within_ulps(y, expected, n, 44.0 + (double)shape.axis);
    ck_assert_ok(effnn__kernels_get()->log_softmax_f32(context, shape, x, y));
    ck_assert_ok(effnn__kernels_reference()->log_softmax_f32(context, shape, x, expected));
    assert_near_f32(y, expected, n, (64.0 + (double)shape.axis) * FLT_EPSILON);
    effnn_context_destroy(context);
    free(x);
    free(y);
    free(expected);
}
END_TEST

START_TEST(reductions_equal_the_reference)
{
    const effnn__axis shape = shapes[_i];
    const size_t n = count(shape), n_out = shape.outer * shape.inner;
    float *const x = random_f32(n, 1), *const y = random_f32(n_out, 2);
    float *const expected = random_f32(n_out, 3);
    effnn_context *const context = context_of(2);

    ck_assert_ok(effnn__kernels_get()->reduce_sum_f32(context, shape, x, y));
    ck_assert_ok(effnn__kernels_reference()->reduce_sum_f32(context, shape, x, expected));
    assert_near_f32(y, expected, n_out, /* every term is below 1 */
                    32.0 * FLT_EPSILON * (double)shape.axis);
    ck_assert_ok(effnn__kernels_get()->reduce_max_f32(context, shape, x, y));
    ck_assert_ok(effnn__kernels_reference()->reduce_max_f32(context, shape, x, expected));
    ck_assert_mem_eq(y, expected, n_out * sizeof *y);
    effnn_context_destroy(context);
    free(x);
    free(y);
    free(expected);
}
END_TEST

/* Rows far from 0: the second pass keeps the variance. Of two elements that may be close, and one,
 * the variance has no digits to compare. */
START_TEST(norms_equal_the_reference)
{
    const size_t rows = shapes[_i].outer * shapes[_i].inner, d = shapes[_i].axis;
    float *const x = wide(rows * d, 1), *const y = wide(rows * d, 2);
    float *const expected = wide(rows * d, 3), *const scale = random_f32(d, 4);
    float *const bias = random_f32(d, 5), *const stats = random_f32(4 * rows, 6);
    const effnn__kernels *const kernels = effnn__kernels_get();
    const effnn__kernels *const reference = effnn__kernels_reference();
    effnn_context *const context = context_of(2);
    const double tol = 64.0 * FLT_EPSILON * (30.0 + (double)d);

    for (size_t i = 0; i < rows * d; i++) x[i] += 100.0f;
    for (int form = 0; form < 4; form++) {
        const float *const s = form & 1 ? scale : NULL, *const b = form & 2 ? bias : NULL;

        ck_assert_ok(
            kernels->layer_norm_f32(context, rows, d, x, s, b, 1e-5f, y, stats, stats + rows));
        ck_assert_ok(reference->layer_norm_f32(context, rows, d, x, s, b, 1e-5f, expected,
                                               stats + 2 * rows, stats + 3 * rows));
        if (d > 2) assert_near_f32(y, expected, rows * d, tol);
        assert_within_ulps(stats, stats + 2 * rows, rows, 16.0);
        if (d > 2) assert_within_ulps(stats + rows, stats + 3 * rows, rows, 64.0 + (double)d);
        ck_assert_ok(kernels->rms_norm_f32(context, rows, d, x, s, 1e-5f, y, stats));
        ck_assert_ok(
            reference->rms_norm_f32(context, rows, d, x, s, 1e-5f, expected, stats + 2 * rows));
        assert_within_ulps(y, expected, rows * d, 32.0);
        assert_within_ulps(stats, stats + 2 * rows, rows, 32.0);
    }
    effnn_context_destroy(context);
    free(x);
    free(y);
    free(expected);
    free(scale);
    free(bias);
    free(stats);
}
END_TEST

START_TEST(results_may_alias_arguments)
{
    const effnn__axis shape = shapes[_i];
    const size_t n = count(shape), rows = shape.outer * shape.inner;
    static const size_t n_tables = 2;

    for (size_t table = 0; table < n_tables; table++) {
        const effnn__kernels *const k = table ? effnn__kernels_get() : effnn__kernels_reference();
        const axis_fn softmaxes[] = { k->softmax_f32, k->log_softmax_f32 };
        float *const scale = random_f32(shape.axis, 1), *const y = wide(n, 2);

        for (size_t f = 0; f < 2; f++) {
            float *const x = wide(n, 3);

            ck_assert_ok(softmaxes[f](NULL, shape, x, y));
            ck_assert_ok(softmaxes[f](NULL, shape, x, x));
            ck_assert_mem_eq(x, y, n * sizeof *x);
            free(x);
        }
        for (int rms = 0; rms < 2; rms++) {
            float *const x = wide(n, 4);

            for (int in_place = 0; in_place < 2; in_place++) {
                float *const out = in_place ? x : y;

                if (rms)
                    ck_assert_ok(
                        k->rms_norm_f32(NULL, rows, shape.axis, x, scale, 0.1f, out, NULL));
                else
                    ck_assert_ok(k->layer_norm_f32(NULL, rows, shape.axis, x, scale, scale, 0.1f,
                                                   out, NULL, NULL));
            }
            ck_assert_mem_eq(x, y, n * sizeof *x);
            free(x);
        }
        free(scale);
        free(y);
    }
}
END_TEST

START_TEST(bits_do_not_depend_on_the_threads)
{
    const effnn__axis shape = shapes[_i];
    const size_t n = count(shape), rows = shape.outer * shape.inner, total = 4 * n + 2 * rows;
    const effnn__kernels *const k = effnn__kernels_get();
    float *const x = wide(n, 1), *const y = wide(total, 2), *const first = wide(total, 2);

    for (size_t t = 0; t < N_THREAD_COUNTS; t++) {
        effnn_context *const context = context_of(thread_counts[t]);
        float *out = t ? y : first;

        ck_assert_ok(k->softmax_f32(context, shape, x, out));
        ck_assert_ok(k->log_softmax_f32(context, shape, x, out + n));
        ck_assert_ok(k->layer_norm_f32(context, rows, shape.axis, x, NULL, NULL, 0.1f, out + 2 * n,
                                       NULL, NULL));
        ck_assert_ok(k->rms_norm_f32(context, rows, shape.axis, x, NULL, 0.1f, out + 3 * n, NULL));
        ck_assert_ok(k->reduce_sum_f32(context, shape, x, out + 4 * n));
        ck_assert_ok(k->reduce_max_f32(context, shape, x, out + 4 * n + rows));
        if (t) ck_assert_mem_eq(first, y, total * sizeof *y);
        effnn_context_destroy(context);
    }
    free(x);
    free(y);
    free(first);
}
END_TEST

LOOP_SUITE("rows", NULL, NULL, N_SHAPES, softmax_reference_equals_pytorch,
           norm_references_equal_pytorch, softmax_equals_the_reference,
           reductions_equal_the_reference, norms_equal_the_reference, results_may_alias_arguments,
           bits_do_not_depend_on_the_threads)
