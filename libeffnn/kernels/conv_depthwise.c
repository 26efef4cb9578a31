/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution with one filter a channel, by direct loops over rows: a matrix product with one row
 * would move more memory than it computes. Each output row is a sum of shifted input rows, one a
 * tap, added in the order of the taps; positions whose tap falls into the padding are left out. */

#include "base/pool.h"
#include "kernels/kernels_priv.h"

typedef struct depthwise_job {
    const effnn__conv2d *conv;
    const float *x, *weight, *bias;
    float *y;
} depthwise_job;

/* Output positions [*begin, *end) along one side whose input coordinate o · stride + tap - pad lies
 * in [0, size). */
static void inside(size_t size, size_t n_out, size_t stride, size_t tap, size_t pad, size_t *begin,
                   size_t *end)
{
    const size_t first = pad > tap ? (pad - tap + stride - 1) / stride : 0;
    const size_t past = size + pad > tap ? (size + pad - tap + stride - 1) / stride : 0;

    *end = past < n_out ? past : n_out;
    *begin = first < *end ? first : *end;
}

static void add_row(float *restrict y, const float *restrict x, float weight, size_t n,
                    size_t stride)
{
    if (stride == 1) {
        for (size_t i = 0; i < n; i++) y[i] += weight * x[i];
    } else {
        for (size_t i = 0; i < n; i++) y[i] += weight * x[i * stride];
    }
}

static void convolve_plane(const effnn__conv2d *v, const float *x, const float *weight, float bias,
                           float *y)
{
    for (size_t i = 0; i < v->out_h * v->out_w; i++) y[i] = bias;
    for (size_t oy = 0; oy < v->out_h; oy++) {
        for (size_t tap = 0; tap < v->kernel_h * v->kernel_w; tap++) {
            const size_t tap_y = tap / v->kernel_w * v->dilation_h;
            const size_t tap_x = tap % v->kernel_w * v->dilation_w;
            const size_t iy = oy * v->stride_h + tap_y - v->pad_top; /* wraps above the input */
            size_t begin, end;

            if (iy >= v->h) continue;
            inside(v->w, v->out_w, v->stride_w, tap_x, v->pad_left, &begin, &end);
            if (begin == end) continue;
            add_row(y + oy * v->out_w + begin,
                    x + iy * v->w + (begin * v->stride_w + tap_x - v->pad_left), weight[tap],
                    end - begin, v->stride_w);
        }
    }
}

static effnn_status run_planes(void *arg, size_t piece, size_t begin, size_t end)
{
    const depthwise_job *const job = arg;
    const effnn__conv2d *const v = job->conv;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        const size_t channel = plane % v->c_out;

        convolve_plane(v, job->x + plane * v->h * v->w,
                       job->weight + channel * v->kernel_h * v->kernel_w,
                       job->bias ? job->bias[channel] : 0.0f, job->y + plane * v->out_h * v->out_w);
    }
    return EFFNN_OK;
}

effnn_status effnn__conv2d_f32_depthwise(effnn_context *context, const effnn__conv2d *conv,
                                         const float *x, const float *weight, const float *bias,
                                         float *y)
{
    const size_t work = conv->out_h * conv->out_w * conv->kernel_h * conv->kernel_w;
    depthwise_job job = { conv, x, weight, bias, y };

    return effnn__parallel_for(context, conv->n * conv->c_out, effnn__grain(work), run_planes,
                               &job);
}
