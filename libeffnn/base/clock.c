/* SPDX-License-Identifier: BSD-3-Clause */
/* Monotonic seconds and peak memory, for reports. */

#include "base/clock.h"

#include <sys/resource.h>
#include <time.h>

double effnn__seconds(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0.0;
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

unsigned long long effnn__peak_memory(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (unsigned long long)usage.ru_maxrss * 1024u; /* Linux counts KiB */
}
