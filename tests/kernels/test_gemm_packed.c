/* SPDX-License-Identifier: BSD-3-Clause */
/* Products with a packed matrix against the reference, and their bits. */

#include "kernels/packed.h"

#include "support/arrays.h"
#include "support/suite.h"

#include <float.h>
#include <math.h>

static const struct {
    size_t m, n, k;
} cases[] = {
    { 1, 1, 1 },      { 1, 300, 200 }, { 5, 33, 0 },     { 13, 31, 7 },
    { 65, 288, 96 },  { 12, 32, 192 }, { 130, 70, 512 }, { 40, 100, 1024 },
    { 3, 1000, 385 }, { 0, 4, 4 },     { 4, 0, 4 },      { 250, 129, 193 },
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

static float *multiply(effnn_context *context, size_t at, size_t m, const float *a,
                       const float *packed, const effnn__epilogue *after)
{
    const size_t n = cases[at].n, k = cases[at].k;
    float *c = random_f32(cases[at].m * n + 1, 9);

    ck_assert_ok(effnn__gemm_f32_packed(context, &(effnn__packed_gemm){ .m = m,
                                                                        .n = n,
                                                                        .k = k,
                                                                        .a = a,
                                                                        .b = packed,
                                                                        .c = c,
                                                                        .a_row = k,
                                                                        .a_col = 1,
                                                                        .c_row = n,
                                                                        .after = *after }));
    return c;
}

static float *pack(const float *b, size_t k, size_t n)
{
    float *packed = malloc(effnn__pack_bytes(k, n) + sizeof(float));

    effnn__pack_f32(packed, b, (int64_t)n, 1, k, n);
    return packed;
}

START_TEST(equals_the_reference)
{
    const size_t m = cases[_i].m, n = cases[_i].n, k = cases[_i].k;
    float *a = random_f32(m * k + 1, 1), *b = random_f32(k * n + 1, 2);
    float *bias = random_f32(n + 1, 3), *packed = pack(b, k, n);
    float *expected = random_f32(m * n + 1, 4);
    const effnn__epilogue after = { .bias = bias };
    float *c = multiply(NULL, (size_t)_i, m, a, packed, &after);

    for (size_t i = 0; i < m * n; i++) expected[i] = bias[i % n];
    ck_assert_ok(effnn__kernels_reference()->gemm_f32(NULL, &(effnn__gemm){ .m = m,
                                                                            .n = n,
                                                                            .k = k,
                                                                            .a = a,
                                                                            .b = b,
                                                                            .c = expected,
                                                                            .a_row = (int64_t)k,
                                                                            .a_col = 1,
                                                                            .b_row = (int64_t)n,
                                                                            .b_col = 1,
                                                                            .c_row = (int64_t)n,
                                                                            .c_col = 1,
                                                                            .alpha = 1.0,
                                                                            .beta = 1.0,
                                                                            .n_batch = 1 }));
    assert_near_f32(c, expected, m * n, 4.0 * (double)((k + 1) * (k + 2)) * FLT_EPSILON);
    free(a);
    free(b);
    free(bias);
    free(packed);
    free(expected);
    free(c);
}
END_TEST

START_TEST(bits_depend_on_neither_threads_nor_the_number_of_rows)
{
    const size_t m = cases[_i].m, n = cases[_i].n, k = cases[_i].k;
    float *a = random_f32(m * k + 1, 1), *b = random_f32(k * n + 1, 2), *packed = pack(b, k, n);
    const effnn__epilogue after = { .clamp = true, .lo = -1.0f, .hi = 2.0f };
    float *first = multiply(NULL, (size_t)_i, m, a, packed, &after);

    for (size_t t = 0; t < N_THREAD_COUNTS; t++) {
        effnn_context *context = context_of(thread_counts[t]);
        float *c = multiply(context, (size_t)_i, m, a, packed, &after);

        ck_assert_mem_eq(first, c, m * n * sizeof *c);
        free(c);
        effnn_context_destroy(context);
    }
    for (size_t rows = 1; rows < m; rows += 7) {
        float *c = multiply(NULL, (size_t)_i, rows, a, packed, &after);

        ck_assert_mem_eq(first, c, rows * n * sizeof *c);
        free(c);
    }
    free(a);
    free(b);
    free(packed);
    free(first);
}
END_TEST

START_TEST(a_transposed_matrix_packs_to_the_same)
{
    const size_t n = cases[_i].n, k = cases[_i].k;
    float *b = random_f32(k * n + 1, 2), *turned = random_f32(k * n + 1, 3);
    float *packed = pack(b, k, n), *again = malloc(effnn__pack_bytes(k, n) + sizeof(float));

    for (size_t p = 0; p < k; p++)
        for (size_t j = 0; j < n; j++) turned[j * k + p] = b[p * n + j];
    effnn__pack_f32(again, turned, 1, (int64_t)k, k, n);
    ck_assert_mem_eq(packed, again, effnn__pack_bytes(k, n));
    free(b);
    free(turned);
    free(packed);
    free(again);
}
END_TEST

START_TEST(a_matrix_taken_as_it_lies_gives_the_same_bits)
{
    const size_t m = cases[_i].m, n = cases[_i].n, k = cases[_i].k, row = n + 3;
    float *a = random_f32(m * k + 1, 1), *b = random_f32(k * n + 1, 2), *packed = pack(b, k, n);
    float *wide = malloc((k * row + 1) * sizeof *wide), *c = random_f32(m * n + 1, 5);
    float *expected = multiply(NULL, (size_t)_i, m, a, packed, &(effnn__epilogue){ 0 });

    for (size_t i = 0; i < k * row; i++) wide[i] = i % row < n ? b[i / row * n + i % row] : NAN;
    effnn__gemm_f32_rows_serial(
        &(effnn__packed_gemm){
            .m = m, .n = n, .k = k, .a = a, .b = wide, .c = c, .a_row = k, .a_col = 1, .c_row = n },
        row);
    ck_assert_mem_eq(expected, c, m * n * sizeof *c);
    free(a);
    free(b);
    free(packed);
    free(wide);
    free(c);
    free(expected);
}
END_TEST

LOOP_SUITE("gemm_packed", NULL, NULL, N_CASES, equals_the_reference,
           bits_depend_on_neither_threads_nor_the_number_of_rows,
           a_transposed_matrix_packs_to_the_same, a_matrix_taken_as_it_lies_gives_the_same_bits)
