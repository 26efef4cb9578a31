/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution with one filter a channel, by bands (bands.h): a matrix product with one row would
 * move more memory than it computes. */

#include "base/pool.h"
#include "kernels/bands.h"
#include "kernels/kernels_priv.h"

typedef struct depthwise_job {
    effnn__bands bands;
    const float *x, *weight;
    const effnn__epilogue *after;
    float *y;
} depthwise_job;

/* What a block of one channel needs. */
typedef struct filter {
    const float *weight;
    const effnn__epilogue *after;
    float bias;
} filter;

static void run_block(const effnn__bands *bands, const void *user, const float *phases, float *out)
{
    const filter *f = user;
    const float lo = f->after->lo, hi = f->after->hi;
    float sum[EFFNN__BAND_BLOCK];

    for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) sum[j] = f->bias;
    for (size_t i = 0; i < bands->taps; i++) {
        const float *tap = phases + bands->offsets[i];
        const float w = f->weight[i];

        for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) sum[j] += w * tap[j];
    }
    for (size_t j = 0; j < EFFNN__BAND_BLOCK && f->after->clamp; j++) {
        const float above = sum[j] < lo ? lo : sum[j];

        sum[j] = above > hi ? hi : above;
    }
    for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) out[j] = sum[j];
}

static effnn_status run_planes(void *arg, size_t piece, size_t begin, size_t end)
{
    const depthwise_job *const job = arg;
    const effnn__conv2d *const v = job->bands.conv;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        const size_t channel = plane % v->c_out;
        const filter f = { .weight = job->weight + channel * job->bands.taps,
                           .after = job->after,
                           .bias = job->after->bias ? job->after->bias[channel] : 0.0f };

        effnn__bands_run(&job->bands, job->x + plane * v->h * v->w, 0.0f, run_block, &f,
                         job->y + plane * v->out_h * v->out_w);
    }
    return EFFNN_OK;
}

effnn_status effnn__conv2d_f32_depthwise(effnn_context *context, const effnn__conv2d *conv,
                                         const float *x, const float *weight,
                                         const effnn__epilogue *after, float *y)
{
    const size_t work = conv->out_h * conv->out_w * conv->kernel_h * conv->kernel_w;
    depthwise_job job = { .x = x, .weight = weight, .after = after, .y = y };

    if (conv->out_h == 0 || conv->out_w == 0) return EFFNN_OK;
    if (!effnn__bands_plan(&job.bands, conv))
        return effnn__conv2d_f32_ref(context, conv, x, weight, after, y, NULL);
    return effnn__parallel_for(context, conv->n * conv->c_out, effnn__grain(work), run_planes,
                               &job);
}
