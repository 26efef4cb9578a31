/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes to protobuf messages, guided by ONNX's descriptors: a field is changed, deleted,
 * repeated, exchanged for another of its kind or put where it does not belong, and the lengths of
 * all messages around it are set right again, so that the change reaches the code behind the wire
 * format; some changes leave the lengths wrong on purpose. */

#include "fuzz/mutation.h"
#include "io/onnx/onnx_scan.h"
#include "onnx.pb-c.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 40000u
#define MAX_FILE   (8u << 20)
#define NO_PARENT  SIZE_MAX

/* A field of the file, wherever it nests. */
typedef struct field {
    size_t begin, data, end; /* tag, contents, behind it */
    size_t parent;
    uint32_t number;
    ProtobufCWireType type;
    const ProtobufCMessageDescriptor *within, *message; /* of the parent; of itself if it is one */
} field;

typedef struct fields {
    const unsigned char *start;
    size_t n;
    field *items;
} fields;

static void walk(fields *self, const unsigned char *data, size_t size,
                 const ProtobufCMessageDescriptor *within, size_t parent, int depth)
{
    effnn__wire wire = effnn__wire_over(data, size);
    effnn__wire_field f;

    while (self->n < MAX_FIELDS && effnn__wire_next(&wire, &f)) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(within, f.number);
        const size_t index = self->n++;
        const bool is_message = known && known->type == PROTOBUF_C_TYPE_MESSAGE &&
                                f.type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;

        self->items[index] = (field){ .begin = (size_t)(f.begin - self->start),
                                      .data = (size_t)(f.data - self->start),
                                      .end = (size_t)(f.data - self->start) + f.size,
                                      .parent = parent,
                                      .number = f.number,
                                      .type = f.type,
                                      .within = within,
                                      .message = is_message ? known->descriptor : NULL };
        if (is_message && depth < 100)
            walk(self, f.data, f.size, known->descriptor, index, depth + 1);
    }
}

static fields list_fields(const fuzz_bytes *file)
{
    fields self = { .start = file->data, .items = malloc(MAX_FIELDS * sizeof(field)) };

    if (!self.items) abort();
    if (file->n) walk(&self, file->data, file->n, &onnx__model_proto__descriptor, NO_PARENT, 0);
    return self;
}

static size_t put_varint(unsigned char *out, uint64_t value)
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7) out[n++] = (unsigned char)(value | 0x80);
    out[n++] = (unsigned char)value;
    return n;
}

/* Replace bytes [from, to) inside message `parent` and set the lengths of all messages around. */
static void edit(fuzz_bytes *file, const fields *all, size_t parent, size_t from, size_t to,
                 const void *with, size_t n_with)
{
    size_t grown = n_with - (to - from); /* modulo 2^64 */

    fuzz_bytes_replace(file, from, to - from, with, n_with);
    for (size_t i = parent; i != NO_PARENT; i = all->items[i].parent) {
        const field *f = &all->items[i];
        unsigned char header[24];
        size_t n =
            put_varint(header, (uint64_t)f->number << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);

        n += put_varint(header + n, f->end - f->data + grown);
        fuzz_bytes_replace(file, f->begin, f->data - f->begin, header, n);
        grown += n - (f->data - f->begin);
    }
}

/* A field whose contents are of this wire type; some field if there is none soon. */
static size_t pick_type(const fields *all, fuzz_random *random, ProtobufCWireType type)
{
    size_t i = fuzz_below(random, all->n);

    for (int tries = 0; tries < 50 && all->items[i].type != type; tries++)
        i = fuzz_below(random, all->n);
    return i;
}

/* ---- new contents ---- */

static void set_number(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    const field *f = &all->items[pick_type(all, random, PROTOBUF_C_WIRE_TYPE_VARINT)];
    unsigned char number[10];

    if (f->type == PROTOBUF_C_WIRE_TYPE_VARINT)
        edit(file, all, f->parent, f->data, f->end, number,
             put_varint(number, fuzz_odd_number(random)));
}

static void set_float(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    static const uint32_t odd[] = { 0x7fc00000, 0x7f800000, 0xff800000, 0x00000001, 0x7f7fffff,
                                    0x80000000, 0,          0x4f000000, 0xdf000000 };
    const field *f = &all->items[pick_type(all, random, PROTOBUF_C_WIRE_TYPE_32BIT)];
    const uint32_t value = odd[fuzz_below(random, sizeof odd / sizeof odd[0])];

    if (f->type == PROTOBUF_C_WIRE_TYPE_32BIT) memcpy(file->data + f->data, &value, sizeof value);
}

