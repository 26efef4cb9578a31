/* SPDX-License-Identifier: BSD-3-Clause */
/* The services that readers and writers of rows need, on a small table of named tensors. Everything
 * lives until the table is destroyed; a full table fails the test. */

#include "support/onnx_eager.h"

#include "base/option.h"
#include "support/suite.h"
#include "tensor/tensor.h"

#include <stdio.h>

#define MAX_VALUES 128
#define MAX_NODES  64
#define MAX_TEXTS  256

/* A value is its entry: a name and what it holds. */
struct effnn_onnx_value {
    char name[64];
    effnn_tensor *tensor;
    bool constant;
};

struct onnx_eager {
    effnn_onnx_value values[MAX_VALUES];
    size_t n_values;
    onnx_eager_node nodes[MAX_NODES];
    size_t n_nodes, n_read;
    void *owned[MAX_TEXTS]; /* copies of texts and lists of written attributes */
    effnn_tensor *tensors[MAX_TEXTS];
    size_t n_owned, n_tensors;
};

onnx_eager *onnx_eager_create(void)
{
    onnx_eager *self = calloc(1, sizeof *self);

    ck_assert_ptr_nonnull(self);
    return self;
}

void onnx_eager_destroy(onnx_eager *self)
{
    for (size_t i = 0; i < self->n_values; i++) effnn_tensor_release(self->values[i].tensor);
    for (size_t i = 0; i < self->n_tensors; i++) effnn_tensor_release(self->tensors[i]);
    for (size_t i = 0; i < self->n_owned; i++) free(self->owned[i]);
    free(self);
}

static const effnn_onnx_value *find(const onnx_eager *self, const char *name)
{
    for (size_t i = 0; name && i < self->n_values; i++)
        if (strcmp(self->values[i].name, name) == 0) return &self->values[i];
    return NULL;
}

static effnn_onnx_value *add_value(onnx_eager *self, const char *name)
{
    ck_assert_uint_lt(self->n_values, MAX_VALUES);
    ck_assert_msg(!find(self, name), "value '%s' is there already", name);
    effnn_onnx_value *value = &self->values[self->n_values++];
    snprintf(value->name, sizeof value->name, "%s", name);
    return value;
}

void onnx_eager_set(onnx_eager *self, const char *name, effnn_tensor *tensor, bool constant)
{
    effnn_onnx_value *value = add_value(self, name);

    value->tensor = effnn_tensor_retain(tensor);
    value->constant = constant;
}

effnn_tensor *onnx_eager_get(const onnx_eager *self, const char *name)
{
    const effnn_onnx_value *value = find(self, name);

    return value ? value->tensor : NULL;
}

/* ---- reading ---- */

static effnn_status read_constant(effnn_onnx_reader *reader, const effnn_onnx_value **out,
                                  effnn_tensor *tensor)
{
    onnx_eager *self = reader->io;
    char name[64];

    snprintf(name, sizeof name, "constant %zu", self->n_values);
    onnx_eager_set(self, name, tensor, true);
    *out = find(self, name);
    return EFFNN_OK;
}

static effnn_tensor *reader_constant(const effnn_onnx_reader *reader, size_t input)
{
    const effnn_onnx_value *value = input < reader->n_inputs ? reader->inputs[input] : NULL;

    return value && value->constant ? value->tensor : NULL;
}

static int reader_dtype(const effnn_onnx_reader *reader, size_t input)
{
    const effnn_onnx_value *value = input < reader->n_inputs ? reader->inputs[input] : NULL;

    return value ? (int)effnn_tensor_dtype(value->tensor) : -1;
}

static int reader_rank(const effnn_onnx_reader *reader, size_t input)
{
    const effnn_onnx_value *value = input < reader->n_inputs ? reader->inputs[input] : NULL;

    return value ? (int)effnn_tensor_rank(value->tensor) : -1;
}

/* Run one operator on values and name its outputs (NULL: not wanted). */
static effnn_status run(onnx_eager *self, const effnn_op_def *def, const void *attrs,
                        const char *node, const effnn_onnx_value *const *inputs, size_t n_inputs,
                        const char *const *outputs, size_t n_outputs)
{
    const effnn_tensor *tensors[16];
    effnn_tensor *results[8] = { NULL };

    for (size_t i = 0; i < n_inputs; i++) tensors[i] = inputs[i] ? inputs[i]->tensor : NULL;
    EFFNN_TRY(effnn__op_run(NULL, def, attrs, node, tensors, n_inputs, results, n_outputs));
    for (size_t i = 0; i < n_outputs; i++) {
        if (outputs[i])
            add_value(self, outputs[i])->tensor = results[i];
        else
            effnn_tensor_release(results[i]);
    }
    return EFFNN_OK;
}

