/* SPDX-License-Identifier: BSD-3-Clause */
/* Softmax written out: exp(x - max(x)) over its own sum, both along one dimension. Without the
 * maximum it is left alone: what overflows would no longer overflow. */

#include "graph/passes/passes.h"

#include <stdio.h>

/* value = exp(*x - max(*x)) along *axis. */
static bool match_exponentials(const effnn__value *value, effnn__value **x, size_t *axis)
{
    const effnn__node *exp = effnn__match_producer(value, "exp");
    const effnn__node *sub = exp ? effnn__match_producer(exp->inputs[0], "sub") : NULL;
    const effnn__node *max = sub ? effnn__match_producer(sub->inputs[1], "reduce_max") : NULL;

    if (!effnn__canon_reduces_one(max, axis) || max->inputs[0] != sub->inputs[0]) return false;
    *x = sub->inputs[0];
    return true;
}

/* Whether value = sum(of) along `axis`. */
static bool is_sum(const effnn__value *value, const effnn__value *of, size_t axis)
{
    const effnn__node *sum = effnn__match_producer(value, "reduce_sum");
    size_t summed;

    return effnn__canon_reduces_one(sum, &summed) && sum->inputs[0] == of && summed == axis;
}

/* Whether the node computes the exponentials of *x over their sum along *axis. */
static bool match_softmax(const effnn__node *node, effnn__value **x, size_t *axis)
{
    if (effnn__match_is(node, "div"))
        return match_exponentials(node->inputs[0], x, axis) &&
               is_sum(node->inputs[1], node->inputs[0], *axis);
    if (!effnn__match_is(node, "mul")) return false;
    for (size_t i = 0; i < 2; i++) {
        const effnn__node *inverse = effnn__match_producer(node->inputs[1 - i], "reciprocal");
        if (inverse && match_exponentials(node->inputs[i], x, axis) &&
            is_sum(inverse->inputs[0], node->inputs[i], *axis))
            return true;
    }
    return false;
}

static effnn_status find_softmax(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        effnn__value *x;
        size_t axis;
        char attrs[32];
        if (node->n_inputs != 2 || !node->inputs[0] || !node->inputs[1]) continue;
        if (effnn__canon_is_dead(node) || !match_softmax(node, &x, &axis)) continue;
        snprintf(attrs, sizeof attrs, "axis=-%zu", x->info.rank - axis);
        EFFNN_TRY(effnn__canon_turn(graph, node, "softmax", attrs, &x, 1, changes));
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_softmax = { .name = "softmax", .run = find_softmax };
