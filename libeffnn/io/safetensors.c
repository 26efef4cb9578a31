/* SPDX-License-Identifier: BSD-3-Clause */
/* safetensors: eight bytes of header length, a JSON header, then the tensors' bytes without holes
 * or overlaps. Tensors read lie over the mapped file, which stays mapped as long as one of them
 * lives. Written files hold wide elements in front of narrow ones, so that every tensor lies at an
 * address that suits its type; the header keeps the order of the graph. */

#include "io/safetensors.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/vec.h"
#include "io/mapped_file.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HEADER (100u << 20)
#define MAX_EXACT  9007199254740992.0 /* integers that a JSON number can hold */
#define METADATA   "__metadata__"

static const struct {
    const char *name;
    effnn_dtype dtype;
} dtypes[] = {
    { "F64", EFFNN_F64 },   { "F32", EFFNN_F32 }, { "F16", EFFNN_F16 }, { "BF16", EFFNN_BF16 },
    { "I64", EFFNN_I64 },   { "I32", EFFNN_I32 }, { "I16", EFFNN_I16 }, { "I8", EFFNN_I8 },
    { "U64", EFFNN_U64 },   { "U32", EFFNN_U32 }, { "U16", EFFNN_U16 }, { "U8", EFFNN_U8 },
    { "BOOL", EFFNN_BOOL },
};
#define N_DTYPES (sizeof dtypes / sizeof dtypes[0])

/* ---- reading ---- */

/* Where a tensor's bytes lie behind the header. */
typedef struct span {
    size_t begin, end;
    const char *name;
} span;

typedef struct reader {
    const char *path;
    effnn_model *model;
    effnn__mapped *mapped;
    const unsigned char *data; /* behind the header */
    size_t size;
    size_t n_spans, spans_capacity;
    span *spans;
} reader;

static effnn_status malformed(const reader *self, const char *name, const char *what)
{
    return effnn__fail(EFFNN_E_FORMAT, "'%s': tensor '%s': %s", self->path, name, what);
}

static bool whole(const cJSON *item, double limit, size_t *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0.0 && item->valuedouble <= limit) ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *out = (size_t)item->valuedouble;
    return true;
}

static effnn_status read_dtype(effnn_dtype *out, const reader *self, const cJSON *entry)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(entry, "dtype");

    if (!cJSON_IsString(text)) return malformed(self, entry->string, "no dtype");
    for (size_t i = 0; i < N_DTYPES; i++)
        if (strcmp(dtypes[i].name, text->valuestring) == 0) {
            *out = dtypes[i].dtype;
            return EFFNN_OK;
        }
    return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': tensor '%s' is of type '%s'", self->path,
                       entry->string, text->valuestring);
}

static effnn_status read_shape(effnn__shape *out, const reader *self, const cJSON *entry)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape"), *item;

    if (!cJSON_IsArray(shape)) return malformed(self, entry->string, "no shape");
    out->rank = 0;
    cJSON_ArrayForEach(item, shape)
    {
        size_t size;

        if (out->rank == EFFNN_MAX_RANK)
            return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': tensor '%s' has more than %d dimensions",
                               self->path, entry->string, EFFNN_MAX_RANK);
        if (!whole(item, MAX_EXACT, &size))
            return malformed(self, entry->string, "a size is no number");
        out->dims[out->rank++] = (int64_t)size;
    }
    return EFFNN_OK;
}

static effnn_status read_span(span *out, const reader *self, const cJSON *entry)
{
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    span got = { .name = entry->string };

    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !whole(cJSON_GetArrayItem(offsets, 0), MAX_EXACT, &got.begin) ||
        !whole(cJSON_GetArrayItem(offsets, 1), MAX_EXACT, &got.end))
        return malformed(self, entry->string, "no data_offsets");
    if (got.begin > got.end || got.end > self->size)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': tensor '%s' is bytes %zu to %zu of %zu",
                           self->path, got.name, got.begin, got.end, self->size);
    *out = got;
    return EFFNN_OK;
}

