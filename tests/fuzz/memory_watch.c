/* SPDX-License-Identifier: BSD-3-Clause */
/* The hooks run inside malloc: they may only count. */

#include "fuzz/memory_watch.h"

#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif

static atomic_size_t live, peak;
static size_t at_begin;

size_t fuzz_memory_peak(void)
{
    return atomic_load(&peak) - at_begin;
}

size_t fuzz_memory_live(void)
{
    return atomic_load(&live);
}

#ifdef WATCHED
/* As in sanitizer/allocator_interface.h, which gcc does not install. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *memory);

static void on_malloc(const volatile void *memory, size_t size)
{
    const size_t used = atomic_fetch_add(&live, size) + size;
    size_t most = atomic_load(&peak);

    (void)memory;
    while (used > most && !atomic_compare_exchange_weak(&peak, &most, used)) continue;
}

static void on_free(const volatile void *memory)
{
    if (memory) atomic_fetch_sub(&live, __sanitizer_get_allocated_size(memory));
}

bool fuzz_memory_is_measured(void)
{
    return true;
}

void fuzz_memory_begin(void)
{
    static bool hooked;

    if (!hooked) {
        hooked = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0;
        atomic_store(&live, (size_t)1 << 40); /* memory from before may be freed */
    }
    at_begin = atomic_load(&live);
    atomic_store(&peak, at_begin);
}
#else
bool fuzz_memory_is_measured(void)
{
    return false;
}

void fuzz_memory_begin(void)
{
    at_begin = 0;
}
#endif