static effnn_status read_node(effnn_onnx_reader *reader, const effnn_onnx_value **out,
                              const char *op, const char *attrs_text,
                              const effnn_onnx_value *const *inputs, size_t n_inputs)
{
    onnx_eager *self = reader->io;
    const effnn_op_def *def = effnn__op_find(op);
    char name[64];
    const char *const outputs[] = { name };

    ck_assert_msg(def, "row adds unknown operator '%s'", op);
    void *attrs = calloc(1, def->attrs_size + 1);
    ck_assert_ok(effnn__options_init(def->attrs, attrs));
    if (attrs_text) ck_assert_ok(effnn__options_parse(def->attrs, attrs, attrs_text));
    snprintf(name, sizeof name, "added %zu", self->n_values);
    const effnn_status status = run(self, def, attrs, name, inputs, n_inputs, outputs, 1);
    effnn__options_clear(def->attrs, attrs);
    free(attrs);
    if (status == EFFNN_OK) *out = find(self, name);
    return status;
}

effnn_status onnx_eager_read(onnx_eager *self, const onnx_eager_node *node, int64_t opset)
{
    const effnn_onnx_row *row = NULL;
    const effnn_op_def *def = effnn__op_find_onnx(node->op_type, node->domain, opset, &row);
    const effnn_onnx_value *inputs[16] = { NULL };

    ck_assert_msg(def, "nothing reads '%s' at opset %lld", node->op_type, (long long)opset);
    for (size_t i = 0; i < node->n_inputs; i++) {
        inputs[i] = find(self, node->inputs[i]);
        ck_assert_msg(inputs[i] || !node->inputs[i], "'%s' is no value", node->inputs[i]);
    }
    void *attrs = calloc(1, def->attrs_size + 1);
    ck_assert_ok(effnn__options_init(def->attrs, attrs));
    effnn_onnx_reader reader = { .op_type = node->op_type,
                                 .node = "node",
                                 .opset = opset,
                                 .attrs = node->attrs,
                                 .n_attrs = node->n_attrs,
                                 .inputs = inputs,
                                 .n_inputs = node->n_inputs,
                                 .inputs_capacity = 16,
                                 .n_outputs = node->n_outputs,
                                 .op_def = def,
                                 .op_attrs = attrs,
                                 .io = self,
                                 .add_constant = read_constant,
                                 .constant = reader_constant,
                                 .add_node = read_node,
                                 .input_dtype = reader_dtype,
                                 .input_rank = reader_rank };
    effnn_status status = row->read ? row->read(&reader) : effnn__onnx_read_attrs(&reader, NULL);
    if (status == EFFNN_OK)
        status = run(self, def, attrs, "node", reader.inputs, reader.n_inputs, node->outputs,
                     node->n_outputs);
    effnn__options_clear(def->attrs, attrs);
    free(attrs);
    return status;
}

/* ---- writing ---- */

static const void *own(onnx_eager *self, const void *data, size_t size)
{
    ck_assert_uint_lt(self->n_owned, MAX_TEXTS);
    void *copy = malloc(size + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, data, size);
    return self->owned[self->n_owned++] = copy;
}

static const char *own_text(onnx_eager *self, const char *text)
{
    return text ? own(self, text, strlen(text) + 1) : NULL;
}

static const char *const *own_texts(onnx_eager *self, const char *const *texts, size_t n)
{
    const char *copies[16];

    ck_assert_uint_le(n, 16);
    for (size_t i = 0; i < n; i++) copies[i] = own_text(self, texts[i]);
    return own(self, copies, n * sizeof *copies);
}

static effnn_status write_begin(effnn_onnx_writer *writer, const char *op_type, const char *domain,
                                const char *const *inputs, size_t n_inputs,
                                const char *const *outputs, size_t n_outputs)
{
    onnx_eager *self = writer->io;

    ck_assert_uint_lt(self->n_nodes, MAX_NODES);
    ck_assert(n_inputs <= 10 && n_outputs <= 8);
    onnx_eager_node *node = &self->nodes[self->n_nodes++];
    node->op_type = own_text(self, op_type);
    node->domain = own_text(self, domain);
    node->n_inputs = n_inputs;
    node->n_outputs = n_outputs;
    for (size_t i = 0; i < n_inputs; i++) node->inputs[i] = own_text(self, inputs[i]);
    for (size_t i = 0; i < n_outputs; i++) node->outputs[i] = own_text(self, outputs[i]);
    return EFFNN_OK;
}

