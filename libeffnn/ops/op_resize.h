/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_RESIZE_H
#define EFFNN_OPS_OP_RESIZE_H

/* The mathematics of resizing one axis: source coordinates, rounding, taps and their weights. */

#include "ops/op_resample.h"

#include <effnn/option.h>

enum { EFFNN__RESIZE_NEAREST, EFFNN__RESIZE_LINEAR, EFFNN__RESIZE_CUBIC };
enum {
    EFFNN__RESIZE_PREFER_FLOOR,
    EFFNN__RESIZE_PREFER_CEIL,
    EFFNN__RESIZE_FLOOR,
    EFFNN__RESIZE_CEIL,
    EFFNN__RESIZE_SIMPLE
};
enum {
    EFFNN__RESIZE_HALF_PIXEL,
    EFFNN__RESIZE_PYTORCH,
    EFFNN__RESIZE_ALIGN_CORNERS,
    EFFNN__RESIZE_ASYMMETRIC,
    EFFNN__RESIZE_TF_NEAREST,
    EFFNN__RESIZE_TF_CROP,
    EFFNN__RESIZE_SYMMETRIC
};
enum { EFFNN__RESIZE_STRETCH, EFFNN__RESIZE_NOT_LARGER, EFFNN__RESIZE_NOT_SMALLER };

typedef struct effnn__resize_attrs {
    int mode, nearest, transform, policy;
    bool antialias, exclude_outside;
    double cubic_a, extrapolation_value;
    effnn_int_list axes;
} effnn__resize_attrs;

typedef struct effnn__resize_axis {
    size_t axis;
    int64_t in, out;
    double scale;
    double begin, end; /* region of interest, 0 and 1 being the ends of the axis */
} effnn__resize_axis;

/* Source index of output index `at` in nearest mode; -1: outside the region's input. */
int64_t effnn__resize_nearest(const effnn__resize_attrs *attrs, const effnn__resize_axis *axis,
                              int64_t at);

/* Taps of an output index at this scale / at any scale that leads from `in` to `out`. */
size_t effnn__resize_tap_count(const effnn__resize_attrs *attrs, double scale);
size_t effnn__resize_tap_limit(const effnn__resize_attrs *attrs, int64_t in, int64_t out);

/* Fill the taps of an axis, modes linear and cubic. */
void effnn__resize_fill(effnn__taps *out, const effnn__resize_attrs *attrs,
                        const effnn__resize_axis *axis);
#endif
