/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_ALLOC_H
#define EFFNN_BASE_ALLOC_H

/* Every small allocation of the library. The C library's allocator with overflow checks and a hook
 * by which tests let the n-th allocation fail. None of these sets a message: the caller knows for
 * what the memory was (effnn__fail_nomem). */

#include <stddef.h>
#include <stdint.h>

void *effnn__alloc(size_t size);                 /* size 0 gives a unique pointer */
void *effnn__zalloc(size_t size);                /* zeroed */
void *effnn__alloc_array(size_t n, size_t size); /* zeroed; NULL if n * size overflows */
void *effnn__realloc_array(void *old, size_t n, size_t size); /* old is untouched on failure */
char *effnn__strdup(const char *text);
void effnn__free(void *memory); /* NULL is allowed */

/* Storage: aligned to 64 bytes; counted by the same hook; freed by effnn__free_aligned. */
void *effnn__alloc_aligned(size_t size, size_t alignment);
void effnn__free_aligned(void *memory);

/* For allocators other than the ones above that obey the hook: counts one allocation; nonzero if it
 * must fail. */
int effnn__alloc_must_fail(void);

/* Test hook: let the allocation after the next `after` ones fail, and all later ones too if
 * `sticky`; -1 turns it off. Process-wide and thread-safe. */
void effnn__alloc_fail_after(int64_t after, int sticky);

/* Allocations since the process began, of both kinds (a test holds steady-state runs to zero). */
uint64_t effnn__alloc_count(void);
#endif
