/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs that a node holds: their part of a node's life, the services by which an operator infers
 * and runs them, and putting one in the place of its node. */

#include "graph/subgraph.h"

#include "base/alloc.h"
#include "graph/graph_priv.h"
#include "graph/run.h"

/* ---- life ---- */

size_t effnn__op_subgraph_count(const effnn_op_def *def)
{
    size_t n = 0;

    while (def->subgraphs && def->subgraphs[n]) n++;
    return n;
}

size_t effnn__node_first_capture(const effnn__node *node)
{
    return (size_t)node->def->min_inputs;
}

/* The graph of this index, which must have as many inputs and outputs as the call gives it. */
static effnn_status find_graph(effnn__graph **out, const effnn_op_subgraphs *self, size_t index,
                               size_t n_inputs, size_t n_outputs)
{
    const effnn__node *node = self->host;
    effnn__graph *graph = node->subgraphs[index];

    if (graph->inputs.n != n_inputs || graph->outputs.n != n_outputs)
        return effnn__fail(EFFNN_E_ARG,
                           "node '%s': its graph '%s' has %zu inputs and %zu outputs, not %zu "
                           "and %zu",
                           node->name, node->def->subgraphs[index], graph->inputs.n,
                           graph->outputs.n, n_inputs, n_outputs);
    *out = graph;
    return EFFNN_OK;
}

static effnn_status infer_graph(const effnn_op_subgraphs *self, size_t index,
                                const effnn_op_infer *call, size_t first,
                                effnn__value_info *outputs)
{
    effnn__graph *graph = NULL;

    EFFNN_TRY(find_graph(&graph, self, index, call->n_inputs - first, call->n_outputs));
    return effnn__graph_infer_outputs(outputs, graph, call->inputs + first, call->symbols);
}

static effnn_status run_graph(const effnn_op_subgraphs *self, size_t index,
                              const effnn_op_call *call, size_t first, effnn_tensor **outputs)
{
    effnn__graph *graph = NULL;

    EFFNN_TRY(find_graph(&graph, self, index, call->n_inputs - first, call->n_outputs));
    return effnn__graph_run(graph, call->inputs + first, outputs, NULL);
}

effnn_status effnn__node_take_subgraphs(effnn__node *node, effnn__graph **subgraphs)
{
    const size_t n = effnn__op_subgraph_count(node->def);

    if (n == 0) return EFFNN_OK;
    if (!subgraphs)
        return effnn__fail(EFFNN_E_ARG, "graph: a node of '%s' needs its %zu graphs",
                           node->def->name, n);
    node->subgraphs = effnn__alloc_array(n, sizeof(effnn__graph *));
    if (!node->subgraphs) return effnn__fail_nomem(node->def->name, n * sizeof(effnn__graph *));
    for (size_t i = 0; i < n; i++) node->subgraphs[i] = subgraphs[i];
    node->services = (effnn_op_subgraphs){ .host = node, .infer = infer_graph, .run = run_graph };
    return EFFNN_OK;
}

void effnn__node_drop_subgraphs(effnn__node *node)
{
    effnn__free(node->subgraphs);
    node->subgraphs = NULL;
}

effnn_status effnn__node_clone_subgraphs(effnn__graph ***out, const effnn__node *node)
{
    const size_t n = effnn__op_subgraph_count(node->def);
    effnn__graph **copies;

    *out = NULL;
    if (n == 0) return EFFNN_OK;
    copies = effnn__alloc_array(n, sizeof(effnn__graph *));
    if (!copies) return effnn__fail_nomem(node->name, n * sizeof(effnn__graph *));
    for (size_t i = 0; i < n; i++) {
        const effnn_status status = effnn__graph_clone(&copies[i], node->subgraphs[i]);
        if (status == EFFNN_OK) continue;
        while (i-- > 0) effnn__graph_destroy(copies[i]);
        effnn__free(copies);
        return status;
    }
    *out = copies;
    return EFFNN_OK;
}

/* ---- inputs ---- */

effnn_status effnn__subgraph_info(effnn__value_info *out, effnn__graph *self,
                                  const effnn__value_info *outer)
{
    effnn__value_info info = { .has_dtype = outer->has_dtype,
                               .dtype = outer->dtype,
                               .has_shape = outer->has_shape,
                               .rank = outer->rank };

    for (size_t i = 0; outer->has_shape && i < outer->rank; i++) {
        info.dims[i] = outer->dims[i];
        if (!effnn__sym_is_constant(outer->dims[i]))
            EFFNN_TRY(effnn__symbols_fresh(&info.dims[i], self->symbols));
    }
    *out = info;
    return EFFNN_OK;
}

