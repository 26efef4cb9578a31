/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of symbols: atoms (named and fresh ones) and derived symbols, found again by a hash of
 * what makes them, because a file may name any number of sizes; and their texts. */

#include "ops/symbol_priv.h"

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"

#include <stdio.h>
#include <string.h>

effnn_status effnn__symbols_create(effnn__symbols **out)
{
    effnn__symbols *self = effnn__zalloc(sizeof *self);

    if (!self) return effnn__fail_nomem("symbol table", sizeof *self);
    *out = self;
    return EFFNN_OK;
}

void effnn__symbols_destroy(effnn__symbols *self)
{
    if (!self) return;
    for (size_t i = 0; i < self->n; i++) {
        effnn__free(self->entries[i].text);
        effnn__free(self->entries[i].terms);
    }
    effnn__free(self->entries);
    effnn__free(self->slots);
    effnn__free(self);
}

/* ---- finding entries ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 32);
}

/* Of a name for atoms, of the terms for derived symbols. */
static uint64_t hash_of(effnn__symbol_kind kind, const char *text, const effnn__sym *terms,
                        size_t n)
{
    uint64_t hash = mix(0, (uint64_t)kind);

    for (size_t i = 0; n == 0 && text[i]; i++) hash = mix(hash, (unsigned char)text[i]);
    for (size_t i = 0; i < n; i++) {
        hash = mix(hash, terms[i].symbol);
        hash = mix(hash, (uint64_t)terms[i].scale);
        hash = mix(hash, (uint64_t)terms[i].offset);
    }
    return hash;
}

static bool is_same(const effnn__symbol_entry *entry, effnn__symbol_kind kind, const char *text,
                    const effnn__sym *terms, size_t n)
{
    if (entry->kind != kind || entry->n != n) return false;
    for (size_t i = 0; i < n; i++)
        if (!effnn__sym_equal(entry->terms[i], terms[i])) return false;
    return n || strcmp(entry->text, text) == 0;
}

/* The symbol of an entry that is there, or 0; *slot: where it is or belongs. */
static uint32_t find_symbol(size_t *slot, const effnn__symbols *self, effnn__symbol_kind kind,
                            const char *text, const effnn__sym *terms, size_t n)
{
    if (self->n_slots == 0) return 0;
    *slot = (size_t)hash_of(kind, text, terms, n) & (self->n_slots - 1);
    for (; self->slots[*slot]; *slot = (*slot + 1) & (self->n_slots - 1))
        if (is_same(&self->entries[self->slots[*slot] - 1], kind, text, terms, n)) break;
    return self->slots[*slot];
}

/* Make room for one symbol more. */
static effnn_status grow_slots(effnn__symbols *self)
{
    const size_t n_slots = self->n_slots ? 2 * self->n_slots : 16;
    uint32_t *slots;

    if (2 * (self->n + 1) <= self->n_slots) return EFFNN_OK;
    slots = effnn__alloc_array(n_slots, sizeof *slots);
    if (!slots) return effnn__fail_nomem("symbol table", n_slots * sizeof *slots);
    effnn__free(self->slots);
    self->slots = slots;
    self->n_slots = n_slots;
    for (size_t i = 0; i < self->n; i++) {
        const effnn__symbol_entry *entry = &self->entries[i];
        size_t slot = 0;

        find_symbol(&slot, self, entry->kind, entry->text, entry->terms, entry->n);
        self->slots[slot] = (uint32_t)(i + 1);
    }
    return EFFNN_OK;
}

const effnn__symbol_entry *effnn__symbols_entry(const effnn__symbols *self, uint32_t symbol)
{
    EFFNN_ASSERT(symbol >= 1 && symbol <= self->n);
    return &self->entries[symbol - 1];
}

/* Append an entry; takes `text` over, also on failure (NULL: out of memory). */
static effnn_status add_entry(effnn__sym *out, effnn__symbols *self, effnn__symbol_kind kind,
                              char *text, const effnn__sym *terms, size_t n)
{
    effnn__symbol_entry entry = { .kind = kind, .text = text, .n = n };
    size_t slot = 0;

    if (!text) return effnn__fail_nomem("text of a symbol", 1);
    if (n > 0) {
        entry.terms = effnn__alloc_array(n, sizeof *terms);
        if (!entry.terms) {
            effnn__free(text);
            return effnn__fail_nomem("terms of a symbol", n * sizeof *terms);
        }
        memcpy(entry.terms, terms, n * sizeof *terms);
    }
    effnn_status status =
        effnn__grow(&self->entries, &self->capacity, self->n + 1, sizeof *self->entries);
    if (status == EFFNN_OK) status = grow_slots(self);
    if (status != EFFNN_OK) {
        effnn__free(entry.text);
        effnn__free(entry.terms);
        return status;
    }
    find_symbol(&slot, self, kind, entry.text, entry.terms, n);
    self->entries[self->n++] = entry;
    self->slots[slot] = (uint32_t)self->n;
    *out = (effnn__sym){ .scale = 1, .symbol = (uint32_t)self->n };
    return EFFNN_OK;
}