/* Text or packed numbers in the place of what a field that is no message holds. */
static void set_contents(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    static const char *const texts[] = { "",        "x",           "\xff\xfe\x80",
                                         "../../x", "/etc/passwd", "a/../..",
                                         "y",       "%s%n",        "\n",
                                         "ai.onnx", "Identity",    "Reshape" };
    size_t k = pick_type(all, random, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    fuzz_bytes made = { 0 };
    unsigned char number[10];

    for (int tries = 0; tries < 50 && all->items[k].message; tries++)
        k = pick_type(all, random, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    const field *f = &all->items[k];
    unsigned char header[24];
    size_t n = put_varint(header, (uint64_t)f->number << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
    const char *text = texts[fuzz_below(random, sizeof texts / sizeof texts[0])];
    const size_t size = f->end - f->data;

    switch (fuzz_below(random, 4)) {
    case 0: fuzz_bytes_add(&made, text, strlen(text)); break;
    case 1:
        for (size_t i = fuzz_below(random, 10); i; i--)
            fuzz_bytes_add(&made, number, put_varint(number, fuzz_odd_number(random)));
        break;
    case 2: fuzz_bytes_add(&made, file->data + f->data, fuzz_below(random, size + 1)); break;
    default:
        fuzz_bytes_add(&made, file->data + f->data, size);
        fuzz_mutate_bytes(&made, file, random);
    }
    n += put_varint(header + n, made.n);
    fuzz_bytes_replace(&made, 0, 0, header, n);
    edit(file, all, f->parent, f->begin, f->end, made.data, made.n);
    free(made.data);
}

/* ---- fields as a whole ---- */

static void delete_field(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    const field *f = &all->items[fuzz_below(random, all->n)];

    edit(file, all, f->parent, f->begin, f->end, NULL, 0);
}

static void repeat_field(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    const field *f = &all->items[fuzz_below(random, all->n)];
    size_t times = fuzz_below(random, 20) ? 1 + fuzz_below(random, 4) : fuzz_below(random, 20000);
    fuzz_bytes made = { 0 };

    for (; times && made.n + (f->end - f->begin) <= MAX_FILE / 4; times--)
        fuzz_bytes_add(&made, file->data + f->begin, f->end - f->begin);
    edit(file, all, f->parent, f->end, f->end, made.data, made.n);
    free(made.data);
}

/* Exchange a field for one of the same kind of `from`, or, rarely, of any kind. */
static void exchange_field(fuzz_bytes *file, const fields *all, const fuzz_bytes *from,
                           const fields *theirs, fuzz_random *random)
{
    const field *f = &all->items[fuzz_below(random, all->n)];
    const field *g = NULL;
    const bool any = fuzz_below(random, 10) == 0;
    fuzz_bytes made = { 0 };

    for (int tries = 0; tries < 200 && !g; tries++) {
        const field *candidate = &theirs->items[fuzz_below(random, theirs->n)];
        if (any || (candidate->within == f->within && candidate->number == f->number))
            g = candidate;
    }
    if (!g || g->end - g->begin > MAX_FILE / 4) return;
    fuzz_bytes_add(&made, from->data + g->begin, g->end - g->begin);
    edit(file, all, f->parent, f->begin, fuzz_below(random, 5) ? f->end : f->begin, made.data,
         made.n);
    free(made.data);
}

/* Exchange two neighbours of one message: nodes out of order, inputs the other way round. */
static void swap_fields(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    const size_t i = fuzz_below(random, all->n);
    const field *f = &all->items[i];
    fuzz_bytes made = { 0 };
    size_t j = i + 1;

    while (j < all->n && all->items[j].begin < f->end) j++;
    if (j == all->n || all->items[j].parent != f->parent) return;
    const field *g = &all->items[j];
    fuzz_bytes_add(&made, file->data + g->begin, g->end - g->begin);
    fuzz_bytes_add(&made, file->data + f->begin, f->end - f->begin);
    edit(file, all, f->parent, f->begin, g->end, made.data, made.n);
    free(made.data);
}

/* An attribute with a graph that holds a node with such an attribute, and so on. */
static void nest_graphs(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    /* GraphProto.node 1, NodeProto.attribute 5, AttributeProto.g 6 */
    static const unsigned char tags[] = { 5 << 3 | 2, 6 << 3 | 2, 1 << 3 | 2 };
    size_t depth = 3 * (1 + fuzz_below(random, fuzz_below(random, 4) ? 8 : 1000));
    const field *f = &all->items[fuzz_below(random, all->n)];
    fuzz_bytes made = { 0 };

    for (int tries = 0; tries < 100 && f->message != &onnx__node_proto__descriptor; tries++)
        f = &all->items[fuzz_below(random, all->n)];
    if (f->message != &onnx__node_proto__descriptor) return;
    while (depth-- > 0) {
        unsigned char header[12] = { tags[depth % 3] };
        const size_t n = 1 + put_varint(header + 1, made.n);
        fuzz_bytes_replace(&made, 0, 0, header, n);
    }
    edit(file, all, (size_t)(f - all->items), f->end, f->end, made.data, made.n);
    free(made.data);
}

/* ---- lengths and tags left wrong ---- */

static void break_header(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    const field *f = &all->items[fuzz_below(random, all->n)];
    const size_t at = f->begin + fuzz_below(random, f->data - f->begin);
    unsigned char number[10];

    if (fuzz_below(random, 2)) {
        file->data[at] ^= (unsigned char)(1u << fuzz_below(random, 8));
    } else {
        const size_t n = put_varint(number, fuzz_odd_number(random));
        fuzz_bytes_replace(file, at, f->data - at, number, n);
    }
}

static void break_off(fuzz_bytes *file, const fields *all, fuzz_random *random)
{
    const field *f = &all->items[fuzz_below(random, all->n)];

    file->n = fuzz_below(random, 2) ? f->data : f->end;
}

void fuzz_mutate_onnx(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random)
{
    fields all = list_fields(file), theirs;

    if (all.n == 0) {
        free(all.items);
        fuzz_mutate_bytes(file, other, random);
        return;
    }
    switch (fuzz_below(random, 16)) {
    case 0:
    case 1:
    case 2: set_number(file, &all, random); break;
    case 3: set_float(file, &all, random); break;
    case 4:
    case 5: set_contents(file, &all, random); break;
    case 6: delete_field(file, &all, random); break;
    case 7: repeat_field(file, &all, random); break;
    case 8:
    case 9: exchange_field(file, &all, file, &all, random); break;
    case 10:
        theirs = list_fields(other);
        if (theirs.n) exchange_field(file, &all, other, &theirs, random);
        free(theirs.items);
        break;
    case 11: swap_fields(file, &all, random); break;
    case 12: nest_graphs(file, &all, random); break;
    case 13: break_header(file, &all, random); break;
    case 14: break_off(file, &all, random); break;
    default: fuzz_mutate_bytes(file, other, random);
    }
    free(all.items);
}
