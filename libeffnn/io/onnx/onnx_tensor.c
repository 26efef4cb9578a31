/* SPDX-License-Identifier: BSD-3-Clause */
/* The elements of a TensorProto are raw bytes, one of five typed lists, or a place in another file;
 * which list goes with which type is a table. Sizes are checked against the dimensions before
 * anything is allocated, so that a small file cannot ask for much memory. The elements of packed
 * messages never pass through protobuf-c, which would make twice to eight times as much of them:
 * the message is unpacked without them, and they are taken from the file. */

#include "io/onnx/onnx_tensor.h"

#include "base/alloc.h"
#include "base/str.h"
#include "io/onnx/onnx_list.h"
#include "ops/onnx_row.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is copied as it is");

#define RAW_DATA 9 /* field number in TensorProto */

/* The typed list that holds elements of a type. */
typedef enum list_kind {
    LIST_NONE,
    LIST_F32,
    LIST_I32,
    LIST_I64,
    LIST_F64,
    LIST_U64,
    N_LISTS
} list_kind;

/* How each list lies in a packed TensorProto. */
static const struct list_row {
    uint32_t number;
    ProtobufCWireType type;
} lists[N_LISTS] = {
    [LIST_F32] = { 4, PROTOBUF_C_WIRE_TYPE_32BIT },
    [LIST_I32] = { 5, PROTOBUF_C_WIRE_TYPE_VARINT },
    [LIST_I64] = { 7, PROTOBUF_C_WIRE_TYPE_VARINT },
    [LIST_F64] = { 10, PROTOBUF_C_WIRE_TYPE_64BIT },
    [LIST_U64] = { 11, PROTOBUF_C_WIRE_TYPE_VARINT },
};

/* By TensorProto.DataType. `min` and `max`: what an entry of a list may be; for half precision and
 * 4-bit types an entry is a bit pattern. */
static const struct type_row {
    const char *name;
    list_kind list;
    int64_t min, max;
} types[] = {
    { "UNDEFINED", LIST_NONE, 0, 0 },
    { "FLOAT", LIST_F32, 0, 0 },
    { "UINT8", LIST_I32, 0, UINT8_MAX },
    { "INT8", LIST_I32, INT8_MIN, INT8_MAX },
    { "UINT16", LIST_I32, 0, UINT16_MAX },
    { "INT16", LIST_I32, INT16_MIN, INT16_MAX },
    { "INT32", LIST_I32, INT32_MIN, INT32_MAX },
    { "INT64", LIST_I64, 0, 0 },
    { "STRING", LIST_NONE, 0, 0 },
    { "BOOL", LIST_I32, 0, 1 },
    { "FLOAT16", LIST_I32, 0, UINT16_MAX },
    { "DOUBLE", LIST_F64, 0, 0 },
    { "UINT32", LIST_U64, 0, UINT32_MAX },
    { "UINT64", LIST_U64, 0, 0 },
    { "COMPLEX64", LIST_NONE, 0, 0 },
    { "COMPLEX128", LIST_NONE, 0, 0 },
    { "BFLOAT16", LIST_I32, 0, UINT16_MAX },
    { "FLOAT8E4M3FN", LIST_NONE, 0, 0 },
    { "FLOAT8E4M3FNUZ", LIST_NONE, 0, 0 },
    { "FLOAT8E5M2", LIST_NONE, 0, 0 },
    { "FLOAT8E5M2FNUZ", LIST_NONE, 0, 0 },
    { "UINT4", LIST_I32, 0, UINT8_MAX },
    { "INT4", LIST_I32, 0, UINT8_MAX },
    { "FLOAT4E2M1", LIST_NONE, 0, 0 },
    { "FLOAT8E8M0", LIST_NONE, 0, 0 },
    { "UINT2", LIST_NONE, 0, 0 },
    { "INT2", LIST_NONE, 0, 0 },
};
#define N_TYPES ((int64_t)(sizeof types / sizeof types[0]))

