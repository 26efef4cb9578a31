/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of networks, one row each in a file of its own, and building by name. */

#include <effnn/zoo.h>

#include "base/alloc.h"
#include "base/str.h"
#include "graph/canon.h"
#include "model/zoo_build.h"

#include <string.h>

#define X(network) extern const effnn__zoo_def effnn__zoo_##network;
#include "zoo_list.inc"
#undef X

static const effnn__zoo_def *const table[] = {
#define X(network) &effnn__zoo_##network,
#include "zoo_list.inc"
#undef X
};
enum { N_NETWORKS = sizeof table / sizeof table[0] };

const effnn__zoo_def *effnn__zoo_at(size_t i)
{
    return i < N_NETWORKS ? table[i] : NULL;
}

size_t effnn_zoo_count(void)
{
    return N_NETWORKS;
}

const char *effnn_zoo_name_at(size_t i)
{
    return i < N_NETWORKS ? table[i]->name : NULL;
}

const char *effnn_zoo_summary_at(size_t i)
{
    return i < N_NETWORKS ? table[i]->summary : NULL;
}

const effnn_option_def *effnn_zoo_option_at(size_t i, size_t option)
{
    if (i >= N_NETWORKS || option >= effnn__option_count(table[i]->options)) return NULL;
    return &table[i]->options[option];
}

static effnn_status find(const effnn__zoo_def **out, const char *name)
{
    const char *names[N_NETWORKS], *near;

    for (size_t i = 0; i < N_NETWORKS; i++) {
        names[i] = table[i]->name;
        if (strcmp(names[i], name) != 0) continue;
        *out = table[i];
        return EFFNN_OK;
    }
    near = effnn__nearest_word(name, names, N_NETWORKS);
    return effnn__fail(EFFNN_E_NOTFOUND, "no network '%s'%s%s%s", name,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static effnn_status build(effnn__zoo *zoo, const char *text)
{
    const effnn__zoo_def *def = zoo->def;
    void *options = effnn__zalloc(def->options_size);
    effnn_status status;

    if (!options) return effnn__fail_nomem(def->name, def->options_size);
    status = effnn__options_init(def->options, options);
    if (status == EFFNN_OK) {
        if (text && *text) status = effnn__options_parse(def->options, options, text);
        if (status == EFFNN_OK && zoo->weights) status = effnn__zoo_find_style(zoo);
        if (status == EFFNN_OK) {
            def->build(zoo, options);
            status = zoo->status;
        }
        if (status == EFFNN_OK) status = effnn__canonicalise(zoo->model->graph);
        effnn__options_clear(def->options, options);
    }
    effnn__free(options);
    return status;
}

effnn_status effnn_zoo_create(effnn_model **out, effnn_context *context, const char *name,
                              const char *options, const effnn_model *weights)
{
    effnn__zoo zoo = { .weights = weights };
    effnn_status status;

    EFFNN_CHECK_ARG(out && name);
    EFFNN_TRY(find(&zoo.def, name));
    EFFNN_TRY(effnn_model_create(&zoo.model, context));
    status = build(&zoo, options);
    if (status != EFFNN_OK) {
        effnn_model_destroy(zoo.model);
        return status;
    }
    *out = zoo.model;
    return EFFNN_OK;
}
