/* SPDX-License-Identifier: BSD-3-Clause */
/* What a model costs: parameters as stored, and multiply-accumulates of one sample. */

#include "base/alloc.h"
#include "graph/cost.h"
#include "model/model.h"

#include <math.h>

effnn_status effnn__model_input_shapes(effnn__shape *out, const effnn_model *self, int64_t open)
{
    for (size_t i = 0; i < self->graph->inputs.n; i++) {
        const effnn__value *input = self->graph->inputs.items[i];

        if (!input->info.has_shape)
            return effnn__fail(EFFNN_E_SHAPE, "input '%s' has no shape", input->name);
        out[i].rank = input->info.rank;
        for (size_t d = 0; d < out[i].rank; d++)
            out[i].dims[d] =
                effnn__sym_is_constant(input->info.dims[d]) ? input->info.dims[d].offset : open;
    }
    return EFFNN_OK;
}

int64_t effnn__model_fixed_batch(const effnn_model *self)
{
    const effnn__value *input = self->graph->inputs.n ? self->graph->inputs.items[0] : NULL;

    if (!input || !input->info.has_shape || input->info.rank == 0) return 0;
    return effnn__sym_is_constant(input->info.dims[0]) ? input->info.dims[0].offset : 0;
}

effnn_status effnn__model_node_costs(effnn_op_cost *out, const effnn_model *self)
{
    effnn__shape *shapes = effnn__alloc_array(self->graph->inputs.n + 1, sizeof *shapes);
    effnn_status status;

    if (!shapes) return effnn__fail_nomem("cost", self->graph->inputs.n * sizeof *shapes);
    status = effnn__model_input_shapes(shapes, self, 1);
    if (status == EFFNN_OK) status = effnn__graph_cost(out, self->graph, shapes);
    effnn__free(shapes);
    if (status != EFFNN_E_SHAPE && status != EFFNN_E_UNSUPPORTED) return status;
    for (size_t i = 0; i < self->graph->nodes.n; i++)
        out[i] = (effnn_op_cost){ .macs = NAN, .flops = NAN, .read = NAN, .written = NAN };
    return EFFNN_OK;
}

/* Add what a graph and those that its nodes hold store. */
static void count_parameters(effnn_cost *cost, double *bits, const effnn__graph *graph)
{
    for (size_t i = 0; i < graph->values.n; i++) {
        const effnn__value *value = effnn__graph_value(graph, i);

        if (!effnn__model_is_parameter(value)) continue;
        cost->parameters += effnn_tensor_count(value->constant);
        cost->parameter_bytes += effnn_tensor_bytes(value->constant);
        *bits += (double)effnn_tensor_count(value->constant) *
                 (double)effnn_dtype_bits(effnn_tensor_dtype(value->constant));
    }
    for (size_t i = 0; i < graph->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(graph, i);

        for (size_t g = 0; node->subgraphs && node->def->subgraphs[g]; g++)
            count_parameters(cost, bits, node->subgraphs[g]);
    }
}

effnn_status effnn_model_cost(effnn_cost *out, const effnn_model *self)
{
    effnn_cost cost = { .version = 1 };
    effnn_op_cost *nodes;
    double bits = 0.0;
    effnn_status status;

    EFFNN_CHECK_ARG(out && out->version == 1 && self);
    count_parameters(&cost, &bits, self->graph);
    cost.bits_per_weight = cost.parameters ? bits / (double)cost.parameters : 0.0;
    nodes = effnn__alloc_array(self->graph->nodes.n + 1, sizeof *nodes);
    if (!nodes) return effnn__fail_nomem("cost", self->graph->nodes.n * sizeof *nodes);
    status = effnn__model_node_costs(nodes, self);
    for (size_t i = 0; i < self->graph->nodes.n && status == EFFNN_OK; i++)
        cost.macs += nodes[i].macs;
    effnn__free(nodes);
    if (status == EFFNN_OK) *out = cost;
    return status;
}
