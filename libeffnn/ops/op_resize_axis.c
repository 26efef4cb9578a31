/* SPDX-License-Identifier: BSD-3-Clause */
/* Coordinates and weights of Resize, in double. With antialias and a scale s below 1 the filter is
 * stretched by 1 / s: a tap at distance d weighs as one at d · s, and the weights are normalised.
 */

#include "ops/op_resize.h"

#include <math.h>

/* Source coordinate of output index `at`; *outside: beyond the input in a crop. */
static double coordinate(const effnn__resize_attrs *attrs, const effnn__resize_axis *axis,
                         int64_t at, bool *outside)
{
    const double x = (double)at, in = (double)axis->in, out = axis->scale * in;
    double from;

    *outside = false;
    switch (attrs->transform) {
    case EFFNN__RESIZE_PYTORCH: return axis->out > 1 ? (x + 0.5) / axis->scale - 0.5 : 0.0;
    case EFFNN__RESIZE_ALIGN_CORNERS: return out == 1.0 ? 0.0 : x * (in - 1.0) / (out - 1.0);
    case EFFNN__RESIZE_ASYMMETRIC: return x / axis->scale;
    case EFFNN__RESIZE_TF_NEAREST: return (x + 0.5) / axis->scale;
    case EFFNN__RESIZE_TF_CROP:
        from = out == 1.0 ? (axis->end - axis->begin) * (in - 1.0) / 2.0
                          : x * (axis->end - axis->begin) * (in - 1.0) / (out - 1.0);
        from += axis->begin * (in - 1.0);
        *outside = !(from >= 0.0 && from <= in - 1.0);
        return from;
    case EFFNN__RESIZE_SYMMETRIC:
        return in / 2.0 * (1.0 - (double)axis->out / out) + (x + 0.5) / axis->scale - 0.5;
    default: return (x + 0.5) / axis->scale - 0.5;
    }
}

/* As an integer in [low, high], NaN low. */
static int64_t bound(double x, int64_t low, int64_t high)
{
    if (!(x > (double)low)) return low;
    return x < (double)high ? (int64_t)x : high;
}

int64_t effnn__resize_nearest(const effnn__resize_attrs *attrs, const effnn__resize_axis *axis,
                              int64_t at)
{
    bool outside;
    double x = coordinate(attrs, axis, at, &outside);

    if (outside) return -1;
    switch (attrs->nearest) {
    case EFFNN__RESIZE_PREFER_CEIL: x = floor(x + 0.5); break;
    case EFFNN__RESIZE_FLOOR: x = floor(x); break;
    case EFFNN__RESIZE_CEIL: x = ceil(x); break;
    case EFFNN__RESIZE_SIMPLE: x = axis->scale < 1.0 ? ceil(x) : floor(x); break;
    default: x = ceil(x - 0.5); break;
    }
    return bound(x, 0, axis->in - 1);
}

/* Taps reach from floor(x) - reach + 1 to floor(x) + reach. */
static size_t reach_of(const effnn__resize_attrs *attrs, double scale)
{
    const double support = attrs->mode == EFFNN__RESIZE_CUBIC ? 2.0 : 1.0;

    if (!attrs->antialias || scale >= 1.0) return (size_t)support;
    return (size_t)ceil(support / scale);
}

size_t effnn__resize_tap_count(const effnn__resize_attrs *attrs, double scale)
{
    return 2 * reach_of(attrs, scale);
}

size_t effnn__resize_tap_limit(const effnn__resize_attrs *attrs, int64_t in, int64_t out)
{
    /* The output size is in · scale rounded down or to nearest, with an error of f32. */
    const double least = out > 0 && in > 0 ? ((double)out - 0.5) / (double)in * (1.0 - 1e-5) : 1.0;

    return 2 * reach_of(attrs, least);
}

/* Weight of a tap at this distance (Keys' cubic with coefficient a, or a tent). */
static double filter(const effnn__resize_attrs *attrs, double distance)
{
    const double a = attrs->cubic_a, d = fabs(distance);

    if (attrs->mode == EFFNN__RESIZE_LINEAR) return d < 1.0 ? 1.0 - d : 0.0;
    if (d <= 1.0) return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
    return d < 2.0 ? ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a : 0.0;
}

void effnn__resize_fill(effnn__taps *out, const effnn__resize_attrs *attrs,
                        const effnn__resize_axis *axis)
{
    const double stretch = attrs->antialias && axis->scale < 1.0 ? axis->scale : 1.0;
    const int64_t reach = (int64_t)(out->n / 2);

    for (size_t o = 0; o < out->out; o++) {
        int64_t *index = out->index + o * out->n;
        double *weight = out->weight + o * out->n;
        double sum = 0.0;
        bool outside;
        const double x = coordinate(attrs, axis, (int64_t)o, &outside);
        const double whole = floor(x);

        for (size_t k = 0; k < out->n; k++) {
            const double place = whole + (double)((int64_t)k - reach + 1);
            const bool inside = place >= 0.0 && place < (double)axis->in;

            index[k] = outside ? -1 : bound(place, 0, axis->in - 1);
            weight[k] =
                attrs->exclude_outside && !inside ? 0.0 : filter(attrs, (place - x) * stretch);
            sum += weight[k];
        }
        /* Whole sets of weights have the sum 1 already, up to rounding. */
        const bool normalise = (attrs->exclude_outside || stretch < 1.0) && sum != 0.0;
        for (size_t k = 0; k < out->n; k++) {
            if (normalise) weight[k] /= sum;
            out->weight_f32[o * out->n + k] = (float)weight[k];
        }
    }
}
