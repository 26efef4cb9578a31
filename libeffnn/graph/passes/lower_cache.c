/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention over a cache: where keys and values are concatenations of a past and a fresh part that
 * nothing else reads, the operator takes the parts. It never joins them, so that a step of a
 * decoder does not copy its cache. */

#include "base/alloc.h"
#include "graph/passes/passes.h"

enum { Q, K, V, MASK, PAST_K, PAST_V, N_INPUTS };

/* The concatenation along the tokens of two parts that only this value's reader needs, or NULL. */
static const effnn__node *find_join(const effnn__value *value)
{
    const effnn__node *join = effnn__match_producer(value, "concat");
    int64_t axis;

    if (!join || join->n_inputs != 2 || value->n_uses != 1 || value->is_output ||
        !value->info.has_shape || value->info.rank != 4)
        return NULL;
    axis = effnn__canon_attr(join, "axis", 0);
    return axis == 2 || axis == -2 ? join : NULL;
}

/* With a past, places count from its beginning: what sees only a part of the keys by its place
 * would see another one. */
static bool sees_all_places(const effnn__node *node)
{
    return effnn__canon_attr(node, "is_causal", 0) == 0 &&
           effnn__canon_attr(node, "left_window_size", -1) < 0 &&
           effnn__canon_attr(node, "right_window_size", -1) < 0;
}

static effnn_status take_parts(effnn__graph *graph, effnn__node *node, size_t *changes)
{
    const effnn__node *keys = find_join(node->inputs[K]), *values = find_join(node->inputs[V]);
    effnn__value *inputs[N_INPUTS] = { node->inputs[Q] };
    char *attrs = NULL;
    effnn_status status;

    if (!keys || !values || keys == values || node->n_outputs != 1 || !sees_all_places(node))
        return EFFNN_OK;
    inputs[K] = keys->inputs[1];
    inputs[V] = values->inputs[1];
    inputs[MASK] = node->n_inputs > MASK ? node->inputs[MASK] : NULL;
    inputs[PAST_K] = keys->inputs[0];
    inputs[PAST_V] = values->inputs[0];
    EFFNN_TRY(effnn__options_print(node->def->attrs, node->attrs, &attrs));
    status = effnn__canon_turn(graph, node, "attention", attrs, inputs, N_INPUTS, changes);
    effnn__free(attrs);
    return status;
}

static effnn_status run(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        if (effnn__match_is(node, "attention") && !effnn__canon_is_dead(node) &&
            node->n_inputs <= PAST_K)
            EFFNN_TRY(take_parts(graph, node, changes));
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_cache = { .name = "cache", .run = run };
