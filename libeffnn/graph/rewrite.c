/* SPDX-License-Identifier: BSD-3-Clause */
/* Small questions about a graph that patterns are put together from, and the one way to put a new
 * value in the place of an old node. Operators are named by text: a row is never compared by
 * address, so a pattern needs nothing from the operator's file. */

#include "graph/rewrite.h"

#include <math.h>
#include <string.h>

bool effnn__match_is(const effnn__node *node, const char *op)
{
    return node && strcmp(node->def->name, op) == 0;
}

effnn__node *effnn__match_producer(const effnn__value *value, const char *op)
{
    return value && effnn__match_is(value->producer, op) ? value->producer : NULL;
}

effnn__node *effnn__match_only_reader(const effnn__value *value, const char *op)
{
    if (!value || value->is_output || value->n_uses != 1) return NULL;
    return effnn__match_is(value->uses[0].node, op) ? value->uses[0].node : NULL;
}

bool effnn__match_other_input(const effnn__node *node, const effnn__value *value,
                              effnn__value **other)
{
    if (node->n_inputs != 2) return false;
    for (size_t i = 0; i < 2; i++) {
        if (node->inputs[i] != value) continue;
        *other = node->inputs[1 - i];
        return true;
    }
    return false;
}

bool effnn__match_scalar(const effnn__value *value, double *out)
{
    if (!value || !value->constant || effnn_tensor_count(value->constant) != 1) return false;
    if (effnn_tensor_dtype(value->constant) == EFFNN_BOOL) return false;
    *out = effnn__tensor_load_f64(value->constant, 0);
    return true;
}

bool effnn__match_scalar_near(const effnn__value *value, double expected)
{
    double got;

    return effnn__match_scalar(value, &got) && fabs(got - expected) <= 1e-6 * fabs(expected);
}

/* Whether nothing needs the node any more. */
static bool is_dead(const effnn__node *node)
{
    for (size_t i = 0; i < node->n_outputs; i++) {
        const effnn__value *value = node->outputs[i];
        if (value && (value->n_uses || value->is_output)) return false;
    }
    return true;
}

/* Whether the node feeds one that was removed: those have marked their inputs. */
static bool is_marked(const effnn__node *node)
{
    for (size_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i] && node->outputs[i]->mark) return true;
    return false;
}

/* Remove a node that nothing needs, then whatever only fed it: one walk back through the order. */
static void remove_dead(effnn__graph *graph, effnn__node *last)
{
    for (size_t i = 0; i < graph->values.n; i++) effnn__graph_value(graph, i)->mark = 0;
    for (size_t i = last->index + 1; i-- > 0;) {
        effnn__node *node = effnn__graph_node(graph, i);
        if ((node != last && !is_marked(node)) || !is_dead(node)) continue;
        for (size_t j = 0; j < node->n_inputs; j++)
            if (node->inputs[j]) node->inputs[j]->mark = 1;
        effnn__graph_remove_node(graph, node);
    }
}

effnn_status effnn__rewrite_replace(effnn__graph *graph, effnn__node *old, effnn__value *value)
{
    EFFNN_TRY(effnn__graph_replace_value(graph, old->outputs[0], value));
    remove_dead(graph, old);
    return EFFNN_OK;
}
