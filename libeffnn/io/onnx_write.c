/* SPDX-License-Identifier: BSD-3-Clause */
/* A model as an ONNX file. The protobuf-c messages live in an arena of this file's own for the time
 * of writing and point into the graph's tensors; only the packed bytes are made anew. Rows say how
 * an operator is written at the wanted opset (onnx_row.h). The same model gives the same bytes. */

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "io/onnx_model.h"
#include "onnx.pb-c.h"
#include "tensor/tensor.h"

#include <string.h>

#define OPSET_MIN 13
#define OPSET_MAX 21

typedef struct exporter {
    const effnn_model *model;
    uint32_t opset;
    effnn__vec owned; /* memory of the messages */
    effnn__map taken; /* names in the file */
    effnn__vec nodes, initialisers;
    size_t n_fresh;
    const effnn__node *node; /* being written */
    Onnx__NodeProto *proto;  /* begun last, or NULL */
} exporter;

static effnn_status own(exporter *self, void *out, size_t n, size_t size)
{
    void *memory = effnn__alloc_array(n + 1, size);
    effnn_status status;

    if (!memory) return effnn__fail_nomem("ONNX file", n * size);
    status = effnn__vec_push(&self->owned, memory);
    if (status != EFFNN_OK) {
        effnn__free(memory);
        return status;
    }
    memcpy(out, &memory, sizeof memory);
    return EFFNN_OK;
}

static effnn_status own_text(exporter *self, char **out, const char *text)
{
    EFFNN_TRY(own(self, out, strlen(text), 1));
    strcpy(*out, text);
    return EFFNN_OK;
}

/* ---- tensors and values ---- */

static effnn_status make_tensor(exporter *self, Onnx__TensorProto **out, const char *name,
                                const effnn_tensor *tensor)
{
    const size_t rank = effnn_tensor_rank(tensor);
    effnn_tensor *whole = NULL;
    Onnx__TensorProto *p = NULL;
    const size_t bytes = effnn_tensor_bytes(tensor);
    effnn_status status;
    void *data = NULL;

    EFFNN_TRY(own(self, &p, 1, sizeof *p));
    onnx__tensor_proto__init(p);
    EFFNN_TRY(own_text(self, &p->name, name));
    p->has_data_type = 1;
    p->data_type = (int32_t)effnn__dtype_to_onnx(effnn_tensor_dtype(tensor));
    p->n_dims = rank;
    EFFNN_TRY(own(self, &p->dims, rank, sizeof *p->dims));
    if (rank) memcpy(p->dims, effnn_tensor_dims(tensor), rank * sizeof *p->dims);
    p->has_raw_data = 1;
    p->raw_data.len = bytes;
    if (effnn_tensor_is_contiguous(tensor)) { /* packed straight from the tensor */
        p->raw_data.data = (uint8_t *)(uintptr_t)effnn_tensor_data(tensor);
        *out = p;
        return EFFNN_OK;
    }
    status = effnn__tensor_contiguous(&whole, tensor);
    if (status == EFFNN_OK) status = own(self, &data, bytes, 1);
    if (status == EFFNN_OK) {
        memcpy(data, effnn_tensor_data(whole), bytes);
        p->raw_data.data = data;
        *out = p;
    }
    effnn_tensor_release(whole);
    return status;
}

static effnn_status make_dim(exporter *self, Onnx__TensorShapeProto__Dimension **out, effnn__sym s)
{
    const effnn__symbols *symbols = self->model->graph->symbols;
    char text[128];

    EFFNN_TRY(own(self, out, 1, sizeof **out));
    onnx__tensor_shape_proto__dimension__init(*out);
    if (effnn__sym_is_constant(s)) {
        (*out)->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        (*out)->dim_value = s.offset;
        return EFFNN_OK;
    }
    (*out)->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    return own_text(self, &(*out)->dim_param, effnn__sym_print(text, sizeof text, symbols, s));
}

static effnn_status make_value_info(exporter *self, Onnx__ValueInfoProto **out,
                                    const effnn__value *value)
{
    const effnn__value_info *info = &value->info;
    Onnx__TypeProto__Tensor *tensor = NULL;
    Onnx__TensorShapeProto *shape = NULL;

    EFFNN_TRY(own(self, out, 1, sizeof **out));
    onnx__value_info_proto__init(*out);
    EFFNN_TRY(own_text(self, &(*out)->name, value->name));
    EFFNN_TRY(own(self, &(*out)->type, 1, sizeof *(*out)->type));
    onnx__type_proto__init((*out)->type);
    EFFNN_TRY(own(self, &tensor, 1, sizeof *tensor));
    onnx__type_proto__tensor__init(tensor);
    (*out)->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    (*out)->type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = (int32_t)effnn__dtype_to_onnx(info->dtype);
    if (!info->has_shape) return EFFNN_OK;
    EFFNN_TRY(own(self, &shape, 1, sizeof *shape));
    onnx__tensor_shape_proto__init(shape);
    tensor->shape = shape;
    shape->n_dim = info->rank;
    EFFNN_TRY(own(self, &shape->dim, info->rank, sizeof *shape->dim));
    for (size_t i = 0; i < info->rank; i++)
        EFFNN_TRY(make_dim(self, &shape->dim[i], info->dims[i]));
    return EFFNN_OK;
}

