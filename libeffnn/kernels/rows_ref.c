/* SPDX-License-Identifier: BSD-3-Clause */
/* Softmax, normalisations, reductions and dot products as their definitions read, in double and
 * serial. Outputs may alias inputs: each output is written after everything that it depends on was
 * read. */

#include "kernels/kernels_priv.h"

#include <math.h>

/* Largest element along the axis from x, stepping by `inner`; NaN if there is one; -inf of none. */
static float largest(const float *x, size_t axis, size_t inner)
{
    float best = -INFINITY;

    for (size_t i = 0; i < axis; i++)
        if (x[i * inner] > best || isnan(x[i * inner])) best = x[i * inner];
    return best;
}

/* Softmax of one line of the axis, or its logarithm. */
static void softmax_line(const float *x, float *y, size_t axis, size_t inner, bool log_of_it)
{
    const double shift = (double)largest(x, axis, inner);
    double sum = 0.0;

    for (size_t i = 0; i < axis; i++) sum += exp((double)x[i * inner] - shift);
    for (size_t i = 0; i < axis * inner; i += inner) {
        const double difference = (double)x[i] - shift;

        y[i] = (float)(log_of_it ? difference - log(sum) : exp(difference) / sum);
    }
}

static effnn_status softmax_lines(effnn__axis shape, const float *x, float *y, bool log_of_it)
{
    for (size_t i = 0; i < shape.outer * shape.inner; i++) {
        const size_t at = i / shape.inner * shape.axis * shape.inner + i % shape.inner;

        softmax_line(x + at, y + at, shape.axis, shape.inner, log_of_it);
    }
    return EFFNN_OK;
}

effnn_status effnn__softmax_f32_ref(effnn_context *context, effnn__axis shape, const float *x,
                                    float *y)
{
    (void)context;
    return softmax_lines(shape, x, y, false);
}

effnn_status effnn__log_softmax_f32_ref(effnn_context *context, effnn__axis shape, const float *x,
                                        float *y)
{
    (void)context;
    return softmax_lines(shape, x, y, true);
}

/* Mean of (x - shift)^power over a row, power 1 or 2. */
static double mean_power(const float *x, size_t d, double shift, int power)
{
    double sum = 0.0;

    for (size_t i = 0; i < d; i++) {
        const double v = (double)x[i] - shift;

        sum += power == 2 ? v * v : v;
    }
    return sum / (double)d;
}

effnn_status effnn__layer_norm_f32_ref(effnn_context *context, size_t n, size_t d, const float *x,
                                       const float *scale, const float *bias, float eps, float *y,
                                       float *mean, float *rstd)
{
    (void)context;
    for (size_t row = 0; row < n; row++, x += d, y += d) {
        const double m = mean_power(x, d, 0.0, 1);
        const double r = 1.0 / sqrt(mean_power(x, d, m, 2) + (double)eps);

        for (size_t i = 0; i < d; i++)
            y[i] = (float)(((double)x[i] - m) * r * (scale ? (double)scale[i] : 1.0) +
                           (bias ? (double)bias[i] : 0.0));
        if (mean) mean[row] = (float)m;
        if (rstd) rstd[row] = (float)r;
    }
    return EFFNN_OK;
}

effnn_status effnn__rms_norm_f32_ref(effnn_context *context, size_t n, size_t d, const float *x,
                                     const float *scale, float eps, float *y, float *rstd)
{
    (void)context;
    for (size_t row = 0; row < n; row++, x += d, y += d) {
        const double r = 1.0 / sqrt(mean_power(x, d, 0.0, 2) + (double)eps);

        for (size_t i = 0; i < d; i++)
            y[i] = (float)((double)x[i] * r * (scale ? (double)scale[i] : 1.0));
        if (rstd) rstd[row] = (float)r;
    }
    return EFFNN_OK;
}

effnn_status effnn__reduce_sum_f32_ref(effnn_context *context, effnn__axis shape, const float *x,
                                       float *y)
{
    (void)context;
    for (size_t i = 0; i < shape.outer * shape.inner; i++) {
        const size_t at = i / shape.inner * shape.axis * shape.inner + i % shape.inner;
        double sum = 0.0;

        for (size_t a = 0; a < shape.axis; a++) sum += (double)x[at + a * shape.inner];
        y[i] = (float)sum;
    }
    return EFFNN_OK;
}

effnn_status effnn__reduce_max_f32_ref(effnn_context *context, effnn__axis shape, const float *x,
                                       float *y)
{
    (void)context;
    for (size_t i = 0; i < shape.outer * shape.inner; i++) {
        const size_t at = i / shape.inner * shape.axis * shape.inner + i % shape.inner;

        y[i] = largest(x + at, shape.axis, shape.inner);
    }
    return EFFNN_OK;
}

void effnn__dots_f32_ref(float *y, const float *x, const float *rows, size_t stride, size_t n,
                         size_t d, float scale)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;

        for (size_t p = 0; p < d; p++) sum += (double)x[p] * (double)rows[i * stride + p];
        y[i] = (float)((double)scale * sum);
    }
}
