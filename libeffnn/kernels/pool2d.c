/* SPDX-License-Identifier: BSD-3-Clause */
/* 2-D pooling, a plane at a time. Averages and maxima without their places go by bands (bands.h).
 * Else there are direct loops: windows are clipped to the input first, so the inner loops have no
 * tests for padding. */

#include "base/pool.h"
#include "kernels/bands.h"
#include "kernels/kernels_priv.h"

#include <math.h>

typedef struct pool_job {
    const effnn__pool2d *pool;
    const float *x;
    float *y;
    int64_t *index;
    void (*plane)(const effnn__pool2d *pool, const float *x, float *y, int64_t *index);
} pool_job;

/* The taps of a window that lie inside the input: input coordinates first, first + dilation, …
 * below `end`; and how many positions of the window lie inside the padded input. */
typedef struct span {
    size_t first, end, padded;
} span;

static span span_of(size_t out, size_t stride, size_t kernel, size_t dilation, size_t size,
                    size_t pad_before, size_t pad_after)
{
    const size_t start = out * stride; /* in padded coordinates, as all here until `first` */
    const size_t last = start + (kernel - 1) * dilation, limit = pad_before + size + pad_after;
    const size_t skipped =
        start < pad_before ? (pad_before - start + dilation - 1) / dilation * dilation : 0;
    span s = { start + skipped - pad_before, last + 1, 0 };

    s.padded = start >= limit ? 0 : last < limit ? kernel : (limit - 1 - start) / dilation + 1;
    s.end = s.end > pad_before ? s.end - pad_before : 0;
    if (s.end > size) s.end = size;
    return s;
}

static span span_y(const effnn__pool2d *p, size_t oy)
{
    return span_of(oy, p->stride_h, p->kernel_h, p->dilation_h, p->h, p->pad_top, p->pad_bottom);
}

static span span_x(const effnn__pool2d *p, size_t ox)
{
    return span_of(ox, p->stride_w, p->kernel_w, p->dilation_w, p->w, p->pad_left, p->pad_right);
}

static void max_plane(const effnn__pool2d *p, const float *x, float *y, int64_t *index)
{
    for (size_t o = 0; o < p->out_h * p->out_w; o++) {
        const span rows = span_y(p, o / p->out_w), cols = span_x(p, o % p->out_w);
        float best = -INFINITY;
        int64_t at = -1;

        for (size_t iy = rows.first; iy < rows.end; iy += p->dilation_h) {
            for (size_t ix = cols.first; ix < cols.end; ix += p->dilation_w) {
                const float v = x[iy * p->w + ix];

                if (at >= 0 && !(v > best) && !isnan(v)) continue;
                if (isnan(best)) continue;
                best = v;
                at = (int64_t)(iy * p->w + ix);
            }
        }
        y[o] = best;
        if (index) index[o] = at;
    }
}

static void average_plane(const effnn__pool2d *p, const float *x, float *y, int64_t *index)
{
    (void)index;
    for (size_t o = 0; o < p->out_h * p->out_w; o++) {
        const span rows = span_y(p, o / p->out_w), cols = span_x(p, o % p->out_w);
        size_t count = 0;
        float sum = 0.0f;

        for (size_t iy = rows.first; iy < rows.end; iy += p->dilation_h) {
            for (size_t ix = cols.first; ix < cols.end; ix += p->dilation_w, count++)
                sum += x[iy * p->w + ix];
        }
        if (p->count_include_pad) count = rows.padded * cols.padded;
        y[o] = count ? sum / (float)count : 0.0f;
    }
}

static effnn_status run_planes(void *arg, size_t piece, size_t begin, size_t end)
{
    const pool_job *const job = arg;
    const size_t in = job->pool->h * job->pool->w, out = job->pool->out_h * job->pool->out_w;

    (void)piece;
    for (size_t i = begin; i < end; i++)
        job->plane(job->pool, job->x + i * in, job->y + i * out,
                   job->index ? job->index + i * out : NULL);
    return EFFNN_OK;
}

static effnn_status run(effnn_context *context, pool_job *job)
{
    const effnn__pool2d *const p = job->pool;
    const size_t work = p->out_h * p->out_w * p->kernel_h * p->kernel_w;

    return effnn__parallel_for(context, p->planes, effnn__grain(work), run_planes, job);
}

/* ---- by bands ---- */

enum { MOST_COLUMNS = 1024 };

typedef struct band_job {
    effnn__bands bands;
    effnn__conv2d windows;
    const effnn__pool2d *pool;
    const float *x;
    float *y;
} band_job;

