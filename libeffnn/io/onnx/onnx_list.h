/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_LIST_H
#define EFFNN_IO_ONNX_LIST_H

/* A list of numbers in a packed message, entry by entry, so that it need not be unpacked: entries
 * may stand one in a field, packed into one field, or in several such. */

#include "io/onnx/onnx_scan.h"

typedef struct effnn__onnx_list {
    effnn__wire message, packed; /* what is still to be walked: fields, entries of the last one */
    uint32_t number;
    ProtobufCWireType type; /* of an entry: VARINT, 32BIT or 64BIT */
    bool bad;               /* the walk ended because the bytes are no such list */
} effnn__onnx_list;

effnn__onnx_list effnn__onnx_list_over(const effnn__wire_field *message, uint32_t number,
                                       ProtobufCWireType type);

/* Take the next entry off, its bits in the low end of *out; false at the end or if `bad`. */
bool effnn__onnx_list_next(effnn__onnx_list *self, uint64_t *out);

/* The same for all entries that lie together, of four or eight bytes each: *n of them at *out. */
bool effnn__onnx_list_run(effnn__onnx_list *self, const unsigned char **out, size_t *n);
#endif
