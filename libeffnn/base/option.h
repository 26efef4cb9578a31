/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_OPTION_H
#define EFFNN_BASE_OPTION_H

/* What option tables do: defaults, typed and textual access, copies, comparison. `defs` ends with
 * EFFNN_OPTIONS_END and has the stride of this build; NULL stands for an empty table. Failing calls
 * leave the options as they were and set a message that names the option. */

#include "base/status.h"

#include <effnn/option.h>
#include <stdbool.h>

/* Fill with defaults; `opts` is zeroed memory. On failure (memory) it holds nothing to clear. */
effnn_status effnn__options_init(const effnn_option_def *defs, void *opts);

/* Free strings and lists and zero the fields. */
void effnn__options_clear(const effnn_option_def *defs, void *opts);

/* Fill zeroed `out` with copies of the values in `opts`. */
effnn_status effnn__options_copy(const effnn_option_def *defs, void *out, const void *opts);

/* The row of a key, or NULL / the same or E_NOTFOUND with the nearest name in the message. */
const effnn_option_def *effnn__option_find(const effnn_option_def *defs, const char *key);
size_t effnn__option_count(const effnn_option_def *defs);

/* Set from text (all types); E_NOTFOUND, E_ARG, E_NOMEM. */
effnn_status effnn__options_set(const effnn_option_def *defs, void *opts, const char *key,
                                const char *text);

/* Set from a typed value: i64 and f64 suit BOOL, I64, F64 (and ENUM by index for i64). */
effnn_status effnn__options_set_i64(const effnn_option_def *defs, void *opts, const char *key,
                                    int64_t value);
effnn_status effnn__options_set_f64(const effnn_option_def *defs, void *opts, const char *key,
                                    double value);
effnn_status effnn__options_set_ints(const effnn_option_def *defs, void *opts, const char *key,
                                     const int64_t *items, size_t n);

/* Set several from "a=1,b=x"; all or none. In a value "\," is a comma and "\\" a backslash; any
 * other backslash is itself. */
effnn_status effnn__options_parse(const effnn_option_def *defs, void *opts, const char *text);

effnn_status effnn__options_get_i64(const effnn_option_def *defs, const void *opts, const char *key,
                                    int64_t *out);
effnn_status effnn__options_get_f64(const effnn_option_def *defs, const void *opts, const char *key,
                                    double *out);

/* The value as text that effnn__options_set() reads back to the same value; *out by effnn__free. */
effnn_status effnn__options_get_text(const effnn_option_def *defs, const void *opts,
                                     const char *key, char **out);

/* The default of one row as such text. */
effnn_status effnn__option_default_text(const effnn_option_def *def, char **out);

/* All that differ from their defaults as "a=1,b=x" ("" if none); *out by effnn__free. */
effnn_status effnn__options_print(const effnn_option_def *defs, const void *opts, char **out);

bool effnn__options_equal(const effnn_option_def *defs, const void *a, const void *b);
#endif