/* ---- services for rows ---- */

static effnn_status copy_names(exporter *self, char ***out, const char *const *names, size_t n)
{
    EFFNN_TRY(own(self, out, n, sizeof **out));
    for (size_t i = 0; i < n; i++) EFFNN_TRY(own_text(self, &(*out)[i], names[i] ? names[i] : ""));
    return EFFNN_OK;
}

/* A name not in the file yet; remembered. */
static effnn_status fresh(exporter *self, char **out, const char *hint)
{
    char *name = NULL;
    effnn_status status;

    do {
        effnn__free(name);
        name = effnn__strprintf("%s_%s_%zu", self->node->name, hint, self->n_fresh++);
        if (!name) return effnn__fail_nomem("ONNX file", strlen(hint));
    } while (effnn__map_get(&self->taken, name));
    status = effnn__map_set(&self->taken, name, self);
    if (status == EFFNN_OK) status = own_text(self, out, name);
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

static effnn_status begin(effnn_onnx_writer *writer, const char *op_type, const char *domain,
                          const char *const *inputs, size_t n_inputs, const char *const *outputs,
                          size_t n_outputs)
{
    exporter *self = writer->io;
    Onnx__NodeProto *p = NULL;
    const bool first = self->proto == NULL;
    char *name = NULL;

    while (n_inputs && !inputs[n_inputs - 1]) n_inputs--;
    EFFNN_TRY(own(self, &p, 1, sizeof *p));
    onnx__node_proto__init(p);
    if (first)
        EFFNN_TRY(own_text(self, &name, self->node->name));
    else
        EFFNN_TRY(fresh(self, &name, op_type));
    p->name = name;
    EFFNN_TRY(own_text(self, &p->op_type, op_type));
    if (domain && *domain) EFFNN_TRY(own_text(self, &p->domain, domain));
    p->n_input = n_inputs;
    EFFNN_TRY(copy_names(self, &p->input, inputs, n_inputs));
    p->n_output = n_outputs;
    EFFNN_TRY(copy_names(self, &p->output, outputs, n_outputs));
    self->proto = p;
    return effnn__vec_push(&self->nodes, p);
}

static effnn_status fill_attr(exporter *self, Onnx__AttributeProto *p, const effnn_onnx_attr *attr)
{
    char *text = NULL;

    p->has_type = 1;
    switch (attr->kind) {
    case EFFNN_ONNX_INT:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        p->has_i = 1;
        p->i = attr->i;
        return EFFNN_OK;
    case EFFNN_ONNX_FLOAT:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        p->has_f = 1;
        p->f = (float)attr->f;
        return EFFNN_OK;
    case EFFNN_ONNX_STRING:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
        p->has_s = 1;
        EFFNN_TRY(own_text(self, &text, attr->s));
        p->s = (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
        return EFFNN_OK;
    case EFFNN_ONNX_INTS:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        p->n_ints = attr->n;
        EFFNN_TRY(own(self, &p->ints, attr->n, sizeof *p->ints));
        if (attr->n) memcpy(p->ints, attr->ints, attr->n * sizeof *p->ints);
        return EFFNN_OK;
    case EFFNN_ONNX_FLOATS:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
        p->n_floats = attr->n;
        EFFNN_TRY(own(self, &p->floats, attr->n, sizeof *p->floats));
        for (size_t i = 0; i < attr->n; i++) p->floats[i] = (float)attr->floats[i];
        return EFFNN_OK;
    case EFFNN_ONNX_TENSOR:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
        return make_tensor(self, &p->t, attr->name, attr->tensor);
    case EFFNN_ONNX_STRINGS:
    case EFFNN_ONNX_OTHER: break;
    }
    return effnn__fail(EFFNN_E_UNSUPPORTED, "node '%s': attribute '%s' cannot be written",
                       self->node->name, attr->name);
}

static effnn_status set_attr(effnn_onnx_writer *writer, const effnn_onnx_attr *attr)
{
    exporter *self = writer->io;
    Onnx__NodeProto *node = self->proto;
    Onnx__AttributeProto *p = NULL, **grown = NULL;

    EFFNN_TRY(own(self, &p, 1, sizeof *p));
    onnx__attribute_proto__init(p);
    EFFNN_TRY(own_text(self, &p->name, attr->name));
    EFFNN_TRY(fill_attr(self, p, attr));
    EFFNN_TRY(own(self, &grown, node->n_attribute + 1, sizeof(void *)));
    if (node->n_attribute) memcpy(grown, node->attribute, node->n_attribute * sizeof(void *));
    grown[node->n_attribute++] = p;
    node->attribute = grown;
    return EFFNN_OK;
}

static effnn_status add_constant(effnn_onnx_writer *writer, const char **out, const char *hint,
                                 effnn_tensor *tensor)
{
    exporter *self = writer->io;
    Onnx__TensorProto *p = NULL;
    void *data = NULL;
    char *name = NULL;

    EFFNN_TRY(fresh(self, &name, hint));
    EFFNN_TRY(make_tensor(self, &p, name, tensor));
    /* The row lets go of the tensor: the message needs bytes of its own. */
    EFFNN_TRY(own(self, &data, p->raw_data.len, 1));
    if (p->raw_data.len) memcpy(data, p->raw_data.data, p->raw_data.len);
    p->raw_data.data = data;
    EFFNN_TRY(effnn__vec_push(&self->initialisers, p));
    *out = name;
    return EFFNN_OK;
}

static const effnn__value *input_of(const effnn_onnx_writer *writer, size_t i)
{
    const exporter *self = writer->io;

    return i < self->node->n_inputs ? self->node->inputs[i] : NULL;
}

static effnn_tensor *constant_of(const effnn_onnx_writer *writer, size_t i)
{
    const effnn__value *value = input_of(writer, i);

    return value ? value->constant : NULL;
}

static int dtype_of(const effnn_onnx_writer *writer, size_t i)
{
    const effnn__value *value = input_of(writer, i);

    return value && value->info.has_dtype ? (int)value->info.dtype : -1;
}

static int rank_of(const effnn_onnx_writer *writer, size_t i)
{
    const effnn__value *value = input_of(writer, i);

    return value && value->info.has_shape ? (int)value->info.rank : -1;
}

/* ---- nodes ---- */

/* The row to write with: the newest that is not newer than the opset. */
static const effnn_onnx_row *find_row(const effnn_op_def *def, uint32_t opset)
{
    for (const effnn_onnx_row *row = def->onnx; row && row->name; row++)
        if (!row->read_only && row->since <= (int64_t)opset) return row;
    return NULL;
}

static effnn_status write_node(exporter *self, const effnn__node *node)
{
    const effnn_onnx_row *row = find_row(node->def, self->opset);
    const char **names = NULL;
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
        .constant = constant_of,
        .input_dtype = dtype_of,
        .input_rank = rank_of,
    };

    if (!row)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "node '%s': %s cannot be written at opset %u",
                           node->name, node->def->name, self->opset);
    EFFNN_TRY(own(self, &names, node->n_inputs + node->n_outputs, sizeof *names));
    for (size_t i = 0; i < node->n_inputs; i++)
        names[i] = node->inputs[i] ? node->inputs[i]->name : NULL;
    for (size_t i = 0; i < node->n_outputs; i++)
        names[node->n_inputs + i] = node->outputs[i] ? node->outputs[i]->name : NULL;
    writer.inputs = names;
    writer.outputs = names + node->n_inputs;
    writer.onnx_name = row->name;
    writer.onnx_domain = row->domain;
    self->node = node;
    self->proto = NULL;
    return row->write ? row->write(&writer) : effnn__onnx_write_plain(&writer, false);
}

