/* SPDX-License-Identifier: BSD-3-Clause */
/* Building a model by hand: values are known by their names. */

#include "base/alloc.h"
#include "model/model.h"

#include <string.h>

static effnn_status check_name(const effnn_model *self, const char *name)
{
    if (!*name) return effnn__fail(EFFNN_E_ARG, "a value needs a name");
    if (effnn__graph_find_value(self->graph, name))
        return effnn__fail(EFFNN_E_ARG, "the name '%s' is taken", name);
    return EFFNN_OK;
}

effnn_status effnn_model_add_input(effnn_model *self, const char *name, effnn_dtype dtype,
                                   size_t rank, const int64_t *dims, const char *const *symbols)
{
    effnn__value_info info = { .has_dtype = true, .has_shape = true, .dtype = dtype, .rank = rank };
    effnn__value *value;

    EFFNN_CHECK_ARG(self && name && (dims || rank == 0));
    if (rank > EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_ARG, "input '%s': rank %zu, at most %d", name, rank,
                           EFFNN_MAX_RANK);
    if (effnn_dtype_bits(dtype) == 0)
        return effnn__fail(EFFNN_E_ARG, "input '%s': no element type %d", name, (int)dtype);
    EFFNN_TRY(check_name(self, name));
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] < -1)
            return effnn__fail(EFFNN_E_ARG, "input '%s': size %lld", name, (long long)dims[i]);
        if (dims[i] >= 0)
            info.dims[i] = effnn__sym_constant(dims[i]);
        else if (symbols && symbols[i])
            EFFNN_TRY(effnn__symbols_named(&info.dims[i], self->graph->symbols, symbols[i]));
        else
            EFFNN_TRY(effnn__symbols_fresh(&info.dims[i], self->graph->symbols));
    }
    return effnn__graph_add_input(&value, self->graph, name, &info);
}

effnn_status effnn_model_add_parameter(effnn_model *self, const char *name, effnn_tensor *tensor)
{
    effnn__value *value;

    EFFNN_CHECK_ARG(self && name && tensor);
    EFFNN_TRY(check_name(self, name));
    return effnn__graph_add_constant(&value, self->graph, name, true, tensor);
}

/* The values that a node's inputs name. */
static effnn_status find_inputs(effnn__value **out, const effnn_model *self, const effnn_node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++) {
        if (!node->inputs[i] || !*node->inputs[i]) continue;
        out[i] = effnn__graph_find_value(self->graph, node->inputs[i]);
        if (!out[i])
            return effnn__fail(EFFNN_E_NOTFOUND, "node '%s': no value '%s'",
                               node->name ? node->name : node->op, node->inputs[i]);
    }
    return EFFNN_OK;
}

static effnn_status add_node(effnn_model *self, const effnn_node *node, const effnn_op_def *def,
                             const void *attrs, effnn__value **inputs)
{
    effnn__node *added;
    const effnn__node_spec spec = {
        .def = def,
        .name = node->name,
        .attrs = attrs,
        .inputs = inputs,
        .n_inputs = node->n_inputs,
        .outputs = node->outputs,
        .n_outputs = node->n_outputs,
    };

    if (node->name && effnn__graph_find_node(self->graph, node->name))
        return effnn__fail(EFFNN_E_ARG, "a node '%s' is there already", node->name);
    for (size_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i]) EFFNN_TRY(check_name(self, node->outputs[i]));
    EFFNN_TRY(find_inputs(inputs, self, node));
    return effnn__graph_add_node(&added, self->graph, &spec);
}

effnn_status effnn_model_add_node(effnn_model *self, const effnn_node *node)
{
    const effnn_op_def *def;
    effnn__value **inputs;
    void *attrs;
    effnn_status status = EFFNN_OK;

    EFFNN_CHECK_ARG(self && node && node->version == 1 && node->op);
    EFFNN_CHECK_ARG((node->inputs || !node->n_inputs) && (node->outputs || !node->n_outputs));
    def = effnn__op_find(node->op);
    if (!def) return effnn__fail(EFFNN_E_NOTFOUND, "no operator '%s'", node->op);
    inputs = effnn__alloc_array(node->n_inputs + 1, sizeof(effnn__value *));
    attrs = effnn__zalloc(def->attrs_size);
    if (!inputs || !attrs) status = effnn__fail_nomem(node->op, def->attrs_size);
    if (status == EFFNN_OK) status = effnn__options_init(def->attrs, attrs);
    if (status == EFFNN_OK) {
        if (node->attrs) status = effnn__options_parse(def->attrs, attrs, node->attrs);
        if (status == EFFNN_OK) status = add_node(self, node, def, attrs, inputs);
        effnn__options_clear(def->attrs, attrs);
    }
    effnn__free(attrs);
    effnn__free(inputs);
    return status;
}

effnn_status effnn_model_add_output(effnn_model *self, const char *name)
{
    effnn__value *value;

    EFFNN_CHECK_ARG(self && name);
    value = effnn__graph_find_value(self->graph, name);
    if (!value) return effnn__fail(EFFNN_E_NOTFOUND, "no value '%s'", name);
    return effnn__graph_add_output(self->graph, value);
}
