/* SPDX-License-Identifier: BSD-3-Clause */
/* TensorProto in every form it is written in: raw bytes, typed lists, external files. */

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "io/onnx_priv.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

const char *effnn__onnx_type_name(int64_t type)
{
    static const char *const names[] = {
        "undefined",      "float",      "uint8",          "int8",       "uint16",   "int16",
        "int32",          "int64",      "string",         "bool",       "float16",  "double",
        "uint32",         "uint64",     "complex64",      "complex128", "bfloat16", "float8e4m3fn",
        "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4",      "int4",     "float4e2m1",
        "float8e8m0",     "uint2",      "int2",
    };

    return type >= 0 && (size_t)type < sizeof names / sizeof names[0] ? names[type]
                                                                      : "an unknown type";
}

/* What is being read, for messages. */
typedef struct source {
    const char *file, *name;
    size_t count; /* elements */
    effnn_dtype dtype;
} source;

static effnn_status fail_count(const source *s, const char *what, size_t have)
{
    return effnn__fail(EFFNN_E_FORMAT, "'%s': tensor '%s' needs %zu elements, %s holds %zu",
                       s->file, s->name, s->count, what, have);
}

static effnn_status check_bytes(const source *s, size_t have, const char *what)
{
    size_t need;

    if (!effnn__dtype_bytes(s->dtype, s->count, &need))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': tensor '%s' of %zu elements overflows", s->file,
                           s->name, s->count);
    if (have == need) return EFFNN_OK;
    return effnn__fail(EFFNN_E_FORMAT, "'%s': tensor '%s' needs %zu bytes, %s holds %zu", s->file,
                       s->name, need, what, have);
}

/* int32_data holds the small types too: one element each, 4-bit ones two to an item. */
static effnn_status from_int32(void *to, const source *s, const Onnx__TensorProto *p)
{
    const size_t bits = effnn_dtype_bits(s->dtype);
    const size_t n = bits == 4 ? (s->count + 1) / 2 : s->count;
    const effnn__dtype_row *row = effnn__dtype_row_of(s->dtype);

    if (p->n_int32_data != n) return fail_count(s, "int32_data", p->n_int32_data);
    for (size_t i = 0; i < n; i++) {
        const int32_t v = p->int32_data[i];

        if (bits == 4)
            ((uint8_t *)to)[i] = (uint8_t)v;
        else if (s->dtype == EFFNN_F16 || s->dtype == EFFNN_BF16)
            ((uint16_t *)to)[i] = (uint16_t)v;
        else
            row->store_i64(to, i, v);
    }
    return EFFNN_OK;
}

static effnn_status from_floats(void *to, const source *s, const Onnx__TensorProto *p)
{
    if (p->n_float_data != s->count) return fail_count(s, "float_data", p->n_float_data);
    memcpy(to, p->float_data, s->count * sizeof(float));
    return EFFNN_OK;
}

static effnn_status from_doubles(void *to, const source *s, const Onnx__TensorProto *p)
{
    if (p->n_double_data != s->count) return fail_count(s, "double_data", p->n_double_data);
    memcpy(to, p->double_data, s->count * sizeof(double));
    return EFFNN_OK;
}

static effnn_status from_int64(void *to, const source *s, const Onnx__TensorProto *p)
{
    if (p->n_int64_data != s->count) return fail_count(s, "int64_data", p->n_int64_data);
    memcpy(to, p->int64_data, s->count * sizeof(int64_t));
    return EFFNN_OK;
}

static effnn_status from_uint64(void *to, const source *s, const Onnx__TensorProto *p)
{
    if (p->n_uint64_data != s->count) return fail_count(s, "uint64_data", p->n_uint64_data);
    for (size_t i = 0; i < s->count; i++) {
        if (s->dtype == EFFNN_U64)
            ((uint64_t *)to)[i] = p->uint64_data[i];
        else
            ((uint32_t *)to)[i] = (uint32_t)p->uint64_data[i];
    }
    return EFFNN_OK;
}

static effnn_status from_lists(void *to, const source *s, const Onnx__TensorProto *p)
{
    if (s->count == 0) return EFFNN_OK;
    switch (s->dtype) {
    case EFFNN_F32: return from_floats(to, s, p);
    case EFFNN_F64: return from_doubles(to, s, p);
    case EFFNN_I64: return from_int64(to, s, p);
    case EFFNN_U32:
    case EFFNN_U64: return from_uint64(to, s, p);
    case EFFNN_F16:
    case EFFNN_BF16:
    case EFFNN_I8:
    case EFFNN_I16:
    case EFFNN_I32:
    case EFFNN_U8:
    case EFFNN_U16:
    case EFFNN_BOOL:
    case EFFNN_I4:
    case EFFNN_U4: break;
    }
    return from_int32(to, s, p);
}

/* A location must stay inside the model's directory. */
static bool is_safe(const char *location)
{
    if (!*location || *location == '/' || strchr(location, '\\')) return false;
    for (const char *part = location; *part;) {
        const size_t n = strcspn(part, "/");

        if (n == 2 && part[0] == '.' && part[1] == '.') return false;
        part += n;
        while (*part == '/') part++;
    }
    return true;
}

