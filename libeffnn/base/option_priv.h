/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_OPTION_PRIV_H
#define EFFNN_BASE_OPTION_PRIV_H

/* What option.c gives option_text.c: fields by row. */

#include "base/option.h"

/* The field of a row in an options struct. */
void *effnn__option_field(const effnn_option_def *def, const void *opts);

/* The row of a key, or E_NOTFOUND with the nearest name. */
effnn_status effnn__option_need(const effnn_option_def **out, const effnn_option_def *defs,
                                const char *key);

/* True for STRING, LIST and INTS, whose fields own memory. */
bool effnn__option_is_text(const effnn_option_def *def);

/* Value of a BOOL, I64, F64 or ENUM field. */
double effnn__option_number(const effnn_option_def *def, const void *opts);

/* Store into a field of the one or the other kind, checked. */
effnn_status effnn__option_store_number(const effnn_option_def *def, void *opts, double value);
effnn_status effnn__option_store_text(const effnn_option_def *def, void *opts, const char *text);
#endif
