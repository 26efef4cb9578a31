/* SPDX-License-Identifier: BSD-3-Clause */
/* Shapes, dtypes and small known contents of every value. With open dimensions the infos go into
 * the values; for concrete input shapes they go into an array beside the graph, with a symbol table
 * of its own, so that several threads may plan one graph at a time. */

#include "graph/graph_priv.h"

#include "base/alloc.h"
#include "ops/op_run.h"

#include <string.h>

void effnn__infer_space_clear(effnn__infer_space *self)
{
    effnn__free(self->inputs);
    effnn__free(self->constants);
    effnn__free(self->outputs);
    *self = (effnn__infer_space){ 0 };
}

effnn_status effnn__node_infer(effnn__infer_space *space, const effnn__node *node,
                               effnn__symbols *symbols, const effnn__value_info *infos)
{
    EFFNN_TRY(effnn__grow(&space->inputs, &space->inputs_capacity, node->n_inputs,
                          sizeof *space->inputs));
    EFFNN_TRY(effnn__grow(&space->constants, &space->constants_capacity, node->n_inputs,
                          sizeof *space->constants));
    EFFNN_TRY(effnn__grow(&space->outputs, &space->outputs_capacity, node->n_outputs,
                          sizeof *space->outputs));
    for (size_t i = 0; i < node->n_inputs; i++) {
        const effnn__value *value = node->inputs[i];
        space->inputs[i] = !value ? NULL : infos ? &infos[value->index] : &value->info;
        space->constants[i] = value ? value->constant : NULL;
    }
    memset(space->outputs, 0, node->n_outputs * sizeof *space->outputs);
    return effnn__op_infer(&(effnn_op_infer){ .def = node->def,
                                              .attrs = node->attrs,
                                              .node = node->name,
                                              .symbols = symbols,
                                              .inputs = space->inputs,
                                              .constants = space->constants,
                                              .n_inputs = node->n_inputs,
                                              .outputs = space->outputs,
                                              .n_outputs = node->n_outputs,
                                              .subgraphs = &node->services });
}

/* Infer all nodes in order; infos: [values.n], filled for inputs and constants. */
static effnn_status infer_nodes(const effnn__graph *self, effnn__value_info *infos,
                                effnn__symbols *symbols)
{
    effnn__infer_space space = { 0 };
    effnn_status status = EFFNN_OK;

    for (size_t i = 0; i < self->nodes.n && status == EFFNN_OK; i++) {
        const effnn__node *node = effnn__graph_node(self, i);
        status = effnn__node_infer(&space, node, symbols, infos);
        if (status != EFFNN_OK) break;
        for (size_t j = 0; j < node->n_outputs; j++)
            if (node->outputs[j]) infos[node->outputs[j]->index] = space.outputs[j];
    }
    effnn__infer_space_clear(&space);
    return status;
}

/* An array of infos, those of inputs and constants as the values have them. */
static effnn_status start_infos(effnn__value_info **out, const effnn__graph *self)
{
    effnn__value_info *infos = effnn__alloc_array(self->values.n, sizeof *infos);

    if (!infos) return effnn__fail_nomem("shapes of a graph", self->values.n * sizeof *infos);
    for (size_t i = 0; i < self->values.n; i++) {
        const effnn__value *value = effnn__graph_value(self, i);
        if (!value->producer) infos[i] = value->info;
    }
    *out = infos;
    return EFFNN_OK;
}

effnn_status effnn__graph_infer_outputs(effnn__value_info *outputs, const effnn__graph *self,
                                        const effnn__value_info *const *inputs,
                                        effnn__symbols *symbols)
{
    effnn__value_info *infos = NULL;
    effnn_status status;

    EFFNN_TRY(start_infos(&infos, self));
    for (size_t i = 0; i < self->inputs.n; i++) {
        const effnn__value *input = self->inputs.items[i];
        infos[input->index] = inputs[i] ? *inputs[i] : (effnn__value_info){ 0 };
    }
    status = infer_nodes(self, infos, symbols);
    for (size_t i = 0; i < self->outputs.n && status == EFFNN_OK; i++)
        outputs[i] = infos[((const effnn__value *)self->outputs.items[i])->index];
    effnn__free(infos);
    return status;
}