static effnn_status read_number(uint64_t *out, const source *s, const char *key, const char *text)
{
    int64_t value;

    if (!effnn__parse_i64(text, &value) || value < 0)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': tensor '%s': external %s '%s' is not a number",
                           s->file, s->name, key, text);
    *out = (uint64_t)value;
    return EFFNN_OK;
}

static effnn_status copy_external(void *to, const source *s, const char *path, uint64_t offset,
                                  uint64_t length, bool has_length)
{
    effnn__file file;
    size_t need;
    effnn_status status;

    EFFNN_TRY(effnn__file_open(&file, path));
    if (offset > file.size || (has_length && length > file.size - offset)) {
        status = effnn__fail(EFFNN_E_FORMAT,
                             "'%s': tensor '%s': bytes %llu to %llu of '%s', which has %zu",
                             s->file, s->name, (unsigned long long)offset,
                             (unsigned long long)(offset + length), path, file.size);
    } else {
        need = has_length ? (size_t)length : file.size - (size_t)offset;
        status = check_bytes(s, need, "its external file");
        if (status == EFFNN_OK && need) memcpy(to, file.data + offset, need);
    }
    effnn__file_close(&file);
    return status;
}

static effnn_status from_external(void *to, const source *s, const Onnx__TensorProto *p,
                                  const effnn__onnx_place *place)
{
    const char *location = NULL;
    uint64_t offset = 0, length = 0;
    bool has_length = false;
    char *path;
    effnn_status status;

    for (size_t i = 0; i < p->n_external_data; i++) {
        const char *key = p->external_data[i]->key, *value = p->external_data[i]->value;

        if (!key || !value) continue;
        if (strcmp(key, "location") == 0) location = value;
        if (strcmp(key, "offset") == 0) EFFNN_TRY(read_number(&offset, s, key, value));
        if (strcmp(key, "length") == 0) {
            EFFNN_TRY(read_number(&length, s, key, value));
            has_length = true;
        }
    }
    if (!place->directory || !location || !is_safe(location))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': tensor '%s': external location '%s' is refused",
                           s->file, s->name, location ? location : "");
    path = effnn__strprintf("%s/%s", place->directory, location);
    if (!path) return effnn__fail_nomem(s->name, strlen(location));
    status = copy_external(to, s, path, offset, length, has_length);
    effnn__free(path);
    return status;
}

static effnn_status fill(effnn_tensor *tensor, const source *s, Onnx__TensorProto *p,
                         const effnn__onnx_place *place)
{
    void *to = effnn__tensor_data(tensor);

    if (p->has_data_location && p->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return from_external(to, s, p, place);
    if (!p->has_raw_data) return from_lists(to, s, p);
    EFFNN_TRY(check_bytes(s, p->raw_data.len, "raw_data"));
    if (p->raw_data.len) memcpy(to, p->raw_data.data, p->raw_data.len);
    effnn__free(p->raw_data.data);
    p->raw_data = (ProtobufCBinaryData){ 0, NULL };
    return EFFNN_OK;
}

/* Items in the typed lists. */
static size_t listed(const Onnx__TensorProto *p)
{
    return p->n_float_data + p->n_int32_data + p->n_int64_data + p->n_double_data +
           p->n_uint64_data;
}

effnn_status effnn__onnx_tensor_read(effnn_tensor **out, effnn_context *context,
                                     Onnx__TensorProto *p, const effnn__onnx_place *place)
{
    source s = { place->name, p->name ? p->name : "", 0, EFFNN_F32 };
    const int dtype = effnn__dtype_from_onnx(p->has_data_type ? p->data_type : 0);
    effnn_tensor *tensor = NULL;
    effnn_status status;

    if (dtype < 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': tensor '%s' is of type %s (%d)", s.file,
                           s.name, effnn__onnx_type_name(p->data_type), (int)p->data_type);
    if (p->n_dims > EFFNN_MAX_RANK)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': tensor '%s' has %zu dimensions, at most %d",
                           s.file, s.name, p->n_dims, EFFNN_MAX_RANK);
    if (p->segment)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': tensor '%s' is one segment of several",
                           s.file, s.name);
    s.dtype = (effnn_dtype)dtype;
    status = effnn__shape_count(&s.count, p->n_dims, p->dims);
    if (status != EFFNN_OK)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': tensor '%s' has impossible sizes", s.file,
                           s.name);
    /* Memory is taken only for what the file really holds. */
    if (p->has_raw_data)
        EFFNN_TRY(check_bytes(&s, p->raw_data.len, "raw_data"));
    else if (!p->n_external_data && s.count > 2 * listed(p))
        return fail_count(&s, "the file", listed(p));
    EFFNN_TRY(effnn_tensor_create(&tensor, context, s.dtype, p->n_dims, p->dims));
    status = fill(tensor, &s, p, place);
    if (status != EFFNN_OK) {
        effnn_tensor_release(tensor);
        return status;
    }
    *out = tensor;
    return EFFNN_OK;
}
