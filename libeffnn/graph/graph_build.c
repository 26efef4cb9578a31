/* SPDX-License-Identifier: BSD-3-Clause */
/* Adding inputs, constants, nodes and outputs. Each call prepares everything that can fail, enters
 * it into the graph step by step, and takes the steps back in reverse order when one fails, so that
 * the graph is as it was. */

#include "graph/graph_priv.h"

#include "base/alloc.h"
#include "base/str.h"
#include "ops/op_run.h"

effnn_status effnn__graph_add_input(effnn__value **out, effnn__graph *self, const char *name,
                                    const effnn__value_info *info)
{
    EFFNN_TRY(effnn__graph_check_name(&self->value_names, name, "an input"));
    if (!info->has_dtype || !info->has_shape)
        return effnn__fail(EFFNN_E_ARG, "graph input '%s': no %s", name,
                           info->has_dtype ? "shape" : "dtype");
    return effnn__graph_enter_input(out, self, name, info);
}

effnn_status effnn__graph_enter_input(effnn__value **out, effnn__graph *self, const char *name,
                                      const effnn__value_info *info)
{
    effnn__value *value = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__value_create(&value, name));
    value->info = *info;
    value->is_input = true;
    status = effnn__graph_enter_value(self, value);
    if (status != EFFNN_OK) {
        effnn__value_free(value);
        return status;
    }
    status = effnn__vec_push(&self->inputs, value);
    if (status != EFFNN_OK) {
        effnn__graph_drop_last_value(self);
        return status;
    }
    *out = value;
    return EFFNN_OK;
}

effnn_status effnn__graph_add_constant(effnn__value **out, effnn__graph *self, const char *name,
                                       bool exact, effnn_tensor *tensor)
{
    effnn__value *value = NULL;
    char *unique = NULL;
    effnn_status status;

    if (exact) EFFNN_TRY(effnn__graph_check_name(&self->value_names, name, "a constant"));
    EFFNN_TRY(effnn__graph_fresh_name(&unique, &self->value_names, name ? name : "constant"));
    status = effnn__value_create(&value, unique);
    if (status == EFFNN_OK) status = effnn__tensor_share(&value->constant, tensor);
    if (status == EFFNN_OK) {
        effnn__value_info_of(&value->info, value->constant);
        status = effnn__graph_enter_value(self, value);
    }
    effnn__free(unique);
    if (status != EFFNN_OK) {
        effnn__value_free(value);
        return status;
    }
    *out = value;
    return EFFNN_OK;
}

/* ---- nodes ---- */

/* Attributes of the node: a copy of the spec's, or defaults. */
static effnn_status make_attrs(effnn__node *node, const void *attrs)
{
    const effnn_op_def *def = node->def;
    effnn_status status;

    if (!def->attrs_size) return EFFNN_OK;
    node->attrs = effnn__zalloc(def->attrs_size);
    if (!node->attrs) return effnn__fail_nomem(def->name, def->attrs_size);
    status = attrs ? effnn__options_copy(def->attrs, node->attrs, attrs)
                   : effnn__options_init(def->attrs, node->attrs);
    if (status != EFFNN_OK) {
        effnn__free(node->attrs); /* it holds nothing to clear */
        node->attrs = NULL;
    }
    return status;
}

effnn_status effnn__node_create(effnn__node **out, const effnn__node_spec *spec, size_t n_outputs)
{
    effnn__node *node = effnn__zalloc(sizeof *node);
    effnn_status status = EFFNN_OK;

    if (!node) return effnn__fail_nomem(spec->def->name, sizeof *node);
    node->def = spec->def;
    node->n_inputs = spec->n_inputs;
    node->n_outputs = n_outputs;
    node->inputs = effnn__alloc_array(spec->n_inputs, sizeof *node->inputs);
    node->outputs = effnn__alloc_array(n_outputs, sizeof *node->outputs);
    if (!node->inputs || !node->outputs)
        status = effnn__fail_nomem(spec->def->name, sizeof *node->inputs * spec->n_inputs);
    if (status == EFFNN_OK) status = make_attrs(node, spec->attrs);
    if (status == EFFNN_OK) status = effnn__node_take_subgraphs(node, spec->subgraphs);
    if (status != EFFNN_OK) {
        effnn__node_drop_subgraphs(node);
        effnn__node_free(node);
        return status;
    }
    for (size_t i = 0; i < spec->n_inputs; i++) node->inputs[i] = spec->inputs[i];
    *out = node;
    return EFFNN_OK;
}

/* Make output i, unless it is absent, and enter it into the graph. */
static effnn_status add_node_output(effnn__graph *self, effnn__node *node, size_t i,
                                    const char *wanted, const effnn__value_info *info)
{
    effnn__value *value = NULL;
    char *hint = NULL, *name = NULL;
    effnn_status status = EFFNN_OK;

    if (wanted && !*wanted) return EFFNN_OK;
    if (wanted) {
        EFFNN_TRY(effnn__graph_check_name(&self->value_names, wanted, node->name));
    } else {
        hint = i == 0 ? effnn__strdup(node->name) : effnn__strprintf("%s_%zu", node->name, i);
        if (!hint) return effnn__fail_nomem(node->name, 32);
        status = effnn__graph_fresh_name(&name, &self->value_names, hint);
    }
    if (status == EFFNN_OK) status = effnn__value_create(&value, wanted ? wanted : name);
    if (status == EFFNN_OK) {
        value->info = *info;
        value->producer = node;
        value->producer_output = i;
        status = effnn__graph_enter_value(self, value);
    }
    effnn__free(hint);
    effnn__free(name);
    if (status != EFFNN_OK)
        effnn__value_free(value);
    else
        node->outputs[i] = value;
    return status;
}

