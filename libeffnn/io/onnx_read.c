/* SPDX-License-Identifier: BSD-3-Clause */
/* A GraphProto into a graph. What an operator's attributes and inputs mean is said by its own ONNX
 * row; this file gives rows the neutral form of a node and the services of onnx_row.h. */

#include "base/alloc.h"
#include "base/option.h"
#include "base/str.h"
#include "io/onnx_priv.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

#define SPARE_INPUTS 8 /* places that a row's `read` may add */

typedef struct importer {
    effnn_model *model;
    effnn__graph *graph;
    int64_t opset;
    const effnn__onnx_place *place;
} importer;

/* ---- inputs, outputs, initialisers ---- */

static effnn_status read_dim(effnn__sym *out, const importer *self,
                             const Onnx__TensorShapeProto__Dimension *dim)
{
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE &&
        dim->dim_value >= 0) {
        *out = effnn__sym_constant(dim->dim_value);
        return EFFNN_OK;
    }
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && dim->dim_param &&
        dim->dim_param[0])
        return effnn__symbols_named(out, self->graph->symbols, dim->dim_param);
    return effnn__symbols_fresh(out, self->graph->symbols);
}

static effnn_status read_input(const importer *self, const Onnx__ValueInfoProto *proto)
{
    const char *name = proto->name ? proto->name : "";
    effnn__value_info info = { .has_dtype = true, .has_shape = true };
    const Onnx__TypeProto__Tensor *type;
    effnn__value *value;
    int dtype;

    if (!proto->type || proto->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': input '%s' is not a tensor",
                           self->place->name, name);
    type = proto->type->tensor_type;
    dtype = effnn__dtype_from_onnx(type->has_elem_type ? type->elem_type : 0);
    if (dtype < 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': input '%s' is of type %s (%d)",
                           self->place->name, name, effnn__onnx_type_name(type->elem_type),
                           (int)type->elem_type);
    if (!type->shape)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': input '%s' has no shape", self->place->name,
                           name);
    if (type->shape->n_dim > EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': input '%s' has %zu dimensions, at most %d",
                           self->place->name, name, type->shape->n_dim, EFFNN_MAX_RANK);
    info.dtype = (effnn_dtype)dtype;
    info.rank = type->shape->n_dim;
    for (size_t i = 0; i < info.rank; i++)
        EFFNN_TRY(read_dim(&info.dims[i], self, type->shape->dim[i]));
    if (effnn__graph_find_value(self->graph, name))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': input '%s' is there twice", self->place->name,
                           name);
    return effnn__graph_add_input(&value, self->graph, name, &info);
}

static effnn_status read_initialiser(const importer *self, Onnx__TensorProto *proto)
{
    const char *name = proto->name ? proto->name : "";
    effnn_tensor *tensor = NULL;
    effnn__value *value;
    effnn_status status;

    if (!*name || effnn__graph_find_value(self->graph, name))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': initialiser '%s' is there twice or has no name",
                           self->place->name, name);
    EFFNN_TRY(effnn__onnx_tensor_read(&tensor, self->model->context, proto, self->place));
    status = effnn__graph_add_constant(&value, self->graph, name, true, tensor);
    effnn_tensor_release(tensor);
    return status;
}

/* Initialisers come first: before IR version 4 they are listed among the inputs too. */
static effnn_status read_values(const importer *self, Onnx__GraphProto *proto)
{
    if (proto->n_sparse_initializer)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': sparse initialisers", self->place->name);
    for (size_t i = 0; i < proto->n_initializer; i++)
        EFFNN_TRY(read_initialiser(self, proto->initializer[i]));
    for (size_t i = 0; i < proto->n_input; i++) {
        const char *name = proto->input[i]->name;
        const effnn__value *value = name ? effnn__graph_find_value(self->graph, name) : NULL;

        if (value && value->constant) continue;
        EFFNN_TRY(read_input(self, proto->input[i]));
    }
    return EFFNN_OK;
}

