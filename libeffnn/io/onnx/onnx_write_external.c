/* SPDX-License-Identifier: BSD-3-Clause */
/* Elements of large initialisers in a file of their own beside the model's, one behind the other at
 * offsets that suit every element type, and pages for the largest, so that readers can map them. */

#include "io/onnx/onnx_write.h"

#include <stdio.h>

#define MIN_BYTES  1024u /* smaller ones stay in the model */
#define ALIGNMENT  64u
#define PAGE       4096u
#define PAGE_BYTES (1u << 20) /* from this size on, tensors begin at a page */
#define N_ENTRIES  3

/* The first place from `end` on for a tensor of this size. */
static uint64_t place_of(uint64_t end, size_t size)
{
    const uint64_t unit = size >= PAGE_BYTES ? PAGE : ALIGNMENT;

    return (end + unit - 1) / unit * unit;
}

static effnn_status set_entry(effnn__onnx_output *self, Onnx__StringStringEntryProto **out,
                              const char *key, const char *value)
{
    void *memory = NULL;

    EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof **out));
    *out = memory;
    onnx__string_string_entry_proto__init(*out);
    EFFNN_TRY(effnn__onnx_own_text(self, &(*out)->key, key));
    return effnn__onnx_own_text(self, &(*out)->value, value);
}

static effnn_status set_entries(effnn__onnx_output *self, Onnx__TensorProto *proto,
                                const char *location, uint64_t offset)
{
    char offset_text[32], length_text[32];
    void *memory = NULL;

    snprintf(offset_text, sizeof offset_text, "%llu", (unsigned long long)offset);
    snprintf(length_text, sizeof length_text, "%zu", proto->raw_data.len);
    EFFNN_TRY(effnn__onnx_own(self, &memory, N_ENTRIES, sizeof *proto->external_data));
    proto->external_data = memory;
    EFFNN_TRY(set_entry(self, &proto->external_data[0], "location", location));
    EFFNN_TRY(set_entry(self, &proto->external_data[1], "offset", offset_text));
    EFFNN_TRY(set_entry(self, &proto->external_data[2], "length", length_text));
    proto->n_external_data = N_ENTRIES;
    proto->has_data_location = 1;
    proto->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    proto->has_raw_data = 0; /* what it points to is written by effnn__onnx_write_outside */
    return EFFNN_OK;
}

effnn_status effnn__onnx_place_outside(effnn__onnx_output *self, const char *location)
{
    uint64_t end = 0;

    for (size_t i = 0; i < self->initialisers.n; i++) {
        Onnx__TensorProto *proto = self->initialisers.items[i];
        const size_t size = proto->raw_data.len;
        const uint64_t offset = place_of(end, size);

        if (size < MIN_BYTES) continue;
        EFFNN_TRY(set_entries(self, proto, location, offset));
        EFFNN_TRY(effnn__vec_push(&self->outside, proto));
        end = offset + size;
    }
    return EFFNN_OK;
}

effnn_status effnn__onnx_write_outside(const effnn__onnx_output *self, effnn__writer *writer)
{
    static const unsigned char zeros[PAGE];
    uint64_t end = 0;

    for (size_t i = 0; i < self->outside.n; i++) {
        const Onnx__TensorProto *proto = self->outside.items[i];
        const uint64_t offset = place_of(end, proto->raw_data.len);

        EFFNN_TRY(effnn__writer_add(writer, zeros, (size_t)(offset - end)));
        EFFNN_TRY(effnn__writer_add(writer, proto->raw_data.data, proto->raw_data.len));
        end = offset + proto->raw_data.len;
    }
    return EFFNN_OK;
}
