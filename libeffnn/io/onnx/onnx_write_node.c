/* SPDX-License-Identifier: BSD-3-Clause */
/* One node of ours as the ONNX nodes that its row makes of it, by the services below. The one that
 * computes its result keeps the node's name, as the operator does that is found again in the
 * pattern when the file is read; names made for the others, and for constants and values between
 * them, begin with it and are free in the graph. */

#include "io/onnx/onnx_write.h"

#include "base/alloc.h"
#include "base/str.h"
#include "graph/subgraph.h"
#include "ops/op.h"

#include <string.h>

static effnn_status copy_names(effnn__onnx_output *self, char ***out, const char *const *names,
                               size_t n)
{
    void *memory = NULL;
    char **copies;

    EFFNN_TRY(effnn__onnx_own(self, &memory, n, sizeof *copies));
    copies = memory;
    for (size_t i = 0; i < n; i++)
        EFFNN_TRY(effnn__onnx_own_text(self, &copies[i], names[i] ? names[i] : ""));
    *out = copies;
    return EFFNN_OK;
}

bool effnn__onnx_is_taken(const effnn__onnx_output *self, const char *name)
{
    if (effnn__map_get(&self->root->taken, name)) return true;
    for (; self; self = self->outer)
        if (effnn__graph_find_value(self->graph, name) || effnn__graph_find_node(self->graph, name))
            return true;
    return false;
}

/* A name of the node being written, for a node or a value, ending in `hint`. */
static effnn_status fresh(effnn__onnx_output *self, char **out, const char *hint)
{
    char *name = effnn__strprintf("%s_%s", self->node->name, hint);
    effnn_status status;

    for (size_t i = 1; name && effnn__onnx_is_taken(self, name); i++) {
        effnn__free(name);
        name = effnn__strprintf("%s_%zu_%s", self->node->name, i, hint);
    }
    if (!name) return effnn__fail_nomem(self->node->name, strlen(hint));
    status = effnn__map_set(&self->root->taken, name, self);
    if (status == EFFNN_OK) status = effnn__onnx_own_text(self, out, name);
    effnn__free(name);
    return status;
}

static effnn_status fresh_name(effnn_onnx_writer *writer, const char **out, const char *hint)
{
    char *name = NULL;

    EFFNN_TRY(fresh(writer->io, &name, hint));
    *out = name;
    return EFFNN_OK;
}

/* True if one of these outputs is the node's own, and the first such. */
static bool takes_name(const effnn__onnx_output *self, const char *const *outputs, size_t n_outputs)
{
    if (self->named) return false;
    for (size_t i = 0; i < n_outputs; i++) {
        const effnn__value *value =
            outputs[i] ? effnn__graph_find_value(self->graph, outputs[i]) : NULL;
        if (value && value->producer == self->node) return true;
    }
    return false;
}

static effnn_status begin(effnn_onnx_writer *writer, const char *op_type, const char *domain,
                          const char *const *inputs, size_t n_inputs, const char *const *outputs,
                          size_t n_outputs)
{
    effnn__onnx_output *self = writer->io;
    Onnx__NodeProto *proto;
    void *memory = NULL;

    while (n_inputs && !inputs[n_inputs - 1]) n_inputs--;
    while (n_outputs > 1 && !outputs[n_outputs - 1]) n_outputs--;
    EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof *proto));
    proto = memory;
    onnx__node_proto__init(proto);
    if (takes_name(self, outputs, n_outputs)) {
        EFFNN_TRY(effnn__onnx_own_text(self, &proto->name, self->node->name));
        self->named = true;
    } else {
        EFFNN_TRY(fresh(self, &proto->name, op_type));
    }
    EFFNN_TRY(effnn__onnx_own_text(self, &proto->op_type, op_type));
    if (domain && *domain) EFFNN_TRY(effnn__onnx_own_text(self, &proto->domain, domain));
    EFFNN_TRY(copy_names(self, &proto->input, inputs, n_inputs));
    EFFNN_TRY(copy_names(self, &proto->output, outputs, n_outputs));
    proto->n_input = n_inputs;
    proto->n_output = n_outputs;
    self->proto = proto;
    return effnn__vec_push(&self->nodes, proto);
}

