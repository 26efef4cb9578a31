/* SPDX-License-Identifier: BSD-3-Clause */
/* 2-D convolution as its definition reads: a sum over the window of each output, in double. */

#include "kernels/conv/conv.h"

#include <string.h>

/* Sum of one window: output channel `co` at (oy, ox) of the image x. */
static double window_sum(const effnn__conv2d *v, const float *x, const float *weight, size_t co,
                         size_t oy, size_t ox)
{
    const size_t c_in = v->c_in / v->groups, first = co / (v->c_out / v->groups) * c_in;
    double sum = 0.0;

    for (size_t ci = 0; ci < c_in; ci++) {
        for (size_t ky = 0; ky < v->kernel_h; ky++) {
            const size_t iy = oy * v->stride_h + ky * v->dilation_h - v->pad_top;

            for (size_t kx = 0; iy < v->h && kx < v->kernel_w; kx++) {
                const size_t ix = ox * v->stride_w + kx * v->dilation_w - v->pad_left;

                if (ix >= v->w) continue; /* padding, also where the difference wrapped below 0 */
                sum += (double)x[((first + ci) * v->h + iy) * v->w + ix] *
                       (double)weight[((co * c_in + ci) * v->kernel_h + ky) * v->kernel_w + kx];
            }
        }
    }
    return sum;
}

static float finish(const effnn__epilogue *after, double sum, size_t co)
{
    const float y = (float)(sum + (after->bias ? (double)after->bias[co] : 0.0));

    if (!after->clamp) return y;
    return y < after->lo ? after->lo : y > after->hi ? after->hi : y;
}

size_t effnn__conv2d_scratch_ref(const effnn_context *context, const effnn__conv2d *conv)
{
    (void)context;
    (void)conv;
    return 0;
}

effnn_status effnn__conv2d_f32_ref(effnn_context *context, const effnn__conv2d *conv,
                                   const float *x, const float *weight,
                                   const effnn__epilogue *after, float *y, void *scratch)
{
    static const effnn__epilogue nothing;

    (void)context;
    (void)scratch;
    if (!after) after = &nothing;
    for (size_t image = 0; image < conv->n; image++) {
        const float *const in = x + image * conv->c_in * conv->h * conv->w;

        for (size_t co = 0; co < conv->c_out; co++)
            for (size_t oy = 0; oy < conv->out_h; oy++)
                for (size_t ox = 0; ox < conv->out_w; ox++)
                    *y++ = finish(after, window_sum(conv, in, weight, co, oy, ox), co);
    }
    return EFFNN_OK;
}

size_t effnn__conv2d_pack_bytes_ref(const effnn__conv2d *conv)
{
    return conv->c_out * (conv->c_in / conv->groups) * conv->kernel_h * conv->kernel_w *
           sizeof(float);
}

void effnn__conv2d_pack_ref(const effnn__conv2d *conv, const float *weight, float *packed)
{
    const size_t bytes = effnn__conv2d_pack_bytes_ref(conv);

    if (bytes) memcpy(packed, weight, bytes);
}