static effnn_status read_outputs(const importer *self, const Onnx__GraphProto *proto)
{
    if (proto->n_output == 0)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': the graph has no outputs", self->place->name);
    for (size_t i = 0; i < proto->n_output; i++) {
        const char *name = proto->output[i]->name ? proto->output[i]->name : "";
        effnn__value *value = effnn__graph_find_value(self->graph, name);

        if (!value)
            return effnn__fail(EFFNN_E_FORMAT, "'%s': output '%s' is computed by no node",
                               self->place->name, name);
        EFFNN_TRY(effnn__graph_add_output(self->graph, value));
    }
    return EFFNN_OK;
}

/* ---- attributes in neutral form ---- */

/* One node being read; `owned` memory goes with it. */
typedef struct node_import {
    const importer *importer;
    const Onnx__NodeProto *proto;
    effnn__vec owned;   /* by effnn__free */
    effnn__vec tensors; /* by effnn_tensor_release */
    char *name;
} node_import;

static effnn_status own(node_import *self, void **out, size_t n, size_t size)
{
    void *memory = effnn__alloc_array(n + 1, size);
    effnn_status status;

    if (!memory) return effnn__fail_nomem(self->name, n * size);
    status = effnn__vec_push(&self->owned, memory);
    if (status != EFFNN_OK) {
        effnn__free(memory);
        return status;
    }
    *out = memory;
    return EFFNN_OK;
}

static effnn_status own_text(node_import *self, const char **out, const ProtobufCBinaryData *bytes)
{
    void *text;

    EFFNN_TRY(own(self, &text, bytes->len, 1));
    if (bytes->len) memcpy(text, bytes->data, bytes->len);
    *out = text;
    return EFFNN_OK;
}

static effnn_status read_floats(node_import *self, effnn_onnx_attr *out,
                                const Onnx__AttributeProto *p)
{
    void *memory;
    double *floats;

    out->kind = EFFNN_ONNX_FLOATS;
    out->n = p->n_floats;
    EFFNN_TRY(own(self, &memory, p->n_floats, sizeof(double)));
    floats = memory;
    for (size_t i = 0; i < p->n_floats; i++) floats[i] = (double)p->floats[i];
    out->floats = floats;
    return EFFNN_OK;
}

static effnn_status read_strings(node_import *self, effnn_onnx_attr *out,
                                 const Onnx__AttributeProto *p)
{
    void *memory;
    const char **strings;

    out->kind = EFFNN_ONNX_STRINGS;
    out->n = p->n_strings;
    EFFNN_TRY(own(self, &memory, p->n_strings, sizeof(char *)));
    strings = memory;
    for (size_t i = 0; i < p->n_strings; i++)
        EFFNN_TRY(own_text(self, &strings[i], &p->strings[i]));
    out->strings = strings;
    return EFFNN_OK;
}

static effnn_status read_tensor(node_import *self, effnn_onnx_attr *out, Onnx__TensorProto *p)
{
    effnn_status status;

    out->kind = EFFNN_ONNX_TENSOR;
    EFFNN_TRY(effnn__onnx_tensor_read(&out->tensor, self->importer->model->context, p,
                                      self->importer->place));
    status = effnn__vec_push(&self->tensors, out->tensor);
    if (status != EFFNN_OK) effnn_tensor_release(out->tensor);
    return status;
}

/* The type field came with IR version 2; older files leave it out. */
static int type_of(const Onnx__AttributeProto *p)
{
    if (p->has_type) return (int)p->type;
    if (p->has_i) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    if (p->has_f) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    if (p->has_s) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    if (p->t) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    if (p->n_floats) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    if (p->n_strings) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS;
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
}

