/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_PASSES_PASSES_H
#define EFFNN_GRAPH_PASSES_PASSES_H

/* The passes of canon.c and lower.c, one file each here, and what they share. Passes change nodes
 * in their place and leave what nobody reads any more to the sweep behind each pass, so that they
 * stay linear in the size of the graph. */

#include "base/option.h"
#include "graph/canon.h"
#include "graph/rewrite.h"
#include "tensor/dtype.h"

/* The passes in their order; canon_<family>.c defines effnn__pass_<name>. */
#define EFFNN__CANON_PASSES(X) \
    X(identity)                \
    X(contents) X(fold) X(subgraphs) X(shapes) X(norm) X(softmax) X(activation) X(rotary)

#define X(pass) extern const effnn__pass effnn__pass_##pass;
EFFNN__CANON_PASSES(X)
#undef X

/* Passes of lower.c, beside some of those above. */
extern const effnn__pass effnn__pass_batch_norm;
extern const effnn__pass effnn__pass_attention;
extern const effnn__pass effnn__pass_layout;
extern const effnn__pass effnn__pass_cache;
extern const effnn__pass effnn__pass_lower_subgraphs; /* in canon_subgraph.c */

/* Whether nothing reads the node's outputs: it only waits for the sweep. */
bool effnn__canon_is_dead(const effnn__node *node);

/* An attribute that is an integer or flag; `otherwise` if the operator has none of that name. */
int64_t effnn__canon_attr(const effnn__node *node, const char *key, int64_t otherwise);

/* An attribute that is a list of integers, borrowed; NULL if there is none of that name. */
const effnn_int_list *effnn__canon_ints(const effnn__node *node, const char *key);

/* Whether dtype and shape of both are known and the same. */
bool effnn__canon_same_kind(const effnn__value *a, const effnn__value *b);

/* The integers of a constant of rank 1 or 0 with at most `capacity` elements; false if it is none.
 */
bool effnn__canon_integers(const effnn__value *value, int64_t *out, size_t *n, size_t capacity);

/* Make the node this operator over these inputs (effnn__graph_change_node) and count a change; if
 * the operator refuses or would give another shape, nothing happens and that is no failure. */
effnn_status effnn__canon_turn(effnn__graph *graph, effnn__node *node, const char *op,
                               const char *attrs, effnn__value *const *inputs, size_t n_inputs,
                               size_t *changes);

/* Let the readers of the node's only output read `value` and count a change. Where an output of the
 * graph needs a node of its own, the node becomes an identity. */
effnn_status effnn__canon_bypass(effnn__graph *graph, effnn__node *node, effnn__value *value,
                                 size_t *changes);

/* A new integer constant of rank 1. */
effnn_status effnn__canon_add_i64(effnn__value **out, effnn__graph *graph, const char *hint,
                                  size_t n, const int64_t *items);

/* Whether a reduction keeps its dimensions and reduces exactly the last *n dimensions, n ≥ 1. */
bool effnn__canon_reduces_last(const effnn__node *node, size_t *n);

/* Whether a reduction keeps its dimensions and reduces one: *axis, counted from 0. */
bool effnn__canon_reduces_one(const effnn__node *node, size_t *axis);
#endif
