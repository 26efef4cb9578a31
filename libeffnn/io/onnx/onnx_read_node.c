/* SPDX-License-Identifier: BSD-3-Clause */
/* One node: find the operator and the row that reads it at the file's opset, resolve its inputs,
 * let the row (or the one-to-one rule) turn attributes into options, and add the result to the
 * graph. Here are the services that rows use meanwhile. Constant nodes become constants. */

#include "io/onnx/onnx_read.h"

#include "base/alloc.h"
#include "base/str.h"
#include "io/onnx/onnx_sparse.h"
#include "io/onnx/onnx_tensor.h"
#include "ops/op.h"
#include "tensor/tensor.h"

#include <string.h>

/* Room for inputs that a row adds (attributes that became inputs). */
#define MORE_INPUTS 8

/* A node while it is read; `base` is what rows see, its `io` points here. */
typedef struct node_reader {
    effnn_onnx_reader base;
    effnn__onnx_input *input;
    const char *name;
    const effnn_op_def *def;
    const effnn_onnx_row *row;
    const effnn__wire_field *part;
    effnn__onnx_subgraphs subgraphs;
} node_reader;

static effnn__value *value_of(const effnn_onnx_value *value)
{
    return (effnn__value *)(uintptr_t)value;
}

static const effnn_onnx_value *opaque(const effnn__value *value)
{
    return (const effnn_onnx_value *)value;
}

/* ---- services ---- */

static effnn_status add_constant(effnn_onnx_reader *base, const effnn_onnx_value **out,
                                 effnn_tensor *tensor)
{
    const node_reader *self = base->io;
    char *hint = effnn__strprintf("%s_constant", self->name), *name = NULL;
    effnn__value *value = NULL;
    effnn_status status;

    if (!hint) return effnn__fail_nomem(self->name, strlen(self->name));
    status = effnn__onnx_fresh_name(&name, self->input, hint);
    if (status == EFFNN_OK)
        status = effnn__graph_add_constant(&value, self->input->graph, name, true, tensor);
    effnn__free(name);
    effnn__free(hint);
    if (status == EFFNN_OK) *out = opaque(value);
    return status;
}

static const effnn__value *input_of(const effnn_onnx_reader *base, size_t i)
{
    return i < base->n_inputs ? value_of(base->inputs[i]) : NULL;
}

static effnn_tensor *constant(const effnn_onnx_reader *base, size_t i)
{
    const effnn__value *value = input_of(base, i);

    return value ? value->constant : NULL;
}

static int input_dtype(const effnn_onnx_reader *base, size_t i)
{
    const effnn__value *value = input_of(base, i);

    return value && value->info.has_dtype ? (int)value->info.dtype : -1;
}

static int input_rank(const effnn_onnx_reader *base, size_t i)
{
    const effnn__value *value = input_of(base, i);

    return value && value->info.has_shape ? (int)value->info.rank : -1;
}

/* Add a node with one output whose name the file does not use. */
static effnn_status add_named(effnn__value **out, const node_reader *self, effnn__node_spec *spec,
                              const char *hint)
{
    effnn__node *node = NULL;
    char *name = NULL;
    effnn_status status = effnn__onnx_fresh_name(&name, self->input, hint);

    if (status != EFFNN_OK) return status;
    spec->name = name;
    spec->outputs = (const char *const[]){ name };
    spec->n_outputs = 1;
    status = effnn__graph_add_node(&node, self->input->graph, spec);
    effnn__free(name);
    if (status == EFFNN_OK) *out = node->outputs[0];
    return status;
}