const char *effnn__onnx_type_name(int64_t type)
{
    return type >= 0 && type < N_TYPES ? types[type].name : "of unknown number";
}

/* A tensor on its way: what the message says, checked. */
typedef struct source {
    const char *name;
    const Onnx__TensorProto *proto;
    const effnn__wire_field *packed; /* holds the lists; NULL: the message does */
    const struct type_row *type;
    effnn_dtype dtype;
    effnn__shape shape;
    size_t count, bytes;
    size_t units, unit; /* entries of a list and the bytes of each in the tensor */
    const unsigned char *raw;
    size_t raw_size;
} source;

static effnn_status fail_size(const source *self, size_t got, size_t wanted, const char *unit)
{
    char text[EFFNN__SHAPE_TEXT];

    return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': %zu %s for shape %s of %s, which needs %zu",
                       self->name, got, unit,
                       effnn__shape_print(text, sizeof text, self->shape.rank, self->shape.dims),
                       effnn_dtype_name(self->dtype), wanted);
}

static effnn_status read_type(source *self)
{
    const int64_t type = self->proto->has_data_type ? self->proto->data_type : 0;
    const int dtype = effnn__dtype_from_onnx(type);

    if (type == 0) return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': no element type", self->name);
    if (dtype < 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "tensor '%s': element type %lld (%s)", self->name,
                           (long long)type, effnn__onnx_type_name(type));
    self->dtype = (effnn_dtype)dtype;
    self->type = &types[type];
    return EFFNN_OK;
}

static effnn_status read_shape(source *self)
{
    const Onnx__TensorProto *proto = self->proto;
    const size_t bits = effnn_dtype_bits(self->dtype);

    if (proto->n_dims > EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "tensor '%s': rank %zu, at most %d are supported",
                           self->name, proto->n_dims, EFFNN_MAX_RANK);
    self->shape.rank = proto->n_dims;
    for (size_t i = 0; i < proto->n_dims; i++) self->shape.dims[i] = proto->dims[i];
    if (effnn__shape_count(&self->count, self->shape.rank, self->shape.dims) != EFFNN_OK ||
        !effnn__dtype_bytes(self->dtype, self->count, &self->bytes)) {
        char text[EFFNN__SHAPE_TEXT];
        return effnn__fail(
            EFFNN_E_FORMAT, "tensor '%s': no tensor can have shape %s", self->name,
            effnn__shape_print(text, sizeof text, self->shape.rank, self->shape.dims));
    }
    self->unit = bits < 8 ? 1 : bits / 8;
    self->units = self->bytes / self->unit;
    return EFFNN_OK;
}

/* Number of entries of a list. */
static effnn_status count_list(size_t *out, const source *self, list_kind kind)
{
    const Onnx__TensorProto *proto = self->proto;
    const size_t unpacked[N_LISTS] = { [LIST_F32] = proto->n_float_data,
                                       [LIST_I32] = proto->n_int32_data,
                                       [LIST_I64] = proto->n_int64_data,
                                       [LIST_F64] = proto->n_double_data,
                                       [LIST_U64] = proto->n_uint64_data };
    const unsigned char *data;
    effnn__onnx_list list;
    uint64_t entry;
    size_t n;

    *out = unpacked[kind];
    if (!self->packed || kind == LIST_NONE) return EFFNN_OK;
    list = effnn__onnx_list_over(self->packed, lists[kind].number, lists[kind].type);
    if (list.type == PROTOBUF_C_WIRE_TYPE_VARINT)
        while (effnn__onnx_list_next(&list, &entry)) ++*out;
    else
        while (effnn__onnx_list_run(&list, &data, &n)) *out += n;
    if (list.bad)
        return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': its list of elements is malformed",
                           self->name);
    return EFFNN_OK;
}

