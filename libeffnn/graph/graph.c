/* SPDX-License-Identifier: BSD-3-Clause */
/* Life of a graph, of its values and nodes, and their names. A graph owns everything in it: values
 * and nodes are single allocations that never move, so that pointers to them stay good until they
 * are removed. Two hash maps give names to values and nodes; each value and node also knows its
 * place in the graph's arrays, so that passes can keep side arrays. */

#include "graph/graph_priv.h"

#include "base/alloc.h"
#include "base/str.h"

effnn_status effnn__graph_create(effnn__graph **out, effnn_context *context)
{
    effnn__graph *self = effnn__zalloc(sizeof *self);
    effnn_status status = EFFNN_OK;

    if (!self) return effnn__fail_nomem("graph", sizeof *self);
    pthread_mutex_init(&self->packing, NULL);
    self->context = effnn__context_retain(context);
    if (!self->context) status = EFFNN_E_NOMEM;
    if (status == EFFNN_OK) status = effnn__symbols_create(&self->symbols);
    if (status != EFFNN_OK) {
        effnn__graph_destroy(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

void effnn__graph_destroy(effnn__graph *self)
{
    if (!self) return;
    for (size_t i = 0; i < self->nodes.n; i++) effnn__node_free(effnn__graph_node(self, i));
    for (size_t i = 0; i < self->values.n; i++) effnn__value_free(effnn__graph_value(self, i));
    effnn__vec_clear(&self->nodes);
    effnn__vec_clear(&self->values);
    effnn__vec_clear(&self->inputs);
    effnn__vec_clear(&self->outputs);
    effnn__map_clear(&self->value_names);
    effnn__map_clear(&self->node_names);
    effnn__symbols_destroy(self->symbols);
    if (self->context) effnn__context_release(self->context);
    pthread_mutex_destroy(&self->packing);
    effnn__free(self);
}

effnn__value *effnn__graph_find_value(const effnn__graph *self, const char *name)
{
    return effnn__map_get(&self->value_names, name);
}

effnn__node *effnn__graph_find_node(const effnn__graph *self, const char *name)
{
    return effnn__map_get(&self->node_names, name);
}

/* ---- names ---- */

/* Whether hint_k is free; the caller frees *name either way. */
static effnn_status try_name(char **name, bool *is_free, const effnn__map *names, const char *hint,
                             size_t k)
{
    effnn__free(*name);
    *name = effnn__strprintf("%s_%zu", hint, k);
    if (!*name) return effnn__fail_nomem(hint, 32);
    *is_free = !effnn__map_get(names, *name);
    return EFFNN_OK;
}

effnn_status effnn__graph_fresh_name(char **out, const effnn__map *names, const char *hint)
{
    size_t taken = 0, vacant = 1; /* hint_taken is taken (or 0), hint_vacant is free */
    char *name = NULL;
    bool is_free = false;
    effnn_status status = EFFNN_OK;

    if (!effnn__map_get(names, hint)) {
        *out = effnn__strdup(hint);
        return *out ? EFFNN_OK : effnn__fail_nomem(hint, 32);
    }
    while (status == EFFNN_OK) {
        status = try_name(&name, &is_free, names, hint, vacant);
        if (is_free) break;
        taken = vacant;
        vacant *= 2;
    }
    while (status == EFFNN_OK && vacant - taken > 1) {
        const size_t middle = taken + (vacant - taken) / 2;
        status = try_name(&name, &is_free, names, hint, middle);
        if (is_free)
            vacant = middle;
        else
            taken = middle;
    }
    if (status == EFFNN_OK) status = try_name(&name, &is_free, names, hint, vacant);
    if (status != EFFNN_OK) {
        effnn__free(name);
        return status;
    }
    *out = name;
    return EFFNN_OK;
}

effnn_status effnn__graph_check_name(const effnn__map *names, const char *name, const char *what)
{
    if (!name || !*name) return effnn__fail(EFFNN_E_ARG, "graph: %s has no name", what);
    if (effnn__map_get(names, name))
        return effnn__fail(EFFNN_E_ARG, "graph: name '%s' of %s is taken", name, what);
    return EFFNN_OK;
}

/* ---- values ---- */

effnn_status effnn__value_create(effnn__value **out, const char *name)
{
    effnn__value *value = effnn__zalloc(sizeof *value);

    if (value) value->name = effnn__strdup(name);
    if (!value || !value->name) {
        effnn__free(value);
        return effnn__fail_nomem(name, sizeof *value);
    }
    *out = value;
    return EFFNN_OK;
}

void effnn__value_free(effnn__value *value)
{
    if (!value) return;
    effnn_tensor_release(value->constant);
    effnn__free(value->uses);
    effnn__free(value->name);
    effnn__free(value);
}

effnn_status effnn__graph_enter_value(effnn__graph *self, effnn__value *value)
{
    effnn_status status;

    EFFNN_TRY(effnn__vec_push(&self->values, value));
    status = effnn__map_set(&self->value_names, value->name, value);
    if (status != EFFNN_OK) {
        self->values.n--;
        return status;
    }
    value->index = self->values.n - 1;
    return EFFNN_OK;
}

void effnn__graph_drop_last_value(effnn__graph *self)
{
    effnn__value *value = self->values.items[--self->values.n];

    effnn__map_remove(&self->value_names, value->name);
    effnn__value_free(value);
}

effnn_status effnn__value_add_use(effnn__value *value, effnn__node *node, size_t input)
{
    EFFNN_TRY(
        effnn__grow(&value->uses, &value->uses_capacity, value->n_uses + 1, sizeof *value->uses));
    value->uses[value->n_uses++] = (effnn__use){ .node = node, .input = input };
    return EFFNN_OK;
}

void effnn__value_remove_use(effnn__value *value, const effnn__node *node, size_t input)
{
    size_t i = 0;

    while (value->uses[i].node != node || value->uses[i].input != input) {
        i++;
        EFFNN_ASSERT(i < value->n_uses);
    }
    value->n_uses--;
    for (; i < value->n_uses; i++) value->uses[i] = value->uses[i + 1];
}

/* ---- nodes ---- */

void effnn__node_free(effnn__node *node)
{
    if (!node) return;
    if (node->packed.destroy) node->packed.destroy(node->packed.data);
    if (node->attrs) effnn__options_clear(node->def->attrs, node->attrs);
    for (size_t i = 0; node->subgraphs && i < effnn__op_subgraph_count(node->def); i++)
        effnn__graph_destroy(node->subgraphs[i]);
    effnn__free(node->subgraphs);
    effnn__free(node->attrs);
    effnn__free(node->inputs);
    effnn__free(node->outputs);
    effnn__free(node->name);
    effnn__free(node);
}

void effnn__graph_renumber_nodes(effnn__graph *self, size_t from)
{
    for (size_t i = from; i < self->nodes.n; i++) effnn__graph_node(self, i)->index = i;
}

void effnn__graph_renumber_values(effnn__graph *self, size_t from)
{
    for (size_t i = from; i < self->values.n; i++) effnn__graph_value(self, i)->index = i;
}

effnn_status effnn__graph_check_order(const effnn__value *value, size_t index, const char *reader)
{
    if (!value || !value->producer || value->producer->index < index) return EFFNN_OK;
    return effnn__fail(EFFNN_E_ARG,
                       "graph: value '%s' of node %zu is not there yet for '%s' at %zu",
                       value->name, value->producer->index, reader, index);
}
