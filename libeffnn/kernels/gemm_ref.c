/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix product and Gram matrix in plain C: the definition that the fast versions are held
 * against, and what serves stride patterns that BLIS does not take. Sums are in double and serial;
 * nothing here is meant to be fast. */

#include "kernels/kernels_priv.h"

static size_t offset_of(const size_t *offsets, size_t i)
{
    return offsets ? offsets[i] : 0;
}

static void gemm_f32_entry(const effnn__gemm *g, const float *a, const float *b, float *c)
{
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            float *const out = c + (int64_t)i * g->c_row + (int64_t)j * g->c_col;
            double sum = 0.0;

            for (size_t p = 0; g->alpha != 0.0 && p < g->k; p++)
                sum += (double)a[(int64_t)i * g->a_row + (int64_t)p * g->a_col] *
                       (double)b[(int64_t)p * g->b_row + (int64_t)j * g->b_col];
            sum *= g->alpha;
            if (g->beta != 0.0) sum += g->beta * (double)*out;
            *out = (float)sum;
        }
    }
}

static void gemm_f64_entry(const effnn__gemm *g, const double *a, const double *b, double *c)
{
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            double *const out = c + (int64_t)i * g->c_row + (int64_t)j * g->c_col;
            double sum = 0.0;

            for (size_t p = 0; g->alpha != 0.0 && p < g->k; p++)
                sum += a[(int64_t)i * g->a_row + (int64_t)p * g->a_col] *
                       b[(int64_t)p * g->b_row + (int64_t)j * g->b_col];
            sum *= g->alpha;
            if (g->beta != 0.0) sum += g->beta * *out;
            *out = sum;
        }
    }
}

effnn_status effnn__gemm_f32_ref(effnn_context *context, const effnn__gemm *gemm)
{
    (void)context;
    for (size_t e = 0; e < gemm->n_batch; e++)
        gemm_f32_entry(gemm, (const float *)gemm->a + offset_of(gemm->a_offset, e),
                       (const float *)gemm->b + offset_of(gemm->b_offset, e),
                       (float *)gemm->c + offset_of(gemm->c_offset, e));
    return EFFNN_OK;
}

effnn_status effnn__gemm_f64_ref(effnn_context *context, const effnn__gemm *gemm)
{
    (void)context;
    for (size_t e = 0; e < gemm->n_batch; e++)
        gemm_f64_entry(gemm, (const double *)gemm->a + offset_of(gemm->a_offset, e),
                       (const double *)gemm->b + offset_of(gemm->b_offset, e),
                       (double *)gemm->c + offset_of(gemm->c_offset, e));
    return EFFNN_OK;
}

size_t effnn__gram_scratch_ref(size_t n, size_t d)
{
    (void)n;
    (void)d;
    return 0;
}

effnn_status effnn__gram_f32_ref(effnn_context *context, double *gram, const float *x, size_t n,
                                 size_t d, double scale, void *scratch)
{
    (void)context;
    (void)scratch;
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0.0;

            for (size_t row = 0; row < n; row++)
                sum += (double)x[row * d + i] * (double)x[row * d + j];
            gram[i * d + j] += scale * sum;
        }
    }
    return EFFNN_OK;
}
