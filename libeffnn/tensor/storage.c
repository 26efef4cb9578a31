/* SPDX-License-Identifier: BSD-3-Clause */
/* Counted memory. The count is atomic, because sessions on several threads share parameters. Memory
 * that is not shared has one owner, and only that owner can share it: so "unshared" cannot turn
 * false between the check and the write, and no lock is needed. */

#include "tensor/storage.h"
#include "base/alloc.h"
#include "base/context.h"

#include <stdatomic.h>

struct effnn__storage {
    atomic_size_t shares;
    effnn_context *context; /* holds a share of it */
    void *data;
    bool external, read_only;
    effnn_release_fn release; /* external memory only, like `idle` */
    effnn__idle_fn idle;
    void *user; /* of both */
};

static effnn_status storage_new(effnn__storage **out, effnn_context *context)
{
    effnn__storage *self = effnn__zalloc(sizeof *self);

    if (!self) return effnn__fail_nomem("storage of a tensor", sizeof *self);
    self->context = effnn__context_retain(context);
    if (!self->context) {
        effnn__free(self);
        return EFFNN_E_NOMEM;
    }
    atomic_init(&self->shares, 1);
    *out = self;
    return EFFNN_OK;
}

effnn_status effnn__storage_create(effnn__storage **out, effnn_context *context, size_t size)
{
    effnn__storage *self = NULL;

    EFFNN_TRY(storage_new(&self, context));
    self->data = effnn__context_alloc(self->context, size ? size : 1);
    if (!self->data) {
        effnn__context_release(self->context);
        effnn__free(self);
        return effnn__fail_nomem("elements of a tensor", size);
    }
    *out = self;
    return EFFNN_OK;
}

effnn_status effnn__storage_wrap(effnn__storage **out, effnn_context *context, void *data,
                                 bool read_only)
{
    effnn__storage *self = NULL;

    EFFNN_TRY(storage_new(&self, context));
    self->data = data;
    self->external = true;
    self->read_only = read_only;
    *out = self;
    return EFFNN_OK;
}

void effnn__storage_set_release(effnn__storage *self, effnn_release_fn release, void *user)
{
    self->release = release;
    self->user = user;
}

void effnn__storage_set_idle(effnn__storage *self, effnn__idle_fn idle)
{
    self->idle = idle;
}

void effnn__storage_idle(const effnn__storage *self, const void *data, size_t size)
{
    if (self && self->idle && size) self->idle(self->user, data, size);
}

effnn__storage *effnn__storage_retain(effnn__storage *self)
{
    if (self) atomic_fetch_add_explicit(&self->shares, 1, memory_order_relaxed);
    return self;
}

void effnn__storage_release(effnn__storage *self)
{
    if (!self || atomic_fetch_sub_explicit(&self->shares, 1, memory_order_acq_rel) != 1) return;
    if (!self->external)
        effnn__context_free(self->context, self->data);
    else if (self->release)
        self->release(self->user, self->data);
    effnn__context_release(self->context);
    effnn__free(self);
}

void *effnn__storage_data(const effnn__storage *self)
{
    return self->data;
}

effnn_context *effnn__storage_context(const effnn__storage *self)
{
    return self->context;
}

bool effnn__storage_is_writable(const effnn__storage *self)
{
    return !self->read_only && atomic_load_explicit(&self->shares, memory_order_acquire) == 1;
}