static effnn_status add_node(effnn_onnx_reader *base, const effnn_onnx_value **out, const char *op,
                             const char *attrs, const effnn_onnx_value *const *inputs,
                             size_t n_inputs)
{
    const node_reader *self = base->io;
    const effnn_op_def *def = effnn__op_find(op);
    effnn__node_spec spec = { .def = def, .n_inputs = n_inputs };
    effnn__value *value = NULL, **values;
    char *hint = effnn__strprintf("%s_%s", self->name, op);
    void *opts;
    effnn_status status;

    EFFNN_ASSERT(def);
    opts = effnn__zalloc(def->attrs_size);
    values = effnn__alloc_array(n_inputs, sizeof(effnn__value *));
    status = hint && opts && values ? effnn__options_init(def->attrs, opts)
                                    : effnn__fail_nomem(self->name, def->attrs_size);
    if (status == EFFNN_OK) {
        for (size_t i = 0; i < n_inputs; i++) values[i] = value_of(inputs[i]);
        if (attrs) status = effnn__options_parse(def->attrs, opts, attrs);
        spec.attrs = opts;
        spec.inputs = values;
        if (status == EFFNN_OK) status = add_named(&value, self, &spec, hint);
        effnn__options_clear(def->attrs, opts);
    }
    effnn__free(opts);
    effnn__free(values);
    effnn__free(hint);
    if (status == EFFNN_OK) *out = opaque(value);
    return status;
}

/* ---- one node ---- */

static bool is_absent(const char *name)
{
    return !name || !*name;
}

static effnn_status find_row(node_reader *self, const Onnx__NodeProto *proto)
{
    const char *domain = proto->domain ? proto->domain : "";
    const char *op_type = proto->op_type ? proto->op_type : "";
    const int64_t version = effnn__onnx_import_version(self->input, domain);

    if (version > 0) self->def = effnn__op_find_onnx(op_type, domain, version, &self->row);
    if (!self->def)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "node '%s': operator '%s' of domain '%s', version %lld, is not known",
                           self->name, op_type, domain, (long long)version);
    self->base.op_type = op_type;
    self->base.opset = version;
    self->base.op_def = self->def;
    return EFFNN_OK;
}

static effnn_status find_inputs(node_reader *self, const Onnx__NodeProto *proto)
{
    for (size_t i = 0; i < proto->n_input; i++) {
        const char *name = proto->input[i];
        effnn__value *value = NULL;
        if (!is_absent(name)) {
            EFFNN_TRY(effnn__onnx_find_value(&value, self->input, name));
            if (!value)
                return effnn__fail(EFFNN_E_FORMAT, "node '%s': input %zu, '%s', is %s", self->name,
                                   i, name,
                                   effnn__map_get(&self->input->names, name)
                                       ? "computed by this node or a later one"
                                       : "not there");
        }
        self->base.inputs[i] = opaque(value);
    }
    self->base.n_inputs = proto->n_input;
    return EFFNN_OK;
}

/* Outputs without the absent ones at the end, as far as the operator may leave them out. */
static size_t count_outputs(const effnn_op_def *def, const Onnx__NodeProto *proto)
{
    size_t n = proto->n_output;

    while (n > (size_t)def->min_outputs && is_absent(proto->output[n - 1])) n--;
    return n;
}

static effnn_status check_count(const node_reader *self, const char *what, size_t n, int min,
                                int max)
{
    if (n >= (size_t)min && (max == EFFNN_ANY || n <= (size_t)max)) return EFFNN_OK;
    return effnn__fail(EFFNN_E_FORMAT, "node '%s': %s has %zu %s, %d to %d are allowed%s",
                       self->name, self->base.op_type, n, what, min, max,
                       max == EFFNN_ANY ? " (-1: any number)" : "");
}

/* Let the row set inputs and options. */
static effnn_status run_row(node_reader *self)
{
    const effnn_op_def *def = self->def;

    EFFNN_TRY(self->row->read ? self->row->read(&self->base)
                              : effnn__onnx_read_attrs(&self->base, NULL));
    while (self->base.n_inputs > (size_t)def->min_inputs &&
           !self->base.inputs[self->base.n_inputs - 1])
        self->base.n_inputs--;
    EFFNN_TRY(check_count(self, "inputs", self->base.n_inputs, def->min_inputs, def->max_inputs));
    return check_count(self, "outputs", self->base.n_outputs, def->min_outputs, def->max_outputs);
}