effnn_status effnn__subgraph_add_input(effnn__value **out, effnn__graph *self, const char *name,
                                       const effnn__value_info *info)
{
    effnn__value_info own = { 0 };
    char *unique = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__subgraph_info(&own, self, info));
    EFFNN_TRY(effnn__graph_fresh_name(&unique, &self->value_names, name));
    status = effnn__graph_enter_input(out, self, unique, &own);
    effnn__free(unique);
    return status;
}

void effnn__subgraph_remove_input(effnn__graph *self, size_t i)
{
    effnn__value *value = self->inputs.items[i];

    EFFNN_ASSERT(value->n_uses == 0 && !value->is_output);
    effnn__vec_remove(&self->inputs, i);
    effnn__vec_remove(&self->values, value->index);
    effnn__graph_renumber_values(self, value->index);
    effnn__map_remove(&self->value_names, value->name);
    effnn__value_free(value);
}

/* ---- in the place of the node ---- */

/* A node of `from` again, in front of `before`; values: of the copies, by index in `from`. */
static effnn_status inline_node(effnn__graph *self, const effnn__node *from, effnn__node *before,
                                effnn__value **values)
{
    effnn__value **inputs = effnn__alloc_array(from->n_inputs + 1, sizeof(effnn__value *));
    const char **absent = effnn__alloc_array(from->n_outputs + 1, sizeof(char *));
    effnn__node_spec spec = { .def = from->def,
                              .name = from->name,
                              .attrs = from->attrs,
                              .inputs = inputs,
                              .n_inputs = from->n_inputs,
                              .outputs = absent,
                              .n_outputs = from->n_outputs,
                              .before = before };
    effnn__node *node = NULL;
    effnn_status status = inputs && absent
                              ? effnn__node_clone_subgraphs(&spec.subgraphs, from)
                              : effnn__fail_nomem(from->name, from->n_inputs * sizeof *inputs);

    if (status == EFFNN_OK) {
        for (size_t i = 0; i < from->n_inputs; i++)
            inputs[i] = from->inputs[i] ? values[from->inputs[i]->index] : NULL;
        for (size_t i = 0; i < from->n_outputs; i++) absent[i] = from->outputs[i] ? NULL : "";
        status = effnn__graph_add_node(&node, self, &spec);
        for (size_t i = 0; status != EFFNN_OK && i < effnn__op_subgraph_count(from->def); i++)
            effnn__graph_destroy(spec.subgraphs[i]);
    }
    for (size_t i = 0; i < from->n_outputs && status == EFFNN_OK; i++)
        if (from->outputs[i]) values[from->outputs[i]->index] = node->outputs[i];
    effnn__free(spec.subgraphs);
    effnn__free(inputs);
    effnn__free(absent);
    return status;
}

static effnn_status inline_all(effnn__graph *self, effnn__node *node, const effnn__graph *from,
                               effnn__value **values)
{
    const size_t first = effnn__node_first_capture(node);

    for (size_t i = 0; i < from->inputs.n; i++)
        values[((const effnn__value *)from->inputs.items[i])->index] = node->inputs[first + i];
    for (size_t i = 0; i < from->values.n; i++) {
        const effnn__value *value = effnn__graph_value(from, i);
        if (value->constant)
            EFFNN_TRY(
                effnn__graph_add_constant(&values[i], self, value->name, false, value->constant));
    }
    for (size_t i = 0; i < from->nodes.n; i++)
        EFFNN_TRY(inline_node(self, effnn__graph_node(from, i), node, values));
    for (size_t i = 0; i < node->n_outputs; i++) {
        const effnn__value *output = from->outputs.items[i];
        if (node->outputs[i])
            EFFNN_TRY(effnn__graph_replace_value(self, node->outputs[i], values[output->index]));
    }
    return EFFNN_OK;
}

effnn_status effnn__subgraph_inline(effnn__graph *self, effnn__node *node, size_t index)
{
    const effnn__graph *from = node->subgraphs[index];
    effnn__value **values;
    effnn_status status;

    if (node->n_inputs != effnn__node_first_capture(node) + from->inputs.n ||
        node->n_outputs != from->outputs.n)
        return effnn__fail(EFFNN_E_STATE, "graph: '%s' does not fit its graph '%s'", node->name,
                           node->def->subgraphs[index]);
    values = effnn__alloc_array(from->values.n + 1, sizeof(effnn__value *));
    if (!values) return effnn__fail_nomem(node->name, from->values.n * sizeof(effnn__value *));
    status = inline_all(self, node, from, values);
    effnn__free(values);
    return status;
}