/* ---- attributes ---- */

static effnn_status fill_string(effnn__onnx_output *self, ProtobufCBinaryData *out,
                                const char *text)
{
    char *copy = NULL;

    EFFNN_TRY(effnn__onnx_own_text(self, &copy, text));
    *out = (ProtobufCBinaryData){ strlen(copy), (uint8_t *)copy };
    return EFFNN_OK;
}

static effnn_status fill_ints(effnn__onnx_output *self, Onnx__AttributeProto *out,
                              const effnn_onnx_attr *attr)
{
    void *memory = NULL;

    EFFNN_TRY(effnn__onnx_own(self, &memory, attr->n, sizeof *out->ints));
    if (attr->n) memcpy(memory, attr->ints, attr->n * sizeof *out->ints);
    out->ints = memory;
    out->n_ints = attr->n;
    return EFFNN_OK;
}

static effnn_status fill_floats(effnn__onnx_output *self, Onnx__AttributeProto *out,
                                const effnn_onnx_attr *attr)
{
    void *memory = NULL;

    EFFNN_TRY(effnn__onnx_own(self, &memory, attr->n, sizeof *out->floats));
    out->floats = memory;
    out->n_floats = attr->n;
    for (size_t i = 0; i < attr->n; i++) out->floats[i] = (float)attr->floats[i];
    return EFFNN_OK;
}

static effnn_status fill_attr(effnn__onnx_output *self, Onnx__AttributeProto *out,
                              const effnn_onnx_attr *attr)
{
    out->has_type = 1;
    switch (attr->kind) {
    case EFFNN_ONNX_INT:
        out->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        out->has_i = 1;
        out->i = attr->i;
        return EFFNN_OK;
    case EFFNN_ONNX_FLOAT:
        out->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        out->has_f = 1;
        out->f = (float)attr->f;
        return EFFNN_OK;
    case EFFNN_ONNX_STRING:
        out->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
        out->has_s = 1;
        return fill_string(self, &out->s, attr->s);
    case EFFNN_ONNX_INTS:
        out->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        return fill_ints(self, out, attr);
    case EFFNN_ONNX_FLOATS:
        out->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
        return fill_floats(self, out, attr);
    case EFFNN_ONNX_TENSOR:
        out->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
        return effnn__onnx_write_tensor(self, &out->t, attr->name, attr->tensor);
    default:
        return effnn__fail(EFFNN_E_UNSUPPORTED, "node '%s': attribute '%s' cannot be written",
                           self->node->name, attr->name);
    }
}

effnn_status effnn__onnx_add_attr(effnn__onnx_output *self, Onnx__AttributeProto **out,
                                  const char *name)
{
    Onnx__NodeProto *node = self->proto;
    Onnx__AttributeProto *proto, **longer;
    void *memory = NULL;

    EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof *proto));
    proto = memory;
    onnx__attribute_proto__init(proto);
    EFFNN_TRY(effnn__onnx_own_text(self, &proto->name, name));
    EFFNN_TRY(effnn__onnx_own(self, &memory, node->n_attribute + 1, sizeof *longer));
    longer = memory;
    if (node->n_attribute) memcpy(longer, node->attribute, node->n_attribute * sizeof *longer);
    longer[node->n_attribute++] = proto;
    node->attribute = longer;
    *out = proto;
    return EFFNN_OK;
}

static effnn_status set_attr(effnn_onnx_writer *writer, const effnn_onnx_attr *attr)
{
    Onnx__AttributeProto *proto = NULL;

    EFFNN_TRY(effnn__onnx_add_attr(writer->io, &proto, attr->name));
    return fill_attr(writer->io, proto, attr);
}

/* ---- what rows ask about inputs ---- */

