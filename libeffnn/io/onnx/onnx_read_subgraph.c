/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs that a node holds. ONNX lets them read the values around the node by name; ours read them
 * by inputs: a name that a graph does not have is looked for outwards, and on the way in every
 * graph passed gets an input for it (or a share of the constant). The graphs of one node end up
 * with the same inputs in the same order. */

#include "io/onnx/onnx_read.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "graph/subgraph.h"

#include <string.h>

enum { NODE_ATTRIBUTE = 5, ATTRIBUTE_NAME = 1, ATTRIBUTE_GRAPH = 6, ATTRIBUTE_GRAPHS = 11 };

/* ---- names ---- */

/* Give the graph an input for a value of the one around it. */
static effnn_status capture(effnn__value **out, effnn__onnx_input *self, const char *name,
                            effnn__value *outer)
{
    effnn__value *inner = NULL;

    EFFNN_TRY(effnn__grow(&self->captures, &self->captures_capacity, self->n_captures + 1,
                          sizeof *self->captures));
    EFFNN_TRY(effnn__subgraph_add_input(&inner, self->graph, name, &outer->info));
    self->captures[self->n_captures++] = (effnn__onnx_capture){ .outer = outer, .inner = inner };
    *out = inner;
    return EFFNN_OK;
}

effnn_status effnn__onnx_find_value(effnn__value **out, effnn__onnx_input *self, const char *name)
{
    effnn__value *outer = NULL;

    *out = effnn__graph_find_value(self->graph, name);
    if (*out || !self->outer || effnn__map_get(&self->names, name)) return EFFNN_OK;
    EFFNN_TRY(effnn__onnx_find_value(&outer, self->outer, name));
    if (!outer) return EFFNN_OK;
    if (outer->constant)
        return effnn__graph_add_constant(out, self->graph, name, true, outer->constant);
    return capture(out, self, name, outer);
}

/* ---- one graph ---- */

static bool has_graph(const effnn__wire_field *attribute)
{
    effnn__wire wire = effnn__wire_over(attribute->data, attribute->size);
    effnn__wire_field field;

    while (effnn__wire_next(&wire, &field))
        if (field.number == ATTRIBUTE_GRAPH || field.number == ATTRIBUTE_GRAPHS) return true;
    return false;
}

/* The graph in a node's attribute of this name; false if there is none. */
static bool find_graph(effnn__wire_field *out, const effnn__wire_field *node, const char *name)
{
    effnn__wire wire = effnn__wire_over(node->data, node->size);
    effnn__wire_field attribute, field, found = { 0 };

    while (effnn__wire_find(&wire, NODE_ATTRIBUTE, &attribute)) {
        effnn__wire inside = effnn__wire_over(attribute.data, attribute.size);
        bool is_named = false;
        while (effnn__wire_next(&inside, &field)) {
            if (field.type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) continue;
            if (field.number == ATTRIBUTE_NAME)
                is_named = field.size == strlen(name) && memcmp(field.data, name, field.size) == 0;
            if (field.number == ATTRIBUTE_GRAPH) found = field;
        }
        if (is_named && found.begin) {
            *out = found;
            return true;
        }
        found = (effnn__wire_field){ 0 };
    }
    return false;
}

effnn_status effnn__onnx_check_subgraphs(const effnn_op_def *def, const effnn__wire_field *node,
                                         const char *name)
{
    effnn__wire wire = effnn__wire_over(node->data, node->size);
    effnn__wire_field attribute;

    while (effnn__wire_find(&wire, NODE_ATTRIBUTE, &attribute)) {
        char *text = NULL;
        bool is_known = false;
        if (!has_graph(&attribute)) continue;
        EFFNN_TRY(effnn__wire_text(&text, &attribute, ATTRIBUTE_NAME));
        for (size_t i = 0; def->subgraphs && def->subgraphs[i]; i++)
            is_known = is_known || strcmp(def->subgraphs[i], text) == 0;
        const effnn_status status =
            is_known
                ? EFFNN_OK
                : effnn__fail(EFFNN_E_UNSUPPORTED,
                              "node '%s': attribute '%s' is a graph: not supported", name, text);
        effnn__free(text);
        EFFNN_TRY(status);
    }
    return EFFNN_OK;
}

/* Read one graph; its captures are left in `inner`, to be freed by the caller. */
static effnn_status read_graph(effnn__graph **out, effnn__onnx_input *inner,
                               const effnn__wire_field *graph)
{
    effnn_status status;

    EFFNN_TRY(effnn__graph_create(&inner->graph, inner->model->context));
    status = effnn__onnx_read_graph(inner, graph);
    effnn__map_clear(&inner->names);
    if (status != EFFNN_OK) {
        effnn__graph_destroy(inner->graph);
        return status;
    }
    *out = inner->graph;
    return EFFNN_OK;
}

/* ---- the graphs of one node ---- */

static effnn_status note_captured(effnn__onnx_subgraphs *self, const effnn__onnx_input *inner)
{
    for (size_t i = 0; i < inner->n_captures; i++) {
        effnn__value *value = inner->captures[i].outer;
        size_t k = 0;
        while (k < self->n_captured && self->captured[k] != value) k++;
        if (k < self->n_captured) continue;
        EFFNN_TRY(
            effnn__grow(&self->captured, &self->captured_capacity, k + 1, sizeof(effnn__value *)));
        self->captured[self->n_captured++] = value;
    }
    return EFFNN_OK;
}