/* At most one kind of data, and that of the right type and number. */
static effnn_status check_data(const source *self)
{
    size_t n[N_LISTS] = { 0 }, kinds = self->raw_size > 0;

    for (list_kind i = LIST_F32; i < N_LISTS; i++) {
        EFFNN_TRY(count_list(&n[i], self, i));
        kinds += n[i] > 0;
    }
    if (kinds > 1)
        return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': data of %zu kinds at once", self->name,
                           kinds);
    if (self->raw_size)
        return self->raw_size == self->bytes
                   ? EFFNN_OK
                   : fail_size(self, self->raw_size, self->bytes, "bytes of raw data");
    if (n[self->type->list] != self->units)
        return fail_size(self, n[self->type->list], self->units, "entries");
    return EFFNN_OK;
}

/* Bits of entry i of the list of an unpacked message. */
static uint64_t unpacked_entry(const source *self, size_t i)
{
    const Onnx__TensorProto *proto = self->proto;
    uint64_t bits = 0;

    switch (self->type->list) {
    case LIST_F32: memcpy(&bits, &proto->float_data[i], sizeof(float)); break;
    case LIST_F64: memcpy(&bits, &proto->double_data[i], sizeof(double)); break;
    case LIST_I64: bits = (uint64_t)proto->int64_data[i]; break;
    case LIST_U64: bits = proto->uint64_data[i]; break;
    default: bits = (uint64_t)(int64_t)proto->int32_data[i];
    }
    return bits;
}

/* Write entry i to its place: the low bytes of its bits, which must be of the type. */
static effnn_status put_entry(unsigned char *to, const source *self, size_t i, uint64_t bits)
{
    const bool is_narrow =
        self->type->list == LIST_I32 || (self->type->list == LIST_U64 && self->unit < sizeof bits);
    const int64_t value = self->type->list == LIST_I32 ? (int32_t)bits : (int64_t)bits;

    if (is_narrow && (value < self->type->min || value > self->type->max))
        return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': element %zu is %lld, not of %s",
                           self->name, i, (long long)value, self->type->name);
    memcpy(to + i * self->unit, &bits, self->unit);
    return EFFNN_OK;
}

/* A packed list of floats: its entries are the elements, of which there are as many. */
static void copy_floats(unsigned char *to, const source *self, effnn__onnx_list list)
{
    const unsigned char *data;
    size_t n;

    while (effnn__onnx_list_run(&list, &data, &n)) {
        memcpy(to, data, n * self->unit);
        to += n * self->unit;
    }
}

static effnn_status copy_list(unsigned char *to, const source *self)
{
    const struct list_row *row = &lists[self->type->list];
    effnn__onnx_list list = { 0 };

    if (self->packed) list = effnn__onnx_list_over(self->packed, row->number, row->type);
    if (self->packed && row->type != PROTOBUF_C_WIRE_TYPE_VARINT) {
        copy_floats(to, self, list);
        return EFFNN_OK;
    }
    for (size_t i = 0; i < self->units; i++) {
        uint64_t bits = 0;

        if (!self->packed)
            bits = unpacked_entry(self, i);
        else
            effnn__onnx_list_next(&list, &bits);
        EFFNN_TRY(put_entry(to, self, i, bits));
    }
    return EFFNN_OK;
}

/* What raw bytes must be for the tensor's type. */
static effnn_status check_elements(const unsigned char *data, const source *self)
{
    if (self->dtype != EFFNN_BOOL) return EFFNN_OK;
    for (size_t i = 0; i < self->bytes; i++)
        if (data[i] > 1)
            return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': element %zu is %d, not of BOOL",
                               self->name, i, data[i]);
    return EFFNN_OK;
}

/* Whether half of the last byte belongs to no element. */
static bool has_spare_half(const source *self)
{
    return effnn_dtype_bits(self->dtype) < 8 && self->count % 2;
}

static effnn_status fill(effnn_tensor *tensor, const source *self)
{
    unsigned char *data = effnn__tensor_data(tensor);

    if (self->bytes == 0) return EFFNN_OK;
    if (!self->raw) EFFNN_TRY(copy_list(data, self));
    if (self->raw) memcpy(data, self->raw, self->bytes);
    if (has_spare_half(self)) data[self->bytes - 1] &= 0x0f;
    return check_elements(data, self);
}

