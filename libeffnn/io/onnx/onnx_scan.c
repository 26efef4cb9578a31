/* SPDX-License-Identifier: BSD-3-Clause */
/* Files come from anywhere, and protobuf-c trusts them: its unpacker recurses as deep as messages
 * nest and makes a hundred bytes of every empty one. So a file is first checked as a whole, guided
 * by the message descriptors that protoc-c wrote; what passes has lengths that add up, and unpacks
 * into memory in proportion to its size. */

#include "io/onnx/onnx_scan.h"

#include "base/alloc.h"

#include <string.h>

/* Deeper than any real file: a graph inside a graph adds three. */
#define MAX_DEPTH    64
/* Messages directly inside one message: nodes of a graph, attributes of a node. */
#define MAX_CHILDREN (1u << 20)
/* A message may take this many times its size when unpacked, and this many bytes more. */
#define MAX_GROWTH   32
#define FREE_BYTES   (1u << 20)
/* Nor more than this many times the file, and this many bytes more. */
#define FILE_GROWTH  2
#define FILE_BYTES   (32u << 20)

/* What protobuf-c allocates beside the data: a record for each field while it parses, a heap
 * block's own bytes. Estimates, on the high side. */
#define COST_FIELD   32
#define COST_BLOCK   32
#define COST_UNKNOWN 32

