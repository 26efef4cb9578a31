/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_FORMAT_H
#define EFFNN_FORMAT_H

/** @file
 * Number formats by name ("bf16", "f16", "int8", …): what values a code stands for, and how a
 * value is rounded to a code. Bit-exact on every machine.
 */

#include <effnn/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a value between two neighbours of a format is rounded. */
typedef enum effnn_rounding {
    EFFNN_ROUND_NEAREST_EVEN = 0, /**< ties go to the even code */
    EFFNN_ROUND_TOWARD_ZERO = 1
} effnn_rounding;

/** Number of formats. */
EFFNN_API size_t effnn_format_count(void);

/** Name of format `index`; borrowed, static; NULL past the last. */
EFFNN_API const char *effnn_format_name_at(size_t index);

/**
 * Bits of one code.
 *
 * @return EFFNN_OK; EFFNN_E_ARG if a pointer is NULL; EFFNN_E_NOTFOUND for an unknown format.
 */
EFFNN_API effnn_status effnn_format_bits(uint32_t *out, const char *format);

/**
 * Largest finite value, smallest positive value. Either out pointer may be NULL.
 *
 * The most negative value of an integer format is one step below the negated largest.
 *
 * @return EFFNN_OK; EFFNN_E_ARG if `format` is NULL; EFFNN_E_NOTFOUND.
 */
EFFNN_API effnn_status effnn_format_range(double *largest, double *smallest, const char *format);

/**
 * Codes of n values, in the low bits of each word. Values outside the range saturate; in a format
 * with infinities they become infinite where rounding says so (toward zero: only infinities do).
 *
 * @param[out] codes     [n]; untouched on failure.
 * @param      values    [n].
 * @param      n         number of values.
 * @param      format    name of the format.
 * @param      rounding  of values between two neighbours.
 * @return EFFNN_OK; EFFNN_E_ARG; EFFNN_E_NOTFOUND; EFFNN_E_NUMERIC for a NaN in a format that has
 *         none (the message names the index).
 */
EFFNN_API effnn_status effnn_format_encode(uint32_t *codes, const double *values, size_t n,
                                           const char *format, effnn_rounding rounding);

/**
 * Values of n codes.
 *
 * @param[out] values  [n]; untouched on failure.
 * @param      codes   [n].
 * @param      n       number of codes.
 * @param      format  name of the format.
 * @return EFFNN_OK; EFFNN_E_NOTFOUND; EFFNN_E_ARG for a code that is too wide.
 */
EFFNN_API effnn_status effnn_format_decode(double *values, const uint32_t *codes, size_t n,
                                           const char *format);

#ifdef __cplusplus
}
#endif
#endif
