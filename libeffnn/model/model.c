/* SPDX-License-Identifier: BSD-3-Clause */
/* The model handle: creation, clones, metadata, and where it came from. */

#include "model/model.h"

#include "base/alloc.h"
#include "graph/canon.h"

#include <string.h>

effnn_status effnn_model_create(effnn_model **out, effnn_context *context)
{
    effnn_model *self;
    effnn_status status;

    EFFNN_CHECK_ARG(out);
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("model", sizeof *self);
    self->format = "built";
    self->context = effnn__context_retain(context);
    self->producer = effnn__strdup("");
    status = self->context && self->producer ? effnn__graph_create(&self->graph, self->context)
                                             : effnn__fail_nomem("model", sizeof *self);
    if (status != EFFNN_OK) {
        effnn_model_destroy(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

void effnn_model_destroy(effnn_model *self)
{
    if (!self) return;
    effnn__graph_destroy(self->graph);
    for (size_t i = 0; i < self->n_metadata; i++) {
        effnn__free(self->metadata[i].key);
        effnn__free(self->metadata[i].value);
    }
    effnn__free(self->metadata);
    effnn__free(self->producer);
    effnn__free(self->node_attrs);
    effnn__context_release(self->context);
    effnn__free(self);
}

static effnn_status copy_about(effnn_model *to, const effnn_model *from)
{
    to->format = from->format;
    to->opset = from->opset;
    for (size_t i = 0; i < from->n_metadata; i++)
        EFFNN_TRY(effnn_model_set_metadata(to, from->metadata[i].key, from->metadata[i].value));
    return effnn__model_set_producer(to, from->producer);
}

effnn_status effnn_model_clone(effnn_model **out, const effnn_model *self)
{
    effnn_model *copy = NULL;
    effnn__graph *graph = NULL;
    effnn_status status;

    EFFNN_CHECK_ARG(out && self);
    status = effnn_model_create(&copy, self->context);
    if (status == EFFNN_OK) status = effnn__graph_clone(&graph, self->graph);
    if (status == EFFNN_OK) {
        effnn__graph_destroy(copy->graph);
        copy->graph = graph;
        status = copy_about(copy, self);
    }
    if (status != EFFNN_OK) {
        effnn_model_destroy(copy);
        return status;
    }
    *out = copy;
    return EFFNN_OK;
}

void effnn__model_swap(effnn_model *a, effnn_model *b)
{
    const effnn_model kept = *a;

    EFFNN_ASSERT(a->context == b->context);
    *a = *b;
    *b = kept;
}

effnn_status effnn_model_canonicalise(effnn_model *self)
{
    effnn__graph *graph = NULL;
    effnn_status status;

    EFFNN_CHECK_ARG(self);
    status = effnn__graph_clone(&graph, self->graph);
    if (status == EFFNN_OK) status = effnn__canonicalise(graph);
    if (status != EFFNN_OK) {
        effnn__graph_destroy(graph);
        return status;
    }
    effnn__graph_destroy(self->graph);
    self->graph = graph;
    return EFFNN_OK;
}

const char *effnn_model_format(const effnn_model *self)
{
    return self->format;
}

const char *effnn_model_producer(const effnn_model *self)
{
    return self->producer;
}

uint32_t effnn_model_opset(const effnn_model *self)
{
    return self->opset;
}

effnn_status effnn__model_set_producer(effnn_model *self, const char *producer)
{
    char *copy = effnn__strdup(producer);

    if (!copy) return effnn__fail_nomem("model", strlen(producer));
    effnn__free(self->producer);
    self->producer = copy;
    return EFFNN_OK;
}

size_t effnn_model_metadata_count(const effnn_model *self)
{
    return self->n_metadata;
}

effnn_status effnn_model_metadata_at(const char **key, const char **value, const effnn_model *self,
                                     size_t i)
{
    EFFNN_CHECK_ARG(key && value && self);
    if (i >= self->n_metadata)
        return effnn__fail(EFFNN_E_ARG, "metadata %zu: there are %zu", i, self->n_metadata);
    *key = self->metadata[i].key;
    *value = self->metadata[i].value;
    return EFFNN_OK;
}

static size_t find_metadata(const effnn_model *self, const char *key)
{
    size_t i = 0;

    while (i < self->n_metadata && strcmp(self->metadata[i].key, key) != 0) i++;
    return i;
}

const char *effnn_model_get_metadata(const effnn_model *self, const char *key)
{
    const size_t i = find_metadata(self, key);

    return i < self->n_metadata ? self->metadata[i].value : NULL;
}

static void remove_metadata(effnn_model *self, size_t i)
{
    effnn__free(self->metadata[i].key);
    effnn__free(self->metadata[i].value);
    memmove(self->metadata + i, self->metadata + i + 1,
            (self->n_metadata - i - 1) * sizeof *self->metadata);
    self->n_metadata--;
}

effnn_status effnn_model_set_metadata(effnn_model *self, const char *key, const char *value)
{
    effnn__metadata added = { NULL, NULL };
    size_t i;

    EFFNN_CHECK_ARG(self && key && *key);
    i = find_metadata(self, key);
    if (!value) {
        if (i < self->n_metadata) remove_metadata(self, i);
        return EFFNN_OK;
    }
    added.value = effnn__strdup(value);
    if (!added.value) return effnn__fail_nomem("metadata", strlen(value));
    if (i < self->n_metadata) {
        effnn__free(self->metadata[i].value);
        self->metadata[i].value = added.value;
        return EFFNN_OK;
    }
    added.key = effnn__strdup(key);
    if (!added.key || effnn__grow(&self->metadata, &self->metadata_capacity, self->n_metadata + 1,
                                  sizeof *self->metadata) != EFFNN_OK) {
        effnn__free(added.key);
        effnn__free(added.value);
        return effnn__fail_nomem("metadata", strlen(key));
    }
    self->metadata[self->n_metadata++] = added;
    return EFFNN_OK;
}
