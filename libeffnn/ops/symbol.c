/* SPDX-License-Identifier: BSD-3-Clause */
/* Symbolic integers. A table holds atoms (named and fresh symbols) and derived symbols; a derived
 * one is a sum of scaled symbols, a product of linear factors, a quotient that does not divide, or
 * the outcome of broadcasting. Derived symbols are kept in a normal form (like terms combined,
 * terms sorted, constant factors moved out), so that equal expressions are found again by comparing
 * their terms, by way of a hash table: a file may name any number of sizes. */

#include "ops/symbol.h"

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"

#include <stdio.h>
#include <string.h>

/* Terms of a normal form while it is made; longer expressions become opaque pairs. */
#define MAX_TERMS 16

typedef enum symbol_kind {
    KIND_NAMED,
    KIND_FRESH,
    KIND_SUM,      /* terms without offsets */
    KIND_PRODUCT,  /* linear factors, each without a constant divisor */
    KIND_QUOTIENT, /* two terms, toward zero */
    KIND_BROADCAST /* two terms: the one that is not 1 */
} symbol_kind;

typedef struct symbol_entry {
    symbol_kind kind;
    char *text;
    size_t n;
    effnn__sym *terms; /* [n] */
} symbol_entry;

struct effnn__symbols {
    size_t n, capacity;
    symbol_entry *entries; /* symbol i is entry i - 1 */
    size_t n_slots;        /* a power of 2, more than n, or 0 */
    uint32_t *slots;       /* symbols by the hash of what makes them; 0: empty */
    uint64_t n_fresh;
};

/* An expression in the making: constant · or + terms. */
typedef struct term_list {
    size_t n;
    effnn__sym terms[MAX_TERMS];
} term_list;

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
static uint64_t hash_of(symbol_kind kind, const char *text, const effnn__sym *terms, size_t n)
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

static bool is_same(const symbol_entry *entry, symbol_kind kind, const char *text,
                    const effnn__sym *terms, size_t n)
{
    if (entry->kind != kind || entry->n != n) return false;
    for (size_t i = 0; i < n; i++)
        if (!effnn__sym_equal(entry->terms[i], terms[i])) return false;
    return n || strcmp(entry->text, text) == 0;
}

/* The symbol of an entry that is there, or 0; *slot: where it is or belongs. */
static uint32_t find_symbol(size_t *slot, const effnn__symbols *self, symbol_kind kind,
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
        const symbol_entry *entry = &self->entries[i];
        size_t slot = 0;

        find_symbol(&slot, self, entry->kind, entry->text, entry->terms, entry->n);
        self->slots[slot] = (uint32_t)(i + 1);
    }
    return EFFNN_OK;
}

static const symbol_entry *entry_of(const effnn__symbols *self, uint32_t symbol)
{
    EFFNN_ASSERT(symbol >= 1 && symbol <= self->n);
    return &self->entries[symbol - 1];
}

/* Append an entry; takes `text` over, also on failure (NULL: out of memory). */
static effnn_status add_entry(effnn__sym *out, effnn__symbols *self, symbol_kind kind, char *text,
                              const effnn__sym *terms, size_t n)
{
    symbol_entry entry = { .kind = kind, .text = text, .n = n };
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
        const symbol_entry *from = &self->entries[i];
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
    const uint32_t symbol = find_symbol(&slot, self, KIND_NAMED, name, NULL, 0);

    if (!symbol) return add_entry(out, self, KIND_NAMED, effnn__strdup(name), NULL, 0);
    *out = (effnn__sym){ .scale = 1, .symbol = symbol };
    return EFFNN_OK;
}

effnn_status effnn__symbols_fresh(effnn__sym *out, effnn__symbols *self)
{
    EFFNN_TRY(add_entry(out, self, KIND_FRESH,
                        effnn__strprintf("?%llu", (unsigned long long)self->n_fresh), NULL, 0));
    self->n_fresh++;
    return EFFNN_OK;
}

