/* SPDX-License-Identifier: BSD-3-Clause */
/* Growing arrays: capacity doubles, so appending n items costs O(n). */

#include "base/vec.h"

#include "base/alloc.h"

#include <stdint.h>
#include <string.h>

effnn_status effnn__grow(void *items, size_t *capacity, size_t need, size_t size)
{
    size_t next = *capacity ? *capacity : 8;
    void *old, *grown;

    if (need <= *capacity) return EFFNN_OK;
    while (next < need && next <= SIZE_MAX / 2) next *= 2;
    if (next < need) next = need;
    memcpy(&old, items, sizeof old);
    grown = effnn__realloc_array(old, next, size);
    if (!grown) return effnn__fail_nomem("array", next * size);
    memcpy(items, &grown, sizeof grown);
    *capacity = next;
    return EFFNN_OK;
}

effnn_status effnn__vec_push(effnn__vec *self, void *item)
{
    EFFNN_TRY(effnn__grow(&self->items, &self->capacity, self->n + 1, sizeof *self->items));
    self->items[self->n++] = item;
    return EFFNN_OK;
}

effnn_status effnn__vec_insert(effnn__vec *self, size_t at, void *item)
{
    EFFNN_ASSERT(at <= self->n);
    EFFNN_TRY(effnn__grow(&self->items, &self->capacity, self->n + 1, sizeof *self->items));
    memmove(self->items + at + 1, self->items + at, (self->n - at) * sizeof *self->items);
    self->items[at] = item;
    self->n++;
    return EFFNN_OK;
}

void effnn__vec_remove(effnn__vec *self, size_t at)
{
    EFFNN_ASSERT(at < self->n);
    memmove(self->items + at, self->items + at + 1, (self->n - at - 1) * sizeof *self->items);
    self->n--;
}

void effnn__vec_clear(effnn__vec *self)
{
    effnn__free(self->items);
    *self = (effnn__vec){ 0 };
}
