/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_REPORT_PRIV_H
#define EFFNN_TRANSFORM_REPORT_PRIV_H

/* The report's body, for report.c and the files that write it out. */

#include "base/str.h"
#include "transform/report.h"

typedef enum report_kind { REPORT_NUMBER, REPORT_FLAG, REPORT_TEXT } report_kind;

typedef struct report_entry {
    char *key; /* a whole path at the top, one part in a row */
    report_kind kind;
    double number; /* a flag: 0 or 1 */
    char *text;    /* NULL unless a text */
} report_entry;

typedef struct report_entries {
    size_t n, capacity;
    report_entry *items; /* in order of first setting */
} report_entries;

typedef struct report_row {
    char *name;
    report_entries entries;
} report_row;

struct effnn_report {
    report_entries entries;
    size_t n_rows, rows_capacity;
    report_row *rows;
    char *json; /* by cJSON_free; NULL until finished */
};

/* The entry of a key, or NULL. */
const report_entry *effnn__report_find(const report_entries *entries, const char *key);

/* The whole report as text; *out is cJSON's / is added to `out`. */
effnn_status effnn__report_to_json(char **out, const effnn_report *self);
effnn_status effnn__report_to_html(effnn__str *out, const effnn_report *self);
#endif
