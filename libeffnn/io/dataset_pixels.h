/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_DATASET_PIXELS_H
#define EFFNN_IO_DATASET_PIXELS_H

/* Images of bytes to f32: (byte / scale - mean) / std, by one table of 256 floats a channel. */

#include "base/status.h"

/* The numbers of a URI; n: 0, 1 for all channels, or one each. */
typedef struct effnn__pixel_scale {
    double scale;
    size_t n_mean, n_std;
    const double *mean, *std;
} effnn__pixel_scale;

typedef struct effnn__pixels {
    size_t channels, plane; /* bytes of an image: channels · plane */
    float *levels;          /* [channels, 256] */
} effnn__pixels;

/* `kind` for messages. E_ARG for numbers that do not fit; E_NOMEM; then there is nothing to clear.
 */
effnn_status effnn__pixels_init(effnn__pixels *self, const char *kind, size_t channels,
                                size_t plane, const effnn__pixel_scale *scale);
void effnn__pixels_convert(const effnn__pixels *self, float *out, const unsigned char *bytes);
void effnn__pixels_clear(effnn__pixels *self); /* all zeros is allowed */
#endif
