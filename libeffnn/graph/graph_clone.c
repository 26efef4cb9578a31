/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of graphs. Values and nodes keep their places, so the copy of a pointer is found by index;
 * constants are new handles over the same storage, which the write rule of tensors makes safe. */

#include "graph/graph_priv.h"

#include "base/alloc.h"

static effnn_status clone_value(effnn__graph *self, const effnn__value *from)
{
    effnn__value *value = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__value_create(&value, from->name));
    value->info = from->info;
    value->is_input = from->is_input;
    value->is_output = from->is_output;
    value->producer_output = from->producer_output;
    status = from->constant ? effnn__tensor_share(&value->constant, from->constant) : EFFNN_OK;
    if (status == EFFNN_OK) status = effnn__graph_enter_value(self, value);
    if (status != EFFNN_OK) effnn__value_free(value);
    return status;
}

static effnn_status clone_attrs(effnn__node *node, const effnn__node *from)
{
    effnn_status status;

    if (!from->attrs) return EFFNN_OK;
    node->attrs = effnn__zalloc(node->def->attrs_size);
    if (!node->attrs) return effnn__fail_nomem(from->name, node->def->attrs_size);
    status = effnn__options_copy(node->def->attrs, node->attrs, from->attrs);
    if (status != EFFNN_OK) {
        effnn__free(node->attrs); /* it holds nothing to clear */
        node->attrs = NULL;
    }
    return status;
}

/* Everything of a node but its connections. */
static effnn_status clone_bare_node(effnn__node **out, const effnn__node *from)
{
    effnn__node *node = effnn__zalloc(sizeof *node);
    effnn_status status = EFFNN_OK;

    if (!node) return effnn__fail_nomem(from->name, sizeof *node);
    node->def = from->def;
    node->index = from->index;
    node->n_inputs = from->n_inputs;
    node->n_outputs = from->n_outputs;
    node->name = effnn__strdup(from->name);
    node->inputs = effnn__alloc_array(node->n_inputs, sizeof *node->inputs);
    node->outputs = effnn__alloc_array(node->n_outputs, sizeof *node->outputs);
    if (!node->name || !node->inputs || !node->outputs)
        status = effnn__fail_nomem(from->name, sizeof *node->inputs * node->n_inputs);
    if (status == EFFNN_OK) status = clone_attrs(node, from);
    if (status != EFFNN_OK) {
        effnn__node_free(node);
        return status;
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
    for (size_t i = 0; i < node->n_inputs; i++) {
        if (!from->inputs[i]) continue;
        node->inputs[i] = effnn__graph_value(self, from->inputs[i]->index);
        EFFNN_TRY(effnn__value_add_use(node->inputs[i], node, i));
    }
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