static effnn_status check_bools(const reader *self, const char *name, const unsigned char *data,
                                size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] > 1) return malformed(self, name, "a BOOL that is neither 0 nor 1");
    return EFFNN_OK;
}

static effnn_status read_entry(reader *self, const cJSON *entry)
{
    effnn_dtype dtype = EFFNN_F32;
    effnn__shape shape = { 0 };
    effnn_tensor *tensor = NULL;
    effnn__value *value;
    span place = { 0 };
    size_t count, need;
    effnn_status status;

    if (!cJSON_IsObject(entry)) return malformed(self, entry->string, "not described");
    EFFNN_TRY(read_dtype(&dtype, self, entry));
    EFFNN_TRY(read_shape(&shape, self, entry));
    EFFNN_TRY(read_span(&place, self, entry));
    if (effnn__shape_count(&count, shape.rank, shape.dims) != EFFNN_OK ||
        !effnn__dtype_bytes(dtype, count, &need) || need != place.end - place.begin)
        return malformed(self, entry->string, "its shape and its data_offsets disagree");
    if (!*entry->string) return malformed(self, "", "no name");
    if (effnn__graph_find_value(self->model->graph, entry->string))
        return malformed(self, entry->string, "there twice");
    if (dtype == EFFNN_BOOL)
        EFFNN_TRY(check_bools(self, entry->string, self->data + place.begin, need));
    EFFNN_TRY(
        effnn__grow(&self->spans, &self->spans_capacity, self->n_spans + 1, sizeof *self->spans));
    self->spans[self->n_spans++] = place;
    EFFNN_TRY(effnn__mapped_tensor(&tensor, self->model->context, self->mapped, dtype, &shape,
                                   self->data + place.begin, need));
    status = effnn__graph_add_constant(&value, self->model->graph, entry->string, true, tensor);
    effnn_tensor_release(tensor);
    return status;
}

static int compare_spans(const void *a, const void *b)
{
    const span *x = a, *y = b;

    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Every byte behind the header belongs to one tensor, as the format demands. */
static effnn_status check_spans(reader *self)
{
    size_t end = 0;

    if (self->n_spans) qsort(self->spans, self->n_spans, sizeof *self->spans, compare_spans);
    for (size_t i = 0; i < self->n_spans; i++) {
        if (self->spans[i].begin != end)
            return effnn__fail(
                EFFNN_E_FORMAT,
                "'%s': tensor '%s' begins at byte %zu, the one before it ends at %zu", self->path,
                self->spans[i].name, self->spans[i].begin, end);
        end = self->spans[i].end;
    }
    if (end == self->size) return EFFNN_OK;
    return effnn__fail(EFFNN_E_FORMAT, "'%s': tensors cover %zu of %zu bytes", self->path, end,
                       self->size);
}

static effnn_status read_metadata(reader *self, const cJSON *entry)
{
    const cJSON *item;

    if (!cJSON_IsObject(entry)) return malformed(self, entry->string, "not an object");
    cJSON_ArrayForEach(item, entry)
    {
        if (!cJSON_IsString(item))
            return effnn__fail(EFFNN_E_FORMAT, "'%s': metadata '%s' is not text", self->path,
                               item->string);
        if (*item->string)
            EFFNN_TRY(effnn_model_set_metadata(self->model, item->string, item->valuestring));
    }
    return EFFNN_OK;
}

static effnn_status read_header(reader *self, const cJSON *header)
{
    const cJSON *entry;

    if (!cJSON_IsObject(header))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': the header is not a JSON object", self->path);
    cJSON_ArrayForEach(entry, header)
    {
        if (strcmp(entry->string, METADATA) == 0)
            EFFNN_TRY(read_metadata(self, entry));
        else
            EFFNN_TRY(read_entry(self, entry));
    }
    return check_spans(self);
}

/* Parse the header, which is one JSON value and spaces behind it. */
static effnn_status parse(cJSON **out, const reader *self, const char *text, size_t size)
{
    const char *end = NULL;
    cJSON *header = cJSON_ParseWithLengthOpts(text, size, &end, 0);

    if (!header)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': the header is not JSON from byte %zu on",
                           self->path, end ? (size_t)(end - text) + 8 : 8);
    while (end < text + size && *end == ' ') end++;
    if (end != text + size) {
        cJSON_Delete(header);
        return effnn__fail(EFFNN_E_FORMAT, "'%s': the header goes on behind its JSON, at byte %zu",
                           self->path, (size_t)(end - text) + 8);
    }
    *out = header;
    return EFFNN_OK;
}