bool effnn__wire_varint(effnn__wire *self, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 70 && self->at < self->end; shift += 7) {
        const unsigned char byte = *self->at++;
        if (shift < 64) value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* The contents of a field whose tag has been read. */
static bool read_contents(effnn__wire *self, effnn__wire_field *out)
{
    uint64_t size = 0;

    out->data = self->at;
    switch (out->type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
        if (!effnn__wire_varint(self, &out->value)) return false;
        out->size = (size_t)(self->at - out->data);
        return true;
    case PROTOBUF_C_WIRE_TYPE_64BIT: size = 8; break;
    case PROTOBUF_C_WIRE_TYPE_32BIT: size = 4; break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        if (!effnn__wire_varint(self, &size)) return false;
        break;
    default: return false;
    }
    if (size > (size_t)(self->end - self->at)) return false;
    out->data = self->at;
    out->size = (size_t)size;
    self->at += size;
    return true;
}

bool effnn__wire_next(effnn__wire *self, effnn__wire_field *out)
{
    effnn__wire_field field = { .begin = self->at };
    uint64_t tag = 0;

    if (self->bad || self->at == self->end) return false;
    if (!effnn__wire_varint(self, &tag) || tag > UINT32_MAX || tag < 8) goto bad;
    field.number = (uint32_t)(tag >> 3);
    field.type = (ProtobufCWireType)(tag & 7);
    if (!read_contents(self, &field)) goto bad;
    *out = field;
    return true;

bad:
    self->at = field.begin;
    self->bad = true;
    return false;
}

bool effnn__wire_find(effnn__wire *self, uint32_t number, effnn__wire_field *out)
{
    while (effnn__wire_next(self, out))
        if (out->number == number && out->type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) return true;
    return false;
}

effnn_status effnn__wire_text(char **out, const effnn__wire_field *message, uint32_t number)
{
    effnn__wire wire = effnn__wire_over(message->data, message->size);
    effnn__wire_field field, last = { 0 };
    char *text;

    while (effnn__wire_find(&wire, number, &field)) last = field;
    text = effnn__zalloc(last.size + 1);
    if (!text) return effnn__fail_nomem("text in a file", last.size);
    if (last.size) memcpy(text, last.data, last.size);
    *out = text;
    return EFFNN_OK;
}

/* ---- checking a file ---- */

typedef struct checker {
    const unsigned char *start;
    const char *name;
    size_t top, size;
    size_t numbers; /* bytes that the numbers of variable length so far take */
} checker;

static effnn_status fail_at(const checker *self, const unsigned char *at, const char *what)
{
    return effnn__fail(EFFNN_E_FORMAT, "'%s': %s at byte %zu", self->name, what,
                       (size_t)(at - self->start));
}

/* Bytes that the elements of a packed field take. */
static size_t packed_cost(const ProtobufCFieldDescriptor *known, const effnn__wire_field *field)
{
    size_t n = 0;

    switch (known->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_SFIXED64: return field->size;
    default:
        for (size_t i = 0; i < field->size; i++) n += field->data[i] < 0x80;
        return n * sizeof(uint64_t);
    }
}

/* Bytes that a field which is no known message takes. */
static size_t plain_cost(const ProtobufCFieldDescriptor *known, const effnn__wire_field *field)
{
    if (!known) return field->size + COST_UNKNOWN + COST_BLOCK;
    if (known->type == PROTOBUF_C_TYPE_STRING || known->type == PROTOBUF_C_TYPE_BYTES)
        return field->size + sizeof(ProtobufCBinaryData) + COST_BLOCK;
    if (field->type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) return packed_cost(known, field);
    return sizeof(uint64_t);
}

/* Note a message within another. A field that holds one message may stand there once: protobuf-c
 * merges repeated ones, copying what it has each time. The model's own parts are not unpacked so.
 */
static effnn_status note_child(uint64_t *seen, const checker *self,
                               const ProtobufCMessageDescriptor *descriptor, size_t depth,
                               const ProtobufCFieldDescriptor *known,
                               const effnn__wire_field *field)
{
    const uint64_t bit = 1ull << ((size_t)(known - descriptor->fields) % 64);

    if (field->type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return fail_at(self, field->begin, "a message without a length");
    if (depth && known->label != PROTOBUF_C_LABEL_REPEATED && (*seen & bit))
        return fail_at(self, field->begin, "a part that can be there once is there again");
    *seen |= bit;
    return EFFNN_OK;
}

/* Count a number of variable length, or a list of them, against what all may take. */
static effnn_status note_numbers(checker *self, const ProtobufCFieldDescriptor *known,
                                 const effnn__wire_field *field, size_t cost)
{
    const bool is_list =
        known && known->label == PROTOBUF_C_LABEL_REPEATED &&
        (known->type == PROTOBUF_C_TYPE_INT32 || known->type == PROTOBUF_C_TYPE_INT64 ||
         known->type == PROTOBUF_C_TYPE_UINT64);

    if (is_list) self->numbers += cost;
    if (self->numbers <= FILE_GROWTH * self->size + FILE_BYTES) return EFFNN_OK;
    return fail_at(self, field->begin, "too many small numbers for the size of the file");
}

static effnn_status check_message(size_t *cost, checker *self,
                                  const ProtobufCMessageDescriptor *descriptor, size_t depth,
                                  const effnn__wire_field *message)
{
    effnn__wire wire = effnn__wire_over(message->data, message->size);
    effnn__wire_field field;
    size_t n_children = 0;
    uint64_t seen = 0;

    if (depth >= MAX_DEPTH) return fail_at(self, message->begin, "messages nest too deep");
    *cost = descriptor->sizeof_message + COST_BLOCK;
    while (effnn__wire_next(&wire, &field)) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(descriptor, field.number);
        size_t child = 0;
        if (known && known->type == PROTOBUF_C_TYPE_MESSAGE) {
            EFFNN_TRY(note_child(&seen, self, descriptor, depth, known, &field));
            if (++n_children > MAX_CHILDREN)
                return fail_at(self, field.begin, "too many parts in one message");
            EFFNN_TRY(check_message(&child, self, known->descriptor, depth + 1, &field));
        } else {
            child = plain_cost(known, &field);
            EFFNN_TRY(note_numbers(self, known, &field, child));
        }
        *cost += child + COST_FIELD;
    }
    if (wire.bad) return fail_at(self, wire.at, "truncated or malformed");
    if (depth >= self->top && *cost > MAX_GROWTH * message->size + FREE_BYTES)
        return fail_at(self, message->begin, "too many empty parts in one message");
    if (depth >= self->top && *cost > FILE_GROWTH * self->size + FILE_BYTES)
        return fail_at(self, message->begin, "too many small parts in one message");
    return EFFNN_OK;
}

effnn_status effnn__wire_check(const ProtobufCMessageDescriptor *descriptor, size_t top,
                               const unsigned char *data, size_t size, const char *name)
{
    checker self = { .start = data, .name = name, .top = top, .size = size };
    const effnn__wire_field whole = { .data = data, .size = size, .begin = data };
    size_t cost = 0;

    return check_message(&cost, &self, descriptor, 0, &whole);
}

/* ---- unpacking ---- */

/* protobuf-c does not say why it failed: `failed` tells memory from format. */
static void *unpack_alloc(void *failed, size_t size)
{
    void *memory = effnn__alloc(size);

    if (!memory) *(bool *)failed = true;
    return memory;
}

static void unpack_free(void *failed, void *memory)
{
    (void)failed;
    effnn__free(memory);
}

effnn_status effnn__wire_unpack(void **out, const ProtobufCMessageDescriptor *descriptor,
                                const unsigned char *data, size_t size, const char *what)
{
    bool failed = false;
    ProtobufCAllocator allocator = { unpack_alloc, unpack_free, &failed };
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, size, data);

    if (!message && failed) return effnn__fail_nomem(what, size);
    if (!message)
        return effnn__fail(EFFNN_E_FORMAT, "%s: a malformed %s of %zu bytes", what,
                           descriptor->short_name, size);
    *out = message;
    return EFFNN_OK;
}

void effnn__wire_free(void *message)
{
    ProtobufCAllocator allocator = { unpack_alloc, unpack_free, NULL };

    if (message) protobuf_c_message_free_unpacked(message, &allocator);
}
