/* SPDX-License-Identifier: BSD-3-Clause */
/* Open addressing with linear probing; removal shifts later entries of the run back, so there are
 * no tombstones. At most three quarters full; capacity is a power of two. */

#include "base/map.h"

#include "base/alloc.h"

#include <string.h>

typedef struct effnn__map_slot {
    char *key; /* NULL: empty */
    void *value;
    uint64_t hash;
} slot;

/* FNV-1a, 64 bit. */
static uint64_t hash_of(const char *key)
{
    uint64_t hash = 14695981039346656037u;

    for (; *key; key++) hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return hash;
}

/* The slot that holds the key, or the empty one where it belongs. The table is not full. */
static slot *probe(const effnn__map *self, const char *key, uint64_t hash)
{
    size_t i = (size_t)hash & (self->capacity - 1);

    while (self->slots[i].key &&
           (self->slots[i].hash != hash || strcmp(self->slots[i].key, key) != 0))
        i = (i + 1) & (self->capacity - 1);
    return &self->slots[i];
}

void *effnn__map_get(const effnn__map *self, const char *key)
{
    return self->n ? probe(self, key, hash_of(key))->value : NULL;
}

static effnn_status grow(effnn__map *self)
{
    const size_t capacity = self->capacity ? 2 * self->capacity : 16;
    effnn__map next = { .n = self->n, .capacity = capacity };

    next.slots = effnn__alloc_array(capacity, sizeof *next.slots);
    if (!next.slots) return effnn__fail_nomem("map", capacity * sizeof *next.slots);
    for (size_t i = 0; i < self->capacity; i++)
        if (self->slots[i].key)
            *probe(&next, self->slots[i].key, self->slots[i].hash) = self->slots[i];
    effnn__free(self->slots);
    *self = next;
    return EFFNN_OK;
}

effnn_status effnn__map_set(effnn__map *self, const char *key, void *value)
{
    const uint64_t hash = hash_of(key);
    char *copy;
    slot *s;

    EFFNN_ASSERT(value);
    if (self->n) {
        s = probe(self, key, hash);
        if (s->key) {
            s->value = value;
            return EFFNN_OK;
        }
    }
    if (4 * (self->n + 1) > 3 * self->capacity) EFFNN_TRY(grow(self));
    copy = effnn__strdup(key);
    if (!copy) return effnn__fail_nomem("map key", strlen(key) + 1);
    *probe(self, key, hash) = (slot){ copy, value, hash };
    self->n++;
    return EFFNN_OK;
}

void effnn__map_remove(effnn__map *self, const char *key)
{
    const size_t mask = self->capacity - 1;
    size_t hole, i;
    slot *s;

    if (!self->n) return;
    s = probe(self, key, hash_of(key));
    if (!s->key) return;
    effnn__free(s->key);
    hole = (size_t)(s - self->slots);
    for (i = (hole + 1) & mask; self->slots[i].key; i = (i + 1) & mask) {
        const size_t home = (size_t)self->slots[i].hash & mask;

        /* Move an entry into the hole unless its home lies cyclically behind the hole. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            self->slots[hole] = self->slots[i];
            hole = i;
        }
    }
    self->slots[hole] = (slot){ 0 };
    self->n--;
}

void effnn__map_clear(effnn__map *self)
{
    for (size_t i = 0; i < self->capacity; i++) effnn__free(self->slots[i].key);
    effnn__free(self->slots);
    *self = (effnn__map){ 0 };
}