static effnn_status copy_elements(effnn_tensor **out, effnn_context *context, const source *self)
{
    effnn_tensor *tensor = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__tensor_create_unset(&tensor, context, self->dtype, self->shape.rank,
                                         self->shape.dims));
    status = fill(tensor, self);
    if (status != EFFNN_OK) {
        effnn_tensor_release(tensor);
        return status;
    }
    *out = tensor;
    return EFFNN_OK;
}

/* Elements in another file: the tensor lies over the mapped file if it can. */
static effnn_status read_external(effnn_tensor **out, effnn_context *context,
                                  effnn__onnx_external *external, source *self)
{
    effnn__mapped *mapped = NULL;

    EFFNN_TRY(effnn__onnx_external_find(&self->raw, &mapped, external, self->proto, self->bytes,
                                        self->name));
    self->raw_size = self->bytes;
    if (has_spare_half(self)) return copy_elements(out, context, self);
    EFFNN_TRY(check_elements(self->raw, self));
    return effnn__mapped_tensor(out, context, mapped, self->dtype, &self->shape, self->raw,
                                self->bytes);
}

static effnn_status read_source(effnn_tensor **out, effnn_context *context,
                                effnn__onnx_external *external, source *self)
{
    const Onnx__TensorProto *proto = self->proto;

    EFFNN_TRY(read_type(self));
    EFFNN_TRY(read_shape(self));
    if (proto->segment)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "tensor '%s': a segment of one", self->name);
    if (proto->has_data_location &&
        proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return read_external(out, context, external, self);
    EFFNN_TRY(check_data(self));
    return copy_elements(out, context, self);
}

effnn_status effnn__onnx_read_tensor(effnn_tensor **out, effnn_context *context,
                                     effnn__onnx_external *external, const Onnx__TensorProto *proto,
                                     const char *name)
{
    source self = { .name = name, .proto = proto };

    if (proto->has_raw_data && proto->raw_data.len) {
        self.raw = proto->raw_data.data;
        self.raw_size = proto->raw_data.len;
    }
    return read_source(out, context, external, &self);
}

/* Whether a field of a TensorProto holds elements. */
static bool holds_elements(const effnn__wire_field *field)
{
    if (field->number == RAW_DATA) return field->type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    for (list_kind i = LIST_F32; i < N_LISTS; i++)
        if (field->number == lists[i].number) return true;
    return false;
}

/* Unpack the message without its elements; the place of raw data goes into `raw` (empty: there is
 * none). */
static effnn_status unpack_without_elements(void **out, effnn__wire_field *raw,
                                            const effnn__wire_field *field)
{
    effnn__wire wire = effnn__wire_over(field->data, field->size);
    effnn__str rest = { 0 };
    effnn__wire_field part;
    effnn_status status = EFFNN_OK;

    *raw = (effnn__wire_field){ 0 };
    while (status == EFFNN_OK && effnn__wire_next(&wire, &part)) {
        if (part.number == RAW_DATA && holds_elements(&part)) *raw = part;
        if (!holds_elements(&part))
            status = effnn__str_add_bytes(&rest, part.begin, (size_t)(wire.at - part.begin));
    }
    if (status == EFFNN_OK)
        status = effnn__wire_unpack(out, &onnx__tensor_proto__descriptor,
                                    (const unsigned char *)rest.text, rest.n, "tensor");
    effnn__str_clear(&rest);
    return status;
}

effnn_status effnn__onnx_read_packed_tensor(effnn_tensor **out, effnn_context *context,
                                            effnn__onnx_external *external,
                                            const effnn__wire_field *field, const char *name)
{
    void *message = NULL;
    effnn__wire_field raw;
    effnn_status status;

    EFFNN_TRY(unpack_without_elements(&message, &raw, field));
    source self = { .name = name, .proto = message, .packed = field, .raw_size = raw.size };
    if (raw.size) self.raw = raw.data;
    status = read_source(out, context, external, &self);
    effnn__wire_free(message);
    return status;
}