/* Give a graph one input for each captured value, in their order. */
static effnn_status order_inputs(const effnn__onnx_subgraphs *self, effnn__onnx_input *inner)
{
    for (size_t k = 0; k < self->n_captured; k++) {
        effnn__value *outer = self->captured[k], *value = NULL;
        for (size_t i = 0; i < inner->n_captures; i++)
            if (inner->captures[i].outer == outer) value = inner->captures[i].inner;
        if (!value) EFFNN_TRY(capture(&value, inner, outer->name, outer));
    }
    for (size_t k = 0; k < self->n_captured; k++)
        for (size_t i = 0; i < inner->n_captures; i++)
            if (inner->captures[i].outer == self->captured[k])
                inner->graph->inputs.items[k] = inner->captures[i].inner;
    return EFFNN_OK;
}

static effnn_status read_graphs(effnn__onnx_subgraphs *self, effnn__onnx_input *inner,
                                const effnn_op_def *def, const effnn__wire_field *node,
                                const char *name)
{
    size_t n = 0;

    for (; def->subgraphs[n]; n++) {
        effnn__wire_field graph = { 0 };
        if (!find_graph(&graph, node, def->subgraphs[n]))
            return effnn__fail(EFFNN_E_FORMAT, "node '%s': no attribute '%s'", name,
                               def->subgraphs[n]);
        EFFNN_TRY(read_graph(&self->graphs[n], &inner[n], &graph));
        self->n = n + 1;
        EFFNN_TRY(note_captured(self, &inner[n]));
    }
    for (size_t i = 0; i < n; i++) EFFNN_TRY(order_inputs(self, &inner[i]));
    return EFFNN_OK;
}

effnn_status effnn__onnx_read_subgraphs(effnn__onnx_subgraphs *out, effnn__onnx_input *self,
                                        const effnn_op_def *def, const effnn__wire_field *node,
                                        const char *name)
{
    effnn__onnx_input *inner;
    size_t n = 0;
    effnn_status status;

    if (self->depth >= EFFNN__MAX_NESTING)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "node '%s': graphs nest more than %d deep", name,
                           EFFNN__MAX_NESTING);
    while (def->subgraphs[n]) n++;
    inner = effnn__alloc_array(n, sizeof *inner);
    out->graphs = effnn__alloc_array(n, sizeof(effnn__graph *));
    status = inner && out->graphs ? EFFNN_OK : effnn__fail_nomem(name, n * sizeof *inner);
    for (size_t i = 0; i < n && status == EFFNN_OK; i++)
        inner[i] = (effnn__onnx_input){ .name = self->name,
                                        .model = self->model,
                                        .root = self->root,
                                        .outer = self,
                                        .depth = self->depth + 1 };
    if (status == EFFNN_OK) status = read_graphs(out, inner, def, node, name);
    for (size_t i = 0; inner && i < n; i++) effnn__free(inner[i].captures);
    effnn__free(inner);
    return status; /* the caller clears *out either way */
}

void effnn__onnx_subgraphs_clear(effnn__onnx_subgraphs *self)
{
    for (size_t i = 0; i < self->n; i++) effnn__graph_destroy(self->graphs[i]);
    effnn__free(self->graphs);
    effnn__free(self->captured);
    *self = (effnn__onnx_subgraphs){ 0 };
}

/* ---- unpacking around them ---- */

/* The node's bytes without the attributes that hold graphs; *out is NULL if none does. */
static effnn_status strip_graphs(unsigned char **out, size_t *size, const effnn__wire_field *part)
{
    effnn__wire wire = effnn__wire_over(part->data, part->size);
    effnn__wire_field field;
    unsigned char *bytes;
    bool found = false;
    size_t n = 0;

    *out = NULL;
    while (effnn__wire_find(&wire, NODE_ATTRIBUTE, &field)) found = found || has_graph(&field);
    if (!found) return EFFNN_OK;
    bytes = effnn__alloc(part->size);
    if (!bytes) return effnn__fail_nomem("node of a file", part->size);
    wire = effnn__wire_over(part->data, part->size);
    while (effnn__wire_next(&wire, &field)) {
        const size_t length = (size_t)(wire.at - field.begin);
        if (field.number == NODE_ATTRIBUTE && has_graph(&field)) continue;
        memcpy(bytes + n, field.begin, length);
        n += length;
    }
    *out = bytes;
    *size = n;
    return EFFNN_OK;
}

effnn_status effnn__onnx_unpack_node(Onnx__NodeProto **out, const effnn__wire_field *part,
                                     const char *what)
{
    unsigned char *stripped = NULL;
    size_t size = part->size;
    void *message = NULL;
    effnn_status status;

    EFFNN_TRY(strip_graphs(&stripped, &size, part));
    status = effnn__wire_unpack(&message, &onnx__node_proto__descriptor,
                                stripped ? stripped : part->data, size, what);
    effnn__free(stripped);
    if (status == EFFNN_OK) *out = message;
    return status;
}
