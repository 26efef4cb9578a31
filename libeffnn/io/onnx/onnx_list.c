/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/onnx/onnx_list.h"

#include <string.h>

effnn__onnx_list effnn__onnx_list_over(const effnn__wire_field *message, uint32_t number,
                                       ProtobufCWireType type)
{
    return (effnn__onnx_list){ .message = effnn__wire_over(message->data, message->size),
                               .number = number,
                               .type = type };
}

static size_t fixed_size(const effnn__onnx_list *self)
{
    return self->type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8;
}

static bool fail(effnn__onnx_list *self)
{
    self->bad = true;
    self->message.at = self->message.end;
    self->packed.at = self->packed.end;
    return false;
}

/* Go on to the next field that has entries, if none are left of the one being walked. */
static bool find_entries(effnn__onnx_list *self)
{
    effnn__wire_field field;

    while (self->packed.at == self->packed.end) {
        if (!effnn__wire_next(&self->message, &field)) return false;
        if (field.number != self->number) continue;
        if (field.type != self->type && field.type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            return fail(self);
        self->packed = effnn__wire_over(field.data, field.size);
    }
    return true;
}

/* Take an entry off the field whose contents are being walked. */
static bool take(effnn__onnx_list *self, uint64_t *out)
{
    const size_t size = fixed_size(self);

    *out = 0;
    if (self->type == PROTOBUF_C_WIRE_TYPE_VARINT) return effnn__wire_varint(&self->packed, out);
    if ((size_t)(self->packed.end - self->packed.at) < size) return false;
    memcpy(out, self->packed.at, size);
    self->packed.at += size;
    return true;
}

bool effnn__onnx_list_next(effnn__onnx_list *self, uint64_t *out)
{
    if (!find_entries(self)) return false;
    return take(self, out) || fail(self);
}

bool effnn__onnx_list_run(effnn__onnx_list *self, const unsigned char **out, size_t *n)
{
    const size_t size = fixed_size(self);
    size_t left;

    if (!find_entries(self)) return false;
    left = (size_t)(self->packed.end - self->packed.at);
    if (left % size) return fail(self);
    *out = self->packed.at;
    *n = left / size;
    self->packed.at = self->packed.end;
    return true;
}
