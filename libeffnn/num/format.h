/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_NUM_FORMAT_H
#define EFFNN_NUM_FORMAT_H

/* Number formats: one table row, one file (num_<name>.c) and one word in num/meson.build each.
 * Everything is exact integer arithmetic or exact double arithmetic; no libm. */

#include "base/status.h"

#include <effnn/format.h>
#include <stdbool.h>

typedef struct effnn__format {
    const char *name;
    const char *summary; /* one line for docs */
    unsigned bits;       /* width of a code, at most 32 */
    bool has_nan, has_infinity;
    double largest, smallest; /* largest finite, smallest positive */
    uint32_t (*encode)(double value, effnn_rounding rounding); /* NaN only if has_nan */
    double (*decode)(uint32_t code);
} effnn__format;

const effnn__format *effnn__format_at(size_t index); /* NULL past the last */
const effnn__format *effnn__format_find(const char *name);
#endif