static effnn_status read_attr(node_import *self, effnn_onnx_attr *out, Onnx__AttributeProto *p)
{
    *out = (effnn_onnx_attr){ .name = p->name ? p->name : "", .kind = EFFNN_ONNX_OTHER };
    switch (type_of(p)) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        out->kind = EFFNN_ONNX_INT;
        out->i = p->i;
        return EFFNN_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        out->kind = EFFNN_ONNX_FLOAT;
        out->f = (double)p->f;
        return EFFNN_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        out->kind = EFFNN_ONNX_STRING;
        return own_text(self, &out->s, &p->s);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        out->kind = EFFNN_ONNX_INTS;
        out->n = p->n_ints;
        out->ints = p->ints;
        return EFFNN_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS: return read_floats(self, out, p);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS: return read_strings(self, out, p);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        if (p->t) return read_tensor(self, out, p->t);
        break;
    default: break;
    }
    return EFFNN_OK;
}

/* ---- services for rows ---- */

static effnn_status add_constant(effnn_onnx_reader *reader, const effnn_onnx_value **out,
                                 effnn_tensor *tensor)
{
    const node_import *self = reader->io;
    effnn__value *value;

    EFFNN_TRY(effnn__graph_add_constant(&value, self->importer->graph, self->name, false, tensor));
    *out = (const effnn_onnx_value *)value;
    return EFFNN_OK;
}

static const effnn__value *input_of(const effnn_onnx_reader *reader, size_t i)
{
    return i < reader->n_inputs ? (const effnn__value *)reader->inputs[i] : NULL;
}

static effnn_tensor *constant_of(const effnn_onnx_reader *reader, size_t i)
{
    const effnn__value *value = input_of(reader, i);

    return value ? value->constant : NULL;
}

static int dtype_of(const effnn_onnx_reader *reader, size_t i)
{
    const effnn__value *value = input_of(reader, i);

    return value && value->info.has_dtype ? (int)value->info.dtype : -1;
}

static int rank_of(const effnn_onnx_reader *reader, size_t i)
{
    const effnn__value *value = input_of(reader, i);

    return value && value->info.has_shape ? (int)value->info.rank : -1;
}

static effnn_status add_node(effnn_onnx_reader *reader, const effnn_onnx_value **out,
                             const char *op, const char *attrs,
                             const effnn_onnx_value *const *inputs, size_t n_inputs)
{
    const node_import *self = reader->io;
    effnn__value *values[SPARE_INPUTS], *result;

    if (n_inputs > SPARE_INPUTS)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "node '%s': an added %s with %zu inputs",
                           self->name, op, n_inputs);
    for (size_t i = 0; i < n_inputs; i++) values[i] = (effnn__value *)(uintptr_t)inputs[i];
    EFFNN_TRY(effnn__graph_add_op(&result, self->importer->graph, op, self->name, attrs, values,
                                  n_inputs, NULL));
    *out = (const effnn_onnx_value *)result;
    return EFFNN_OK;
}

/* ---- nodes ---- */

static effnn_status find_inputs(node_import *self, const effnn_onnx_value **out)
{
    const Onnx__NodeProto *p = self->proto;

    for (size_t i = 0; i < p->n_input; i++) {
        if (!p->input[i][0]) continue;
        out[i] =
            (const effnn_onnx_value *)effnn__graph_find_value(self->importer->graph, p->input[i]);
        if (!out[i])
            return effnn__fail(EFFNN_E_FORMAT,
                               "'%s': node '%s' reads '%s', which nothing before it computes",
                               self->importer->place->name, self->name, p->input[i]);
    }
    return EFFNN_OK;
}

static effnn_status check_outputs(const node_import *self)
{
    const Onnx__NodeProto *p = self->proto;

    for (size_t i = 0; i < p->n_output; i++)
        if (p->output[i][0] && effnn__graph_find_value(self->importer->graph, p->output[i]))
            return effnn__fail(EFFNN_E_FORMAT, "'%s': node '%s' computes '%s' a second time",
                               self->importer->place->name, self->name, p->output[i]);
    return EFFNN_OK;
}