effnn_status effnn__symbols_clone(effnn__symbols **out, const effnn__symbols *self)
{
    effnn__symbols *copy = NULL;
    effnn__sym ignored;

    EFFNN_TRY(effnn__symbols_create(&copy));
    copy->n_fresh = self->n_fresh;
    for (size_t i = 0; i < self->n; i++) {
        const effnn__symbol_entry *from = &self->entries[i];
        const effnn_status status =
            add_entry(&ignored, copy, from->kind, effnn__strdup(from->text), from->terms, from->n);

        if (status != EFFNN_OK) {
            effnn__symbols_destroy(copy);
            return status;
        }
    }
    *out = copy;
    return EFFNN_OK;
}

effnn_status effnn__symbols_named(effnn__sym *out, effnn__symbols *self, const char *name)
{
    size_t slot;
    const uint32_t symbol = find_symbol(&slot, self, EFFNN__SYMBOL_NAMED, name, NULL, 0);

    if (!symbol) return add_entry(out, self, EFFNN__SYMBOL_NAMED, effnn__strdup(name), NULL, 0);
    *out = (effnn__sym){ .scale = 1, .symbol = symbol };
    return EFFNN_OK;
}

effnn_status effnn__symbols_fresh(effnn__sym *out, effnn__symbols *self)
{
    EFFNN_TRY(add_entry(out, self, EFFNN__SYMBOL_FRESH,
                        effnn__strprintf("?%llu", (unsigned long long)self->n_fresh), NULL, 0));
    self->n_fresh++;
    return EFFNN_OK;
}

bool effnn__symbol_is_fresh(const effnn__symbols *t, uint32_t symbol)
{
    return t->entries[symbol - 1].kind == EFFNN__SYMBOL_FRESH;
}

const char *effnn__symbol_text(const effnn__symbols *t, uint32_t symbol)
{
    EFFNN_ASSERT(symbol > 0 && symbol <= t->n);
    return t->entries[symbol - 1].text;
}

const char *effnn__sym_print(char *buffer, size_t size, const effnn__symbols *t, effnn__sym s)
{
    if (effnn__sym_is_constant(s)) {
        snprintf(buffer, size, "%lld", (long long)s.offset);
        return buffer;
    }
    const char *text = effnn__symbols_entry(t, s.symbol)->text;
    const char *sign = s.scale == -1 ? "-" : "";
    char scale[32] = "", offset[32] = "";

    if (s.scale != 1 && s.scale != -1) snprintf(scale, sizeof scale, "%lld*", (long long)s.scale);
    if (s.offset != 0) snprintf(offset, sizeof offset, "%+lld", (long long)s.offset);
    snprintf(buffer, size, "%s%s%s%s", sign, scale, text, offset);
    return buffer;
}

static const char *separator_of(effnn__symbol_kind kind)
{
    switch (kind) {
    case EFFNN__SYMBOL_SUM: return "+";
    case EFFNN__SYMBOL_PRODUCT: return "*";
    case EFFNN__SYMBOL_QUOTIENT: return "/";
    default: return " or ";
    }
}

/* "(N*(S+1))" */
static effnn_status derived_text(char **out, const effnn__symbols *self, effnn__symbol_kind kind,
                                 const effnn__sym *terms, size_t n)
{
    effnn__str text = { 0 };
    effnn_status status = EFFNN_OK;

    for (size_t i = 0; i < n && status == EFFNN_OK; i++) {
        char one[256];
        const bool bracket = kind != EFFNN__SYMBOL_SUM && terms[i].symbol != 0 &&
                             (terms[i].offset != 0 || terms[i].scale != 1);

        effnn__sym_print(one, sizeof one, self, terms[i]);
        status = effnn__str_printf(&text, bracket ? "%s(%s)" : "%s%s",
                                   i == 0 ? "(" : separator_of(kind), one);
    }
    if (status == EFFNN_OK) status = effnn__str_add(&text, ")");
    if (status != EFFNN_OK) {
        effnn__str_clear(&text);
        return status;
    }
    *out = text.text;
    return EFFNN_OK;
}

effnn_status effnn__symbols_intern(effnn__sym *out, effnn__symbols *self, effnn__symbol_kind kind,
                                   const effnn__sym *terms, size_t n)
{
    size_t slot;
    const uint32_t symbol = find_symbol(&slot, self, kind, NULL, terms, n);
    char *text = NULL;

    if (symbol) {
        *out = (effnn__sym){ .scale = 1, .symbol = symbol };
        return EFFNN_OK;
    }
    EFFNN_TRY(derived_text(&text, self, kind, terms, n));
    return add_entry(out, self, kind, text, terms, n);
}
