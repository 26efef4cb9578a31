/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_ATTENTION_BLOCK_H
#define EFFNN_GRAPH_ATTENTION_BLOCK_H

/* Attention as exporters write it: softmax(scale · q · kᵀ + mask) · v over the last two dimensions.
 * In canonical graphs it stays in these parts, so that its products and its softmax are sites; who
 * wants it whole (lowering, a transform) finds it here. */

#include "graph/graph.h"

typedef struct effnn__attention_block {
    effnn__node *scores, *softmax, *result; /* the product q·kᵀ, the softmax, the product with v */
    effnn__value *q;                        /* [..., queries, size] */
    effnn__value *k_transposed;             /* [..., size, keys] */
    effnn__value *v;                        /* [..., keys, size of v] */
    effnn__value *mask;                     /* added to the scores, broadcast; or NULL */
    double scale;                           /* of all factors on q, kᵀ and the product together */
} effnn__attention_block;

/* Whether a node is the softmax of such a block. Ranks are equal, batch dimensions too; what lies
 * between the parts has no other reader. */
bool effnn__attention_match(effnn__attention_block *out, effnn__node *softmax);
#endif