/* The tensor of a Constant node, whichever attribute has it. */
static effnn_status constant_tensor(effnn_tensor **out, const node_import *self,
                                    const effnn_onnx_attr *attr)
{
    effnn_context *context = self->importer->model->context;
    const int64_t n = (int64_t)attr->n;

    switch (attr->kind) {
    case EFFNN_ONNX_TENSOR: return effnn__tensor_share(out, attr->tensor);
    case EFFNN_ONNX_INT:
        EFFNN_TRY(effnn_tensor_create(out, context, EFFNN_I64, 0, NULL));
        *(int64_t *)effnn__tensor_data(*out) = attr->i;
        return EFFNN_OK;
    case EFFNN_ONNX_FLOAT:
        EFFNN_TRY(effnn_tensor_create(out, context, EFFNN_F32, 0, NULL));
        *(float *)effnn__tensor_data(*out) = (float)attr->f;
        return EFFNN_OK;
    case EFFNN_ONNX_INTS: return effnn__tensor_from_i64(out, context, attr->n, attr->ints);
    case EFFNN_ONNX_FLOATS:
        EFFNN_TRY(effnn_tensor_create(out, context, EFFNN_F32, 1, &n));
        for (size_t i = 0; i < attr->n; i++)
            ((float *)effnn__tensor_data(*out))[i] = (float)attr->floats[i];
        return EFFNN_OK;
    case EFFNN_ONNX_STRING:
    case EFFNN_ONNX_STRINGS:
    case EFFNN_ONNX_OTHER: break;
    }
    return effnn__fail(EFFNN_E_UNSUPPORTED, "node '%s': a Constant with attribute '%s'", self->name,
                       attr->name);
}

static effnn_status read_constant(node_import *self, const effnn_onnx_attr *attrs, size_t n_attrs)
{
    effnn_tensor *tensor = NULL;
    effnn__value *value;
    effnn_status status;

    if (n_attrs != 1 || self->proto->n_output != 1)
        return effnn__fail(EFFNN_E_FORMAT,
                           "node '%s': a Constant with %zu attributes and %zu outputs", self->name,
                           n_attrs, self->proto->n_output);
    EFFNN_TRY(constant_tensor(&tensor, self, attrs));
    status = effnn__graph_add_constant(&value, self->importer->graph, self->proto->output[0], true,
                                       tensor);
    effnn_tensor_release(tensor);
    return status;
}

static effnn_status check_counts(const node_import *self, const effnn_op_def *def, size_t n_inputs)
{
    const size_t n_outputs = self->proto->n_output;

    if ((int)n_inputs < def->min_inputs ||
        (def->max_inputs != EFFNN_ANY && (int)n_inputs > def->max_inputs))
        return effnn__fail(EFFNN_E_FORMAT, "node '%s': %s with %zu inputs", self->name,
                           self->proto->op_type, n_inputs);
    if (n_outputs == 0 || (def->max_outputs != EFFNN_ANY && (int)n_outputs > def->max_outputs))
        return effnn__fail(EFFNN_E_UNSUPPORTED, "node '%s': %s with %zu outputs, %d are supported",
                           self->name, self->proto->op_type, n_outputs, def->max_outputs);
    return EFFNN_OK;
}

static effnn_status finish_node(node_import *self, effnn_onnx_reader *reader,
                                const effnn_op_def *def)
{
    const Onnx__NodeProto *p = self->proto;
    effnn__node *node;

    while (reader->n_inputs && !reader->inputs[reader->n_inputs - 1]) reader->n_inputs--;
    EFFNN_TRY(check_counts(self, def, reader->n_inputs));
    return effnn__graph_add_node(&node, self->importer->graph,
                                 &(effnn__node_spec){
                                     .def = def,
                                     .name = self->name,
                                     .attrs = reader->op_attrs,
                                     .inputs = (effnn__value *const *)(uintptr_t)reader->inputs,
                                     .n_inputs = reader->n_inputs,
                                     .outputs = (const char *const *)p->output,
                                     .n_outputs = p->n_output,
                                 });
}

