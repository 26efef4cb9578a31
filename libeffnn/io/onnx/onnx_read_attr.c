/* SPDX-License-Identifier: BSD-3-Clause */
/* Attributes of a node in the neutral form that the operator table reads. The message stays alive
 * as long as they do, so what has the right type already (integers, strings that end in NUL) is
 * pointed to; the rest is copied into blocks that go with them. */

#include "io/onnx/onnx_read.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "io/onnx/onnx_tensor.h"

#include <string.h>

#define MAX_ATTRIBUTES 1000 /* of one node: they are compared with each other */

/* Zeroed memory that lives as long as the attributes. */
static effnn_status add_block(void **out, effnn__onnx_attrs *self, size_t n, size_t size)
{
    void *block;

    EFFNN_TRY(
        effnn__grow(&self->blocks, &self->blocks_capacity, self->n_blocks + 1, sizeof(void *)));
    block = effnn__alloc_array(n, size);
    if (!block) return effnn__fail_nomem("attributes of a node", n * size);
    self->blocks[self->n_blocks++] = block;
    *out = block;
    return EFFNN_OK;
}

/* Bytes as text; what is behind a NUL is cut off. */
static effnn_status read_text(const char **out, effnn__onnx_attrs *self,
                              const ProtobufCBinaryData *bytes)
{
    void *text = NULL;

    EFFNN_TRY(add_block(&text, self, bytes->len + 1, 1));
    if (bytes->len) memcpy(text, bytes->data, bytes->len);
    *out = text;
    return EFFNN_OK;
}

static effnn_status read_floats(effnn__onnx_attrs *self, effnn_onnx_attr *out,
                                const Onnx__AttributeProto *proto)
{
    void *block = NULL;
    double *floats;

    EFFNN_TRY(add_block(&block, self, proto->n_floats, sizeof *floats));
    floats = block;
    for (size_t i = 0; i < proto->n_floats; i++) floats[i] = (double)proto->floats[i];
    out->n = proto->n_floats;
    out->floats = floats;
    return EFFNN_OK;
}

static effnn_status read_strings(effnn__onnx_attrs *self, effnn_onnx_attr *out,
                                 const Onnx__AttributeProto *proto)
{
    void *block = NULL;
    const char **strings;

    EFFNN_TRY(add_block(&block, self, proto->n_strings, sizeof *strings));
    strings = block;
    for (size_t i = 0; i < proto->n_strings; i++)
        EFFNN_TRY(read_text(&strings[i], self, &proto->strings[i]));
    out->n = proto->n_strings;
    out->strings = strings;
    return EFFNN_OK;
}

/* The type an attribute says it has, or, where it does not (IR version 1), the one it holds. */
static int type_of(const Onnx__AttributeProto *proto)
{
    if (proto->has_type && proto->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
        return proto->type;
    if (proto->has_f) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    if (proto->has_i) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    if (proto->has_s) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    if (proto->t) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    if (proto->g) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH;
    if (proto->n_floats) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    if (proto->n_ints) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    if (proto->n_strings) return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS;
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED;
}

static effnn_status fail_attr(effnn_status status, const Onnx__AttributeProto *proto,
                              const char *node, const char *what)
{
    return effnn__fail(status, "node '%s': attribute '%s' %s", node, proto->name, what);
}

static effnn_status read_attr(effnn__onnx_attrs *self, effnn_onnx_attr *out,
                              effnn__onnx_input *input, const Onnx__AttributeProto *proto,
                              const char *node)
{
    out->name = proto->name;
    switch (type_of(proto)) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        out->kind = EFFNN_ONNX_FLOAT;
        out->f = (double)proto->f;
        return EFFNN_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        out->kind = EFFNN_ONNX_INT;
        out->i = proto->i;
        return EFFNN_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        out->kind = EFFNN_ONNX_STRING;
        return read_text(&out->s, self, &proto->s);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        out->kind = EFFNN_ONNX_INTS;
        out->n = proto->n_ints;
        out->ints = proto->ints;
        return EFFNN_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        out->kind = EFFNN_ONNX_FLOATS;
        return read_floats(self, out, proto);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
        out->kind = EFFNN_ONNX_STRINGS;
        return read_strings(self, out, proto);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        if (!proto->t) return fail_attr(EFFNN_E_FORMAT, proto, node, "holds no tensor");
        out->kind = EFFNN_ONNX_TENSOR;
        return effnn__onnx_read_tensor(&out->tensor, input->model->context, &input->root->external,
                                       proto->t, node);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS:
        return fail_attr(EFFNN_E_UNSUPPORTED, proto, node, "is a graph: not supported");
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED:
        return fail_attr(EFFNN_E_FORMAT, proto, node, "has neither type nor value");
    default: out->kind = EFFNN_ONNX_OTHER; return EFFNN_OK;
    }
}

static effnn_status check_attr(const Onnx__NodeProto *proto, size_t i, const char *node)
{
    const Onnx__AttributeProto *attr = proto->attribute[i];

    if (!attr->name || !*attr->name)
        return effnn__fail(EFFNN_E_FORMAT, "node '%s': attribute %zu has no name", node, i);
    if (attr->ref_attr_name && *attr->ref_attr_name)
        return fail_attr(EFFNN_E_FORMAT, attr, node, "refers to a function's, outside of one");
    for (size_t j = 0; j < i; j++)
        if (strcmp(proto->attribute[j]->name, attr->name) == 0)
            return fail_attr(EFFNN_E_FORMAT, attr, node, "is given twice");
    return EFFNN_OK;
}

effnn_status effnn__onnx_read_node_attrs(effnn__onnx_attrs *out, effnn__onnx_input *self,
                                         const Onnx__NodeProto *proto, const char *node)
{
    effnn__onnx_attrs attrs = { 0 };
    effnn_status status = EFFNN_OK;

    if (proto->n_attribute > MAX_ATTRIBUTES)
        return effnn__fail(EFFNN_E_FORMAT, "node '%s': %zu attributes, at most %d are possible",
                           node, proto->n_attribute, MAX_ATTRIBUTES);
    attrs.items = effnn__alloc_array(proto->n_attribute, sizeof *attrs.items);
    if (!attrs.items) return effnn__fail_nomem(node, proto->n_attribute * sizeof *attrs.items);
    while (status == EFFNN_OK && attrs.n < proto->n_attribute) {
        const size_t i = attrs.n++;
        status = check_attr(proto, i, node);
        if (status == EFFNN_OK)
            status = read_attr(&attrs, &attrs.items[i], self, proto->attribute[i], node);
    }
    if (status != EFFNN_OK) {
        effnn__onnx_attrs_clear(&attrs);
        return status;
    }
    *out = attrs;
    return EFFNN_OK;
}

void effnn__onnx_attrs_clear(effnn__onnx_attrs *self)
{
    for (size_t i = 0; i < self->n; i++) effnn_tensor_release(self->items[i].tensor);
    for (size_t i = 0; i < self->n_blocks; i++) effnn__free(self->blocks[i]);
    effnn__free(self->blocks);
    effnn__free(self->items);
    *self = (effnn__onnx_attrs){ 0 };
}