bool effnn__symbol_is_fresh(const effnn__symbols *t, uint32_t symbol)
{
    return t->entries[symbol - 1].kind == KIND_FRESH;
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
    const char *text = entry_of(t, s.symbol)->text;
    const char *sign = s.scale == -1 ? "-" : "";
    char scale[32] = "", offset[32] = "";

    if (s.scale != 1 && s.scale != -1) snprintf(scale, sizeof scale, "%lld*", (long long)s.scale);
    if (s.offset != 0) snprintf(offset, sizeof offset, "%+lld", (long long)s.offset);
    snprintf(buffer, size, "%s%s%s%s", sign, scale, text, offset);
    return buffer;
}

static const char *separator_of(symbol_kind kind)
{
    switch (kind) {
    case KIND_SUM: return "+";
    case KIND_PRODUCT: return "*";
    case KIND_QUOTIENT: return "/";
    default: return " or ";
    }
}

/* "(N*(S+1))" */
static effnn_status derived_text(char **out, const effnn__symbols *self, symbol_kind kind,
                                 const effnn__sym *terms, size_t n)
{
    effnn__str text = { 0 };
    effnn_status status = EFFNN_OK;

    for (size_t i = 0; i < n && status == EFFNN_OK; i++) {
        char one[256];
        const bool bracket = kind != KIND_SUM && terms[i].symbol != 0 &&
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

/* The derived symbol of these terms, found again or made. */
static effnn_status intern(effnn__sym *out, effnn__symbols *self, symbol_kind kind,
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

/* ---- checked arithmetic ---- */

static effnn_status overflow(int64_t a, const char *op, int64_t b)
{
    return effnn__fail(EFFNN_E_SHAPE, "size overflows: %lld %s %lld", (long long)a, op,
                       (long long)b);
}

static effnn_status add_i64(int64_t *out, int64_t a, int64_t b)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return overflow(a, "+", b);
    *out = a + b;
    return EFFNN_OK;
}

static bool mul_overflows(int64_t a, int64_t b)
{
    if (a == 0 || b == 0) return false;
    if (a == -1) return b == INT64_MIN;
    if (b == -1) return a == INT64_MIN;
    return b > 0 ? a > INT64_MAX / b || a < INT64_MIN / b : a > INT64_MIN / b || a < INT64_MAX / b;
}

static effnn_status mul_i64(int64_t *out, int64_t a, int64_t b)
{
    if (mul_overflows(a, b)) return overflow(a, "*", b);
    *out = a * b;
    return EFFNN_OK;
}

static int64_t gcd(int64_t a, int64_t b)
{
    uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;

    while (y != 0) {
        const uint64_t rest = x % y;

        x = y;
        y = rest;
    }
    return x > INT64_MAX ? 1 : (int64_t)x; /* only for INT64_MIN, which then stays whole */
}

/* ---- sums ---- */

/* list += factor · symbol, like terms combined, sorted by symbol; false if it is full. */
static effnn_status add_term(term_list *list, bool *full, uint32_t symbol, int64_t factor)
{
    size_t at = 0;

    while (at < list->n && list->terms[at].symbol < symbol) at++;
    if (at < list->n && list->terms[at].symbol == symbol) {
        EFFNN_TRY(add_i64(&list->terms[at].scale, list->terms[at].scale, factor));
        if (list->terms[at].scale == 0) {
            memmove(&list->terms[at], &list->terms[at + 1],
                    (list->n - at - 1) * sizeof list->terms[0]);
            list->n--;
        }
        return EFFNN_OK;
    }
    if (list->n == MAX_TERMS) {
        *full = true;
        return EFFNN_OK;
    }
    memmove(&list->terms[at + 1], &list->terms[at], (list->n - at) * sizeof list->terms[0]);
    list->terms[at] = (effnn__sym){ .scale = factor, .symbol = symbol };
    list->n++;
    return EFFNN_OK;
}

/* list += the symbolic part of s, a sum taken apart. */
static effnn_status add_to_sum(term_list *list, bool *full, const effnn__symbols *t, effnn__sym s)
{
    if (s.symbol == 0) return EFFNN_OK;
    const symbol_entry *entry = entry_of(t, s.symbol);
    if (entry->kind != KIND_SUM) return add_term(list, full, s.symbol, s.scale);
    for (size_t i = 0; i < entry->n; i++) {
        int64_t factor;

        EFFNN_TRY(mul_i64(&factor, s.scale, entry->terms[i].scale));
        EFFNN_TRY(add_term(list, full, entry->terms[i].symbol, factor));
    }
    return EFFNN_OK;
}

effnn_status effnn__sym_add(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b)
{
    term_list list = { 0 };
    effnn__sym sum = { 0 };
    int64_t offset = 0, common = 0;
    bool full = false;

    EFFNN_TRY(add_i64(&offset, a.offset, b.offset));
    EFFNN_TRY(add_to_sum(&list, &full, t, a));
    EFFNN_TRY(add_to_sum(&list, &full, t, b));
    if (full) return effnn__symbols_fresh(out, t);
    for (size_t i = 0; i < list.n; i++) common = gcd(common, list.terms[i].scale);
    if (list.n > 0 && list.terms[0].scale < 0) common = -common;
    if (list.n == 1) {
        sum = (effnn__sym){ .scale = list.terms[0].scale, .symbol = list.terms[0].symbol };
    } else if (list.n > 1) {
        for (size_t i = 0; i < list.n; i++) list.terms[i].scale /= common;
        EFFNN_TRY(intern(&sum, t, KIND_SUM, list.terms, list.n));
        sum.scale = common;
    }
    sum.offset = offset;
    *out = sum;
    return EFFNN_OK;
}

effnn_status effnn__sym_sub(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b)
{
    effnn__sym negative;

    EFFNN_TRY(effnn__sym_mul(&negative, t, b, effnn__sym_constant(-1)));
    return effnn__sym_add(out, t, a, negative);
}

/* ---- products ---- */

static int compare_factors(effnn__sym a, effnn__sym b)
{
    if (a.symbol != b.symbol) return a.symbol < b.symbol ? -1 : 1;
    if (a.scale != b.scale) return a.scale < b.scale ? -1 : 1;
    return (a.offset > b.offset) - (a.offset < b.offset);
}

static void insert_factor(term_list *list, bool *full, effnn__sym factor)
{
    size_t at = 0;

    if (list->n == MAX_TERMS) {
        *full = true;
        return;
    }
    while (at < list->n && compare_factors(list->terms[at], factor) < 0) at++;
    memmove(&list->terms[at + 1], &list->terms[at], (list->n - at) * sizeof list->terms[0]);
    list->terms[at] = factor;
    list->n++;
}

/* Multiply s into constant · list; s is taken apart into a constant and primitive factors. */
static effnn_status multiply_in(int64_t *constant, term_list *list, bool *full,
                                const effnn__symbols *t, effnn__sym s)
{
    if (s.symbol == 0) return mul_i64(constant, *constant, s.offset);
    int64_t common = gcd(s.scale, s.offset);
    if (s.scale < 0) common = -common;
    EFFNN_TRY(mul_i64(constant, *constant, common));
    s.scale /= common;
    s.offset /= common;
    const symbol_entry *entry = entry_of(t, s.symbol);
    if (entry->kind == KIND_PRODUCT && s.scale == 1 && s.offset == 0) {
        for (size_t i = 0; i < entry->n; i++) insert_factor(list, full, entry->terms[i]);
    } else {
        insert_factor(list, full, s);
    }
    return EFFNN_OK;
}

/* constant · list as one symbol. */
static effnn_status make_product(effnn__sym *out, effnn__symbols *t, int64_t constant,
                                 const term_list *list)
{
    effnn__sym product;

    if (constant == 0 || list->n == 0) {
        *out = effnn__sym_constant(constant);
        return EFFNN_OK;
    }
    if (list->n == 1)
        product = list->terms[0];
    else
        EFFNN_TRY(intern(&product, t, KIND_PRODUCT, list->terms, list->n));
    EFFNN_TRY(mul_i64(&product.scale, product.scale, constant));
    EFFNN_TRY(mul_i64(&product.offset, product.offset, constant));
    *out = product;
    return EFFNN_OK;
}

effnn_status effnn__sym_mul(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b)
{
    term_list list = { 0 };
    int64_t constant = 1;
    bool full = false;

    EFFNN_TRY(multiply_in(&constant, &list, &full, t, a));
    EFFNN_TRY(multiply_in(&constant, &list, &full, t, b));
    if (full) return effnn__symbols_fresh(out, t);
    return make_product(out, t, constant, &list);
}

bool effnn__sym_divide_exact(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b)
{
    term_list above = { 0 }, below = { 0 };
    int64_t constant = 1, divisor = 1;
    bool full = false;

    if (multiply_in(&constant, &above, &full, t, a) != EFFNN_OK ||
        multiply_in(&divisor, &below, &full, t, b) != EFFNN_OK)
        return false;
    if (full || divisor <= 0 || constant % divisor != 0) return false;
    for (size_t i = 0; i < below.n; i++) {
        size_t at = 0;

        while (at < above.n && !effnn__sym_equal(above.terms[at], below.terms[i])) at++;
        if (at == above.n) return false;
        memmove(&above.terms[at], &above.terms[at + 1], (above.n - at - 1) * sizeof above.terms[0]);
        above.n--;
    }
    return make_product(out, t, constant / divisor, &above) == EFFNN_OK;
}

effnn_status effnn__sym_div(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b)
{
    char text[128];

    if (b.symbol == 0 && b.offset == 0)
        return effnn__fail(EFFNN_E_SHAPE, "size %s is divided by 0",
                           effnn__sym_print(text, sizeof text, t, a));
    if (b.symbol == 0 && b.offset == -1) return effnn__sym_mul(out, t, a, b);
    if (effnn__sym_divide_exact(out, t, a, b)) return EFFNN_OK;
    if (a.symbol == 0 && b.symbol == 0) {
        *out = effnn__sym_constant(a.offset / b.offset);
        return EFFNN_OK;
    }
    return intern(out, t, KIND_QUOTIENT, (effnn__sym[]){ a, b }, 2);
}

effnn_status effnn__sym_broadcast(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b)
{
    const effnn__sym one = effnn__sym_constant(1);
    char text[2][128];

    if (effnn__sym_equal(a, b) || effnn__sym_equal(b, one)) {
        *out = a;
    } else if (effnn__sym_equal(a, one)) {
        *out = b;
    } else if (a.symbol == 0 && b.symbol == 0) {
        return effnn__fail(EFFNN_E_SHAPE, "%s does not broadcast with %s",
                           effnn__sym_print(text[0], sizeof text[0], t, a),
                           effnn__sym_print(text[1], sizeof text[1], t, b));
    } else if (a.symbol == 0 || b.symbol == 0) {
        *out = a.symbol == 0 ? a : b;
    } else if (compare_factors(a, b) < 0) {
        return intern(out, t, KIND_BROADCAST, (effnn__sym[]){ a, b }, 2);
    } else {
        return intern(out, t, KIND_BROADCAST, (effnn__sym[]){ b, a }, 2);
    }
    return EFFNN_OK;
}

/* The least value of a derived symbol. */
static bool minimum_of_entry(int64_t *out, const effnn__symbols *t, const symbol_entry *entry)
{
    int64_t least[MAX_TERMS] = { 0 };

    *out = 1;
    for (size_t i = 0; i < entry->n; i++)
        if (!effnn__sym_minimum(&least[i], t, entry->terms[i])) return false;
    switch (entry->kind) {
    case KIND_SUM:
        *out = 0;
        for (size_t i = 0; i < entry->n; i++)
            if (add_i64(out, *out, least[i]) != EFFNN_OK) return false;
        return true;
    case KIND_PRODUCT:
        for (size_t i = 0; i < entry->n; i++)
            if (least[i] < 0 || mul_i64(out, *out, least[i]) != EFFNN_OK) return false;
        return true;
    case KIND_QUOTIENT: *out = 0; return least[0] >= 0 && least[1] > 0;
    case KIND_BROADCAST: *out = least[0] > least[1] ? least[0] : least[1]; return true;
    default: return true;
    }
}

bool effnn__sym_minimum(int64_t *out, const effnn__symbols *t, effnn__sym s)
{
    int64_t least = 0;

    if (s.symbol != 0) {
        if (s.scale < 0 || !minimum_of_entry(&least, t, entry_of(t, s.symbol)) ||
            mul_i64(&least, least, s.scale) != EFFNN_OK)
            return false;
    }
    return add_i64(out, least, s.offset) == EFFNN_OK;
}
