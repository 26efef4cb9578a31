/* SPDX-License-Identifier: BSD-3-Clause */
/* Changing what is there: inputs of nodes, whole values, names, contents of constants; removal.
 * Single removals cost time in the size of the graph; passes that remove much leave the dead nodes
 * to effnn__graph_sweep(), which removes all of them in one linear walk. */

#include "graph/graph_priv.h"

#include "base/alloc.h"
#include "ops/op_run.h"

#include <string.h>

effnn_status effnn__graph_set_input(effnn__graph *self, effnn__node *node, size_t i,
                                    effnn__value *value)
{
    effnn__value *old = node->inputs[i];

    (void)self;
    EFFNN_ASSERT(i < node->n_inputs);
    if (old == value) return EFFNN_OK;
    EFFNN_TRY(effnn__graph_check_order(value, node->index, node->name));
    if (value) EFFNN_TRY(effnn__value_add_use(value, node, i));
    if (old) effnn__value_remove_use(old, node, i);
    node->inputs[i] = value;
    return EFFNN_OK;
}

void effnn__graph_remove_input(effnn__node *node, size_t i)
{
    if (node->inputs[i]) effnn__value_remove_use(node->inputs[i], node, i);
    node->n_inputs--;
    for (; i < node->n_inputs; i++) {
        effnn__value *value = node->inputs[i + 1];
        for (size_t k = 0; value && k < value->n_uses; k++)
            if (value->uses[k].node == node && value->uses[k].input == i + 1)
                value->uses[k].input = i;
        node->inputs[i] = value;
    }
}

/* Whether what was known of a value still holds when it becomes `after`. */
static bool fits_info(const effnn__value_info *before, const effnn__value_info *after)
{
    if (before->has_dtype && (!after->has_dtype || after->dtype != before->dtype)) return false;
    if (!before->has_shape) return true;
    if (!after->has_shape || after->rank != before->rank) return false;
    for (size_t i = 0; i < before->rank; i++)
        if (!effnn__sym_equal(before->dims[i], after->dims[i])) return false;
    return true;
}

/* Exchange operator, attributes and inputs of two nodes. */
static void swap_insides(effnn__node *a, effnn__node *b)
{
    const effnn__node old = *a;

    a->def = b->def;
    a->attrs = b->attrs;
    a->n_inputs = b->n_inputs;
    a->inputs = b->inputs;
    a->subgraphs = b->subgraphs;
    a->packed = b->packed;
    b->packed = old.packed;
    b->subgraphs = old.subgraphs;
    b->def = old.def;
    b->attrs = old.attrs;
    b->n_inputs = old.n_inputs;
    b->inputs = old.inputs;
}

/* Infer a node with new insides, list it as a reader of its new inputs, and take over what is known
 * of its output; on failure nothing is done. */
static effnn_status infer_changed(effnn__graph *self, effnn__node *node)
{
    effnn__infer_space space = { 0 };
    effnn__value *value = node->outputs[0];
    effnn_status status = effnn__node_infer(&space, node, self->symbols, NULL);

    if (status == EFFNN_OK && value && !fits_info(&value->info, space.outputs))
        status = effnn__fail(EFFNN_E_SHAPE, "graph: '%s' as %s would give '%s' another shape",
                             node->name, node->def->name, value->name);
    if (status == EFFNN_OK) status = effnn__node_add_uses(node);
    if (status == EFFNN_OK && value) value->info = space.outputs[0];
    effnn__infer_space_clear(&space);
    return status;
}

effnn_status effnn__graph_change_node(effnn__graph *self, effnn__node *node,
                                      const effnn__node_spec *spec)
{
    effnn__node *other = NULL;
    effnn_status status;

    EFFNN_ASSERT(node->n_outputs == 1 && !spec->def->subgraphs);
    for (size_t i = 0; i < spec->n_inputs; i++)
        EFFNN_TRY(effnn__graph_check_order(spec->inputs[i], node->index, node->name));
    EFFNN_TRY(effnn__node_create(&other, spec, 0));
    swap_insides(node, other);
    status = infer_changed(self, node);
    if (status == EFFNN_OK)
        for (size_t i = 0; i < other->n_inputs; i++)
            if (other->inputs[i]) effnn__value_remove_use(other->inputs[i], node, i);
    if (status != EFFNN_OK) swap_insides(node, other);
    effnn__node_free(other);
    return status;
}