static effnn_status run_row(node_import *self, const effnn_onnx_attr *attrs, size_t n_attrs,
                            const effnn_op_def *def, const effnn_onnx_row *row)
{
    const size_t capacity = self->proto->n_input + SPARE_INPUTS;
    void *inputs, *op_attrs;
    effnn_onnx_reader reader = {
        .op_type = self->proto->op_type,
        .node = self->name,
        .opset = self->importer->opset,
        .attrs = attrs,
        .n_attrs = n_attrs,
        .n_inputs = self->proto->n_input,
        .inputs_capacity = capacity,
        .n_outputs = self->proto->n_output,
        .op_def = def,
        .io = self,
        .add_constant = add_constant,
        .constant = constant_of,
        .add_node = add_node,
        .input_dtype = dtype_of,
        .input_rank = rank_of,
    };
    effnn_status status;

    EFFNN_TRY(own(self, &inputs, capacity, sizeof(effnn_onnx_value *)));
    EFFNN_TRY(own(self, &op_attrs, def->attrs_size, 1));
    reader.inputs = inputs;
    reader.op_attrs = op_attrs;
    EFFNN_TRY(find_inputs(self, reader.inputs));
    EFFNN_TRY(effnn__options_init(def->attrs, op_attrs));
    status = row->read ? row->read(&reader) : effnn__onnx_read_attrs(&reader, NULL);
    if (status == EFFNN_OK) status = finish_node(self, &reader, def);
    effnn__options_clear(def->attrs, op_attrs);
    return status;
}

static effnn_status read_node(node_import *self)
{
    const Onnx__NodeProto *p = self->proto;
    const char *domain = p->domain ? p->domain : "";
    const effnn_onnx_row *row;
    const effnn_op_def *def;
    effnn_onnx_attr *attrs;
    void *memory;

    if (strcmp(domain, "ai.onnx") == 0) domain = "";
    EFFNN_TRY(own(self, &memory, p->n_attribute, sizeof *attrs));
    attrs = memory;
    for (size_t i = 0; i < p->n_attribute; i++)
        EFFNN_TRY(read_attr(self, &attrs[i], p->attribute[i]));
    EFFNN_TRY(check_outputs(self));
    if (!*domain && strcmp(p->op_type, "Constant") == 0)
        return read_constant(self, attrs, p->n_attribute);
    def = effnn__op_find_onnx(p->op_type, domain, self->importer->opset, &row);
    if (!def)
        return effnn__fail(
            EFFNN_E_UNSUPPORTED, "node '%s': operator %s%s%s at opset %lld is not supported",
            self->name, domain, *domain ? "." : "", p->op_type, (long long)self->importer->opset);
    return run_row(self, attrs, p->n_attribute, def, row);
}

static effnn_status import_node(const importer *self, const Onnx__NodeProto *p, size_t index)
{
    node_import node = { .importer = self, .proto = p };
    effnn_status status;

    if (!p->op_type)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': node %zu has no operator", self->place->name,
                           index);
    node.name = p->name && *p->name ? effnn__strdup(p->name)
                                    : effnn__strprintf("%s_%zu", p->op_type, index);
    status = node.name ? read_node(&node) : effnn__fail_nomem(p->op_type, 64);
    for (size_t i = 0; i < node.tensors.n; i++) effnn_tensor_release(node.tensors.items[i]);
    for (size_t i = 0; i < node.owned.n; i++) effnn__free(node.owned.items[i]);
    effnn__vec_clear(&node.tensors);
    effnn__vec_clear(&node.owned);
    effnn__free(node.name);
    return status;
}

effnn_status effnn__onnx_read_graph(effnn_model *model, Onnx__GraphProto *proto, int64_t opset,
                                    const effnn__onnx_place *place)
{
    const importer self = { model, model->graph, opset, place };

    EFFNN_TRY(read_values(&self, proto));
    for (size_t i = 0; i < proto->n_node; i++) EFFNN_TRY(import_node(&self, proto->node[i], i));
    return read_outputs(&self, proto);
}
