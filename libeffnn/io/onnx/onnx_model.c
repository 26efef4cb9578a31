/* SPDX-License-Identifier: BSD-3-Clause */
/* The outermost message: versions, producer, metadata, and the graph. The file is checked as a
 * whole first; then its parts are walked and unpacked one by one. */

#include "io/onnx/onnx_model.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "base/vec.h"
#include "io/onnx/onnx_read.h"
#include "io/onnx/onnx_scan.h"

#include <string.h>

/* 9 to 28 are read in full. A file of an older opset is read where each of its operators has kept
 * its form: rows say since when they hold. */
#define OPSET_MIN 1
#define OPSET_MAX 28

#define MAX_ENTRIES 10000 /* imports and metadata: they are compared with each other */

/* Field numbers of ModelProto. */
enum { MODEL_PRODUCER = 2, MODEL_PRODUCER_VERSION = 3, MODEL_GRAPH = 7, MODEL_IMPORT = 8 };
enum { MODEL_METADATA = 14 };

static const char *domain_name(const char *domain)
{
    return !domain || strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

int64_t effnn__onnx_import_version(const effnn__onnx_input *self, const char *domain)
{
    self = self->root;
    for (size_t i = 0; i < self->n_imports; i++)
        if (strcmp(self->imports[i].domain, domain_name(domain)) == 0)
            return self->imports[i].version;
    return 0;
}

static effnn_status add_import(effnn__onnx_input *self, const Onnx__OperatorSetIdProto *proto)
{
    const char *domain = domain_name(proto->domain);
    char *copy;

    if (effnn__onnx_import_version(self, domain))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': two versions of domain '%s'", self->name, domain);
    EFFNN_TRY(effnn__grow(&self->imports, &self->imports_capacity, self->n_imports + 1,
                          sizeof *self->imports));
    copy = effnn__strdup(domain);
    if (!copy) return effnn__fail_nomem(self->name, strlen(domain));
    self->imports[self->n_imports++] = (effnn__onnx_import){ copy, proto->version };
    return EFFNN_OK;
}

static effnn_status add_metadata(effnn__onnx_input *self, const Onnx__StringStringEntryProto *proto)
{
    if (!proto->key || !*proto->key) return EFFNN_OK;
    return effnn_model_set_metadata(self->model, proto->key, proto->value ? proto->value : "");
}

/* Unpack an import or a metadata entry and keep what it says. */
static effnn_status read_entry(effnn__onnx_input *self, const effnn__wire_field *part)
{
    const bool is_import = part->number == MODEL_IMPORT;
    void *message = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__wire_unpack(&message,
                                 is_import ? &onnx__operator_set_id_proto__descriptor
                                           : &onnx__string_string_entry_proto__descriptor,
                                 part->data, part->size, self->name));
    status = is_import ? add_import(self, message) : add_metadata(self, message);
    effnn__wire_free(message);
    return status;
}

/* The producer's name and version in one text. */
static effnn_status read_producer(effnn__onnx_input *self, const effnn__wire_field *name,
                                  const effnn__wire_field *version)
{
    effnn__str text = { 0 };
    effnn_status status = EFFNN_OK;

    if (name->size) status = effnn__str_add_bytes(&text, name->data, name->size);
    if (status == EFFNN_OK && version->size) {
        status = effnn__str_add(&text, " ");
        if (status == EFFNN_OK) status = effnn__str_add_bytes(&text, version->data, version->size);
    }
    if (status == EFFNN_OK)
        status = effnn__model_set_producer(self->model, text.text ? text.text : "");
    effnn__str_clear(&text);
    return status;
}

static effnn_status check_versions(effnn__onnx_input *self)
{
    const int64_t opset = effnn__onnx_import_version(self, "");

    if (opset == 0)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': it does not say which opset it uses", self->name);
    if (opset < OPSET_MIN || opset > OPSET_MAX)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': opset %lld, supported are %d to %d",
                           self->name, (long long)opset, OPSET_MIN, OPSET_MAX);
    self->model->opset = (uint32_t)opset;
    return EFFNN_OK;
}

