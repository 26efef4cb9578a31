/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention blocks become one operator in a session's own copy: its kernel keeps the scores of a
 * few queries at a time, where the parts write all of them out. */

#include "graph/attention_block.h"
#include "graph/passes/passes.h"

#include <math.h>
#include <stdio.h>

/* kᵀ with its last two dimensions exchanged again: what it was transposed from, if the only thing
 * that the transpose did was that, else one transpose with the joint permutation. */
static effnn_status untranspose(effnn__value **out, effnn__graph *graph,
                                const effnn__attention_block *block)
{
    effnn__value *k = block->k_transposed;
    effnn__node *transpose = effnn__match_producer(k, "transpose");
    const effnn_int_list *perm = transpose ? effnn__canon_ints(transpose, "perm") : NULL;
    const size_t rank = k->info.rank;
    char text[64] = "perm=";
    size_t at = 5;
    bool is_identity = true;

    for (size_t i = 0; i < rank; i++) {
        const size_t swapped = i + 2 < rank ? i : i + 2 == rank ? i + 1 : i - 1;
        const size_t axis = perm && perm->n == rank ? (size_t)perm->items[swapped] : swapped;
        if (perm && perm->n != rank) return EFFNN_OK;
        is_identity = is_identity && axis == i;
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%zu", i ? ":" : "", axis);
    }
    if (perm) k = transpose->inputs[0];
    *out = k;
    if (is_identity) return EFFNN_OK;
    return effnn__graph_add_op(out, graph, "transpose", block->scores->name, text, &k, 1,
                               block->result);
}

static effnn_status fuse(effnn__graph *graph, const effnn__attention_block *block, size_t *changes)
{
    effnn__value *inputs[4] = { block->q, NULL, block->v, block->mask };
    char attrs[96];

    if (block->scale == 0.0 || !isfinite(block->scale)) return EFFNN_OK;
    if (block->q->info.rank > 4 || (block->q->info.rank == 3 && block->mask)) return EFFNN_OK;
    EFFNN_TRY(untranspose(&inputs[1], graph, block));
    if (!inputs[1]) return EFFNN_OK;
    snprintf(attrs, sizeof attrs, "scale=%.17g%s", block->scale,
             block->q->info.rank == 3 ? ",q_num_heads=1,kv_num_heads=1" : "");
    return effnn__canon_turn(graph, block->result, "attention", attrs, inputs, block->mask ? 4 : 3,
                             changes);
}

static effnn_status run(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        effnn__attention_block block;
        if (effnn__canon_is_dead(node) || !effnn__attention_match(&block, node)) continue;
        EFFNN_TRY(fuse(graph, &block, changes));
        i = node->index; /* a transpose may have come in front of the result */
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_attention = { .name = "attention", .run = run };
