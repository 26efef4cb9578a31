/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_MAP_H
#define EFFNN_BASE_MAP_H

/* A hash map from strings to pointers; keys are copied. Open addressing, linear probing. */

#include "base/status.h"

typedef struct effnn__map {
    size_t n, capacity;
    struct effnn__map_slot *slots;
} effnn__map;

void *effnn__map_get(const effnn__map *self, const char *key); /* NULL: none */
/* value not NULL. Giving a key that is there another value allocates nothing. */
effnn_status effnn__map_set(effnn__map *self, const char *key, void *value);
void effnn__map_remove(effnn__map *self, const char *key);
void effnn__map_clear(effnn__map *self); /* frees keys and table, not the values */
#endif
