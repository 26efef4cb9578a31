/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_SYMBOL_PRIV_H
#define EFFNN_OPS_SYMBOL_PRIV_H

/* The table of symbols (symbol_table.c), for the arithmetic over it (symbol.c). */

#include "ops/symbol.h"

#include <stddef.h>

typedef enum effnn__symbol_kind {
    EFFNN__SYMBOL_NAMED,
    EFFNN__SYMBOL_FRESH,
    EFFNN__SYMBOL_SUM,      /* terms without offsets */
    EFFNN__SYMBOL_PRODUCT,  /* linear factors, each without a constant divisor */
    EFFNN__SYMBOL_QUOTIENT, /* two terms, toward zero */
    EFFNN__SYMBOL_BROADCAST /* two terms: the one that is not 1 */
} effnn__symbol_kind;

typedef struct effnn__symbol_entry {
    effnn__symbol_kind kind;
    char *text;
    size_t n;
    effnn__sym *terms; /* [n] */
} effnn__symbol_entry;

struct effnn__symbols {
    size_t n, capacity;
    effnn__symbol_entry *entries; /* symbol i is entry i - 1 */
    size_t n_slots;               /* a power of 2, more than n, or 0 */
    uint32_t *slots;              /* symbols by the hash of what makes them; 0: empty */
    uint64_t n_fresh;
};

/* What makes a derived symbol; `symbol` is one of the table's. */
const effnn__symbol_entry *effnn__symbols_entry(const effnn__symbols *self, uint32_t symbol);

/* The derived symbol of these terms, found again or made. */
effnn_status effnn__symbols_intern(effnn__sym *out, effnn__symbols *self, effnn__symbol_kind kind,
                                   const effnn__sym *terms, size_t n);
#endif
