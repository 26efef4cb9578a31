/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution with one filter a channel, by direct loops over rows: a matrix product with one row
 * would move more memory than it computes. An output row is its bias and then one row of taps after
 * another; where all taps of a row lie inside the input, whole runs of outputs are done at a time,
 * the few outputs near the edges singly. */

#include "base/pool.h"
#include "kernels/kernels_priv.h"

typedef struct depthwise_job {
    const effnn__conv2d *conv;
    const float *x, *weight;
    const effnn__epilogue *after;
    float *y;
} depthwise_job;

/* Outputs of a row that have all their taps inside: [begin, end). */
typedef struct interior {
    size_t begin, end;
} interior;

static interior interior_of(const effnn__conv2d *v)
{
    const size_t reach = (v->kernel_w - 1) * v->dilation_w; /* from the first tap to the last */
    const size_t room = v->w + v->pad_left;                 /* columns, left padding included */
    const size_t past = room > reach ? (room - reach - 1) / v->stride_w + 1 : 0;
    const size_t first = (v->pad_left + v->stride_w - 1) / v->stride_w;
    const size_t end = past < v->out_w ? past : v->out_w;

    return (interior){ first < end ? first : end, end };
}

static void add_tap(float *restrict y, const float *restrict x, float weight, size_t n,
                    size_t stride)
{
    if (stride == 1) {
        for (size_t i = 0; i < n; i++) y[i] += weight * x[i];
    } else {
        for (size_t i = 0; i < n; i++) y[i] += weight * x[i * stride];
    }
}

/* Three neighbouring taps; the two common strides as constants, for vector code. */
static void add_three_taps(float *restrict y, const float *restrict x, const float *weight,
                           size_t n, size_t stride)
{
    const float a = weight[0], b = weight[1], c = weight[2];

    if (stride == 1) {
        for (size_t i = 0; i < n; i++) y[i] += a * x[i] + b * x[i + 1] + c * x[i + 2];
    } else {
        for (size_t i = 0; i < n; i++) y[i] += a * x[2 * i] + b * x[2 * i + 1] + c * x[2 * i + 2];
    }
}

/* One row of taps, at outputs [from, to) near an edge; x: the input row. */
static void add_row_checked(const effnn__conv2d *v, const float *x, const float *weight,
                            size_t from, size_t to, float *y)
{
    for (size_t ox = from; ox < to; ox++) {
        for (size_t kx = 0; kx < v->kernel_w; kx++) {
            const size_t ix = ox * v->stride_w + kx * v->dilation_w - v->pad_left; /* may wrap */

            if (ix < v->w) y[ox] += weight[kx] * x[ix];
        }
    }
}

static void add_row(const effnn__conv2d *v, interior in, const float *x, const float *weight,
                    float *y)
{
    const size_t n = in.end - in.begin;

    add_row_checked(v, x, weight, 0, in.begin, y);
    if (n > 0) {
        const float *const first = x + (in.begin * v->stride_w - v->pad_left);

        if (v->kernel_w == 3 && v->dilation_w == 1 && v->stride_w <= 2) {
            add_three_taps(y + in.begin, first, weight, n, v->stride_w);
        } else {
            for (size_t kx = 0; kx < v->kernel_w; kx++)
                add_tap(y + in.begin, first + kx * v->dilation_w, weight[kx], n, v->stride_w);
        }
    }
    add_row_checked(v, x, weight, in.end, v->out_w, y);
}

static void convolve_plane(const effnn__conv2d *v, const float *x, const float *weight, float bias,
                           float *y)
{
    const interior in = interior_of(v);

    for (size_t oy = 0; oy < v->out_h; oy++, y += v->out_w) {
        for (size_t i = 0; i < v->out_w; i++) y[i] = bias;
        for (size_t ky = 0; ky < v->kernel_h; ky++) {
            const size_t iy = oy * v->stride_h + ky * v->dilation_h - v->pad_top; /* may wrap */

            if (iy < v->h) add_row(v, in, x + iy * v->w, weight + ky * v->kernel_w, y);
        }
    }
}

static effnn_status run_planes(void *arg, size_t piece, size_t begin, size_t end)
{
    const depthwise_job *const job = arg;
    const effnn__conv2d *const v = job->conv;
    const effnn__epilogue *after = job->after;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        const size_t channel = plane % v->c_out;
        float *y = job->y + plane * v->out_h * v->out_w;

        convolve_plane(v, job->x + plane * v->h * v->w,
                       job->weight + channel * v->kernel_h * v->kernel_w,
                       after->bias ? after->bias[channel] : 0.0f, y);
        for (size_t i = 0; after->clamp && i < v->out_h * v->out_w; i++)
            y[i] = y[i] < after->lo ? after->lo : y[i] > after->hi ? after->hi : y[i];
    }
    return EFFNN_OK;
}

effnn_status effnn__conv2d_f32_depthwise(effnn_context *context, const effnn__conv2d *conv,
                                         const float *x, const float *weight,
                                         const effnn__epilogue *after, float *y)
{
    const size_t work = conv->out_h * conv->out_w * conv->kernel_h * conv->kernel_w;
    depthwise_job job = { conv, x, weight, after, y };

    return effnn__parallel_for(context, conv->n * conv->c_out, effnn__grain(work), run_planes,
                               &job);
}