static effnn_status write_attr(effnn_onnx_writer *writer, const effnn_onnx_attr *attr)
{
    onnx_eager *self = writer->io;
    onnx_eager_node *node = &self->nodes[self->n_nodes - 1];

    ck_assert(self->n_nodes > 0 && node->n_attrs < 8);
    effnn_onnx_attr *copy = &node->attrs[node->n_attrs++];
    *copy = *attr;
    copy->name = own_text(self, attr->name);
    copy->s = own_text(self, attr->s);
    if (attr->kind == EFFNN_ONNX_FLOAT) copy->f = (double)(float)attr->f; /* as a file has it */
    if (attr->ints) copy->ints = own(self, attr->ints, attr->n * sizeof *attr->ints);
    if (attr->floats) copy->floats = own(self, attr->floats, attr->n * sizeof *attr->floats);
    if (attr->strings) copy->strings = own_texts(self, attr->strings, attr->n);
    if (attr->tensor) {
        ck_assert_uint_lt(self->n_tensors, MAX_TEXTS);
        self->tensors[self->n_tensors++] = effnn_tensor_retain(attr->tensor);
    }
    return EFFNN_OK;
}

static effnn_status write_name(effnn_onnx_writer *writer, const char **out, const char *hint)
{
    onnx_eager *self = writer->io;
    char name[64];

    snprintf(name, sizeof name, "fresh %zu %s", self->n_owned, hint);
    *out = own_text(self, name);
    return EFFNN_OK;
}

static effnn_status write_constant(effnn_onnx_writer *writer, const char **out, const char *hint,
                                   effnn_tensor *tensor)
{
    EFFNN_TRY(write_name(writer, out, hint));
    onnx_eager_set(writer->io, *out, tensor, true);
    return EFFNN_OK;
}

static const effnn_onnx_value *writer_input(const effnn_onnx_writer *writer, size_t input)
{
    return input < writer->n_inputs ? find(writer->io, writer->inputs[input]) : NULL;
}

static effnn_tensor *writer_constant(const effnn_onnx_writer *writer, size_t input)
{
    const effnn_onnx_value *value = writer_input(writer, input);

    return value && value->constant ? value->tensor : NULL;
}

static int writer_dtype(const effnn_onnx_writer *writer, size_t input)
{
    const effnn_onnx_value *value = writer_input(writer, input);

    return value ? (int)effnn_tensor_dtype(value->tensor) : -1;
}

static int writer_rank(const effnn_onnx_writer *writer, size_t input)
{
    const effnn_onnx_value *value = writer_input(writer, input);

    return value ? (int)effnn_tensor_rank(value->tensor) : -1;
}

static int64_t writer_dim(const effnn_onnx_writer *writer, size_t input, int axis)
{
    const effnn_onnx_value *value = writer_input(writer, input);

    if (!value) return -1;
    if (axis < 0) axis += (int)effnn_tensor_rank(value->tensor);
    return effnn_tensor_dims(value->tensor)[axis];
}

effnn_status onnx_eager_write(onnx_eager *self, const effnn_op_def *def, const void *attrs,
                              const char *const *inputs, size_t n_inputs,
                              const char *const *outputs, size_t n_outputs, int64_t opset)
{
    const effnn_onnx_row *row = effnn__op_onnx_row_to_write(def, opset);

    ck_assert_msg(row, "%s: no row for opset %lld", def->name, (long long)opset);
    effnn_onnx_writer writer = { .node = "node",
                                 .opset = opset,
                                 .op_def = def,
                                 .op_attrs = attrs,
                                 .inputs = inputs,
                                 .n_inputs = n_inputs,
                                 .outputs = outputs,
                                 .n_outputs = n_outputs,
                                 .onnx_name = row->name,
                                 .onnx_domain = row->domain,
                                 .io = self,
                                 .begin = write_begin,
                                 .set_attr = write_attr,
                                 .add_constant = write_constant,
                                 .fresh_name = write_name,
                                 .constant = writer_constant,
                                 .input_dtype = writer_dtype,
                                 .input_rank = writer_rank,
                                 .input_dim = writer_dim };

    return row->write ? row->write(&writer) : effnn__onnx_write_plain(&writer, false);
}

size_t onnx_eager_count(const onnx_eager *self)
{
    return self->n_nodes;
}

const onnx_eager_node *onnx_eager_at(const onnx_eager *self, size_t i)
{
    return &self->nodes[i];
}

effnn_status onnx_eager_run(onnx_eager *self, int64_t opset)
{
    while (self->n_read < self->n_nodes)
        EFFNN_TRY(onnx_eager_read(self, &self->nodes[self->n_read++], opset));
    return EFFNN_OK;
}
