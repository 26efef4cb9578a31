/* SPDX-License-Identifier: BSD-3-Clause */
/* The invariants of graph.h, verified one by one. Read-only, linear in the size of the graph, and
 * without trust in what it checks: places and counts are compared before they are used. */

#include "graph/graph_priv.h"

#include "base/alloc.h"

static bool has_value(const effnn__graph *self, const effnn__value *value)
{
    return value->index < self->values.n && effnn__graph_value(self, value->index) == value;
}

static bool has_node(const effnn__graph *self, const effnn__node *node)
{
    return node->index < self->nodes.n && effnn__graph_node(self, node->index) == node;
}

static effnn_status check_origin(const effnn__graph *self, const effnn__value *value)
{
    const effnn__node *producer = value->producer;
    const int n = value->is_input + (value->constant != NULL) + (producer != NULL);

    if (n != 1)
        return effnn__fail(EFFNN_E_STATE, "graph: value '%s' has %d origins", value->name, n);
    if (producer && (!has_node(self, producer) || value->producer_output >= producer->n_outputs ||
                     producer->outputs[value->producer_output] != value))
        return effnn__fail(EFFNN_E_STATE, "graph: value '%s' is not output %zu of its producer",
                           value->name, value->producer_output);
    return EFFNN_OK;
}

static effnn_status check_values(const effnn__graph *self)
{
    for (size_t i = 0; i < self->values.n; i++) {
        const effnn__value *value = effnn__graph_value(self, i);
        if (value->index != i)
            return effnn__fail(EFFNN_E_STATE, "graph: value '%s' at %zu thinks it is at %zu",
                               value->name, i, value->index);
        if (effnn__graph_find_value(self, value->name) != value)
            return effnn__fail(EFFNN_E_STATE, "graph: name '%s' finds another value", value->name);
        EFFNN_TRY(check_origin(self, value));
    }
    if (self->value_names.n != self->values.n)
        return effnn__fail(EFFNN_E_STATE, "graph: %zu names for %zu values", self->value_names.n,
                           self->values.n);
    return EFFNN_OK;
}

static effnn_status check_node(const effnn__graph *self, const effnn__node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++) {
        const effnn__value *value = node->inputs[i];
        if (!value) continue;
        if (!has_value(self, value))
            return effnn__fail(EFFNN_E_STATE, "graph: input %zu of '%s' is not in the graph", i,
                               node->name);
        if (value->producer && value->producer->index >= node->index)
            return effnn__fail(EFFNN_E_STATE, "graph: '%s' at %zu reads '%s' before it is computed",
                               node->name, node->index, value->name);
    }
    for (size_t i = 0; i < node->n_outputs; i++) {
        const effnn__value *value = node->outputs[i];
        if (value && (!has_value(self, value) || value->producer != node))
            return effnn__fail(EFFNN_E_STATE, "graph: output %zu of '%s' is not its own", i,
                               node->name);
    }
    for (size_t i = 0; i < effnn__op_subgraph_count(node->def); i++)
        EFFNN_TRY(effnn__graph_check(node->subgraphs[i]));
    return EFFNN_OK;
}

static effnn_status check_nodes(const effnn__graph *self)
{
    for (size_t i = 0; i < self->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(self, i);
        if (node->index != i)
            return effnn__fail(EFFNN_E_STATE, "graph: node '%s' at %zu thinks it is at %zu",
                               node->name, i, node->index);
        if (effnn__graph_find_node(self, node->name) != node)
            return effnn__fail(EFFNN_E_STATE, "graph: name '%s' finds another node", node->name);
        EFFNN_TRY(check_node(self, node));
    }
    if (self->node_names.n != self->nodes.n)
        return effnn__fail(EFFNN_E_STATE, "graph: %zu names for %zu nodes", self->node_names.n,
                           self->nodes.n);
    return EFFNN_OK;
}

/* Every use stands for one input that reads the value, and no input is listed twice: `seen` has a
 * flag for each input of each node, the first of node i at first[i]. */
static effnn_status check_use_lists(const effnn__graph *self, bool *seen, const size_t *first,
                                    size_t n_wanted)
{
    size_t n_uses = 0;

    for (size_t i = 0; i < self->values.n; i++) {
        const effnn__value *value = effnn__graph_value(self, i);
        for (size_t j = 0; j < value->n_uses; j++) {
            const effnn__use use = value->uses[j];
            if (!has_node(self, use.node) || use.input >= use.node->n_inputs ||
                use.node->inputs[use.input] != value)
                return effnn__fail(EFFNN_E_STATE, "graph: use %zu of '%s' does not read it", j,
                                   value->name);
            if (seen[first[use.node->index] + use.input])
                return effnn__fail(EFFNN_E_STATE, "graph: a use of '%s' by '%s' is listed twice",
                                   value->name, use.node->name);
            seen[first[use.node->index] + use.input] = true;
            n_uses++;
        }
    }
    if (n_uses != n_wanted)
        return effnn__fail(EFFNN_E_STATE, "graph: %zu uses are listed, nodes have %zu inputs",
                           n_uses, n_wanted);
    return EFFNN_OK;
}

static effnn_status check_uses(const effnn__graph *self)
{
    size_t *first = effnn__alloc_array(self->nodes.n, sizeof *first);
    size_t n_inputs = 0, n_present = 0;
    bool *seen;
    effnn_status status;

    if (!first) return effnn__fail_nomem("check of a graph", self->nodes.n * sizeof *first);
    for (size_t i = 0; i < self->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(self, i);
        first[i] = n_inputs;
        n_inputs += node->n_inputs;
        for (size_t j = 0; j < node->n_inputs; j++) n_present += node->inputs[j] != NULL;
    }
    seen = effnn__zalloc(n_inputs);
    status = seen ? check_use_lists(self, seen, first, n_present)
                  : effnn__fail_nomem("check of a graph", n_inputs);
    effnn__free(seen);
    effnn__free(first);
    return status;
}

static effnn_status check_ends(const effnn__graph *self)
{
    size_t n_inputs = 0, n_outputs = 0, n_output_values = 0;

    for (size_t i = 0; i < self->inputs.n; i++) {
        const effnn__value *value = self->inputs.items[i];
        if (!has_value(self, value) || !value->is_input)
            return effnn__fail(EFFNN_E_STATE, "graph: entry %zu of its inputs is none", i);
    }
    for (size_t i = 0; i < self->outputs.n; i++) {
        const effnn__value *value = self->outputs.items[i];
        bool is_repeat = false;
        if (!has_value(self, value) || !value->is_output)
            return effnn__fail(EFFNN_E_STATE, "graph: entry %zu of its outputs is none", i);
        for (size_t j = 0; j < i; j++) is_repeat |= self->outputs.items[j] == value;
        n_output_values += !is_repeat;
    }
    for (size_t i = 0; i < self->values.n; i++) {
        n_inputs += effnn__graph_value(self, i)->is_input;
        n_outputs += effnn__graph_value(self, i)->is_output;
    }
    if (n_inputs != self->inputs.n || n_outputs != n_output_values)
        return effnn__fail(EFFNN_E_STATE,
                           "graph: %zu values are inputs and %zu outputs, listed are %zu and %zu",
                           n_inputs, n_outputs, self->inputs.n, n_output_values);
    return EFFNN_OK;
}

effnn_status effnn__graph_check(const effnn__graph *self)
{
    EFFNN_TRY(check_values(self));
    EFFNN_TRY(check_nodes(self));
    EFFNN_TRY(check_uses(self));
    return check_ends(self);
}
