/* SPDX-License-Identifier: BSD-3-Clause */
/* A graph in four walks over its packed bytes: the names it uses, initialisers and inputs, nodes,
 * outputs. Each part is unpacked, turned into ours and freed before the next, so that beside the
 * mapped file only the model itself takes memory. Values are found by name in the graph that grows;
 * a name that is not there yet but known from the first walk is out of order. */

#include "io/onnx/onnx_read.h"

#include "base/alloc.h"
#include "base/str.h"
#include "io/onnx/onnx_sparse.h"
#include "io/onnx/onnx_tensor.h"
#include "ops/onnx_row.h"

#include <string.h>

/* Field numbers of the messages that are walked packed. */
enum { GRAPH_NODE = 1, GRAPH_INITIALISER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { GRAPH_SPARSE = 15, TENSOR_NAME = 8, ATTR_NAME = 1, ATTR_TENSOR = 5, ATTR_TYPE = 20 };
enum { NODE_OUTPUT = 2, NODE_OP_TYPE = 4, NODE_ATTR = 5, NODE_DOC = 6 };

effnn_status effnn__onnx_fresh_name(char **out, const effnn__onnx_input *self, const char *hint)
{
    char *name = effnn__strdup(hint);

    for (size_t i = 1;
         name && (effnn__map_get(&self->names, name) || effnn__graph_find_value(self->graph, name));
         i++) {
        effnn__free(name);
        name = effnn__strprintf("%s_%zu", hint, i);
    }
    if (!name) return effnn__fail_nomem(hint, strlen(hint));
    *out = name;
    return EFFNN_OK;
}

/* ---- names ---- */

/* Note a name that a node or an initialiser gives a value; twice is E_FORMAT. */
static effnn_status note_name(effnn__onnx_input *self, const effnn__wire_field *field)
{
    char *name = effnn__zalloc(field->size + 1);
    effnn_status status = EFFNN_OK;

    if (!name) return effnn__fail_nomem("name of a value", field->size);
    if (field->size) memcpy(name, field->data, field->size);
    if (effnn__map_get(&self->names, name))
        status = effnn__fail(EFFNN_E_FORMAT, "value '%s' is made twice", name);
    else if (*name)
        status = effnn__map_set(&self->names, name, self);
    effnn__free(name);
    return status;
}

/* Note all names that fields of this number in a message hold. */
static effnn_status note_names(effnn__onnx_input *self, const effnn__wire_field *message,
                               uint32_t number)
{
    effnn__wire wire = effnn__wire_over(message->data, message->size);
    effnn__wire_field field;

    while (effnn__wire_find(&wire, number, &field)) EFFNN_TRY(note_name(self, &field));
    return EFFNN_OK;
}

static effnn_status read_names(effnn__onnx_input *self, const effnn__wire_field *graph)
{
    effnn__wire wire = effnn__wire_over(graph->data, graph->size);
    effnn__wire_field part, values;

    while (effnn__wire_next(&wire, &part)) {
        if (part.number == GRAPH_NODE) EFFNN_TRY(note_names(self, &part, NODE_OUTPUT));
        if (part.number == GRAPH_INITIALISER) EFFNN_TRY(note_names(self, &part, TENSOR_NAME));
        if (part.number == GRAPH_SPARSE && effnn__onnx_sparse_values(&values, &part))
            EFFNN_TRY(note_names(self, &values, TENSOR_NAME));
    }
    return EFFNN_OK;
}

/* ---- initialisers ---- */

#define LET_GO ((size_t)1 << 20) /* bytes that are let go of at once */

/* The walk has copied what lies in front of the end of `part`, and the file's pages there need not
 * be in memory beside the copy. Walks begin at the front of the file again and again. */
static void pass(effnn__onnx_input *self, const effnn__wire_field *part)
{
    effnn__onnx_input *root = self->root;
    const unsigned char *end = part->data + part->size;

    if (end < root->passed) root->passed = part->begin;
    if ((size_t)(end - root->passed) < LET_GO) return;
    effnn__file_let_go(root->file, root->passed, (size_t)(end - root->passed));
    root->passed = end;
}

/* Add a packed tensor, sparse or not, as a constant of this name. */
static effnn_status add_packed(effnn__onnx_input *self, const effnn__wire_field *part,
                               const char *name, bool is_sparse)
{
    effnn_model *model = self->model;
    effnn__value *value = NULL;
    effnn_tensor *tensor = NULL;
    effnn_status status;

    if (is_sparse)
        EFFNN_TRY(effnn__onnx_read_packed_sparse(&tensor, self, part, name));
    else
        EFFNN_TRY(effnn__onnx_read_packed_tensor(&tensor, model->context, &self->root->external,
                                                 part, name));
    status = effnn__graph_add_constant(&value, self->graph, name, true, tensor);
    effnn_tensor_release(tensor);
    pass(self, part);
    return status;
}

static effnn_status read_initialiser(effnn__onnx_input *self, const effnn__wire_field *part)
{
    const bool is_sparse = part->number == GRAPH_SPARSE;
    effnn__wire_field named = *part;
    char *name = NULL;
    effnn_status status;

    if (is_sparse && !effnn__onnx_sparse_values(&named, part))
        return effnn__fail(EFFNN_E_FORMAT, "a sparse initialiser has no values");
    EFFNN_TRY(effnn__wire_text(&name, &named, TENSOR_NAME));
    status = *name ? add_packed(self, part, name, is_sparse)
                   : effnn__fail(EFFNN_E_FORMAT, "an initialiser has no name");
    effnn__free(name);
    return status;
}

static effnn_status read_initialisers(effnn__onnx_input *self, const effnn__wire_field *graph)
{
    effnn__wire wire = effnn__wire_over(graph->data, graph->size);
    effnn__wire_field part;

    while (effnn__wire_next(&wire, &part))
        if (part.type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED &&
            (part.number == GRAPH_INITIALISER || part.number == GRAPH_SPARSE))
            EFFNN_TRY(read_initialiser(self, &part));
    return EFFNN_OK;
}

/* ---- inputs and outputs ---- */

/* Whether a dimension's text is a name: some exporters write "?" or "-1" for every open size, which
 * need not be equal. */
static bool is_name(const char *text)
{
    for (; text && *text; text++)
        if ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || *text == '_')
            return true;
    return false;
}

