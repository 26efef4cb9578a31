/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TENSOR_STORAGE_H
#define EFFNN_TENSOR_STORAGE_H

/* The memory behind tensors: shared by count, made by a context's allocator or wrapped from
 * outside. Each tensor object, each view and each DLPack consumer holds one share. */

#include "base/status.h"

#include <effnn/tensor.h>
#include <stdbool.h>

typedef struct effnn__storage effnn__storage;

/* `size` unset bytes, aligned to 64, with one share. */
effnn_status effnn__storage_create(effnn__storage **out, effnn_context *context, size_t size);

/* Memory from outside with one share. `read_only`: make_unique copies it even when it has one
 * owner. */
effnn_status effnn__storage_wrap(effnn__storage **out, effnn_context *context, void *data,
                                 bool read_only);

/* What runs when the last share of wrapped memory goes (NULL: nothing); none until set, so that a
 * failing constructor can drop the storage and leave the memory its owner's. */
void effnn__storage_set_release(effnn__storage *self, effnn_release_fn release, void *user);

/* What runs when bytes of wrapped memory are not needed for a while, though there are shares. */
typedef void (*effnn__idle_fn)(void *user, const void *data, size_t size);
void effnn__storage_set_idle(effnn__storage *self, effnn__idle_fn idle);

/* Say that `size` bytes at `data` in it are not needed for a while. NULL is allowed. */
void effnn__storage_idle(const effnn__storage *self, const void *data, size_t size);

/* Add a share and return self; drop one. NULL is allowed. */
effnn__storage *effnn__storage_retain(effnn__storage *self);
void effnn__storage_release(effnn__storage *self);

void *effnn__storage_data(const effnn__storage *self);
effnn_context *effnn__storage_context(const effnn__storage *self);

/* True if its one owner may write to it. */
bool effnn__storage_is_writable(const effnn__storage *self);
#endif
