/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_SIZES_H
#define EFFNN_BASE_SIZES_H

/* Arithmetic of sizes that do not overflow: those of things that are there. */

#include <stddef.h>

static inline size_t effnn__smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* n / d, rounded up; d > 0. */
static inline size_t effnn__ceil_div(size_t n, size_t d)
{
    return n / d + (n % d != 0);
}

/* The next multiple of `step` from n on; step > 0. */
static inline size_t effnn__round_up(size_t n, size_t step)
{
    return effnn__ceil_div(n, step) * step;
}
#endif
