/* SPDX-License-Identifier: BSD-3-Clause */
/* Softmax and its logarithm: largest element, exponentials of the differences and their sum,
 * division. A contiguous axis is done row by row; along an outer one WIDTH columns go side by side.
 */

#include "base/pool.h"
#include "kernels/kernels_priv.h"
#include "kernels/vector_math.h"

#include <math.h>
#include <stdbool.h>

enum {
    WIDTH = 64,
    CHUNK = 256, /* exponentials at a time when they are not kept */
};

typedef struct softmax_job {
    effnn__axis shape;
    const float *x;
    float *y;
    bool log;
} softmax_job;

static void softmax_row(const float *x, float *y, size_t n)
{
    const float top = effnn__max_f32(x, n);
    float rest;

    for (size_t i = 0; i < n; i++) y[i] = exp_one(x[i] - top);
    rest = 1.0f / effnn__sum_f32(y, n);
    for (size_t i = 0; i < n; i++) y[i] *= rest;
}

static void log_softmax_row(const float *x, float *y, size_t n)
{
    const float top = effnn__max_f32(x, n);
    float e[CHUNK], log_sum;
    double sum = 0.0;

    for (size_t at = 0; at < n; at += CHUNK) {
        const size_t size = n - at < CHUNK ? n - at : CHUNK;

        for (size_t i = 0; i < size; i++) e[i] = exp_one(x[at + i] - top);
        sum += (double)effnn__sum_f32(e, size);
    }
    log_sum = (float)log(sum);
    for (size_t i = 0; i < n; i++) y[i] = x[i] - top - log_sum;
}

/* `width` ≤ WIDTH neighbouring columns of n elements, `stride` apart. */
static void softmax_columns(const softmax_job *job, size_t at, size_t width)
{
    const size_t n = job->shape.axis, stride = job->shape.inner;
    const float *const x = job->x + at;
    float *const y = job->y + at;
    float top[WIDTH], sum[WIDTH] = { 0.0f };

    for (size_t j = 0; j < width; j++) top[j] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < width; j++) {
            const float v = x[i * stride + j];

            top[j] = v > top[j] || v != v ? v : top[j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < width; j++) {
            const float difference = x[i * stride + j] - top[j], e = exp_one(difference);

            sum[j] += e;
            y[i * stride + j] = job->log ? difference : e;
        }
    }
    for (size_t j = 0; j < width; j++) sum[j] = job->log ? logf(sum[j]) : 1.0f / sum[j];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < width; j++) {
            const float v = y[i * stride + j];

            y[i * stride + j] = job->log ? v - sum[j] : v * sum[j];
        }
    }
}

/* Items: outer positions when inner is 1, else (outer position, strip of WIDTH columns). */
static effnn_status run_items(void *arg, size_t piece, size_t begin, size_t end)
{
    const softmax_job *const job = arg;
    const size_t axis = job->shape.axis, inner = job->shape.inner;
    const size_t strips = effnn__piece_count(inner, WIDTH);

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t col = i % strips * WIDTH, at = i / strips * axis * inner + col;

        if (inner > 1)
            softmax_columns(job, at, inner - col < WIDTH ? inner - col : WIDTH);
        else if (job->log)
            log_softmax_row(job->x + at, job->y + at, axis);
        else
            softmax_row(job->x + at, job->y + at, axis);
    }
    return EFFNN_OK;
}

static effnn_status run(effnn_context *context, softmax_job *job)
{
    const size_t strips = effnn__piece_count(job->shape.inner, WIDTH);
    const size_t work = job->shape.axis * (job->shape.inner == 1 ? 1 : WIDTH);

    return effnn__parallel_for(context, job->shape.outer * strips, effnn__grain(4 * work),
                               run_items, job);
}

effnn_status effnn__softmax_f32(effnn_context *context, effnn__axis shape, const float *x, float *y)
{
    softmax_job job = { shape, x, y, false };

    return run(context, &job);
}

effnn_status effnn__log_softmax_f32(effnn_context *context, effnn__axis shape, const float *x,
                                    float *y)
{
    softmax_job job = { shape, x, y, true };

    return run(context, &job);
}
