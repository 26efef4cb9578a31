/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_BANDS_H
#define EFFNN_KERNELS_BANDS_H

/* Windows over one plane, for what treats every channel by itself (depthwise convolution, pooling).
 * A plane is done in bands that fit the first cache. The input under a band is copied with its
 * padding into phases, one for each remainder of rows and columns by the strides, all of one width:
 * then a tap of every output of the band is one run of neighbours, rows and all. Output (i, j) lies
 * at i · width + j; its tap (r, c) lies at that place + r / stride · width + c / stride in the
 * phase (r mod stride, c mod stride). So outputs are vectors in registers, EFFNN__BAND_BLOCK at a
 * time, whatever the width of the picture; the few places between rows are computed in vain. */

#include "kernels/isa.h"
#include "kernels/kernels.h"

#include <stdint.h>

enum {
    EFFNN__BAND_BLOCK = 64,
    EFFNN__BAND_ROWS = 4,
    EFFNN__BAND_LANES = 16,
    EFFNN__BAND_TAPS = 1024 /* of a window, at most */
};

/* Made once a call; made by effnn__bands_plan. */
typedef struct effnn__bands {
    const effnn__conv2d *conv;
    size_t rows, cols, taps;            /* outputs of a band, at most; taps of a window */
    size_t height, width;               /* of a phase */
    uint32_t offsets[EFFNN__BAND_TAPS]; /* of the taps, in the phases */
} effnn__bands;

/* False if windows or strides are too large for this. The channels of `conv` do not matter; out_h
 * and out_w are not 0. */
bool effnn__bands_plan(effnn__bands *out, const effnn__conv2d *conv);

/* out[0 … EFFNN__BAND_BLOCK): outputs whose tap i is `phases + offsets[i]` onward. */
typedef void (*effnn__band_block)(const effnn__bands *bands, const void *user, const float *phases,
                                  float *out);

/* The same for EFFNN__BAND_LANES outputs in each of EFFNN__BAND_ROWS rows, which share most of what
 * they read where windows move by one row: rows of the phases are bands->width apart, of out
 * `pitch`. */
typedef void (*effnn__band_rows)(const effnn__bands *bands, const void *user, const float *phases,
                                 float *out, size_t pitch);

/* What a plane is done with; `rows` may be NULL, and is for strides of 1 only. */
typedef struct effnn__band_kernel {
    effnn__band_block block;
    effnn__band_rows rows;
    const void *user;
    const float *x_end; /* of the memory that planes lie in: up to there more may be read */
    float padding;
} effnn__band_kernel;

/* One plane: y [out_h, out_w] from x [h, w]. */
void effnn__bands_run(const effnn__bands *bands, const effnn__band_kernel *kernel, const float *x,
                      float *y);
#endif