/* Exchange the names of two values of the graph. Both keys are there, so nothing is allocated. */
static void swap_names(effnn__graph *self, effnn__value *a, effnn__value *b)
{
    char *name = a->name;
    effnn_status status;

    a->name = b->name;
    b->name = name;
    status = effnn__map_set(&self->value_names, a->name, a);
    EFFNN_ASSERT(status == EFFNN_OK);
    status = effnn__map_set(&self->value_names, b->name, b);
    EFFNN_ASSERT(status == EFFNN_OK);
    (void)status;
}

/* Put an identity behind `value`, in front of every later reader; *out is its output. */
static effnn_status add_identity(effnn__value **out, effnn__graph *self, effnn__value *value)
{
    const size_t place = value->producer ? value->producer->index + 1 : 0;
    effnn__node *before = place < self->nodes.n ? effnn__graph_node(self, place) : NULL;

    return effnn__graph_add_op(out, self, "identity", NULL, NULL, &value, 1, before);
}

effnn_status effnn__graph_replace_value(effnn__graph *self, effnn__value *old, effnn__value *value)
{
    effnn__node *keeper = value->producer;
    size_t n_kept = 0;

    if (old == value) return EFFNN_OK;
    if (old->is_input && old->is_output)
        return effnn__fail(EFFNN_E_STATE, "graph: input '%s' is an output as it is", old->name);
    for (size_t i = 0; i < old->n_uses; i++)
        if (old->uses[i].node != keeper)
            EFFNN_TRY(
                effnn__graph_check_order(value, old->uses[i].node->index, old->uses[i].node->name));
    EFFNN_TRY(effnn__grow(&value->uses, &value->uses_capacity, value->n_uses + old->n_uses + 1,
                          sizeof *value->uses));
    if (old->is_output) {
        effnn__value *named = value;
        if (value->is_input || value->is_output) EFFNN_TRY(add_identity(&named, self, value));
        for (size_t i = 0; i < self->outputs.n; i++)
            if (self->outputs.items[i] == old) self->outputs.items[i] = named;
        named->is_output = true;
        named->has_declared_rank = old->has_declared_rank;
        named->declared_rank = old->declared_rank;
        old->is_output = false;
        swap_names(self, old, named);
    }
    for (size_t i = 0; i < old->n_uses; i++) {
        const effnn__use use = old->uses[i];
        if (use.node == keeper) {
            old->uses[n_kept++] = use;
        } else {
            use.node->inputs[use.input] = value;
            value->uses[value->n_uses++] = use;
        }
    }
    old->n_uses = n_kept;
    return EFFNN_OK;
}

/* ---- removal ---- */

void effnn__graph_remove_node(effnn__graph *self, effnn__node *node)
{
    const size_t index = node->index;

    for (size_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i]) effnn__value_remove_use(node->inputs[i], node, i);
    for (size_t i = 0; i < node->n_outputs; i++) {
        effnn__value *value = node->outputs[i];
        if (!value) continue;
        EFFNN_ASSERT(value->n_uses == 0 && !value->is_output);
        effnn__vec_remove(&self->values, value->index);
        effnn__graph_renumber_values(self, value->index);
        effnn__map_remove(&self->value_names, value->name);
        effnn__value_free(value);
    }
    effnn__vec_remove(&self->nodes, index);
    effnn__map_remove(&self->node_names, node->name);
    effnn__node_free(node);
    effnn__graph_renumber_nodes(self, index);
}

static bool is_live(const effnn__node *node)
{
    for (size_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i] && node->outputs[i]->mark) return true;
    return false;
}

/* Mark every value that an output of the graph needs. */
static void mark_needed(effnn__graph *self)
{
    for (size_t i = 0; i < self->values.n; i++) effnn__graph_value(self, i)->mark = 0;
    for (size_t i = 0; i < self->outputs.n; i++) ((effnn__value *)self->outputs.items[i])->mark = 1;
    for (size_t i = self->nodes.n; i-- > 0;) {
        const effnn__node *node = effnn__graph_node(self, i);
        if (!is_live(node)) continue;
        for (size_t j = 0; j < node->n_inputs; j++)
            if (node->inputs[j]) node->inputs[j]->mark = 1;
    }
}

