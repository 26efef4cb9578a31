/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution with one filter a channel, by bands (bands.h): a matrix product with one row would
 * move more memory than it computes. */

#include "base/pool.h"
#include "kernels/bands.h"
#include "kernels/conv/conv.h"

#include <string.h>

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

static inline void clamp(float *x, size_t n, const effnn__epilogue *after)
{
    const float lo = after->lo, hi = after->hi;

    for (size_t j = 0; j < n; j++) {
        const float above = x[j] < lo ? lo : x[j];

        x[j] = above > hi ? hi : above;
    }
}

static void run_block(const effnn__bands *bands, const void *user, const float *phases, float *out)
{
    const filter *f = user;
    float sum[EFFNN__BAND_BLOCK];

    for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) sum[j] = f->bias;
    for (size_t i = 0; i < bands->taps; i++) {
        const float *tap = phases + bands->offsets[i];
        const float w = f->weight[i];

        for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) sum[j] += w * tap[j];
    }
    if (f->after->clamp) clamp(sum, EFFNN__BAND_BLOCK, f->after);
    for (size_t j = 0; j < EFFNN__BAND_BLOCK; j++) out[j] = sum[j];
}

/* A register of this instruction set, by the compiler's own vectors: gcc does not keep arrays of
 * sums in registers here. */
#if defined(__AVX512F__)
enum { VECTOR = 16 };
#elif defined(__AVX__)
enum { VECTOR = 8 };
#else
enum { VECTOR = 4 };
#endif
typedef float vector __attribute__((vector_size(VECTOR * sizeof(float))));
typedef int32_t vector_mask __attribute__((vector_size(VECTOR * sizeof(float))));

/* x where `mask` is set, else y. */
#define CHOOSE(mask, x, y) ((vector)(((vector_mask)(x) & (mask)) | ((vector_mask)(y) & ~(mask))))

/* One vector of each of the rows. Each vector of input is loaded once and goes to all rows that
 * want it, in an order that gives every output its taps in theirs. */
static inline void run_column_3x3(const filter *f, const float *phases, size_t width, float *out,
                                  size_t pitch)
{
    enum { ROWS = EFFNN__BAND_ROWS, SIDE = 3 };
    const vector zero = { 0.0f }, lo = zero + f->after->lo, hi = zero + f->after->hi;
    vector sum[ROWS];

#pragma GCC unroll 4
    for (size_t r = 0; r < ROWS; r++) sum[r] = zero + f->bias;
#pragma GCC unroll 6
    for (size_t i = 0; i < ROWS + SIDE - 1; i++, phases += width) {
#pragma GCC unroll 3
        for (size_t k = 0; k < SIDE; k++) {
            vector tap;

            memcpy(&tap, phases + k, sizeof tap);
#pragma GCC unroll 4
            for (size_t r = 0; r < ROWS; r++)
                if (i >= r && i - r < SIDE) sum[r] += f->weight[(i - r) * SIDE + k] * tap;
        }
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < ROWS; r++) {
        if (f->after->clamp) {
            sum[r] = CHOOSE(sum[r] < lo, lo, sum[r]);
            sum[r] = CHOOSE(sum[r] > hi, hi, sum[r]);
        }
        memcpy(out + r * pitch, &sum[r], sizeof sum[r]);
    }
}

static void run_rows_3x3(const effnn__bands *bands, const void *user, const float *phases,
                         float *out, size_t pitch)
{
    for (size_t j = 0; j < EFFNN__BAND_LANES; j += VECTOR)
        run_column_3x3(user, phases + j, bands->width, out + j, pitch);
}

static bool is_3x3(const effnn__conv2d *v)
{
    return v->kernel_h == 3 && v->kernel_w == 3 && v->stride_h == 1 && v->stride_w == 1 &&
           v->dilation_h == 1 && v->dilation_w == 1;
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

        effnn__bands_run(&job->bands,
                         &(effnn__band_kernel){ .block = run_block,
                                                .rows = is_3x3(v) ? run_rows_3x3 : NULL,
                                                .user = &f,
                                                .x_end = job->x + v->n * v->c_in * v->h * v->w },
                         job->x + plane * v->h * v->w, job->y + plane * v->out_h * v->out_w);
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