/* Walk the model's own fields: entries are read at once, the graph when the versions are known. */
static effnn_status read_model(effnn__onnx_input *self)
{
    const unsigned char *data = self->file->data;
    const size_t size = self->file->size;
    effnn__wire wire = effnn__wire_over(data, size);
    effnn__wire_field part, graph = { 0 }, producer = { 0 }, version = { 0 };

    size_t n_entries = 0;

    EFFNN_TRY(effnn__wire_check(&onnx__model_proto__descriptor, 2, data, size, self->name));
    while (effnn__wire_next(&wire, &part)) {
        if (part.type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) continue;
        switch (part.number) {
        case MODEL_PRODUCER: producer = part; break;
        case MODEL_PRODUCER_VERSION: version = part; break;
        case MODEL_IMPORT:
        case MODEL_METADATA:
            if (++n_entries > MAX_ENTRIES)
                return effnn__fail(EFFNN_E_FORMAT, "'%s': more than %d imports and metadata",
                                   self->name, MAX_ENTRIES);
            EFFNN_TRY(read_entry(self, &part));
            break;
        case MODEL_GRAPH:
            if (graph.begin) return effnn__fail(EFFNN_E_FORMAT, "'%s': two graphs", self->name);
            graph = part;
            break;
        default: break;
        }
    }
    if (!graph.begin) return effnn__fail(EFFNN_E_FORMAT, "'%s': no graph in it", self->name);
    EFFNN_TRY(check_versions(self));
    EFFNN_TRY(read_producer(self, &producer, &version));
    return effnn__onnx_read_graph(self, &graph);
}

static void clear_input(effnn__onnx_input *self)
{
    effnn__onnx_external_clear(&self->external);
    for (size_t i = 0; i < self->n_imports; i++) effnn__free(self->imports[i].domain);
    effnn__free(self->imports);
    effnn__map_clear(&self->names);
}

static effnn_status load(effnn_model **out, effnn_context *context, const effnn__file *file,
                         const char *name, const char *directory)
{
    effnn__onnx_input self = { .name = name,
                               .file = file,
                               .passed = file->data,
                               .external = { .directory = directory, .model = name } };
    effnn_status status = effnn_model_create(&self.model, context);

    if (status != EFFNN_OK) return status;
    self.model->format = "onnx";
    self.graph = self.model->graph;
    self.root = &self;
    status = read_model(&self);
    clear_input(&self);
    /* What the graph or an operator calls a bad argument or name comes from the file. */
    if (status == EFFNN_E_ARG || status == EFFNN_E_NOTFOUND) status = EFFNN_E_FORMAT;
    if (status != EFFNN_OK) {
        effnn_model_destroy(self.model);
        return status;
    }
    *out = self.model;
    return EFFNN_OK;
}

effnn_status effnn__onnx_load_memory(effnn_model **out, effnn_context *context,
                                     const unsigned char *data, size_t size, const char *name,
                                     const char *directory)
{
    const effnn__file file = { .data = data, .size = size };

    return load(out, context, &file, name, directory);
}

/* The directory part of a path; by effnn__free. */
static effnn_status directory_of(char **out, const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t n = slash ? (size_t)(slash - path) : 0;
    char *directory = slash && n == 0 ? effnn__strdup("/") : effnn__strprintf("%.*s", (int)n, path);

    if (directory && !slash) {
        effnn__free(directory);
        directory = effnn__strdup(".");
    }
    if (!directory) return effnn__fail_nomem(path, strlen(path));
    *out = directory;
    return EFFNN_OK;
}

effnn_status effnn__onnx_load(effnn_model **out, effnn_context *context, const char *path)
{
    effnn__file file = { 0 };
    char *directory = NULL;
    effnn_status status;

    EFFNN_TRY(directory_of(&directory, path));
    status = effnn__file_open(&file, path);
    if (status == EFFNN_OK) {
        status = load(out, context, &file, path, directory);
        effnn__file_close(&file);
    }
    effnn__free(directory);
    return status;
}