/* ---- the file ---- */

static effnn_status write_graph(exporter *self, Onnx__GraphProto *p)
{
    const effnn__graph *graph = self->model->graph;

    EFFNN_TRY(own_text(self, &p->name, "main"));
    for (size_t i = 0; i < graph->values.n; i++)
        EFFNN_TRY(effnn__map_set(&self->taken, effnn__graph_value(graph, i)->name, self));
    for (size_t i = 0; i < graph->values.n; i++) {
        const effnn__value *value = effnn__graph_value(graph, i);
        Onnx__TensorProto *tensor = NULL;

        if (!value->constant) continue;
        EFFNN_TRY(make_tensor(self, &tensor, value->name, value->constant));
        EFFNN_TRY(effnn__vec_push(&self->initialisers, tensor));
    }
    for (size_t i = 0; i < graph->nodes.n; i++)
        EFFNN_TRY(write_node(self, effnn__graph_node(graph, i)));
    p->n_input = graph->inputs.n;
    EFFNN_TRY(own(self, &p->input, p->n_input, sizeof *p->input));
    for (size_t i = 0; i < p->n_input; i++)
        EFFNN_TRY(make_value_info(self, &p->input[i], graph->inputs.items[i]));
    p->n_output = graph->outputs.n;
    EFFNN_TRY(own(self, &p->output, p->n_output, sizeof *p->output));
    for (size_t i = 0; i < p->n_output; i++)
        EFFNN_TRY(make_value_info(self, &p->output[i], graph->outputs.items[i]));
    p->n_node = self->nodes.n;
    p->node = (Onnx__NodeProto **)self->nodes.items;
    p->n_initializer = self->initialisers.n;
    p->initializer = (Onnx__TensorProto **)self->initialisers.items;
    return EFFNN_OK;
}

