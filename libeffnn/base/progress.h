/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_PROGRESS_H
#define EFFNN_BASE_PROGRESS_H

/* Calling a caller's progress function: 0 goes on, positive is E_CANCELLED, negative E_USER. */

#include "base/status.h"

typedef struct effnn__progress {
    effnn_progress_fn fn; /* NULL: silent */
    void *user;
} effnn__progress;

/* `self` may be NULL. */
effnn_status effnn__progress_tell(const effnn__progress *self, const char *stage, uint64_t done,
                                  uint64_t total);
#endif