static effnn_status read_dim(effnn__sym *out, effnn__symbols *symbols,
                             const Onnx__TensorShapeProto__Dimension *dim)
{
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
        dim->dim_value >= 0) {
        *out = effnn__sym_constant(dim->dim_value);
        return EFFNN_OK;
    }
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM &&
        is_name(dim->dim_param))
        return effnn__symbols_named(out, symbols, dim->dim_param);
    return effnn__symbols_fresh(out, symbols);
}

/* See that a tensor can have the sizes that are given. */
static effnn_status check_shape(const effnn__value_info *info, const char *name)
{
    effnn__shape shape = { .rank = 0 };
    char text[EFFNN__SHAPE_TEXT];
    size_t count;

    for (size_t i = 0; i < info->rank; i++)
        if (effnn__sym_is_constant(info->dims[i])) shape.dims[shape.rank++] = info->dims[i].offset;
    if (effnn__shape_count(&count, shape.rank, shape.dims) == EFFNN_OK) return EFFNN_OK;
    return effnn__fail(EFFNN_E_FORMAT, "input '%s': no tensor can have sizes %s", name,
                       effnn__shape_print(text, sizeof text, shape.rank, shape.dims));
}

static effnn_status read_shape(effnn__value_info *out, effnn__symbols *symbols,
                               const Onnx__TensorShapeProto *shape, const char *name)
{
    if (!shape)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "input '%s': no shape, not even a rank", name);
    if (shape->n_dim > EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "input '%s': rank %zu, at most %d are supported",
                           name, shape->n_dim, EFFNN_MAX_RANK);
    out->has_shape = true;
    out->rank = shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++)
        EFFNN_TRY(read_dim(&out->dims[i], symbols, shape->dim[i]));
    return check_shape(out, name);
}

static effnn_status read_type(effnn__value_info *out, effnn__symbols *symbols,
                              const Onnx__TypeProto *type, const char *name)
{
    const Onnx__TypeProto__Tensor *tensor;
    int dtype;

    if (!type || type->value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET)
        return effnn__fail(EFFNN_E_FORMAT, "input '%s': no type", name);
    if (type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "input '%s': its type is not a tensor", name);
    tensor = type->tensor_type;
    dtype = effnn__dtype_from_onnx(tensor->elem_type);
    if (dtype < 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "input '%s': element type %d (%s)", name,
                           tensor->elem_type, effnn__onnx_type_name(tensor->elem_type));
    out->has_dtype = true;
    out->dtype = (effnn_dtype)dtype;
    return read_shape(out, symbols, tensor->shape, name);
}

/* An input; one that has an initialiser is the constant that is there already: a default that
 * nobody can override here. */
static effnn_status read_input(effnn__onnx_input *self, const Onnx__ValueInfoProto *proto)
{
    effnn__graph *graph = self->graph;
    const char *name = proto->name ? proto->name : "";
    effnn__value_info info = { 0 };
    effnn__value *value = effnn__graph_find_value(graph, name);

    if (!*name)
        return effnn__fail(EFFNN_E_FORMAT, "input %zu of the graph has no name", graph->inputs.n);
    if (value && value->constant) return EFFNN_OK;
    if (self->outer)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "input '%s' of a graph inside a node", name);
    if (value || effnn__map_get(&self->names, name))
        return effnn__fail(EFFNN_E_FORMAT, "input '%s' is made twice", name);
    EFFNN_TRY(effnn__map_set(&self->names, name, self));
    EFFNN_TRY(read_type(&info, graph->symbols, proto->type, name));
    return effnn__graph_add_input(&value, graph, name, &info);
}

/* Keep what the file says of a value that inference may leave open: files must say it again. */
static void declare_rank(effnn__value *value, const Onnx__TypeProto *type)
{
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ||
        !type->tensor_type->shape || type->tensor_type->shape->n_dim > EFFNN_MAX_RANK)
        return;
    value->has_declared_rank = true;
    value->declared_rank = type->tensor_type->shape->n_dim;
}

