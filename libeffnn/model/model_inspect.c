/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at a model: inputs, outputs, nodes, parameters, cost, and the operators there are. */

#include "base/alloc.h"
#include "model/model.h"
#include "tensor/dtype.h"

#include <string.h>

/* Describe a value; texts of open dimensions are the graph's symbol names. */
static effnn_status describe(effnn_value_spec *out, const effnn_model *self,
                             const effnn__value *value)
{
    const effnn__value_info *info = &value->info;
    effnn_value_spec spec = { .version = 1, .name = value->name, .dtype = info->dtype };

    spec.has_shape = info->has_shape;
    spec.rank = info->has_shape ? info->rank : 0;
    for (size_t i = 0; i < spec.rank; i++) {
        const effnn__sym s = info->dims[i];

        spec.dims[i] = effnn__sym_is_constant(s) ? s.offset : -1;
        if (!effnn__sym_is_constant(s) && s.scale == 1 && s.offset == 0)
            spec.symbols[i] = effnn__symbol_text(self->graph->symbols, s.symbol);
    }
    *out = spec;
    return EFFNN_OK;
}

size_t effnn_model_input_count(const effnn_model *self)
{
    return self->graph->inputs.n;
}

effnn_status effnn_model_input_at(effnn_value_spec *out, const effnn_model *self, size_t i)
{
    EFFNN_CHECK_ARG(out && out->version == 1 && self);
    if (i >= self->graph->inputs.n)
        return effnn__fail(EFFNN_E_ARG, "input %zu: there are %zu", i, self->graph->inputs.n);
    return describe(out, self, self->graph->inputs.items[i]);
}

size_t effnn_model_output_count(const effnn_model *self)
{
    return self->graph->outputs.n;
}

effnn_status effnn_model_output_at(effnn_value_spec *out, const effnn_model *self, size_t i)
{
    EFFNN_CHECK_ARG(out && out->version == 1 && self);
    if (i >= self->graph->outputs.n)
        return effnn__fail(EFFNN_E_ARG, "output %zu: there are %zu", i, self->graph->outputs.n);
    return describe(out, self, self->graph->outputs.items[i]);
}

size_t effnn_model_node_count(const effnn_model *self)
{
    return self->graph->nodes.n;
}

/* What a node lent to a caller lives in: its attributes' text, then names of inputs and outputs. */
static effnn_status lend_node(effnn_node *out, effnn_model *self, const effnn__node *node)
{
    char *attrs = NULL, *memory;
    const char **names;
    size_t names_size, text_size;
    effnn_status status = effnn__options_print(node->def->attrs, node->attrs, &attrs);

    if (status != EFFNN_OK) return status;
    names_size = (node->n_inputs + node->n_outputs) * sizeof *names;
    text_size = strlen(attrs) + 1;
    memory = effnn__alloc(names_size + text_size);
    if (!memory) {
        effnn__free(attrs);
        return effnn__fail_nomem(node->name, names_size + text_size);
    }
    names = (const char **)(void *)memory;
    memcpy(memory + names_size, attrs, text_size);
    effnn__free(attrs);
    for (size_t i = 0; i < node->n_inputs; i++)
        names[i] = node->inputs[i] ? node->inputs[i]->name : NULL;
    for (size_t i = 0; i < node->n_outputs; i++)
        names[node->n_inputs + i] = node->outputs[i] ? node->outputs[i]->name : NULL;
    effnn__free(self->node_attrs);
    self->node_attrs = memory;
    *out = (effnn_node){ .version = 1,
                         .op = node->def->name,
                         .name = node->name,
                         .attrs = memory + names_size,
                         .inputs = names,
                         .n_inputs = node->n_inputs,
                         .outputs = names + node->n_inputs,
                         .n_outputs = node->n_outputs };
    return EFFNN_OK;
}

effnn_status effnn_model_node_at(effnn_node *out, effnn_model *self, size_t i)
{
    EFFNN_CHECK_ARG(out && self);
    if (i >= self->graph->nodes.n)
        return effnn__fail(EFFNN_E_ARG, "node %zu: there are %zu", i, self->graph->nodes.n);
    return lend_node(out, self, effnn__graph_node(self->graph, i));
}

bool effnn__model_is_parameter(const effnn__value *value)
{
    return value->constant && effnn__dtype_is_float(effnn_tensor_dtype(value->constant)) &&
           effnn_tensor_count(value->constant) > 1;
}

/* Parameter i in order of creation, or NULL. */
static const effnn__value *parameter_at(const effnn_model *self, size_t i)
{
    for (size_t k = 0; k < self->graph->values.n; k++) {
        const effnn__value *value = effnn__graph_value(self->graph, k);

        if (effnn__model_is_parameter(value) && i-- == 0) return value;
    }
    return NULL;
}

size_t effnn_model_parameter_count(const effnn_model *self)
{
    size_t n = 0;

    for (size_t k = 0; k < self->graph->values.n; k++)
        n += effnn__model_is_parameter(effnn__graph_value(self->graph, k));
    return n;
}

const char *effnn_model_parameter_name_at(const effnn_model *self, size_t i)
{
    const effnn__value *value = parameter_at(self, i);

    return value ? value->name : NULL;
}

static effnn_status find_constant(effnn__value **out, const effnn_model *self, const char *name)
{
    *out = effnn__graph_find_value(self->graph, name);
    if (*out && (*out)->constant) return EFFNN_OK;
    return effnn__fail(EFFNN_E_NOTFOUND, *out ? "'%s' is not a parameter" : "no parameter '%s'",
                       name);
}

effnn_status effnn_model_get_parameter(effnn_tensor **out, const effnn_model *self,
                                       const char *name)
{
    effnn__value *value;

    EFFNN_CHECK_ARG(out && self && name);
    EFFNN_TRY(find_constant(&value, self, name));
    return effnn__tensor_share(out, value->constant);
}

effnn_status effnn_model_set_parameter(effnn_model *self, const char *name, effnn_tensor *tensor)
{
    effnn__value *value;
    effnn__shape have, given;
    char a[128], b[128];

    EFFNN_CHECK_ARG(self && name && tensor);
    EFFNN_TRY(find_constant(&value, self, name));
    have = effnn__tensor_shape(value->constant);
    given = effnn__tensor_shape(tensor);
    if (effnn_tensor_dtype(tensor) != effnn_tensor_dtype(value->constant) ||
        !effnn__shape_equal(&have, &given))
        return effnn__fail(EFFNN_E_SHAPE, "parameter '%s' is %s %s, not %s %s", name,
                           effnn_dtype_name(effnn_tensor_dtype(value->constant)),
                           effnn__shape_print(a, sizeof a, have.rank, have.dims),
                           effnn_dtype_name(effnn_tensor_dtype(tensor)),
                           effnn__shape_print(b, sizeof b, given.rank, given.dims));
    return effnn__graph_set_constant(self->graph, value, tensor);
}

size_t effnn_op_count(void)
{
    size_t n = 0;

    while (effnn__op_at(n)) n++;
    return n;
}

const char *effnn_op_name_at(size_t i)
{
    const effnn_op_def *def = effnn__op_at(i);

    return def ? def->name : NULL;
}

const char *effnn_op_summary_at(size_t i)
{
    const effnn_op_def *def = effnn__op_at(i);

    return def ? def->summary : NULL;
}
