/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_REWRITE_H
#define EFFNN_GRAPH_REWRITE_H

/* Finding patterns and replacing them: what passes and transforms are written with. */

#include "graph/graph.h"

/* Whether a node, which may be NULL, is this operator. */
bool effnn__match_is(const effnn__node *node, const char *op);

/* The producer of a value if it is this operator, else NULL. */
effnn__node *effnn__match_producer(const effnn__value *value, const char *op);

/* The only reader of a value if it is this operator (and the value is no graph output), else NULL.
 */
effnn__node *effnn__match_only_reader(const effnn__value *value, const char *op);

/* For a commutative binary node: true, with the other input in *other, if input a or b is `value`.
 */
bool effnn__match_other_input(const effnn__node *node, const effnn__value *value,
                              effnn__value **other);

/* A floating-point or integer constant with one element (any rank): its value. */
bool effnn__match_scalar(const effnn__value *value, double *out);

/* The same within a relative 1e-6 of `expected`. */
bool effnn__match_scalar_near(const effnn__value *value, double expected);

/* Replace output 0 of `old` by `value` everywhere (effnn__graph_replace_value), then remove `old`,
 * unless another of its outputs is needed, and whatever only fed it. Linear in the graph: passes
 * that change much leave removal to effnn__graph_sweep(). */
effnn_status effnn__rewrite_replace(effnn__graph *graph, effnn__node *old, effnn__value *value);
#endif
