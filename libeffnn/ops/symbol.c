/* SPDX-License-Identifier: BSD-3-Clause */
/* Arithmetic of symbolic integers. A derived symbol is a sum of scaled symbols, a product of linear
 * factors, a quotient that does not divide, or the outcome of broadcasting; it is kept in a normal
 * form (like terms combined, terms sorted, constant factors moved out), so that equal expressions
 * are found again by comparing their terms (symbol_table.c). */

#include "ops/symbol.h"

#include "ops/symbol_priv.h"

#include <string.h>

/* Terms of a normal form while it is made; longer expressions become opaque pairs. */
#define MAX_TERMS 16

/* An expression in the making: constant · or + terms. */
typedef struct term_list {
    size_t n;
    effnn__sym terms[MAX_TERMS];
} term_list;

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
    const effnn__symbol_entry *entry = effnn__symbols_entry(t, s.symbol);
    if (entry->kind != EFFNN__SYMBOL_SUM) return add_term(list, full, s.symbol, s.scale);
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
        EFFNN_TRY(effnn__symbols_intern(&sum, t, EFFNN__SYMBOL_SUM, list.terms, list.n));
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
    const effnn__symbol_entry *entry = effnn__symbols_entry(t, s.symbol);
    if (entry->kind == EFFNN__SYMBOL_PRODUCT && s.scale == 1 && s.offset == 0) {
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
        EFFNN_TRY(effnn__symbols_intern(&product, t, EFFNN__SYMBOL_PRODUCT, list->terms, list->n));
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
    return effnn__symbols_intern(out, t, EFFNN__SYMBOL_QUOTIENT, (effnn__sym[]){ a, b }, 2);
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
        return effnn__symbols_intern(out, t, EFFNN__SYMBOL_BROADCAST, (effnn__sym[]){ a, b }, 2);
    } else {
        return effnn__symbols_intern(out, t, EFFNN__SYMBOL_BROADCAST, (effnn__sym[]){ b, a }, 2);
    }
    return EFFNN_OK;
}

/* The least value of a derived symbol. */
static bool minimum_of_entry(int64_t *out, const effnn__symbols *t,
                             const effnn__symbol_entry *entry)
{
    int64_t least[MAX_TERMS] = { 0 };

    *out = 1;
    for (size_t i = 0; i < entry->n; i++)
        if (!effnn__sym_minimum(&least[i], t, entry->terms[i])) return false;
    switch (entry->kind) {
    case EFFNN__SYMBOL_SUM:
        *out = 0;
        for (size_t i = 0; i < entry->n; i++)
            if (add_i64(out, *out, least[i]) != EFFNN_OK) return false;
        return true;
    case EFFNN__SYMBOL_PRODUCT:
        for (size_t i = 0; i < entry->n; i++)
            if (least[i] < 0 || mul_i64(out, *out, least[i]) != EFFNN_OK) return false;
        return true;
    case EFFNN__SYMBOL_QUOTIENT: *out = 0; return least[0] >= 0 && least[1] > 0;
    case EFFNN__SYMBOL_BROADCAST: *out = least[0] > least[1] ? least[0] : least[1]; return true;
    default: return true;
    }
}

bool effnn__sym_minimum(int64_t *out, const effnn__symbols *t, effnn__sym s)
{
    int64_t least = 0;

    if (s.symbol != 0) {
        if (s.scale < 0 || !minimum_of_entry(&least, t, effnn__symbols_entry(t, s.symbol)) ||
            mul_i64(&least, least, s.scale) != EFFNN_OK)
            return false;
    }
    return add_i64(out, least, s.offset) == EFFNN_OK;
}