effnn_status effnn__graph_infer(effnn__graph *self)
{
    effnn__value_info *infos = NULL;
    effnn_status status;

    EFFNN_TRY(start_infos(&infos, self));
    status = infer_nodes(self, infos, self->symbols);
    if (status == EFFNN_OK)
        for (size_t i = 0; i < self->values.n; i++) effnn__graph_value(self, i)->info = infos[i];
    effnn__free(infos);
    return status;
}

/* ---- concrete shapes ---- */

/* Sizes that symbols have been given by the shapes seen so far. */
typedef struct bindings {
    size_t n, capacity;
    struct binding {
        bool is_bound;
        int64_t size;
    } * items; /* [n], by symbol */
} bindings;

/* Whether dimension `dim` may have `size`; a symbol seen first is bound to what makes it so. */
static effnn_status bind_dim(bool *fits, bindings *bound, effnn__sym dim, int64_t size)
{
    struct binding *binding;
    int64_t solved;

    if (effnn__sym_is_constant(dim)) {
        *fits = dim.offset == size;
        return EFFNN_OK;
    }
    *fits = size >= 0 && (size - dim.offset) % dim.scale == 0;
    if (!*fits) return EFFNN_OK;
    solved = (size - dim.offset) / dim.scale;
    EFFNN_TRY(effnn__grow(&bound->items, &bound->capacity, dim.symbol + 1, sizeof *bound->items));
    while (bound->n <= dim.symbol) bound->items[bound->n++] = (struct binding){ 0 };
    binding = &bound->items[dim.symbol];
    *fits = !binding->is_bound || binding->size == solved;
    *binding = (struct binding){ .is_bound = true, .size = solved };
    return EFFNN_OK;
}

static effnn_status bind_input(effnn__value_info *info, bindings *bound, const effnn__graph *self,
                               const effnn__value *input, const effnn__shape *shape)
{
    char got[128], wanted[64];

    effnn__shape_print(got, sizeof got, shape->rank, shape->dims);
    if (shape->rank != input->info.rank)
        return effnn__fail(EFFNN_E_SHAPE, "input '%s': shape %s has rank %zu, the model wants %zu",
                           input->name, got, shape->rank, input->info.rank);
    for (size_t i = 0; i < shape->rank; i++) {
        bool fits = false;
        EFFNN_TRY(bind_dim(&fits, bound, input->info.dims[i], shape->dims[i]));
        if (!fits)
            return effnn__fail(
                EFFNN_E_SHAPE, "input '%s': dimension %zu of %s should be %s", input->name, i, got,
                effnn__sym_print(wanted, sizeof wanted, self->symbols, input->info.dims[i]));
        info->dims[i] = effnn__sym_constant(shape->dims[i]);
    }
    return EFFNN_OK;
}

effnn_status effnn__graph_infer_bound(effnn__value_info **out, const effnn__graph *self,
                                      const effnn__shape *input_shapes)
{
    effnn__symbols *symbols = NULL;
    effnn__value_info *infos = NULL;
    bindings bound = { 0 };
    effnn_status status;

    EFFNN_TRY(effnn__symbols_create(&symbols));
    status = start_infos(&infos, self);
    for (size_t i = 0; i < self->inputs.n && status == EFFNN_OK; i++) {
        const effnn__value *input = self->inputs.items[i];
        status = bind_input(&infos[input->index], &bound, self, input, &input_shapes[i]);
    }
    if (status == EFFNN_OK) status = infer_nodes(self, infos, symbols);
    effnn__free(bound.items);
    effnn__symbols_destroy(symbols);
    if (status != EFFNN_OK) {
        effnn__free(infos);
        return status;
    }
    *out = infos;
    return EFFNN_OK;
}
