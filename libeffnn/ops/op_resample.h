/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_RESAMPLE_H
#define EFFNN_OPS_OP_RESAMPLE_H

/* Resampling axis by axis: every output index of an axis is a weighted sum of a few source indices
 * (its taps). N-linear and N-cubic interpolation are products of such axes. */

#include "ops/op_infer.h"

/* One axis to be resampled. */
typedef struct effnn__taps {
    size_t axis, in, out, n; /* n: taps of each output index */
    int64_t *index;          /* [out, n] in [0, in); the first one -1: the outside value */
    double *weight;          /* [out, n] */
    float *weight_f32;       /* [out, n], the same rounded */
} effnn__taps;

/* Bytes of the arrays / cut them from memory of that size. */
size_t effnn__taps_bytes(size_t out, size_t n);
void effnn__taps_place(effnn__taps *self, void *memory);

/* Bytes of the intermediates for resampling input 0 to output 0. */
size_t effnn__resample_bytes(const effnn_op_call *call);

/* Output 0 = input 0 resampled along these axes (at most EFFNN_MAX_RANK, each once); the others
 * keep their sizes. Integers are rounded to nearest and saturated. memory: of
 * effnn__resample_bytes(). */
effnn_status effnn__resample_run(const effnn_op_call *call, const effnn__taps *axes, size_t n,
                                 double outside, void *memory);
#endif