static effnn_status read_output(effnn__onnx_input *self, const Onnx__ValueInfoProto *proto)
{
    effnn__graph *graph = self->graph;
    const char *name = proto->name ? proto->name : "";
    effnn__value *value = NULL;

    EFFNN_TRY(effnn__onnx_find_value(&value, self, name));
    if (!value)
        return effnn__fail(EFFNN_E_FORMAT, "output %zu of the graph, '%s', is computed nowhere",
                           graph->outputs.n, name);
    declare_rank(value, proto->type);
    return effnn__graph_add_output(graph, value);
}

/* Unpack each value of one list of the graph and hand it to `read`. */
static effnn_status
read_values(effnn__onnx_input *self, const effnn__wire_field *graph, uint32_t number,
            effnn_status (*read)(effnn__onnx_input *self, const Onnx__ValueInfoProto *proto))
{
    effnn__wire wire = effnn__wire_over(graph->data, graph->size);
    effnn__wire_field part;

    while (effnn__wire_find(&wire, number, &part)) {
        void *message = NULL;
        effnn_status status;
        EFFNN_TRY(effnn__wire_unpack(&message, &onnx__value_info_proto__descriptor, part.data,
                                     part.size, self->name));
        status = read(self, message);
        effnn__wire_free(message);
        if (status != EFFNN_OK) return status;
    }
    return EFFNN_OK;
}

/* ---- nodes ---- */

static bool says(const effnn__wire_field *field, const char *text)
{
    return field->size == strlen(text) && memcmp(field->data, text, field->size) == 0;
}

/* The tensor of an attribute "value", if the attribute is that and nothing else. */
static bool find_value(effnn__wire_field *out, const effnn__wire_field *attr)
{
    effnn__wire wire = effnn__wire_over(attr->data, attr->size);
    effnn__wire_field field;
    size_t n_tensors = 0, n_names = 0;

    while (effnn__wire_next(&wire, &field)) {
        if (field.number == ATTR_NAME && !says(&field, "value")) return false;
        n_names += field.number == ATTR_NAME;
        if (field.number == ATTR_TYPE &&
            field.value != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR)
            return false;
        if (field.type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) continue;
        if (field.number == ATTR_TENSOR) *out = field;
        n_tensors += field.number == ATTR_TENSOR;
    }
    return n_names == 1 && n_tensors == 1;
}

/* The tensor of a Constant node that has one output and a tensor for its value: the usual form,
 * which weights have in some files and which need not be unpacked for it. */
static bool find_constant(effnn__wire_field *out, const effnn__wire_field *node)
{
    effnn__wire wire = effnn__wire_over(node->data, node->size);
    effnn__wire_field field;
    size_t n[NODE_DOC + 1] = { 0 };

    while (effnn__wire_next(&wire, &field)) {
        if (field.number < NODE_OUTPUT || field.number > NODE_DOC) return false;
        n[field.number]++;
        if (field.number == NODE_OP_TYPE && !says(&field, "Constant")) return false;
        if (field.number == NODE_OUTPUT && field.size == 0) return false;
        if (field.number == NODE_ATTR && !find_value(out, &field)) return false;
    }
    return n[NODE_OUTPUT] == 1 && n[NODE_OP_TYPE] == 1 && n[NODE_ATTR] == 1;
}

static effnn_status read_node(effnn__onnx_input *self, const effnn__wire_field *part, size_t index)
{
    effnn__wire_field tensor;
    Onnx__NodeProto *message = NULL;
    effnn_status status;

    if (find_constant(&tensor, part)) {
        char *name = NULL;
        EFFNN_TRY(effnn__wire_text(&name, part, NODE_OUTPUT));
        status = add_packed(self, &tensor, name, false);
        effnn__free(name);
        return status;
    }
    EFFNN_TRY(effnn__onnx_unpack_node(&message, part, self->name));
    status = effnn__onnx_read_node(self, part, message, index);
    effnn__wire_free(message);
    return status;
}

static effnn_status read_nodes(effnn__onnx_input *self, const effnn__wire_field *graph)
{
    effnn__wire wire = effnn__wire_over(graph->data, graph->size);
    effnn__wire_field part;

    for (size_t i = 0; effnn__wire_find(&wire, GRAPH_NODE, &part); i++)
        EFFNN_TRY(read_node(self, &part, i));
    return EFFNN_OK;
}

effnn_status effnn__onnx_read_graph(effnn__onnx_input *self, const effnn__wire_field *graph)
{
    EFFNN_TRY(read_names(self, graph));
    EFFNN_TRY(read_initialisers(self, graph));
    EFFNN_TRY(read_values(self, graph, GRAPH_INPUT, read_input));
    EFFNN_TRY(read_nodes(self, graph));
    EFFNN_TRY(read_values(self, graph, GRAPH_OUTPUT, read_output));
    if (self->graph->outputs.n == 0)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': the graph has no outputs", self->name);
    return EFFNN_OK;
}
