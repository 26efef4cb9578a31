/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_TEXT_TEXT_SAMPLES_H
#define EFFNN_IO_TEXT_TEXT_SAMPLES_H

/* Texts in files: one a line, or one column of a table whose columns are separated by tabs. */

#include "base/status.h"

#include <stdint.h>

typedef struct effnn__text_sample {
    const char *text; /* over the file's bytes */
    size_t n;
    int64_t label; /* 0 without labels */
} effnn__text_sample;

typedef struct effnn__text_samples {
    size_t n, capacity;
    effnn__text_sample *items;
} effnn__text_samples;

/* Add the texts of a file's bytes; empty lines are none. `text` and `label` are columns, by number
 * from 1 or by name in the first line; text NULL: whole lines; label NULL: no labels. `name` for
 * messages. E_FORMAT names the line; E_NOTFOUND for a column; E_NOMEM. */
effnn_status effnn__text_samples_add(effnn__text_samples *self, const char *name, const char *data,
                                     size_t size, const char *text, const char *label);
void effnn__text_samples_clear(effnn__text_samples *self);
#endif
