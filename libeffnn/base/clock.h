/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_CLOCK_H
#define EFFNN_BASE_CLOCK_H

/* Seconds of a monotonic clock, for reports only: nothing that is computed depends on it. */
double effnn__seconds(void);

/* Peak resident bytes of the process so far, or 0 where the system does not tell. */
unsigned long long effnn__peak_memory(void);
#endif
