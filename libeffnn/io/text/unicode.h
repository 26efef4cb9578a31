/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_TEXT_UNICODE_H
#define EFFNN_IO_TEXT_UNICODE_H

/* As much of Unicode as tokenisers need: UTF-8, classes of characters, and folding. */

#include <stddef.h>
#include <stdint.h>

typedef enum effnn__char_class {
    EFFNN__CHAR_NONE,
    EFFNN__CHAR_SPACE,      /* white space, with tab and line ends */
    EFFNN__CHAR_CONTROL,    /* control, format, private use, surrogate, unassigned */
    EFFNN__CHAR_MARK,       /* nonspacing mark */
    EFFNN__CHAR_PUNCTUATION /* punctuation, and ASCII's symbols */
} effnn__char_class;

enum { EFFNN__REPLACEMENT = 0xFFFD, EFFNN__MAX_FOLD = 3, EFFNN__MAX_UTF8 = 4 };

/* The character at `text` and its bytes; for what is not UTF-8, one byte and U+FFFD. n ≥ 1. */
uint32_t effnn__utf8_decode(const char *text, size_t n, size_t *length);

/* Bytes of a character; at least EFFNN__MAX_UTF8 of room. */
size_t effnn__utf8_encode(char *out, uint32_t code);

effnn__char_class effnn__char_class_of(uint32_t code);

/* Canonical decomposition without nonspacing marks, in lower case: 0 to EFFNN__MAX_FOLD
 * characters. */
size_t effnn__char_fold(uint32_t *out, uint32_t code);

/* Tables (unicode_table.c), ascending. A range begins at `entry >> 3` and is of class `entry & 7`.
 */
extern const uint32_t effnn__unicode_ranges[];
extern const size_t effnn__unicode_n_ranges;
extern const uint32_t effnn__unicode_folds[][2];
extern const size_t effnn__unicode_n_folds;
extern const uint32_t effnn__unicode_long_folds[][4]; /* 0: no further character */
extern const size_t effnn__unicode_n_long_folds;
#endif
