/* SPDX-License-Identifier: BSD-3-Clause */
/* The C library's allocator behind a countdown: tests let the n-th allocation fail and count
 * allocations. The atomics are process-wide; without a test they cost a load and an addition. */

#define _DEFAULT_SOURCE /* madvise */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 << 20 };

static atomic_int_fast64_t countdown = -1; /* allocations until one fails; -1: never */
static atomic_int sticky_failure;
static atomic_uint_fast64_t n_allocations;

int effnn__alloc_must_fail(void)
{
    int_fast64_t left = atomic_load_explicit(&countdown, memory_order_relaxed);

    atomic_fetch_add_explicit(&n_allocations, 1, memory_order_relaxed);
    while (left >= 0) {
        const int_fast64_t next = left > 0 ? left - 1
                                  : atomic_load_explicit(&sticky_failure, memory_order_relaxed)
                                      ? 0
                                      : -1;

        if (atomic_compare_exchange_weak(&countdown, &left, next)) return left == 0;
    }
    return 0;
}

void *effnn__alloc(size_t size)
{
    return effnn__alloc_must_fail() ? NULL : malloc(size ? size : 1);
}

void *effnn__zalloc(size_t size)
{
    return effnn__alloc_must_fail() ? NULL : calloc(1, size ? size : 1);
}

void *effnn__alloc_array(size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size) return NULL;
    return effnn__zalloc(n * size);
}

void *effnn__realloc_array(void *old, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size) return NULL;
    if (effnn__alloc_must_fail()) return NULL;
    return realloc(old, n && size ? n * size : 1);
}

char *effnn__strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = effnn__alloc(size);

    if (copy) memcpy(copy, text, size);
    return copy;
}

void effnn__free(void *memory)
{
    free(memory);
}

/* Weights and activations of some megabytes are read and written once a run; with small pages the
 * processor then looks up a page for every 4 KB, which in a virtual machine takes as long as the
 * data. The system gives large pages where it has them. */
static void ask_for_large_pages(void *memory, size_t size)
{
#ifdef MADV_HUGEPAGE
    (void)madvise(memory, size / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
#else
    (void)memory;
    (void)size;
#endif
}

void *effnn__alloc_aligned(size_t size, size_t alignment)
{
    const bool is_large = size >= LARGE_PAGE;
    void *memory = NULL;

    if (effnn__alloc_must_fail()) return NULL;
    if (is_large && alignment < LARGE_PAGE) alignment = LARGE_PAGE;
    if (posix_memalign(&memory, alignment, size ? size : 1) != 0) return NULL;
    if (is_large) ask_for_large_pages(memory, size);
    return memory;
}

void effnn__free_aligned(void *memory)
{
    free(memory);
}

void effnn__alloc_fail_after(int64_t after, int sticky)
{
    atomic_store(&sticky_failure, sticky);
    atomic_store(&countdown, after);
}

uint64_t effnn__alloc_count(void)
{
    return atomic_load(&n_allocations);
}