static effnn_status read_file(reader *self)
{
    const effnn__file *file = effnn__mapped_file(self->mapped);
    uint64_t header_size = 0;
    cJSON *header = NULL;
    effnn_status status;

    if (file->size < 8)
        return effnn__fail(EFFNN_E_FORMAT, "'%s' has %zu bytes: no safetensors file", self->path,
                           file->size);
    for (int i = 0; i < 8; i++) header_size |= (uint64_t)file->data[i] << (8 * i);
    if (header_size > MAX_HEADER || header_size > file->size - 8)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': a header of %llu bytes in a file of %zu",
                           self->path, (unsigned long long)header_size, file->size);
    self->data = file->data + 8 + header_size;
    self->size = file->size - 8 - (size_t)header_size;
    EFFNN_TRY(parse(&header, self, (const char *)file->data + 8, (size_t)header_size));
    status = read_header(self, header);
    cJSON_Delete(header);
    return status;
}

effnn_status effnn__safetensors_load(effnn_model **out, effnn_context *context, const char *path)
{
    reader self = { .path = path };
    effnn_status status = effnn__mapped_open(&self.mapped, path);

    if (status == EFFNN_OK) status = effnn_model_create(&self.model, context);
    if (status == EFFNN_OK) {
        self.model->format = "safetensors";
        status = read_file(&self);
    }
    effnn__mapped_release(self.mapped);
    effnn__free(self.spans);
    if (status != EFFNN_OK) {
        effnn_model_destroy(self.model);
        return status;
    }
    *out = self.model;
    return EFFNN_OK;
}

/* ---- writing ---- */

static const char *dtype_name(effnn_dtype dtype)
{
    for (size_t i = 0; i < N_DTYPES; i++)
        if (dtypes[i].dtype == dtype) return dtypes[i].name;
    return NULL;
}

/* What is written: the constants of a model by decreasing width of their elements, otherwise in the
 * order of the graph. */
typedef struct layout {
    size_t n;
    const effnn__value **values; /* [n], in the order of the bytes */
    size_t *offsets;             /* by index of the value in the graph */
} layout;

static void layout_clear(layout *self)
{
    effnn__free(self->values);
    effnn__free(self->offsets);
}

static effnn_status layout_make(layout *out, const effnn_model *model)
{
    const effnn__graph *graph = model->graph;
    size_t offset = 0;

    out->values = effnn__alloc_array(graph->values.n, sizeof(effnn__value *));
    out->offsets = effnn__alloc_array(graph->values.n, sizeof *out->offsets);
    if (!out->values || !out->offsets)
        return effnn__fail_nomem("safetensors file", graph->values.n * sizeof *out->offsets);
    for (size_t bits = 64; bits >= 8; bits /= 2) {
        for (size_t i = 0; i < graph->values.n; i++) {
            const effnn__value *value = effnn__graph_value(graph, i);
            if (!value->constant || effnn_dtype_bits(effnn_tensor_dtype(value->constant)) != bits)
                continue;
            out->offsets[i] = offset;
            offset += effnn_tensor_bytes(value->constant);
            out->values[out->n++] = value;
        }
    }
    return EFFNN_OK;
}

