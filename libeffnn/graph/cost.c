/* SPDX-License-Identifier: BSD-3-Clause */
/* Costs on shapes alone: each node's operands are tensors without data, placed in memory of ours.
 */

#include "graph/cost.h"

#include "base/alloc.h"
#include "ops/op_run.h"

/* Room for one node's operands, as large as the largest node needs. */
typedef struct operands {
    const effnn_tensor **inputs;
    effnn_tensor **outputs;
    unsigned char *places;
} operands;

static void clear(operands *o)
{
    effnn__free(o->inputs);
    effnn__free(o->outputs);
    effnn__free_aligned(o->places);
}

static effnn_status make_room(operands *o, const effnn__graph *graph)
{
    size_t n_in = 1, n_out = 1;

    for (size_t i = 0; i < graph->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(graph, i);

        if (node->n_inputs > n_in) n_in = node->n_inputs;
        if (node->n_outputs > n_out) n_out = node->n_outputs;
    }
    o->inputs = effnn__alloc_array(n_in, sizeof *o->inputs);
    o->outputs = effnn__alloc_array(n_out, sizeof *o->outputs);
    o->places = effnn__alloc_aligned((n_in + n_out) * effnn__tensor_size(), 64);
    if (o->inputs && o->outputs && o->places) return EFFNN_OK;
    return effnn__fail_nomem("cost of a graph", (n_in + n_out) * effnn__tensor_size());
}

static effnn_status place(effnn_tensor **out, unsigned char *at, const effnn__value *value,
                          const effnn__value_info *infos)
{
    const effnn__value_info *info;
    effnn__shape shape;

    *out = NULL;
    if (!value) return EFFNN_OK;
    if (value->constant) {
        *out = value->constant;
        return EFFNN_OK;
    }
    info = &infos[value->index];
    EFFNN_TRY(effnn__value_info_shape(&shape, info, value->name));
    *out = effnn__tensor_place(at, NULL, info->dtype, shape.rank, shape.dims);
    return EFFNN_OK;
}

static effnn_status node_cost(effnn_op_cost *out, operands *o, const effnn__graph *graph,
                              const effnn__node *node, const effnn__value_info *infos)
{
    unsigned char *at = o->places;

    for (size_t i = 0; i < node->n_inputs; i++, at += effnn__tensor_size()) {
        effnn_tensor *tensor;

        EFFNN_TRY(place(&tensor, at, node->inputs[i], infos));
        o->inputs[i] = tensor;
    }
    for (size_t i = 0; i < node->n_outputs; i++, at += effnn__tensor_size())
        EFFNN_TRY(place(&o->outputs[i], at, node->outputs[i], infos));
    effnn__op_cost(&(effnn_op_call){ .def = node->def,
                                     .attrs = node->attrs,
                                     .node = node->name,
                                     .context = graph->context,
                                     .inputs = o->inputs,
                                     .n_inputs = node->n_inputs,
                                     .outputs = o->outputs,
                                     .n_outputs = node->n_outputs },
                   out);
    return EFFNN_OK;
}

effnn_status effnn__graph_cost(effnn_op_cost *out, const effnn__graph *graph,
                               const effnn__shape *input_shapes)
{
    operands o = { 0 };
    effnn__value_info *infos = NULL;
    effnn_status status = effnn__graph_infer_bound(&infos, graph, input_shapes);

    if (status == EFFNN_OK) status = make_room(&o, graph);
    for (size_t i = 0; i < graph->nodes.n && status == EFFNN_OK; i++) {
        out[i] = (effnn_op_cost){ 0 };
        status = node_cost(&out[i], &o, graph, effnn__graph_node(graph, i), infos);
    }
    effnn__free(infos);
    clear(&o);
    return status;
}