static effnn_status add_constant(effnn_onnx_writer *writer, const char **out, const char *hint,
                                 effnn_tensor *tensor)
{
    effnn__onnx_output *self = writer->io;
    Onnx__TensorProto *proto = NULL;
    char *name = NULL;

    EFFNN_TRY(fresh(self, &name, hint));
    EFFNN_TRY(effnn__onnx_write_tensor(self, &proto, name, tensor));
    EFFNN_TRY(effnn__vec_push(&self->initialisers, proto));
    *out = name;
    return EFFNN_OK;
}

static const effnn__value *input_of(const effnn_onnx_writer *writer, size_t i)
{
    const effnn__onnx_output *self = writer->io;

    return i < self->node->n_inputs ? self->node->inputs[i] : NULL;
}

static effnn_tensor *constant(const effnn_onnx_writer *writer, size_t i)
{
    const effnn__value *value = input_of(writer, i);

    return value ? value->constant : NULL;
}

static int input_dtype(const effnn_onnx_writer *writer, size_t i)
{
    const effnn__value *value = input_of(writer, i);

    return value && value->info.has_dtype ? (int)value->info.dtype : -1;
}

static int input_rank(const effnn_onnx_writer *writer, size_t i)
{
    const effnn__value *value = input_of(writer, i);

    return value && value->info.has_shape ? (int)value->info.rank : -1;
}

static int64_t input_dim(const effnn_onnx_writer *writer, size_t i, int axis)
{
    const effnn__value *value = input_of(writer, i);

    if (!value || !value->info.has_shape) return -1;
    if (axis < 0) axis += (int)value->info.rank;
    if (axis < 0 || axis >= (int)value->info.rank || value->info.dims[axis].symbol != 0) return -1;
    return value->info.dims[axis].offset;
}

/* ---- one node ---- */

/* Names of values; NULL where one is absent. */
static effnn_status list_names(effnn__onnx_output *self, const char *const **out,
                               effnn__value *const *values, size_t n)
{
    void *memory = NULL;
    const char **names;

    EFFNN_TRY(effnn__onnx_own(self, &memory, n, sizeof *names));
    names = memory;
    for (size_t i = 0; i < n; i++) names[i] = values[i] ? values[i]->name : NULL;
    *out = names;
    return EFFNN_OK;
}

effnn_status effnn__onnx_write_node(effnn__onnx_output *self, const effnn__node *node)
{
    const effnn_onnx_row *row = effnn__op_onnx_row_to_write(node->def, self->opset);
    effnn_onnx_writer writer = {
        .node = node->name,
        .opset = self->opset,
        .op_def = node->def,
        .op_attrs = node->attrs,
        .n_inputs = node->n_inputs,
        .n_outputs = node->n_outputs,
        .io = self,
        .begin = begin,
        .set_attr = set_attr,
        .add_constant = add_constant,
        .fresh_name = fresh_name,
        .constant = constant,
        .input_dtype = input_dtype,
        .input_rank = input_rank,
        .input_dim = input_dim,
    };

    if (!row)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "node '%s': operator '%s' cannot be written at opset %u", node->name,
                           node->def->name, self->opset);
    if (row->domain && *row->domain)
        EFFNN_TRY(effnn__onnx_write_import(self, row->domain, row->since));
    EFFNN_TRY(list_names(self, &writer.inputs, node->inputs, node->n_inputs));
    EFFNN_TRY(list_names(self, &writer.outputs, node->outputs, node->n_outputs));
    writer.onnx_name = row->name;
    writer.onnx_domain = row->domain;
    self->node = node;
    self->proto = NULL;
    self->named = false;
    if (node->subgraphs) writer.n_inputs = effnn__node_first_capture(node);
    EFFNN_TRY(row->write ? row->write(&writer) : effnn__onnx_write_plain(&writer, false));
    return node->subgraphs ? effnn__onnx_write_subgraphs(self) : EFFNN_OK;
}