static bool plan_bands(band_job *job, const effnn__pool2d *p)
{
    job->pool = p;
    job->windows = (effnn__conv2d){ .h = p->h,
                                    .w = p->w,
                                    .kernel_h = p->kernel_h,
                                    .kernel_w = p->kernel_w,
                                    .out_h = p->out_h,
                                    .out_w = p->out_w,
                                    .stride_h = p->stride_h,
                                    .stride_w = p->stride_w,
                                    .dilation_h = p->dilation_h,
                                    .dilation_w = p->dilation_w,
                                    .pad_top = p->pad_top,
                                    .pad_left = p->pad_left };
    return p->out_h > 0 && p->out_w > 0 && effnn__bands_plan(&job->bands, &job->windows);
}

static void max_block(const effnn__bands *bands, const void *user, const float *phases, float *out)
{
    float best[EFFNN__BAND_BLOCK];

    (void)user;
    for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) best[j] = -INFINITY;
    for (size_t i = 0; i < bands->taps; i++) {
        const float *tap = phases + bands->offsets[i];

        for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++)
            best[j] = ((tap[j] > best[j]) | (tap[j] != tap[j])) ? tap[j] : best[j];
    }
    for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) out[j] = best[j];
}

static effnn_status max_planes(void *arg, size_t piece, size_t begin, size_t end)
{
    const band_job *const job = arg;
    const effnn__conv2d *const v = &job->windows;
    const effnn__band_kernel kernel = { .block = max_block,
                                        .x_end = job->x + job->pool->planes * v->h * v->w,
                                        .padding = -INFINITY };

    (void)piece;
    for (size_t i = begin; i < end; i++)
        effnn__bands_run(&job->bands, &kernel, job->x + i * v->h * v->w,
                         job->y + i * v->out_h * v->out_w);
    return EFFNN_OK;
}

static void sum_block(const effnn__bands *bands, const void *user, const float *phases, float *out)
{
    float sum[EFFNN__BAND_BLOCK];

    (void)user;
    for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) sum[j] = 0.0f;
    for (size_t i = 0; i < bands->taps; i++) {
        const float *tap = phases + bands->offsets[i];

        for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) sum[j] += tap[j];
    }
    for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) out[j] = sum[j];
}

/* Elements that count along an axis. */
static size_t size_of(const effnn__pool2d *p, span s, size_t dilation)
{
    if (p->count_include_pad) return s.padded;
    return s.end > s.first ? (s.end - s.first + dilation - 1) / dilation : 0;
}

/* Sums into averages; a window of nothing has the sum 0 and stays so. */
static void divide_rows(const effnn__pool2d *p, float *y)
{
    float columns[MOST_COLUMNS];

    for (size_t ox = 0; ox < p->out_w; ox++)
        columns[ox] = (float)size_of(p, span_x(p, ox), p->dilation_w);
    for (size_t oy = 0; oy < p->out_h; oy++, y += p->out_w) {
        const float rows = (float)size_of(p, span_y(p, oy), p->dilation_h);

        for (size_t ox = 0; ox < p->out_w; ox++) {
            const float count = rows * columns[ox];

            y[ox] /= count > 0.0f ? count : 1.0f;
        }
    }
}

static effnn_status average_planes(void *arg, size_t piece, size_t begin, size_t end)
{
    const band_job *const job = arg;
    const effnn__conv2d *const v = &job->windows;
    const effnn__band_kernel kernel = { .block = sum_block,
                                        .x_end = job->x + job->pool->planes * v->h * v->w };

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        float *const y = job->y + i * v->out_h * v->out_w;

        effnn__bands_run(&job->bands, &kernel, job->x + i * v->h * v->w, y);
        divide_rows(job->pool, y);
    }
    return EFFNN_OK;
}

effnn_status effnn__max_pool2d_f32(effnn_context *context, const effnn__pool2d *pool,
                                   const float *x, float *y, int64_t *index)
{
    const size_t work = pool->out_h * pool->out_w * pool->kernel_h * pool->kernel_w;
    band_job by_bands = { .x = x, .y = y };

    if (!index && plan_bands(&by_bands, pool))
        return effnn__parallel_for(context, pool->planes, effnn__grain(work), max_planes,
                                   &by_bands);
    pool_job job = { pool, x, y, index, max_plane };

    return run(context, &job);
}

effnn_status effnn__average_pool2d_f32(effnn_context *context, const effnn__pool2d *pool,
                                       const float *x, float *y)
{
    const size_t work = pool->out_h * pool->out_w * pool->kernel_h * pool->kernel_w;
    band_job by_bands = { .x = x, .y = y };
    pool_job job = { pool, x, y, NULL, average_plane };

    if (pool->out_w <= MOST_COLUMNS && plan_bands(&by_bands, pool))
        return effnn__parallel_for(context, pool->planes, effnn__grain(work), average_planes,
                                   &by_bands);
    return run(context, &job);
}
