/* SPDX-License-Identifier: BSD-3-Clause */
/* Layer norm, RMS norm, and the affine map of a channel. Each row is one thread's work: two passes
 * for its statistics, one to write it. */

#include "base/pool.h"
#include "kernels/kernels_priv.h"

#include <math.h>

typedef struct norm_job {
    size_t d;
    const float *x, *scale, *bias;
    float eps;
    float *y, *mean, *rstd;
} norm_job;

/* y = (x - mean) · rstd · scale + bias. */
static void write_row(const norm_job *job, const float *x, float mean, float rstd, float *y)
{
    const float *const scale = job->scale, *const bias = job->bias;

    if (scale && bias) {
        for (size_t i = 0; i < job->d; i++) y[i] = (x[i] - mean) * rstd * scale[i] + bias[i];
    } else if (scale) {
        for (size_t i = 0; i < job->d; i++) y[i] = (x[i] - mean) * rstd * scale[i];
    } else {
        for (size_t i = 0; i < job->d; i++) y[i] = (x[i] - mean) * rstd + (bias ? bias[i] : 0.0f);
    }
}

static effnn_status layer_norm_rows(void *arg, size_t piece, size_t begin, size_t end)
{
    const norm_job *const job = arg;

    (void)piece;
    for (size_t row = begin; row < end; row++) {
        const float *const x = job->x + row * job->d;
        const float mean = effnn__sum_f32(x, job->d) / (float)job->d;
        const float var = effnn__sum_squares_f32(x, job->d, mean) / (float)job->d;
        const float rstd = 1.0f / sqrtf(var + job->eps);

        write_row(job, x, mean, rstd, job->y + row * job->d);
        if (job->mean) job->mean[row] = mean;
        if (job->rstd) job->rstd[row] = rstd;
    }
    return EFFNN_OK;
}

static effnn_status rms_norm_rows(void *arg, size_t piece, size_t begin, size_t end)
{
    const norm_job *const job = arg;

    (void)piece;
    for (size_t row = begin; row < end; row++) {
        const float *const x = job->x + row * job->d;
        const float square = effnn__sum_squares_f32(x, job->d, 0.0f) / (float)job->d;
        const float rstd = 1.0f / sqrtf(square + job->eps);

        write_row(job, x, 0.0f, rstd, job->y + row * job->d);
        if (job->rstd) job->rstd[row] = rstd;
    }
    return EFFNN_OK;
}

effnn_status effnn__layer_norm_f32(effnn_context *context, size_t n, size_t d, const float *x,
                                   const float *scale, const float *bias, float eps, float *y,
                                   float *mean, float *rstd)
{
    norm_job job = { d, x, scale, bias, eps, y, mean, rstd };

    return effnn__parallel_for(context, n, effnn__grain(2 * d), layer_norm_rows, &job);
}

effnn_status effnn__rms_norm_f32(effnn_context *context, size_t n, size_t d, const float *x,
                                 const float *scale, float eps, float *y, float *rstd)
{
    norm_job job = { d, x, scale, NULL, eps, y, NULL, rstd };

    return effnn__parallel_for(context, n, effnn__grain(2 * d), rms_norm_rows, &job);
}

typedef struct affine_job {
    size_t c, inner;
    const float *x, *scale, *bias;
    float *y;
} affine_job;

static effnn_status affine_planes(void *arg, size_t piece, size_t begin, size_t end)
{
    const affine_job *const job = arg;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        const float scale = job->scale[plane % job->c], bias = job->bias[plane % job->c];
        const size_t at = plane * job->inner;

        for (size_t i = at; i < at + job->inner; i++) job->y[i] = job->x[i] * scale + bias;
    }
    return EFFNN_OK;
}

effnn_status effnn__channel_affine_f32(effnn_context *context, size_t n, size_t c, size_t inner,
                                       const float *x, const float *scale, const float *bias,
                                       float *y)
{
    affine_job job = { c, inner, x, scale, bias, y };

    return effnn__parallel_for(context, n * c, effnn__grain(inner), affine_planes, &job);
}
