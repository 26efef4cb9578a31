/* SPDX-License-Identifier: BSD-3-Clause */
/* The mapping is counted: the reader that opened it has a share, and each tensor over it. */

#include "io/mapped_file.h"

#include "base/alloc.h"

#include <stdatomic.h>
#include <string.h>

struct effnn__mapped {
    atomic_size_t shares;
    effnn__file file;
};

effnn_status effnn__mapped_open(effnn__mapped **out, const char *path)
{
    effnn__mapped *self = effnn__zalloc(sizeof *self);
    effnn_status status;

    if (!self) return effnn__fail_nomem(path, sizeof *self);
    atomic_init(&self->shares, 1);
    status = effnn__file_open(&self->file, path);
    if (status != EFFNN_OK) {
        effnn__free(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

void effnn__mapped_release(effnn__mapped *self)
{
    if (!self || atomic_fetch_sub_explicit(&self->shares, 1, memory_order_acq_rel) != 1) return;
    effnn__file_close(&self->file);
    effnn__free(self);
}

const effnn__file *effnn__mapped_file(const effnn__mapped *self)
{
    return &self->file;
}

static void release_tensor(void *user, void *data)
{
    (void)data;
    effnn__mapped_release(user);
}

static void idle_tensor(void *user, const void *data, size_t size)
{
    const effnn__mapped *self = user;

    effnn__file_let_go(&self->file, data, size);
}

effnn_status effnn__mapped_tensor(effnn_tensor **out, effnn_context *context, effnn__mapped *self,
                                  effnn_dtype dtype, const effnn__shape *shape,
                                  const unsigned char *data, size_t size)
{
    const size_t bits = effnn_dtype_bits(dtype), alignment = bits < 8 ? 1 : bits / 8;
    const struct effnn__memory_owner owner = { idle_tensor, release_tensor, self };
    effnn_status status;

    if (size && (uintptr_t)data % alignment == 0) {
        atomic_fetch_add_explicit(&self->shares, 1, memory_order_relaxed);
        status = effnn__tensor_wrap_read_only(out, context, data, dtype, shape, &owner);
        if (status != EFFNN_OK) effnn__mapped_release(self);
        return status;
    }
    EFFNN_TRY(effnn__tensor_create_unset(out, context, dtype, shape->rank, shape->dims));
    if (size) memcpy(effnn__tensor_data(*out), data, size);
    return EFFNN_OK;
}
