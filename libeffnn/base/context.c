/* SPDX-License-Identifier: BSD-3-Clause */
/* The context: a share counter around pool, runner, seed, logger, allocator and extensions. The
 * default context is made on first use and lives as long as the process; it can be asked for again
 * after a failure to make it. */

#include "base/context.h"

#include "base/alloc.h"
#include "base/context_priv.h"
#include "base/pool.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
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
    pthread_mutex_t lock; /* of the extensions */
    extension *extensions;
};

static effnn_context *_Atomic default_context;
static pthread_mutex_t default_lock = PTHREAD_MUTEX_INITIALIZER;

const char *effnn_version(void)
{
#define TEXT_OF(x) #x
#define TEXT(x)    TEXT_OF(x)
    return TEXT(EFFNN_VERSION_MAJOR) "." TEXT(EFFNN_VERSION_MINOR) "." TEXT(EFFNN_VERSION_PATCH);
#undef TEXT
#undef TEXT_OF
}

static uint32_t core_count(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1u : n > (long)MAX_THREADS ? MAX_THREADS : (uint32_t)n;
}

effnn_status effnn_context_create(effnn_context **out, const effnn_context_options *options)
{
    const effnn_context_options defaults = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *self;

    EFFNN_CHECK_ARG(out);
    if (!options) options = &defaults;
    if (options->version != defaults.version)
        return effnn__fail(EFFNN_E_ARG, "context options: version %u, this library knows %u",
                           options->version, defaults.version);
    if (options->threads > MAX_THREADS)
        return effnn__fail(EFFNN_E_ARG, "context options: %u threads, at most %u", options->threads,
                           MAX_THREADS);
    if (!options->alloc != !options->free)
        return effnn__fail(EFFNN_E_ARG, "context options: alloc and free go together");
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("context", sizeof *self);
    atomic_init(&self->shares, 1);
    self->options = *options;
    self->threads = options->threads ? options->threads : core_count();
    pthread_mutex_init(&self->lock, NULL);
    effnn__pool_init(&self->pool, self->threads);
    *out = self;
    return EFFNN_OK;
}

void effnn__context_release(effnn_context *self)
{
    if (!self || atomic_fetch_sub_explicit(&self->shares, 1, memory_order_acq_rel) != 1) return;
    effnn__pool_stop(&self->pool);
    while (self->extensions) {
        extension *first = self->extensions;

        self->extensions = first->next;
        if (first->destroy) first->destroy(first->value);
        effnn__free(first);
    }
    pthread_mutex_destroy(&self->lock);
    effnn__free(self);
}

void effnn_context_destroy(effnn_context *self)
{
    effnn__context_release(self);
}

effnn_context *effnn__context_resolve(effnn_context *self)
{
    effnn_context *made = NULL;

    if (self) return self;
    self = atomic_load_explicit(&default_context, memory_order_acquire);
    if (self) return self;
    pthread_mutex_lock(&default_lock);
    self = atomic_load_explicit(&default_context, memory_order_relaxed);
    if (!self && effnn_context_create(&made, NULL) == EFFNN_OK) {
        atomic_store_explicit(&default_context, made, memory_order_release);
        self = made;
    }
    pthread_mutex_unlock(&default_lock);
    return self;
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

void *effnn__context_extension(const effnn_context *context, const void *key)
{
    effnn_context *self = (effnn_context *)(uintptr_t)peek(context);
    void *value = NULL;

    if (!self) return NULL;
    pthread_mutex_lock(&self->lock);
    for (const extension *e = self->extensions; e && !value; e = e->next)
        if (e->key == key) value = e->value;
    pthread_mutex_unlock(&self->lock);
    return value;
}

effnn_status effnn__context_set_extension(effnn_context *self, const void *key, void *value,
                                          void (*destroy)(void *value))
{
    extension *added;

    self = effnn__context_resolve(self);
    if (!self) return EFFNN_E_NOMEM;
    added = effnn__alloc(sizeof *added);
    if (!added) return effnn__fail_nomem("context", sizeof *added);
    pthread_mutex_lock(&self->lock);
    for (extension *e = self->extensions; e; e = e->next) {
        if (e->key != key) continue;
        pthread_mutex_unlock(&self->lock);
        effnn__free(added);
        return effnn__fail(EFFNN_E_STATE, "context: the extension is set already");
    }
    *added = (extension){ key, value, destroy, self->extensions };
    self->extensions = added;
    pthread_mutex_unlock(&self->lock);
    return EFFNN_OK;
}
