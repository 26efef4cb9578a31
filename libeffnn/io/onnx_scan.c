/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks the wire format with just enough of the schema to know which fields are messages. The
 * memory that unpacking will take is estimated from above: a fixed price for each message, each
 * item and each field that is kept, and the bytes themselves. */

#include "io/onnx_scan.h"

#include <stdbool.h>

#define MAX_DEPTH     64
#define MESSAGE_PRICE 192u /* the largest ONNX message struct of protobuf-c, and its allocation */
#define ITEM_PRICE    48u  /* a pointer, an allocation, an unknown field's record */
#define SLACK         (64u << 20) /* bytes beyond 4 × the file */

typedef enum kind {
    NONE,
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR,
    SPARSE_TENSOR,
    VALUE_INFO,
    TYPE,
    TENSOR_TYPE,
    MAP_TYPE,
    ITEM_TYPE,
    SHAPE,
    TRAINING,
    FUNCTION,
    ANNOTATION,
    LEAF, /* a message without messages inside */
    N_KINDS
} kind;

/* Fields that are messages: number and what is inside; field 0 ends. Numbers: onnx.proto. */
typedef struct child {
    unsigned field;
    kind inside;
} child;

static const child children[N_KINDS][9] = {
    [MODEL] = { { 7, GRAPH }, { 8, LEAF }, { 14, LEAF }, { 20, TRAINING }, { 25, FUNCTION } },
    [GRAPH] = { { 1, NODE },
                { 5, TENSOR },
                { 11, VALUE_INFO },
                { 12, VALUE_INFO },
                { 13, VALUE_INFO },
                { 14, ANNOTATION },
                { 15, SPARSE_TENSOR },
                { 16, LEAF } },
    [NODE] = { { 5, ATTRIBUTE }, { 9, LEAF } },
    [ATTRIBUTE] = { { 5, TENSOR },
                    { 6, GRAPH },
                    { 10, TENSOR },
                    { 11, GRAPH },
                    { 14, TYPE },
                    { 15, TYPE },
                    { 22, SPARSE_TENSOR },
                    { 23, SPARSE_TENSOR } },
    [TENSOR] = { { 3, LEAF }, { 13, LEAF }, { 16, LEAF } },
    [SPARSE_TENSOR] = { { 1, TENSOR }, { 2, TENSOR } },
    [VALUE_INFO] = { { 2, TYPE }, { 4, LEAF } },
    [TYPE] = { { 1, TENSOR_TYPE },
               { 4, ITEM_TYPE },
               { 5, MAP_TYPE },
               { 7, LEAF },
               { 8, TENSOR_TYPE },
               { 9, ITEM_TYPE } },
    [TENSOR_TYPE] = { { 2, SHAPE } },
    [MAP_TYPE] = { { 2, TYPE } },
    [ITEM_TYPE] = { { 1, TYPE } },
    [SHAPE] = { { 1, LEAF } },
    [TRAINING] = { { 1, GRAPH }, { 2, GRAPH }, { 3, LEAF }, { 4, LEAF } },
    [FUNCTION] = { { 7, NODE }, { 9, LEAF }, { 11, ATTRIBUTE }, { 12, VALUE_INFO }, { 14, LEAF } },
    [ANNOTATION] = { { 2, LEAF } },
};

typedef struct scan {
    const unsigned char *start, *end;
    const char *name;
    size_t size;
    uint64_t memory; /* estimated so far */
} scan;

static effnn_status fail(const scan *self, const unsigned char *at, const char *what)
{
    return effnn__fail(EFFNN_E_FORMAT, "'%s': %s at byte %zu of %zu", self->name, what,
                       (size_t)(at - self->start), self->size);
}

static bool read_varint(const unsigned char **at, const unsigned char *end, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        const unsigned char byte = *(*at)++;

        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

static kind inside_of(kind message, uint64_t field)
{
    for (const child *c = children[message]; c->field; c++)
        if (c->field == field) return c->inside;
    return NONE;
}

/* Take one field's value: sets [begin, end) of a length-delimited one. */
static effnn_status take_value(scan *self, unsigned wire, const unsigned char **at,
                               const unsigned char *end, const unsigned char **value_end)
{
    const unsigned char *start = *at;
    uint64_t value;

    *value_end = NULL;
    if (wire == 0) return read_varint(at, end, &value) ? EFFNN_OK : fail(self, start, "bad number");
    if (wire == 2) {
        if (!read_varint(at, end, &value) || value > (uint64_t)(end - *at))
            return fail(self, start,
                        "a field is longer than what is left, the file is cut or damaged");
        *value_end = *at + value;
        return EFFNN_OK;
    }
    if (wire != 1 && wire != 5) return fail(self, start, "not a protobuf message");
    const size_t width = wire == 1 ? 8 : 4;

    if ((size_t)(end - *at) < width) return fail(self, start, "the file ends inside a number");
    *at += width;
    return EFFNN_OK;
}

static effnn_status charge(scan *self, const unsigned char *at, uint64_t bytes)
{
    self->memory += bytes;
    if (self->memory <= 4 * (uint64_t)self->size + SLACK) return EFFNN_OK;
    return fail(self, at, "unpacking would take more than 4 times the file's size");
}

static effnn_status scan_message(scan *self, kind message, const unsigned char *at,
                                 const unsigned char *end, int depth)
{
    if (depth > MAX_DEPTH) return fail(self, at, "messages are nested more than 64 deep");
    EFFNN_TRY(charge(self, at, MESSAGE_PRICE));
    while (at < end) {
        const unsigned char *start = at, *value_end;
        uint64_t key;
        kind inside;

        if (!read_varint(&at, end, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
            return fail(self, start, "not a protobuf message");
        EFFNN_TRY(take_value(self, (unsigned)(key & 7), &at, end, &value_end));
        inside = inside_of(message, key >> 3);
        if (!value_end) { /* a number: 8 bytes, and a record if the field is unknown */
            EFFNN_TRY(charge(self, start, 8));
            continue;
        }
        if (inside != NONE) EFFNN_TRY(scan_message(self, inside, at, value_end, depth + 1));
        /* Packed numbers grow from one byte to eight at the most. */
        EFFNN_TRY(charge(self, start, ITEM_PRICE + (uint64_t)(value_end - at)));
        at = value_end;
    }
    return EFFNN_OK;
}

effnn_status effnn__onnx_scan(const unsigned char *data, size_t size, const char *name)
{
    scan self = { .start = data, .end = data + size, .name = name, .size = size };

    if (size == 0) return effnn__fail(EFFNN_E_FORMAT, "'%s' is empty", name);
    return scan_message(&self, MODEL, data, data + size, 0);
}
