/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of graphs. Values and nodes keep their places, so the copy of a pointer is found by index;
 * constants are new handles over the same storage, which the write rule of tensors makes safe. */

#include "graph/graph_priv.h"

#include "base/alloc.h"

#include <string.h>

static effnn_status clone_value(effnn__graph *self, const effnn__value *from)
{
    effnn__value *value = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__value_create(&value, from->name));
    value->info = from->info;
    value->is_input = from->is_input;
    value->is_output = from->is_output;
    value->has_declared_rank = from->has_declared_rank;
    value->declared_rank = from->declared_rank;
    value->producer_output = from->producer_output;
    status = from->constant ? effnn__tensor_share(&value->constant, from->constant) : EFFNN_OK;
    if (status == EFFNN_OK) status = effnn__graph_enter_value(self, value);
    if (status != EFFNN_OK) effnn__value_free(value);
    return status;
}

/* Everything of a node but its connections; inputs still point into the other graph. */
static effnn_status clone_bare_node(effnn__node **out, const effnn__node *from)
{
    effnn__node_spec spec = {
        .def = from->def, .attrs = from->attrs, .inputs = from->inputs, .n_inputs = from->n_inputs
    };
    effnn__node *node = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__node_clone_subgraphs(&spec.subgraphs, from));
    status = effnn__node_create(&node, &spec, from->n_outputs);
    for (size_t i = 0; status != EFFNN_OK && i < effnn__op_subgraph_count(from->def); i++)
        effnn__graph_destroy(spec.subgraphs[i]);
    effnn__free(spec.subgraphs);
    if (status != EFFNN_OK) return status;
    node->index = from->index;
    node->name = effnn__strdup(from->name);
    if (!node->name) {
        effnn__node_free(node);
        return effnn__fail_nomem(from->name, strlen(from->name) + 1);
    }
    *out = node;
    return EFFNN_OK;
}

static effnn_status clone_node(effnn__graph *self, const effnn__node *from)
{
    effnn__node *node = NULL;
    effnn_status status;

    EFFNN_TRY(clone_bare_node(&node, from));
    status = effnn__vec_push(&self->nodes, node);
    if (status != EFFNN_OK) {
        effnn__node_free(node);
        return status;
    }
    EFFNN_TRY(effnn__map_set(&self->node_names, node->name, node));
    for (size_t i = 0; i < node->n_inputs; i++)
        if (from->inputs[i]) node->inputs[i] = effnn__graph_value(self, from->inputs[i]->index);
    EFFNN_TRY(effnn__node_add_uses(node));
    for (size_t i = 0; i < node->n_outputs; i++) {
        if (!from->outputs[i]) continue;
        node->outputs[i] = effnn__graph_value(self, from->outputs[i]->index);
        node->outputs[i]->producer = node;
    }
    return EFFNN_OK;
}

static effnn_status clone_list(effnn__vec *to, const effnn__graph *self, const effnn__vec *from)
{
    for (size_t i = 0; i < from->n; i++) {
        const effnn__value *value = from->items[i];
        EFFNN_TRY(effnn__vec_push(to, effnn__graph_value(self, value->index)));
    }
    return EFFNN_OK;
}

static effnn_status clone_contents(effnn__graph *to, const effnn__graph *from)
{
    for (size_t i = 0; i < from->values.n; i++)
        EFFNN_TRY(clone_value(to, effnn__graph_value(from, i)));
    for (size_t i = 0; i < from->nodes.n; i++)
        EFFNN_TRY(clone_node(to, effnn__graph_node(from, i)));
    EFFNN_TRY(clone_list(&to->inputs, to, &from->inputs));
    return clone_list(&to->outputs, to, &from->outputs);
}

effnn_status effnn__graph_clone(effnn__graph **out, const effnn__graph *self)
{
    effnn__symbols *symbols = NULL;
    effnn__graph *graph = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__symbols_clone(&symbols, self->symbols));
    status = effnn__graph_create(&graph, self->context);
    if (status != EFFNN_OK) {
        effnn__symbols_destroy(symbols);
        return status;
    }
    effnn__symbols_destroy(graph->symbols);
    graph->symbols = symbols;
    status = clone_contents(graph, self);
    if (status != EFFNN_OK) {
        effnn__graph_destroy(graph);
        return status;
    }
    *out = graph;
    return EFFNN_OK;
}
