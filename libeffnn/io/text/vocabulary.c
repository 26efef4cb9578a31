/* SPDX-License-Identifier: BSD-3-Clause */
/* One text with all strings, and a table of slots with linear probing. */

#include "io/text/vocabulary.h"

#include "base/alloc.h"
#include "base/vec.h"

#include <string.h>

effnn_status effnn__vocabulary_add(effnn__vocabulary *self, const char *bytes, size_t n)
{
    if (self->n >= UINT32_MAX / 4)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "a vocabulary of more than %u tokens",
                           UINT32_MAX / 4);
    EFFNN_TRY(
        effnn__grow(&self->offsets, &self->offsets_capacity, self->n + 2, sizeof *self->offsets));
    EFFNN_TRY(effnn__grow(&self->text, &self->capacity, self->size + n + 1, 1));
    if (n) memcpy(self->text + self->size, bytes, n);
    self->text[self->size + n] = '\0';
    self->offsets[self->n++] = self->size;
    self->size += n + 1;
    self->offsets[self->n] = self->size;
    return EFFNN_OK;
}

/* FNV-1a. */
static uint64_t hash(const char *bytes, size_t n)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)bytes[i]) * 1099511628211u;
    return h;
}

/* The slot of a string: where it is, or the free one where it belongs. */
static size_t slot_of(const effnn__vocabulary *self, const char *bytes, size_t n)
{
    size_t at = (size_t)hash(bytes, n) & (self->n_slots - 1);

    for (; self->slots[at]; at = (at + 1) & (self->n_slots - 1)) {
        size_t length;
        const char *text = effnn__vocabulary_at(self, self->slots[at] - 1, &length);

        if (length == n && (n == 0 || memcmp(text, bytes, n) == 0)) break;
    }
    return at;
}

effnn_status effnn__vocabulary_index(effnn__vocabulary *self)
{
    self->n_slots = 4;
    while (self->n_slots < 2 * self->n) self->n_slots *= 2;
    self->slots = effnn__alloc_array(self->n_slots, sizeof *self->slots);
    if (!self->slots) return effnn__fail_nomem("vocabulary", self->n_slots * sizeof *self->slots);
    for (size_t i = 0; i < self->n; i++) {
        size_t n;
        const char *text = effnn__vocabulary_at(self, i, &n);
        const size_t at = slot_of(self, text, n);

        if (!self->slots[at]) self->slots[at] = (uint32_t)(i + 1);
    }
    return EFFNN_OK;
}

int64_t effnn__vocabulary_find(const effnn__vocabulary *self, const char *bytes, size_t n)
{
    return (int64_t)self->slots[slot_of(self, bytes, n)] - 1;
}

const char *effnn__vocabulary_at(const effnn__vocabulary *self, size_t i, size_t *n)
{
    *n = self->offsets[i + 1] - self->offsets[i] - 1;
    return self->text + self->offsets[i];
}

void effnn__vocabulary_clear(effnn__vocabulary *self)
{
    effnn__free(self->offsets);
    effnn__free(self->text);
    effnn__free(self->slots);
    *self = (effnn__vocabulary){ 0 };
}
