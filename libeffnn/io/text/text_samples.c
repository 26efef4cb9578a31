/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/text/text_samples.h"

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"

#include <string.h>

#define MAX_LABEL 32 /* characters */

/* Some bytes of a file. */
typedef struct slice {
    const char *text;
    size_t n;
} slice;

typedef struct table {
    const char *name;
    slice rest;         /* of the file */
    size_t line;        /* number of the line taken last */
    size_t text, label; /* columns from 0; WHOLE: all of the line */
    int has_label;
} table;
#define WHOLE SIZE_MAX

/* Take the next line, its end left out; 0: there is none. */
static int next_line(slice *out, table *self)
{
    const char *end;

    if (self->rest.n == 0) return 0;
    end = memchr(self->rest.text, '\n', self->rest.n);
    *out = (slice){ self->rest.text, end ? (size_t)(end - self->rest.text) : self->rest.n };
    self->rest.text += out->n + (end ? 1 : 0);
    self->rest.n -= out->n + (end ? 1 : 0);
    if (out->n && out->text[out->n - 1] == '\r') out->n--;
    self->line++;
    return 1;
}

/* Column i of a line; 0: the line has fewer. */
static int column_of(slice *out, slice line, size_t i)
{
    for (;; i--) {
        const char *tab = memchr(line.text, '\t', line.n);
        const size_t n = tab ? (size_t)(tab - line.text) : line.n;

        if (i == 0) {
            *out = (slice){ line.text, n };
            return 1;
        }
        if (!tab) return 0;
        line.text += n + 1;
        line.n -= n + 1;
    }
}

static int is_number(const char *text)
{
    return *text >= '1' && *text <= '9' && text[strspn(text, "0123456789")] == '\0';
}

/* A column by number, or by its name in the first line. */
static effnn_status find_column(size_t *out, const table *self, const char *column, slice header)
{
    int64_t number;
    slice name;

    if (is_number(column)) {
        if (!effnn__parse_i64(column, &number))
            return effnn__fail(EFFNN_E_ARG, "text: '%s' is no column", column);
        *out = (size_t)number - 1;
        return EFFNN_OK;
    }
    for (*out = 0; column_of(&name, header, *out); (*out)++)
        if (name.n == strlen(column) && memcmp(name.text, column, name.n) == 0) return EFFNN_OK;
    return effnn__fail(EFFNN_E_NOTFOUND, "'%s': no column '%s' in its first line", self->name,
                       column);
}

static effnn_status find_columns(table *self, const char *text, const char *label)
{
    slice header = { "", 0 };

    self->text = WHOLE;
    self->has_label = label != NULL;
    if ((text && !is_number(text)) || (label && !is_number(label))) next_line(&header, self);
    if (text) EFFNN_TRY(find_column(&self->text, self, text, header));
    return label ? find_column(&self->label, self, label, header) : EFFNN_OK;
}

static effnn_status read_label(int64_t *out, const table *self, slice column)
{
    char text[MAX_LABEL + 1];
    const size_t n = column.n < MAX_LABEL ? column.n : MAX_LABEL;

    memcpy(text, column.text, n);
    text[n] = '\0';
    if (column.n <= MAX_LABEL && effnn__parse_i64(text, out) && *out >= 0) return EFFNN_OK;
    return effnn__fail(EFFNN_E_FORMAT, "'%s': line %zu: the label '%s' is no whole number from 0",
                       self->name, self->line, text);
}

static effnn_status read_line(effnn__text_sample *out, const table *self, slice line)
{
    slice text = line, label;

    if (self->text != WHOLE && !column_of(&text, line, self->text))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': line %zu has no column %zu", self->name,
                           self->line, self->text + 1);
    *out = (effnn__text_sample){ .text = text.text, .n = text.n };
    if (!self->has_label) return EFFNN_OK;
    if (!column_of(&label, line, self->label))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': line %zu has no column %zu", self->name,
                           self->line, self->label + 1);
    return read_label(&out->label, self, label);
}

effnn_status effnn__text_samples_add(effnn__text_samples *self, const char *name, const char *data,
                                     size_t size, const char *text, const char *label)
{
    table t = { .name = name, .rest = { data, size } };
    slice line;

    EFFNN_TRY(find_columns(&t, text, label));
    while (next_line(&line, &t)) {
        if (line.n == 0) continue;
        EFFNN_TRY(effnn__grow(&self->items, &self->capacity, self->n + 1, sizeof *self->items));
        EFFNN_TRY(read_line(&self->items[self->n], &t, line));
        self->n++;
    }
    return EFFNN_OK;
}

void effnn__text_samples_clear(effnn__text_samples *self)
{
    effnn__free(self->items);
    *self = (effnn__text_samples){ 0 };
}
