/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums and maxima along an axis, and dot products with rows. Sums along an axis are pairwise: a
 * range is halved down to blocks of at most BLOCK elements, so the error grows with log n; within a
 * block a fixed number of lanes lets the compiler use vectors without changing the order of
 * additions. The order depends on the length only. Along an outer axis (inner > 1) WIDTH columns
 * are reduced side by side, in memory order. Dot products serve attention of few queries, which
 * reads each of its keys once, so that nothing is gained by packing them. */

#include "base/pool.h"
#include "kernels/kernels_priv.h"

#include <math.h>

enum {
    LANES = 16,
    BLOCK = 256, /* a multiple of LANES */
    WIDTH = 64,
    ROWS = 16, /* of a block, along an outer axis */
};

/* Index that halves n ≥ 2·BLOCK into whole blocks. */
static size_t half_of(size_t n, size_t block)
{
    return (n / 2 + block - 1) / block * block;
}

static float block_sum(const float *x, size_t n, float shift, int square)
{
    float lane[LANES] = { 0.0f }, sum = 0.0f;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (size_t j = 0; j < LANES; j++) {
            const float v = x[i + j] - shift;

            lane[j] += square ? v * v : v;
        }
    }
    for (; i < n; i++) {
        const float v = x[i] - shift;

        sum += square ? v * v : v;
    }
    for (size_t width = LANES / 2; width; width /= 2)
        for (size_t j = 0; j < width; j++) lane[j] += lane[j + width];
    return sum + lane[0];
}

float effnn__sum_f32(const float *x, size_t n)
{
    const size_t half = half_of(n, BLOCK);

    if (n < 2 * BLOCK) return block_sum(x, n, 0.0f, 0);
    return effnn__sum_f32(x, half) + effnn__sum_f32(x + half, n - half);
}

float effnn__sum_squares_f32(const float *x, size_t n, float shift)
{
    const size_t half = half_of(n, BLOCK);

    if (n < 2 * BLOCK) return block_sum(x, n, shift, 1);
    return effnn__sum_squares_f32(x, half, shift) +
           effnn__sum_squares_f32(x + half, n - half, shift);
}

/* The larger, NaN if either is: once a NaN it stays. */
static float larger(float best, float v)
{
    return ((v > best) | (v != v)) ? v : best;
}

/* Of LANES lanes. Plain comparisons, which need no branch, and NaNs noted apart. */
static float largest_lane(float *lane)
{
    int odd = 0;

    for (size_t j = 0; j < LANES; j++) odd |= lane[j] != lane[j];
    for (size_t j = 0; j < 8; j++) lane[j] = lane[j] > lane[j + 8] ? lane[j] : lane[j + 8];
    for (size_t j = 0; j < 4; j++) lane[j] = lane[j] > lane[j + 4] ? lane[j] : lane[j + 4];
    for (size_t j = 0; j < 2; j++) lane[j] = lane[j] > lane[j + 2] ? lane[j] : lane[j + 2];
    return odd ? NAN : lane[0] > lane[1] ? lane[0] : lane[1];
}

/* Several lines of lanes at a time; the last ones may be read again, which changes no maximum. */
float effnn__max_f32(const float *x, size_t n)
{
    float lane[4 * LANES], best = -INFINITY;
    size_t i = 0;

    if (n < LANES) {
        for (; i < n; i++) best = larger(best, x[i]);
        return best;
    }
    for (size_t j = 0; j < 4 * LANES; j++) lane[j] = -INFINITY;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (size_t j = 0; j < 4 * LANES; j++) lane[j] = larger(lane[j], x[i + j]);
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) lane[j] = larger(lane[j], x[i + j]);
    for (size_t j = 0; j < LANES; j++) lane[j] = larger(lane[j], x[n - LANES + j]);
    for (size_t j = 0; j < 2 * LANES; j++) lane[j] = larger(lane[j], lane[j + 2 * LANES]);
    for (size_t j = 0; j < LANES; j++) lane[j] = larger(lane[j], lane[j + LANES]);
    return largest_lane(lane);
}

/* sum[0..width) = the sum of n rows of `width` ≤ WIDTH elements, `stride` apart. */
static void sum_rows(float *sum, const float *x, size_t n, size_t stride, size_t width)
{
    if (n < 2 * ROWS) {
        for (size_t j = 0; j < width; j++) sum[j] = 0.0f;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < width; j++) sum[j] += x[i * stride + j];
    } else {
        const size_t half = half_of(n, ROWS);
        float rest[WIDTH];

        sum_rows(sum, x, half, stride, width);
        sum_rows(rest, x + half * stride, n - half, stride, width);
        for (size_t j = 0; j < width; j++) sum[j] += rest[j];
    }
}

static void max_rows(float *best, const float *x, size_t n, size_t stride, size_t width)
{
    for (size_t j = 0; j < width; j++) best[j] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < width; j++) {
            const float v = x[i * stride + j];

            best[j] = v > best[j] || v != v ? v : best[j];
        }
    }
}

typedef struct reduce_job {
    effnn__axis shape;
    const float *x;
    float *y;
    float (*line)(const float *x, size_t n);
    void (*rows)(float *out, const float *x, size_t n, size_t stride, size_t width);
} reduce_job;

/* Items: outer positions when inner is 1, else (outer position, strip of WIDTH columns). */
static effnn_status run_items(void *arg, size_t piece, size_t begin, size_t end)
{
    const reduce_job *const job = arg;
    const size_t axis = job->shape.axis, inner = job->shape.inner;
    const size_t strips = effnn__piece_count(inner, WIDTH);

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t outer = i / strips, col = i % strips * WIDTH;
        const float *const x = job->x + outer * axis * inner + col;

        if (inner == 1)
            job->y[i] = job->line(x, axis);
        else
            job->rows(job->y + outer * inner + col, x, axis, inner,
                      inner - col < WIDTH ? inner - col : WIDTH);
    }
    return EFFNN_OK;
}

static effnn_status run(effnn_context *context, reduce_job *job)
{
    const size_t strips = effnn__piece_count(job->shape.inner, WIDTH);
    const size_t work = job->shape.axis * (job->shape.inner == 1 ? 1 : WIDTH);

    return effnn__parallel_for(context, job->shape.outer * strips, effnn__grain(work), run_items,
                               job);
}

effnn_status effnn__reduce_sum_f32(effnn_context *context, effnn__axis shape, const float *x,
                                   float *y)
{
    reduce_job job = { shape, x, y, effnn__sum_f32, sum_rows };

    return run(context, &job);
}

effnn_status effnn__reduce_max_f32(effnn_context *context, effnn__axis shape, const float *x,
                                   float *y)
{
    reduce_job job = { shape, x, y, effnn__max_f32, max_rows };

    return run(context, &job);
}

/* ---- dot products ---- */

/* LANES and a tree over them, so that the order of additions depends on the length only. */
static inline float dot(const float *a, const float *b, size_t n)
{
    float lane[LANES] = { 0.0f };
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++) lane[j] += a[i + j] * b[i + j];
    for (size_t j = 0; i < n; i++, j++) lane[j] += a[i] * b[i];
    for (size_t j = 0; j < 8; j++) lane[j] += lane[j + 8];
    for (size_t j = 0; j < 4; j++) lane[j] += lane[j + 4];
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

void effnn__dots_f32(float *y, const float *x, const float *rows, size_t stride, size_t n, size_t d,
                     float scale)
{
    for (size_t i = 0; i < n; i++) y[i] = scale * dot(x, rows + i * stride, d);
}
