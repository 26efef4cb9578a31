/* SPDX-License-Identifier: BSD-3-Clause */
/* Units of the clock and of the memory peak. */

#include "base/clock.h"

#include "support/suite.h"

#include <time.h>

START_TEST(seconds_are_those_of_the_monotonic_clock)
{
    struct timespec before, after;

    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    const double now = effnn__seconds();

    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    /* A double of seconds has some 1e-9 left for years of uptime. */
    ck_assert(now >= (double)before.tv_sec + 1e-9 * (double)before.tv_nsec - 1e-6);
    ck_assert(now <= (double)after.tv_sec + 1e-9 * (double)after.tv_nsec + 1e-6);
}
END_TEST

START_TEST(the_peak_of_memory_is_in_bytes)
{
    const size_t size = 64u << 20;
    const unsigned long long before = effnn__peak_memory();
    char *memory = malloc(size);
    volatile char *touched = memory;

    ck_assert_ptr_nonnull(memory);
    for (size_t i = 0; i < size; i += 4096) touched[i] = 1;
    ck_assert_uint_ge(effnn__peak_memory(), size);
    ck_assert_uint_ge(effnn__peak_memory(), before);
    free(memory);
}
END_TEST

SUITE("clock", NULL, NULL, seconds_are_those_of_the_monotonic_clock, the_peak_of_memory_is_in_bytes)