/* IR version that came with an opset. */
static int64_t ir_version(uint32_t opset)
{
    return opset < 15 ? 7 : opset < 19 ? 8 : opset < 21 ? 9 : 10;
}

static effnn_status write_about(exporter *self, Onnx__ModelProto *p)
{
    const effnn_model *model = self->model;
    Onnx__OperatorSetIdProto *opset = NULL;

    p->has_ir_version = 1;
    p->ir_version = ir_version(self->opset);
    EFFNN_TRY(own_text(self, &p->producer_name, "libeffnn"));
    EFFNN_TRY(own_text(self, &p->producer_version, effnn_version()));
    EFFNN_TRY(own(self, &opset, 1, sizeof *opset));
    onnx__operator_set_id_proto__init(opset);
    EFFNN_TRY(own_text(self, &opset->domain, ""));
    opset->has_version = 1;
    opset->version = self->opset;
    p->n_opset_import = 1;
    EFFNN_TRY(own(self, &p->opset_import, 1, sizeof *p->opset_import));
    p->opset_import[0] = opset;
    p->n_metadata_props = model->n_metadata;
    EFFNN_TRY(own(self, &p->metadata_props, model->n_metadata, sizeof *p->metadata_props));
    for (size_t i = 0; i < model->n_metadata; i++) {
        Onnx__StringStringEntryProto *entry = NULL;

        EFFNN_TRY(own(self, &entry, 1, sizeof *entry));
        onnx__string_string_entry_proto__init(entry);
        entry->key = model->metadata[i].key;
        entry->value = model->metadata[i].value;
        p->metadata_props[i] = entry;
    }
    return EFFNN_OK;
}

/* What protobuf-c packs goes straight into the file. */
typedef struct sink {
    ProtobufCBuffer base;
    effnn__writer *writer;
    effnn_status status; /* the first failure */
} sink;

static void append(ProtobufCBuffer *buffer, size_t n, const uint8_t *data)
{
    sink *self = (sink *)(void *)buffer;

    if (self->status == EFFNN_OK) self->status = effnn__writer_add(self->writer, data, n);
}

static effnn_status write_file(const Onnx__ModelProto *p, const char *path)
{
    sink out = { .base = { append }, .status = EFFNN_OK };
    const size_t size = onnx__model_proto__get_packed_size(p);

    if (size > INT32_MAX)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s' would have %zu bytes, protobuf allows %d",
                           path, size, INT32_MAX);
    EFFNN_TRY(effnn__writer_create(&out.writer, path));
    onnx__model_proto__pack_to_buffer(p, &out.base);
    if (out.status != EFFNN_OK) {
        effnn__writer_abandon(out.writer);
        return out.status;
    }
    return effnn__writer_commit(out.writer);
}

effnn_status effnn__onnx_save(const effnn_model *model, const char *path, uint32_t opset)
{
    exporter self = { .model = model, .opset = opset };
    Onnx__ModelProto proto = ONNX__MODEL_PROTO__INIT;
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    effnn_status status = EFFNN_OK;

    if (opset < OPSET_MIN || opset > OPSET_MAX)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': opset %u cannot be written, %d to %d can",
                           path, opset, OPSET_MIN, OPSET_MAX);
    if (model->graph->outputs.n == 0)
        status = effnn__fail(EFFNN_E_UNSUPPORTED,
                             "'%s': a model without outputs has no graph to write", path);
    proto.graph = &graph;
    if (status == EFFNN_OK) status = write_about(&self, &proto);
    if (status == EFFNN_OK) status = write_graph(&self, &graph);
    if (status == EFFNN_OK) status = write_file(&proto, path);
    effnn__vec_clear(&self.nodes);
    effnn__vec_clear(&self.initialisers);
    effnn__map_clear(&self.taken);
    for (size_t i = 0; i < self.owned.n; i++) effnn__free(self.owned.items[i]);
    effnn__vec_clear(&self.owned);
    return status;
}
