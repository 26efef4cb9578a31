/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_SYMBOL_H
#define EFFNN_OPS_SYMBOL_H

/* Integers that may depend on sizes known only when a model runs: N, S + 1, 3·N. Shape arithmetic
 * that exporters leave in graphs folds on these, with the batch still open. A sum or product that
 * the linear form cannot hold becomes a derived symbol, interned by its text, so that equal
 * expressions are equal symbols. */

#include "base/status.h"

#include <stdbool.h>

/* scale · symbol + offset; symbol 0: the constant `offset` (and scale 0). */
typedef struct effnn__sym {
    int64_t scale, offset;
    uint32_t symbol;
} effnn__sym;

/* Names of symbols; one table a graph. */
typedef struct effnn__symbols effnn__symbols;
effnn_status effnn__symbols_create(effnn__symbols **out);
void effnn__symbols_destroy(effnn__symbols *self);
effnn_status effnn__symbols_clone(effnn__symbols **out, const effnn__symbols *self);

/* The symbol of a name ("N"), made if new / a symbol that equals nothing else. */
effnn_status effnn__symbols_named(effnn__sym *out, effnn__symbols *self, const char *name);
effnn_status effnn__symbols_fresh(effnn__sym *out, effnn__symbols *self);

static inline effnn__sym effnn__sym_constant(int64_t value)
{
    return (effnn__sym){ .offset = value };
}

static inline bool effnn__sym_is_constant(effnn__sym s)
{
    return s.symbol == 0;
}

static inline bool effnn__sym_equal(effnn__sym a, effnn__sym b)
{
    return a.symbol == b.symbol && a.scale == b.scale && a.offset == b.offset;
}

/* Arithmetic; overflow is E_SHAPE. div rounds toward zero like ONNX; a zero divisor is E_SHAPE. */
effnn_status effnn__sym_add(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b);
effnn_status effnn__sym_sub(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b);
effnn_status effnn__sym_mul(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b);
effnn_status effnn__sym_div(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b);

/* True, with *out = a / b, if b divides a whatever the symbols' values (they are taken as > 0):
 * constants, equal symbols, scales; products of symbols too. Used by Reshape's -1. */
bool effnn__sym_divide_exact(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b);

/* The size that two sizes broadcast to, symbols taken as ≥ 1: 1 gives way to anything; a symbol
 * against a constant above 1 must be that constant (or 1) when the model runs, so it is the
 * constant; two symbols that differ give a derived one. Two constants that do not fit: E_SHAPE. */
effnn_status effnn__sym_broadcast(effnn__sym *out, effnn__symbols *t, effnn__sym a, effnn__sym b);

/* True, with the bound in *out, if a lower bound of s follows from all symbols being ≥ 1. */
bool effnn__sym_minimum(int64_t *out, const effnn__symbols *t, effnn__sym s);

/* Text of one symbol ("N", "N*S"), borrowed, as long as the table; symbol is not 0. */
const char *effnn__symbol_text(const effnn__symbols *t, uint32_t symbol);

/* True if the symbol was made by effnn__symbols_fresh: its text is nobody's name. */
bool effnn__symbol_is_fresh(const effnn__symbols *t, uint32_t symbol);

/* Text ("N", "3*N+1", "7") into a buffer; returns it. */
const char *effnn__sym_print(char *buffer, size_t size, const effnn__symbols *t, effnn__sym s);
#endif
