/* SPDX-License-Identifier: BSD-3-Clause */
/* External data: a relative path, an offset and a length as text. Models from strangers must not
 * read files of the reader's choice, so the path may name nothing outside the model's directory,
 * and no link may lead out of it but into the directory where the model file really is: archives
 * bring links along, and download caches keep their files behind some. */

#include "io/onnx/onnx_external.h"

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"

#include <string.h>

struct effnn__onnx_external_file {
    char *location;
    effnn__mapped *mapped;
};

void effnn__onnx_external_clear(effnn__onnx_external *self)
{
    for (size_t i = 0; i < self->n; i++) {
        effnn__free(self->files[i].location);
        effnn__mapped_release(self->files[i].mapped);
    }
    effnn__free(self->files);
    *self = (effnn__onnx_external){ .directory = self->directory, .model = self->model };
}

/* True if a path goes through "..". */
static bool climbs(const char *path)
{
    while (*path) {
        const size_t n = strcspn(path, "/\\");
        if (n == 2 && strncmp(path, "..", 2) == 0) return true;
        path += n + (path[n] != '\0');
    }
    return false;
}

static effnn_status check_location(const effnn__onnx_external *self, const char *location,
                                   const char *name)
{
    if (!self->directory)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "tensor '%s': external data without a directory",
                           name);
    if (!location || !*location)
        return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': external data without a location", name);
    if (location[0] == '/' || location[0] == '\\' || climbs(location))
        return effnn__fail(EFFNN_E_FORMAT,
                           "tensor '%s': external data at '%s', outside the model's directory",
                           name, location);
    return EFFNN_OK;
}

static effnn_status add_file(effnn__onnx_external *self, const char *location)
{
    struct effnn__onnx_external_file added = { 0 };
    char *path = effnn__strprintf("%s/%s", self->directory, location);
    effnn_status status;

    added.location = effnn__strdup(location);
    status = path && added.location
                 ? effnn__grow(&self->files, &self->capacity, self->n + 1, sizeof *self->files)
                 : effnn__fail_nomem("external data", strlen(location));
    if (status == EFFNN_OK) status = effnn__file_check_beside(path, self->directory, self->model);
    if (status == EFFNN_OK) status = effnn__mapped_open(&added.mapped, path);
    effnn__free(path);
    if (status != EFFNN_OK) {
        effnn__free(added.location);
        return status;
    }
    self->files[self->n++] = added;
    return EFFNN_OK;
}

static effnn_status find_file(effnn__mapped **out, effnn__onnx_external *self, const char *location)
{
    size_t i = 0;

    while (i < self->n && strcmp(self->files[i].location, location) != 0) i++;
    if (i == self->n) EFFNN_TRY(add_file(self, location));
    *out = self->files[i].mapped;
    return EFFNN_OK;
}

static const char *find_entry(const Onnx__TensorProto *proto, const char *key)
{
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const Onnx__StringStringEntryProto *entry = proto->external_data[i];
        if (entry->key && strcmp(entry->key, key) == 0) return entry->value ? entry->value : "";
    }
    return NULL;
}

/* A count of bytes; `otherwise` if the entry is absent. */
static effnn_status read_number(uint64_t *out, const Onnx__TensorProto *proto, const char *key,
                                uint64_t otherwise, const char *name)
{
    const char *text = find_entry(proto, key);
    int64_t value = 0;

    *out = otherwise;
    if (!text) return EFFNN_OK;
    if (!effnn__parse_i64(text, &value) || value < 0)
        return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': %s of external data is '%s'", name, key,
                           text);
    *out = (uint64_t)value;
    return EFFNN_OK;
}

effnn_status effnn__onnx_external_find(const unsigned char **out, effnn__mapped **mapped,
                                       effnn__onnx_external *self, const Onnx__TensorProto *proto,
                                       size_t size, const char *name)
{
    const char *location = find_entry(proto, "location");
    const effnn__file *file;
    uint64_t offset, length;

    EFFNN_TRY(check_location(self, location, name));
    EFFNN_TRY(read_number(&offset, proto, "offset", 0, name));
    EFFNN_TRY(read_number(&length, proto, "length", size, name));
    if (length != size)
        return effnn__fail(EFFNN_E_FORMAT, "tensor '%s': %llu bytes of external data, %zu needed",
                           name, (unsigned long long)length, size);
    EFFNN_TRY(find_file(mapped, self, location));
    file = effnn__mapped_file(*mapped);
    if (offset > file->size || size > file->size - offset)
        return effnn__fail(EFFNN_E_FORMAT,
                           "tensor '%s': %zu bytes at %llu of '%s', which has %zu bytes", name,
                           size, (unsigned long long)offset, location, file->size);
    *out = size ? file->data + offset : NULL;
    return EFFNN_OK;
}
