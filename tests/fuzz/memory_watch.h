/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_FUZZ_MEMORY_WATCH_H
#define EFFNN_FUZZ_MEMORY_WATCH_H

/* How much memory malloc has given, by AddressSanitizer's hooks. */

#include <stdbool.h>
#include <stddef.h>

bool fuzz_memory_is_measured(void); /* false without AddressSanitizer: all counts are 0 */
void fuzz_memory_begin(void);       /* the peak counts from here on */
size_t fuzz_memory_peak(void);      /* most bytes beyond those at the beginning */
size_t fuzz_memory_live(void);      /* bytes in use, ever since the first call of begin */
#endif
