/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_STR_H
#define EFFNN_BASE_STR_H

/* Growing text, and the few string helpers that several layers want. Numbers are read and written
 * in the C locale, whatever the host program's is. */

#include "base/status.h"

#include <stdbool.h>

typedef struct effnn__str {
    char *text; /* NULL until the first byte; else NUL-terminated; freed by effnn__str_clear */
    size_t n, capacity;
} effnn__str;

effnn_status effnn__str_add(effnn__str *self, const char *text);
effnn_status effnn__str_add_bytes(effnn__str *self, const void *bytes, size_t n);
effnn_status effnn__str_printf(effnn__str *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void effnn__str_clear(effnn__str *self);

/* A new string by printf rules, or NULL when out of memory. */
char *effnn__strprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* True if all of `text` matches a glob of *, ?, [a-z] and [!a-z]. Bytes, whatever the locale. A
 * bracket that is not closed stands for itself. */
bool effnn__glob_match(const char *glob, const char *text);

/* The candidate nearest to `word` by edit distance, if near enough to be meant; else NULL. */
const char *effnn__nearest_word(const char *word, const char *const *candidates, size_t n);

/* Whole-number and real parsers that refuse trailing text, overflow and NaN. */
bool effnn__parse_i64(const char *text, int64_t *out);
bool effnn__parse_f64(const char *text, double *out);

/* Shortest text that reads back to the same double. buffer: ≥ 32 bytes. */
void effnn__format_f64(char *buffer, size_t size, double value);
#endif
