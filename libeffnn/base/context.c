/* SPDX-License-Identifier: BSD-3-Clause */
/* The context: a share counter around pool, runner, seed, logger, allocator and extensions. The
 * default context is made on first use and lives as long as the process; after a failure to make it
 * the next use tries again. Default and extensions are published by compare-and-swap: there is no
 * lock that a forked child could find taken. */

#define _GNU_SOURCE /* sched_getaffinity */
#include "base/context.h"

#include "base/alloc.h"
#include "base/context_priv.h"
#include "base/pool.h"

#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_THREADS       1024u
#define STORAGE_ALIGNMENT 64

typedef struct extension {
    const void *key;
    void *value;
    void (*destroy)(void *value);
    struct extension *next;
} extension;

struct effnn_context {
    atomic_size_t shares;
    effnn_context_options options;
    uint32_t threads;
    effnn__pool pool;
    extension *_Atomic extensions; /* only ever added to, at the head */
};

static effnn_context *_Atomic default_context;

const char *effnn_version(void)
{
#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)
    return TEXT(EFFNN_VERSION_MAJOR) "." TEXT(EFFNN_VERSION_MINOR) "." TEXT(EFFNN_VERSION_PATCH);
#undef TEXT
#undef TEXT_OF
}

/* Cores that this process may use. */
static uint32_t core_count(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef CPU_COUNT
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) n = CPU_COUNT(&allowed);
#endif
    return n < 1 ? 1u : n > (long)MAX_THREADS ? MAX_THREADS : (uint32_t)n;
}

static effnn_status check_options(const effnn_context_options *options)
{
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "context options: version %u, this library knows 1",
                           options->version);
    if (options->threads > MAX_THREADS)
        return effnn__fail(EFFNN_E_ARG, "context options: %u threads, at most %u", options->threads,
                           MAX_THREADS);
    if (!options->alloc != !options->free)
        return effnn__fail(EFFNN_E_ARG, "context options: alloc and free go together");
    return EFFNN_OK;
}

effnn_status effnn_context_create(effnn_context **out, const effnn_context_options *options)
{
    const effnn_context_options defaults = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *self;
    effnn_status status;

    EFFNN_CHECK_ARG(out);
    if (!options) options = &defaults;
    EFFNN_TRY(check_options(options));
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("context", sizeof *self);
    atomic_init(&self->shares, 1);
    self->options = *options;
    self->threads = options->threads ? options->threads : core_count();
    status = effnn__pool_init(&self->pool, self->threads);
    if (status == EFFNN_OK)
        *out = self;
    else
        effnn_context_destroy(self);
    return status;
}

void effnn__context_release(effnn_context *self)
{
    extension *e;

    if (!self || atomic_fetch_sub_explicit(&self->shares, 1, memory_order_acq_rel) != 1) return;
    effnn__pool_stop(&self->pool);
    e = atomic_load(&self->extensions);
    while (e) {
        extension *const next = e->next;

        if (e->destroy) e->destroy(e->value);
        effnn__free(e);
        e = next;
    }
    effnn__free(self);
}

void effnn_context_destroy(effnn_context *self)
{
    effnn__context_release(self);
}

effnn_context *effnn__context_resolve(effnn_context *self)
{
    effnn_context *made, *other = NULL;

    if (self) return self;
    self = atomic_load_explicit(&default_context, memory_order_acquire);
    if (self) return self;
    if (effnn_context_create(&made, NULL) != EFFNN_OK) return NULL;
    if (atomic_compare_exchange_strong(&default_context, &other, made)) return made;
    effnn_context_destroy(made); /* another thread was first */
    return other;
}

effnn_context *effnn__context_retain(effnn_context *self)
{
    self = effnn__context_resolve(self);
    if (self) atomic_fetch_add_explicit(&self->shares, 1, memory_order_relaxed);
    return self;
}

/* NULL stands for the default context, made or not: its options are the defaults. */
static const effnn_context *peek(const effnn_context *self)
{
    return self ? self : atomic_load_explicit(&default_context, memory_order_acquire);
}

uint32_t effnn_context_threads(const effnn_context *self)
{
    self = peek(self);
    return self ? self->threads : core_count();
}

uint64_t effnn_context_seed(const effnn_context *self)
{
    self = peek(self);
    return self ? self->options.seed : 0;
}

const effnn_context_options *effnn__context_options(const effnn_context *self)
{
    return &self->options;
}

effnn__pool *effnn__context_pool(effnn_context *self)
{
    return &self->pool;
}

void *effnn__context_alloc(effnn_context *self, size_t size)
{
    const effnn_context_options *o = &self->options;

    if (!o->alloc) return effnn__alloc_aligned(size, STORAGE_ALIGNMENT);
    return effnn__alloc_must_fail() ? NULL
                                    : o->alloc(o->alloc_user, size ? size : 1, STORAGE_ALIGNMENT);
}

void effnn__context_free(effnn_context *self, void *memory)
{
    const effnn_context_options *o = &self->options;

    if (!memory) return;
    if (o->free)
        o->free(o->alloc_user, memory);
    else
        effnn__free_aligned(memory);
}

void effnn__log(const effnn_context *self, effnn_log_level level, const char *format, ...)
{
    char line[512];
    va_list args;

    self = peek(self);
    if (!self || !self->options.log || level > self->options.log_level) return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    self->options.log(self->options.log_user, level, line);
}

void *effnn__context_extension(const effnn_context *self, const void *key)
{
    self = peek(self);
    for (const extension *e = self ? atomic_load(&self->extensions) : NULL; e; e = e->next)
        if (e->key == key) return e->value;
    return NULL;
}

effnn_status effnn__context_set_extension(effnn_context *self, const void *key, void *value,
                                          void (*destroy)(void *value))
{
    extension *added;

    self = effnn__context_resolve(self);
    if (!self) return EFFNN_E_NOMEM;
    added = effnn__alloc(sizeof *added);
    if (!added) return effnn__fail_nomem("context extension", sizeof *added);
    *added = (extension){ .key = key, .value = value, .destroy = destroy };
    added->next = atomic_load(&self->extensions);
    do {
        for (const extension *e = added->next; e; e = e->next) {
            if (e->key != key) continue;
            effnn__free(added);
            return effnn__fail(EFFNN_E_STATE, "context: the extension is set already");
        }
    } while (!atomic_compare_exchange_weak(&self->extensions, &added->next, added));
    return EFFNN_OK;
}
