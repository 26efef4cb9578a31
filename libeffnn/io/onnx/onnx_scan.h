/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_SCAN_H
#define EFFNN_IO_ONNX_SCAN_H

/* The protobuf wire format: walking the fields of a message without unpacking it, checking a whole
 * file before anything is unpacked, and unpacking one part of it by protobuf-c with the library's
 * own allocation. */

#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* Bytes of a message that are still to be walked. Zero `bad` at first. */
typedef struct effnn__wire {
    const unsigned char *at, *end;
    bool bad; /* the walk ended because the bytes are no field */
} effnn__wire;

typedef struct effnn__wire_field {
    uint32_t number;
    ProtobufCWireType type;
    uint64_t value;             /* of a varint */
    const unsigned char *data;  /* contents, of every type */
    size_t size;                /* of the contents */
    const unsigned char *begin; /* of the whole field, its tag included */
} effnn__wire_field;

static inline effnn__wire effnn__wire_over(const unsigned char *data, size_t size)
{
    return (effnn__wire){ .at = data, .end = size ? data + size : data };
}

/* Take the next field off; false at the end or if the bytes are malformed. */
bool effnn__wire_next(effnn__wire *self, effnn__wire_field *out);

/* Take a number of variable length off; false if the bytes are none. */
bool effnn__wire_varint(effnn__wire *self, uint64_t *out);

/* Take the next field of this number and length-prefixed type, passing over all others. */
bool effnn__wire_find(effnn__wire *self, uint32_t number, effnn__wire_field *out);

/* The last field of this number in a message as text ("" if there is none), by effnn__free. */
effnn_status effnn__wire_text(char **out, const effnn__wire_field *message, uint32_t number);

/*
 * Check a message and all within it: that every length lies inside what holds it, how deep messages
 * nest, how many there are in one, and what memory each would take when unpacked against its size.
 * `top` levels of nesting are walked piece by piece by the caller: what is below them may take no
 * more than twice the file's size (and 32 MB) at a time, and no more than that for all the numbers
 * of variable length, which take eight bytes each.
 * E_FORMAT names `name` and the offset of the fault.
 */
effnn_status effnn__wire_check(const ProtobufCMessageDescriptor *descriptor, size_t top,
                               const unsigned char *data, size_t size, const char *name);

/* Unpack one message; *out is freed by effnn__wire_free. E_FORMAT and E_NOMEM name `what`. */
effnn_status effnn__wire_unpack(void **out, const ProtobufCMessageDescriptor *descriptor,
                                const unsigned char *data, size_t size, const char *what);
void effnn__wire_free(void *message); /* NULL is allowed */
#endif