/* Read the operator's graphs; what they read from around the node becomes further inputs. */
static effnn_status add_subgraphs(node_reader *self)
{
    effnn_onnx_reader *base = &self->base;
    effnn__onnx_subgraphs *graphs = &self->subgraphs;

    if (!self->def->subgraphs) return EFFNN_OK;
    if (base->n_inputs != (size_t)self->def->min_inputs)
        return effnn__fail(EFFNN_E_FORMAT, "node '%s': %s has %zu inputs, not %d", self->name,
                           base->op_type, base->n_inputs, self->def->min_inputs);
    EFFNN_TRY(effnn__onnx_read_subgraphs(graphs, self->input, self->def, self->part, self->name));
    EFFNN_TRY(effnn__grow(&base->inputs, &base->inputs_capacity,
                          base->n_inputs + graphs->n_captured, sizeof(effnn_onnx_value *)));
    for (size_t i = 0; i < graphs->n_captured; i++)
        base->inputs[base->n_inputs++] = opaque(graphs->captured[i]);
    return EFFNN_OK;
}

static effnn_status add_to_graph(node_reader *self, const Onnx__NodeProto *proto)
{
    const effnn__node_spec spec = {
        .def = self->def,
        .name = self->name,
        .attrs = self->base.op_attrs,
        .inputs = (effnn__value *const *)self->base.inputs,
        .n_inputs = self->base.n_inputs,
        .subgraphs = self->subgraphs.graphs,
        .outputs = (const char *const *)proto->output,
        .n_outputs = self->base.n_outputs,
    };
    effnn__node *node;

    EFFNN_TRY(effnn__graph_add_node(&node, self->input->graph, &spec));
    self->subgraphs.n = 0; /* the node's now */
    return EFFNN_OK;
}

/* Everything that needs the options, which are initialised here and cleared. */
static effnn_status read_with_options(node_reader *self, const Onnx__NodeProto *proto)
{
    const effnn_op_def *def = self->def;
    void *opts = effnn__zalloc(def->attrs_size);
    effnn_status status;

    if (!opts) return effnn__fail_nomem(self->name, def->attrs_size);
    status = effnn__options_init(def->attrs, opts);
    if (status == EFFNN_OK) {
        self->base.op_attrs = opts;
        status = run_row(self);
        if (status == EFFNN_OK) status = add_subgraphs(self);
        if (status == EFFNN_OK) status = add_to_graph(self, proto);
        effnn__onnx_subgraphs_clear(&self->subgraphs);
        effnn__options_clear(def->attrs, opts);
    }
    effnn__free(opts);
    return status;
}

static effnn_status read_operator(node_reader *self, const Onnx__NodeProto *proto)
{
    effnn__onnx_attrs attrs = { 0 };
    effnn_status status;

    EFFNN_TRY(find_row(self, proto));
    EFFNN_TRY(effnn__onnx_check_subgraphs(self->def, self->part, self->name));
    self->base.inputs_capacity = proto->n_input + MORE_INPUTS;
    self->base.inputs = effnn__alloc_array(self->base.inputs_capacity, sizeof(effnn_onnx_value *));
    if (!self->base.inputs)
        return effnn__fail_nomem(self->name, proto->n_input * sizeof *self->base.inputs);
    self->base.n_outputs = count_outputs(self->def, proto);
    status = find_inputs(self, proto);
    if (status == EFFNN_OK)
        status = effnn__onnx_read_node_attrs(&attrs, self->input, proto, self->name);
    if (status == EFFNN_OK) {
        self->base.attrs = attrs.items;
        self->base.n_attrs = attrs.n;
        status = read_with_options(self, proto);
        effnn__onnx_attrs_clear(&attrs);
    }
    effnn__free(self->base.inputs);
    return status;
}

/* ---- constants ---- */

static effnn_status floats_tensor(effnn_tensor **out, effnn_context *context, size_t rank, size_t n,
                                  const double *items)
{
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(effnn_tensor_create(&tensor, context, EFFNN_F32, rank, (int64_t[]){ (int64_t)n }));
    float *data = effnn__tensor_data(tensor);
    for (size_t i = 0; i < n; i++) data[i] = (float)items[i];
    *out = tensor;
    return EFFNN_OK;
}

