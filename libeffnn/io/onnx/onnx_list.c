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

/* Take an entry off the field whose contents are being walked. */
static bool take(effnn__onnx_list *self, uint64_t *out)
{
    const size_t size = self->type == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8;

    *out = 0;
    if (self->type == PROTOBUF_C_WIRE_TYPE_VARINT) return effnn__wire_varint(&self->packed, out);
    if ((size_t)(self->packed.end - self->packed.at) < size) return false;
    memcpy(out, self->packed.at, size);
    self->packed.at += size;
    return true;
}

bool effnn__onnx_list_next(effnn__onnx_list *self, uint64_t *out)
{
    effnn__wire_field field;

    while (self->packed.at == self->packed.end) {
        if (!effnn__wire_next(&self->message, &field)) return false;
        if (field.number != self->number) continue;
        if (field.type != self->type && field.type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) break;
        self->packed = effnn__wire_over(field.data, field.size);
    }
    if (self->packed.at != self->packed.end && take(self, out)) return true;
    self->bad = true;
    self->message.at = self->message.end;
    self->packed.at = self->packed.end;
    return false;
}
