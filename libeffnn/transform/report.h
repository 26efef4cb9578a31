/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_REPORT_H
#define EFFNN_TRANSFORM_REPORT_H

/* The report while it is being made: named numbers and texts, and rows (one a site) of the same.
 * Setting what is there already replaces it. docs/report.md lists the keys. */

#include "base/status.h"

#include <effnn/transform.h>
#include <stdbool.h>

effnn_status effnn__report_create(effnn_report **out);

/* path: "before.parameters"; parts are keys in snake_case. A number that is not finite is null. */
effnn_status effnn__report_set(effnn_report *self, const char *path, double value);
effnn_status effnn__report_set_flag(effnn_report *self, const char *path, bool value);
effnn_status effnn__report_set_text(effnn_report *self, const char *path, const char *value);

/* A row with its name; then its numbers and texts. */
effnn_status effnn__report_add_row(effnn_report *self, size_t *row, const char *name);
effnn_status effnn__report_row_set(effnn_report *self, size_t row, const char *key, double value);
effnn_status effnn__report_row_set_text(effnn_report *self, size_t row, const char *key,
                                        const char *value);

/* Make the JSON text; called once, when all is in. */
effnn_status effnn__report_finish(effnn_report *self);
#endif