static effnn_status int_scalar(effnn_tensor **out, effnn_context *context, int64_t value)
{
    EFFNN_TRY(effnn_tensor_create(out, context, EFFNN_I64, 0, NULL));
    *(int64_t *)effnn__tensor_data(*out) = value;
    return EFFNN_OK;
}

/* The tensor that the one attribute of a Constant node stands for. */
static effnn_status constant_of(effnn_tensor **out, effnn_context *context,
                                const effnn_onnx_attr *attr, const char *node)
{
    if (attr->kind == EFFNN_ONNX_TENSOR && strcmp(attr->name, "value") == 0) {
        *out = effnn_tensor_retain(attr->tensor);
        return EFFNN_OK;
    }
    if (attr->kind == EFFNN_ONNX_FLOAT && strcmp(attr->name, "value_float") == 0)
        return floats_tensor(out, context, 0, 1, &attr->f);
    if (attr->kind == EFFNN_ONNX_FLOATS && strcmp(attr->name, "value_floats") == 0)
        return floats_tensor(out, context, 1, attr->n, attr->floats);
    if (attr->kind == EFFNN_ONNX_INT && strcmp(attr->name, "value_int") == 0)
        return int_scalar(out, context, attr->i);
    if (attr->kind == EFFNN_ONNX_INTS && strcmp(attr->name, "value_ints") == 0)
        return effnn__tensor_from_i64(out, context, attr->n, attr->ints);
    return effnn__fail(EFFNN_E_UNSUPPORTED, "node '%s': a Constant by '%s'", node, attr->name);
}

static effnn_status read_constant(const node_reader *self, const Onnx__NodeProto *proto)
{
    effnn_model *model = self->input->model;
    effnn__onnx_attrs attrs = { 0 };
    effnn__value *value = NULL;
    effnn_tensor *tensor = NULL;
    effnn_status status;

    if (proto->n_output != 1 || is_absent(proto->output[0]) || proto->n_attribute != 1)
        return effnn__fail(EFFNN_E_FORMAT,
                           "node '%s': a Constant with %zu outputs and %zu attributes", self->name,
                           proto->n_output, proto->n_attribute);
    if (proto->attribute[0]->sparse_tensor) {
        status = effnn__onnx_read_sparse(&tensor, self->input, proto->attribute[0]->sparse_tensor,
                                         self->name);
    } else {
        EFFNN_TRY(effnn__onnx_read_node_attrs(&attrs, self->input, proto, self->name));
        status = constant_of(&tensor, model->context, attrs.items, self->name);
    }
    if (status == EFFNN_OK)
        status =
            effnn__graph_add_constant(&value, self->input->graph, proto->output[0], true, tensor);
    effnn_tensor_release(tensor);
    effnn__onnx_attrs_clear(&attrs);
    return status;
}

effnn_status effnn__onnx_read_node(effnn__onnx_input *self, const effnn__wire_field *part,
                                   const Onnx__NodeProto *proto, size_t index)
{
    const char *op_type = proto->op_type ? proto->op_type : "";
    char *made = is_absent(proto->name) ? effnn__strprintf("%s_%zu", op_type, index) : NULL;
    effnn_status status;

    if (is_absent(proto->name) && !made) return effnn__fail_nomem(op_type, strlen(op_type));
    node_reader reader = {
        .input = self,
        .part = part,
        .name = made ? made : proto->name,
        .base = {
            .node = made ? made : proto->name,
            .add_constant = add_constant,
            .constant = constant,
            .add_node = add_node,
            .input_dtype = input_dtype,
            .input_rank = input_rank,
        },
    };
    reader.base.io = &reader;
    if (strcmp(op_type, "Constant") == 0 && is_absent(proto->domain))
        status = read_constant(&reader, proto);
    else
        status = read_operator(&reader, proto);
    effnn__free(made);
    return status;
}
