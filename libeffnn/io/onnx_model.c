/* SPDX-License-Identifier: BSD-3-Clause */
/* ModelProto: opsets, producer, metadata around the graph. */

#include "io/onnx_model.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "io/onnx_priv.h"
#include "io/onnx_scan.h"

#include <string.h>

/* protobuf-c on our allocator; the flag at `user` is set when memory ran out. */
static void *allocate(void *user, size_t size)
{
    void *memory = effnn__alloc(size);

    if (!memory) *(bool *)user = true;
    return memory;
}

static void release(void *user, void *memory)
{
    (void)user;
    effnn__free(memory);
}

/* The opset of the default domain. */
static effnn_status find_opset(int64_t *out, const Onnx__ModelProto *proto, const char *name)
{
    *out = 0;
    for (size_t i = 0; i < proto->n_opset_import; i++) {
        const char *domain = proto->opset_import[i]->domain;

        if (!domain || !*domain || strcmp(domain, "ai.onnx") == 0)
            *out = proto->opset_import[i]->version;
    }
    if (*out == 0)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': no opset of the default domain is named", name);
    if (*out < EFFNN_ONNX_OPSET_READ_MIN || *out > EFFNN_ONNX_OPSET_READ_MAX)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': opset %lld, supported are %d to %d", name,
                           (long long)*out, EFFNN_ONNX_OPSET_READ_MIN, EFFNN_ONNX_OPSET_READ_MAX);
    return EFFNN_OK;
}

static effnn_status read_about(effnn_model *model, const Onnx__ModelProto *proto)
{
    const char *name = proto->producer_name ? proto->producer_name : "";
    const char *version = proto->producer_version ? proto->producer_version : "";
    char *producer = effnn__strprintf("%s%s%s", name, *name && *version ? " " : "", version);
    effnn_status status = producer ? effnn__model_set_producer(model, producer)
                                   : effnn__fail_nomem("model", strlen(name));

    effnn__free(producer);
    for (size_t i = 0; i < proto->n_metadata_props && status == EFFNN_OK; i++) {
        const Onnx__StringStringEntryProto *entry = proto->metadata_props[i];

        if (entry->key && *entry->key)
            status = effnn_model_set_metadata(model, entry->key, entry->value ? entry->value : "");
    }
    return status;
}

static effnn_status fill(effnn_model *model, Onnx__ModelProto *proto,
                         const effnn__onnx_place *place)
{
    int64_t opset;

    if (!proto->graph) return effnn__fail(EFFNN_E_FORMAT, "'%s': there is no graph", place->name);
    if (proto->n_functions)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': the model defines functions of its own",
                           place->name);
    EFFNN_TRY(find_opset(&opset, proto, place->name));
    model->format = "onnx";
    model->opset = (uint32_t)opset;
    EFFNN_TRY(read_about(model, proto));
    return effnn__onnx_read_graph(model, proto->graph, opset, place);
}

effnn_status effnn__onnx_load_memory(effnn_model **out, effnn_context *context,
                                     const unsigned char *data, size_t size, const char *name,
                                     const char *directory)
{
    const effnn__onnx_place place = { name, directory };
    bool no_memory = false;
    ProtobufCAllocator allocator = { allocate, release, &no_memory };
    Onnx__ModelProto *proto;
    effnn_model *model = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__onnx_scan(data, size, name));
    proto = onnx__model_proto__unpack(&allocator, size, data);
    if (!proto) {
        if (no_memory) return effnn__fail_nomem(name, size);
        return effnn__fail(EFFNN_E_FORMAT, "'%s' is not an ONNX model", name);
    }
    status = effnn_model_create(&model, context);
    if (status == EFFNN_OK) status = fill(model, proto, &place);
    onnx__model_proto__free_unpacked(proto, &allocator);
    if (status != EFFNN_OK) {
        effnn_model_destroy(model);
        return status;
    }
    *out = model;
    return EFFNN_OK;
}

effnn_status effnn__onnx_load(effnn_model **out, effnn_context *context, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory =
        slash ? effnn__strprintf("%.*s", (int)(slash - path + 1), path) : effnn__strdup(".");
    effnn__file file = { 0 };
    effnn_status status;

    if (!directory) return effnn__fail_nomem(path, strlen(path));
    status = effnn__file_open(&file, path);
    if (status == EFFNN_OK)
        status = effnn__onnx_load_memory(out, context, file.data, file.size, path, directory);
    effnn__file_close(&file);
    effnn__free(directory);
    return status;
}