size_t effnn__graph_sweep(effnn__graph *self)
{
    const size_t n_nodes = self->nodes.n, n_values = self->values.n;
    effnn__vec *const nodes = &self->nodes, *const values = &self->values;

    mark_needed(self);
    for (size_t i = 0; i < n_values; i++) {
        effnn__value *value = effnn__graph_value(self, i);
        size_t n = 0;
        for (size_t j = 0; j < value->n_uses; j++)
            if (is_live(value->uses[j].node)) value->uses[n++] = value->uses[j];
        value->n_uses = n;
        if (value->producer && is_live(value->producer)) value->mark |= 2; /* goes with its node */
    }
    nodes->n = 0;
    for (size_t i = 0; i < n_nodes; i++) {
        effnn__node *node = nodes->items[i];
        if (is_live(node)) {
            nodes->items[nodes->n++] = node;
        } else {
            effnn__map_remove(&self->node_names, node->name);
            effnn__node_free(node);
        }
    }
    values->n = 0;
    for (size_t i = 0; i < n_values; i++) {
        effnn__value *value = values->items[i];
        if (value->mark || value->is_input) {
            values->items[values->n++] = value;
        } else {
            effnn__map_remove(&self->value_names, value->name);
            effnn__value_free(value);
        }
    }
    effnn__graph_renumber_nodes(self, 0);
    effnn__graph_renumber_values(self, 0);
    return n_nodes - nodes->n;
}

/* ---- contents and names ---- */

effnn_status effnn__graph_set_constant(effnn__graph *self, effnn__value *value,
                                       effnn_tensor *tensor)
{
    effnn_tensor *handle = NULL;

    (void)self;
    if (!value->constant)
        return effnn__fail(EFFNN_E_ARG, "graph: value '%s' is no constant", value->name);
    EFFNN_TRY(effnn__tensor_share(&handle, tensor));
    effnn_tensor_release(value->constant);
    value->constant = handle;
    effnn__value_info_of(&value->info, handle);
    return EFFNN_OK;
}

void effnn__graph_let_go(effnn__graph *self, effnn__value *value)
{
    (void)self;
    EFFNN_ASSERT(value->constant && !value->is_output);
    effnn__tensor_let_go(value->constant);
}

effnn_status effnn__graph_make_constant(effnn__graph *self, effnn__value *value,
                                        effnn_tensor *tensor)
{
    effnn_tensor *handle = NULL;

    (void)self;
    if (!value->producer)
        return effnn__fail(EFFNN_E_ARG, "graph: value '%s' is no result of a node", value->name);
    EFFNN_TRY(effnn__tensor_share(&handle, tensor));
    value->producer->outputs[value->producer_output] = NULL;
    value->producer = NULL;
    value->producer_output = 0;
    value->constant = handle;
    effnn__value_info_of(&value->info, handle);
    return EFFNN_OK;
}

/* Rename an entry of `names`: *slot is the name it has. */
static effnn_status rename_entry(effnn__map *names, char **slot, void *entry, const char *name,
                                 const char *what)
{
    char *copy;
    effnn_status status;

    if (strcmp(*slot, name) == 0) return EFFNN_OK;
    EFFNN_TRY(effnn__graph_check_name(names, name, what));
    copy = effnn__strdup(name);
    if (!copy) return effnn__fail_nomem(name, strlen(name) + 1);
    status = effnn__map_set(names, copy, entry);
    if (status != EFFNN_OK) {
        effnn__free(copy);
        return status;
    }
    effnn__map_remove(names, *slot);
    effnn__free(*slot);
    *slot = copy;
    return EFFNN_OK;
}

effnn_status effnn__graph_rename_value(effnn__graph *self, effnn__value *value, const char *name)
{
    return rename_entry(&self->value_names, &value->name, value, name, "a value");
}

effnn_status effnn__graph_rename_node(effnn__graph *self, effnn__node *node, const char *name)
{
    return rename_entry(&self->node_names, &node->name, node, name, "a node");
}