static effnn_status add_entry(cJSON *header, const effnn__value *value, size_t offset)
{
    const effnn_tensor *tensor = value->constant;
    const char *dtype = dtype_name(effnn_tensor_dtype(tensor));
    cJSON *entry, *shape, *range;

    if (!dtype)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s' is %s, which safetensors has no name for",
                           value->name, effnn_dtype_name(effnn_tensor_dtype(tensor)));
    if (strcmp(value->name, METADATA) == 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s' cannot be a tensor's name in safetensors",
                           value->name);
    entry = cJSON_AddObjectToObject(header, value->name);
    if (!cJSON_AddStringToObject(entry, "dtype", dtype)) goto fail;
    shape = cJSON_AddArrayToObject(entry, "shape");
    for (size_t d = 0; d < effnn_tensor_rank(tensor); d++)
        if (!cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)effnn_tensor_dims(tensor)[d])))
            goto fail;
    range = cJSON_AddArrayToObject(entry, "data_offsets");
    if (cJSON_AddItemToArray(range, cJSON_CreateNumber((double)offset)) &&
        cJSON_AddItemToArray(range,
                             cJSON_CreateNumber((double)(offset + effnn_tensor_bytes(tensor)))))
        return EFFNN_OK;
fail:
    return effnn__fail_nomem(value->name, 64);
}

static effnn_status add_metadata(cJSON *header, const effnn_model *model)
{
    cJSON *metadata;

    if (!model->n_metadata) return EFFNN_OK;
    metadata = cJSON_AddObjectToObject(header, METADATA);
    for (size_t i = 0; i < model->n_metadata; i++)
        if (!cJSON_AddStringToObject(metadata, model->metadata[i].key, model->metadata[i].value))
            return effnn__fail_nomem("safetensors header", 64);
    return EFFNN_OK;
}

/* The header's text; by cJSON_free. */
static effnn_status make_header(char **out, const effnn_model *model, const layout *places)
{
    cJSON *header = cJSON_CreateObject();
    effnn_status status =
        header ? add_metadata(header, model) : effnn__fail_nomem("safetensors header", 64);

    for (size_t i = 0; i < model->graph->values.n && status == EFFNN_OK; i++) {
        const effnn__value *value = effnn__graph_value(model->graph, i);

        if (value->constant) status = add_entry(header, value, places->offsets[i]);
    }
    if (status == EFFNN_OK) {
        *out = cJSON_PrintUnformatted(header);
        if (!*out) status = effnn__fail_nomem("safetensors header", 64);
    }
    cJSON_Delete(header);
    return status;
}

static effnn_status write_tensor(effnn__writer *writer, const effnn_tensor *tensor)
{
    effnn_tensor *dense = NULL;
    effnn_status status = effnn__tensor_contiguous(&dense, tensor);

    if (status == EFFNN_OK)
        status = effnn__writer_add(writer, effnn_tensor_data(dense), effnn_tensor_bytes(dense));
    effnn_tensor_release(dense);
    return status;
}

/* Length, header padded with spaces to a multiple of 8, tensors. */
static effnn_status write_all(effnn__writer *writer, const char *header, const layout *places)
{
    const size_t length = strlen(header), padded = (length + 7) / 8 * 8;
    unsigned char size[8];

    for (int i = 0; i < 8; i++) size[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    EFFNN_TRY(effnn__writer_add(writer, size, sizeof size));
    EFFNN_TRY(effnn__writer_add(writer, header, length));
    EFFNN_TRY(effnn__writer_add(writer, "        ", padded - length));
    for (size_t i = 0; i < places->n; i++)
        EFFNN_TRY(write_tensor(writer, places->values[i]->constant));
    return EFFNN_OK;
}

effnn_status effnn__safetensors_save(const effnn_model *model, const char *path)
{
    effnn__writer *writer = NULL;
    layout places = { 0 };
    char *header = NULL;
    effnn_status status = layout_make(&places, model);

    if (status == EFFNN_OK) status = make_header(&header, model, &places);
    if (status == EFFNN_OK) status = effnn__writer_create(&writer, path);
    if (status == EFFNN_OK) {
        status = write_all(writer, header, &places);
        if (status == EFFNN_OK)
            status = effnn__writer_commit(writer);
        else
            effnn__writer_abandon(writer);
    }
    cJSON_free(header);
    layout_clear(&places);
    return status;
}
