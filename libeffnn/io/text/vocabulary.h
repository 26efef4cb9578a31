/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_TEXT_VOCABULARY_H
#define EFFNN_IO_TEXT_VOCABULARY_H

/* Numbered byte strings, found by number and by contents. A string may hold zero bytes; of equal
 * ones the first is found. */

#include "base/status.h"

#include <stdint.h>

typedef struct effnn__vocabulary {
    size_t n, offsets_capacity;
    size_t *offsets; /* [n + 1] into text; each string is followed by a zero byte */
    size_t size, capacity;
    char *text;
    size_t n_slots;  /* power of two, at least 2 n; 0: not indexed */
    uint32_t *slots; /* number + 1, or 0 */
} effnn__vocabulary;

effnn_status effnn__vocabulary_add(effnn__vocabulary *self, const char *bytes, size_t n);
/* Make finding possible, after the last add. */
effnn_status effnn__vocabulary_index(effnn__vocabulary *self);
/* Number of a string; -1: not there. */
int64_t effnn__vocabulary_find(const effnn__vocabulary *self, const char *bytes, size_t n);
const char *effnn__vocabulary_at(const effnn__vocabulary *self, size_t i, size_t *n);
void effnn__vocabulary_clear(effnn__vocabulary *self);
#endif
