/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs that a node holds, as attributes of the ONNX node. ONNX has them read the values around
 * the node by name, so each is written from a copy in which an input has the name of the value that
 * it stands for, and every other value one that is free in all graphs around. */

#include "io/onnx/onnx_write.h"

#include "base/alloc.h"
#include "base/str.h"
#include "graph/subgraph.h"

/* Give a value of the copy a name that is free there and in the graphs around it. */
static effnn_status rename_apart(effnn__onnx_output *outer, effnn__graph *copy, effnn__value *value,
                                 const char *hint)
{
    char *name = effnn__strdup(hint);
    effnn_status status;

    for (size_t i = 1;
         name && (effnn__onnx_is_taken(outer, name) || effnn__graph_find_value(copy, name)); i++) {
        effnn__free(name);
        name = effnn__strprintf("%s_%s_%zu", outer->node->name, hint, i);
    }
    if (!name) return effnn__fail_nomem(hint, 32);
    status = effnn__graph_rename_value(copy, value, name);
    effnn__free(name);
    return status;
}

/* An output that is an input needs a node of its own. */
static effnn_status part_outputs(effnn__graph *copy)
{
    for (size_t i = 0; i < copy->outputs.n; i++) {
        effnn__value *value = copy->outputs.items[i], *own = NULL;
        if (!value->is_input) continue;
        EFFNN_TRY(effnn__graph_add_op(&own, copy, "identity", NULL, NULL, &value, 1, NULL));
        copy->outputs.items[i] = own;
        own->is_output = true;
    }
    for (size_t i = 0; i < copy->inputs.n; i++)
        ((effnn__value *)copy->inputs.items[i])->is_output = false;
    return EFFNN_OK;
}

/* Names as ONNX wants them. Inputs step aside first, because theirs may be other inputs' now. */
static effnn_status rename_all(effnn__onnx_output *outer, effnn__graph *copy)
{
    const effnn__node *node = outer->node;
    const size_t first = effnn__node_first_capture(node);

    for (size_t i = 0; i < copy->values.n; i++) {
        effnn__value *value = effnn__graph_value(copy, i);
        if (value->is_input)
            EFFNN_TRY(rename_apart(outer, copy, value, "captured"));
        else if (effnn__onnx_is_taken(outer, value->name))
            EFFNN_TRY(rename_apart(outer, copy, value, value->name));
    }
    for (size_t i = 0; i < copy->inputs.n; i++) {
        const char *name = node->inputs[first + i]->name;
        EFFNN_TRY(effnn__graph_rename_value(copy, copy->inputs.items[i], name));
        EFFNN_TRY(effnn__map_set(&outer->captured, name, outer));
    }
    return EFFNN_OK;
}

/* An array that lies in the file's memory. */
static effnn_status keep_list(effnn__onnx_output *self, void ***out, const effnn__vec *list)
{
    void *memory = NULL, **items;

    EFFNN_TRY(effnn__onnx_own(self, &memory, list->n + 1, sizeof(void *)));
    items = memory;
    for (size_t i = 0; i < list->n; i++) items[i] = list->items[i];
    *out = items;
    return EFFNN_OK;
}

static effnn_status write_copy(effnn__onnx_output *outer, Onnx__GraphProto *out,
                               const effnn__graph *copy, const char *name)
{
    effnn__onnx_output inner = { .model = outer->model,
                                 .graph = copy,
                                 .opset = outer->opset,
                                 .outer = outer,
                                 .root = outer->root };
    void **nodes = NULL, **initialisers = NULL;
    char *text = NULL;
    effnn_status status = effnn__onnx_own_text(outer, &text, name);

    if (status == EFFNN_OK) status = effnn__onnx_write_graph(&inner, out, text);
    if (status == EFFNN_OK) status = keep_list(outer, &nodes, &inner.nodes);
    if (status == EFFNN_OK) status = keep_list(outer, &initialisers, &inner.initialisers);
    out->node = (Onnx__NodeProto **)nodes;
    out->initializer = (Onnx__TensorProto **)initialisers;
    effnn__vec_clear(&inner.nodes);
    effnn__vec_clear(&inner.initialisers);
    effnn__map_clear(&inner.captured);
    return status;
}

static effnn_status write_subgraph(effnn__onnx_output *self, size_t index)
{
    const effnn__node *node = self->node;
    const char *name = node->def->subgraphs[index];
    Onnx__AttributeProto *attr = NULL;
    effnn__graph *copy = NULL;
    void *memory = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__onnx_add_attr(self, &attr, name));
    attr->has_type = 1;
    attr->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH;
    EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof *attr->g));
    attr->g = memory;
    onnx__graph_proto__init(attr->g);
    EFFNN_TRY(effnn__graph_clone(&copy, node->subgraphs[index]));
    status = part_outputs(copy);
    if (status == EFFNN_OK) status = rename_all(self, copy);
    if (status == EFFNN_OK) status = write_copy(self, attr->g, copy, name);
    effnn__graph_destroy(copy);
    return status;
}

effnn_status effnn__onnx_write_subgraphs(effnn__onnx_output *self)
{
    for (size_t i = 0; self->node->def->subgraphs[i]; i++) EFFNN_TRY(write_subgraph(self, i));
    return EFFNN_OK;
}