static effnn_status enter_outputs(effnn__graph *self, effnn__node *node,
                                  const effnn__node_spec *spec, const effnn__value_info *infos)
{
    const size_t n_before = self->values.n;
    const bool optional = (node->def->flags & EFFNN_OP_OPTIONAL_OUTPUTS) != 0;

    for (size_t i = 0; i < node->n_outputs; i++) {
        const char *wanted = spec->outputs ? spec->outputs[i] : NULL;

        /* An output that the operator always gives is there, whether a file names it or not. */
        if (wanted && !*wanted && !optional && i < (size_t)node->def->min_outputs) wanted = NULL;
        const effnn_status status = add_node_output(self, node, i, wanted, &infos[i]);
        if (status != EFFNN_OK) {
            while (self->values.n > n_before) effnn__graph_drop_last_value(self);
            return status;
        }
    }
    return EFFNN_OK;
}

effnn_status effnn__node_add_uses(effnn__node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++) {
        effnn_status status;
        if (!node->inputs[i]) continue;
        status = effnn__value_add_use(node->inputs[i], node, i);
        if (status != EFFNN_OK) {
            while (i-- > 0)
                if (node->inputs[i]) node->inputs[i]->n_uses--;
            return status;
        }
    }
    return EFFNN_OK;
}

/* Enter the node at its place; its outputs' infos are in `infos`. */
static effnn_status enter_node(effnn__graph *self, effnn__node *node, const effnn__node_spec *spec,
                               const effnn__value_info *infos)
{
    const size_t place = spec->before ? spec->before->index : self->nodes.n;
    const size_t n_values = self->values.n;
    effnn_status status;

    EFFNN_TRY(effnn__map_set(&self->node_names, node->name, node));
    status = effnn__vec_insert(&self->nodes, place, node);
    if (status != EFFNN_OK) goto no_place;
    status = enter_outputs(self, node, spec, infos);
    if (status != EFFNN_OK) goto no_outputs;
    status = effnn__node_add_uses(node);
    if (status != EFFNN_OK) goto no_uses;
    effnn__graph_renumber_nodes(self, place);
    return EFFNN_OK;

no_uses:
    while (self->values.n > n_values) effnn__graph_drop_last_value(self);
no_outputs:
    effnn__vec_remove(&self->nodes, place);
no_place:
    effnn__map_remove(&self->node_names, node->name);
    return status;
}

effnn_status effnn__graph_add_node(effnn__node **out, effnn__graph *self,
                                   const effnn__node_spec *spec)
{
    const size_t place = spec->before ? spec->before->index : self->nodes.n;
    const size_t n_outputs = spec->n_outputs ? spec->n_outputs : (size_t)spec->def->min_outputs;
    effnn__infer_space space = { 0 };
    effnn__node *node = NULL;
    effnn_status status;

    for (size_t i = 0; i < spec->n_inputs; i++)
        EFFNN_TRY(effnn__graph_check_order(spec->inputs[i], place,
                                           spec->name ? spec->name : spec->def->name));
    EFFNN_TRY(effnn__node_create(&node, spec, n_outputs));
    status = effnn__graph_fresh_name(&node->name, &self->node_names,
                                     spec->name && *spec->name ? spec->name : spec->def->name);
    if (status == EFFNN_OK) status = effnn__node_infer(&space, node, self->symbols, NULL);
    if (status == EFFNN_OK) status = enter_node(self, node, spec, space.outputs);
    effnn__infer_space_clear(&space);
    if (status != EFFNN_OK) {
        effnn__node_drop_subgraphs(node); /* they are still the caller's */
        effnn__node_free(node);
        return status;
    }
    if (out) *out = node;
    return EFFNN_OK;
}

effnn_status effnn__attrs_parse(void **out, const effnn_op_def *def, const char *text)
{
    void *attrs;
    effnn_status status;

    *out = NULL;
    if (!text || !*text) return EFFNN_OK;
    attrs = effnn__zalloc(def->attrs_size);
    if (!attrs) return effnn__fail_nomem(def->name, def->attrs_size);
    status = effnn__options_init(def->attrs, attrs);
    if (status != EFFNN_OK) {
        effnn__free(attrs); /* it holds nothing to clear */
        return status;
    }
    status = effnn__options_parse(def->attrs, attrs, text);
    if (status != EFFNN_OK) {
        effnn__attrs_free(def, attrs);
        return status;
    }
    *out = attrs;
    return EFFNN_OK;
}

void effnn__attrs_free(const effnn_op_def *def, void *attrs)
{
    if (!attrs) return;
    effnn__options_clear(def->attrs, attrs);
    effnn__free(attrs);
}

effnn_status effnn__graph_add_op(effnn__value **out, effnn__graph *self, const char *op,
                                 const char *name, const char *attrs, effnn__value *const *inputs,
                                 size_t n_inputs, effnn__node *before)
{
    effnn__node_spec spec = { .def = effnn__op_find(op),
                              .name = name,
                              .inputs = inputs,
                              .n_inputs = n_inputs,
                              .before = before };
    effnn__node *node = NULL;
    void *parsed = NULL;
    effnn_status status;

    if (!spec.def) return effnn__fail(EFFNN_E_NOTFOUND, "graph: no operator '%s'", op);
    EFFNN_TRY(effnn__attrs_parse(&parsed, spec.def, attrs));
    spec.attrs = parsed;
    status = effnn__graph_add_node(&node, self, &spec);
    effnn__attrs_free(spec.def, parsed);
    if (status == EFFNN_OK && out) *out = node->outputs[0];
    return status;
}

effnn_status effnn__graph_add_output(effnn__graph *self, effnn__value *value)
{
    EFFNN_TRY(effnn__vec_push(&self->outputs, value));
    value->is_output = true;
    return EFFNN_OK;
}
