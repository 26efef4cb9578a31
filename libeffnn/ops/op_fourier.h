/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_FOURIER_H
#define EFFNN_OPS_OP_FOURIER_H

/* Discrete Fourier transforms of complex lines in double, any length: mixed radix over the length's
 * prime factors, so n · Σ factors steps. Complex numbers are pairs (real, imaginary). */

#include "base/context.h"

#include <stdbool.h>

/* Lines transformed by all threads, each with memory of its own out of `scratch`. */
typedef struct effnn__fourier {
    size_t n, n_lines;
    bool inverse; /* e^(+…) and divided by n */
    /* Fill a line of n numbers before / take its transform. */
    void (*load)(void *user, size_t line, double *numbers);
    void (*store)(void *user, size_t line, const double *numbers);
    void *user;
} effnn__fourier;

/* Bytes of scratch for lines of at most n numbers. */
size_t effnn__fourier_scratch(const effnn_context *context, size_t n);
effnn_status effnn__fourier_run(effnn_context *context, const effnn__fourier *job, void *scratch);
#endif
