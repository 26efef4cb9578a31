/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of sites of a model, in execution order, and selections from it. */

#include "model/site.h"

#include "base/alloc.h"
#include "base/map.h"
#include "base/str.h"

#include <string.h>

/* Operators that are nonlinear sites. */
static const char *const nonlinear_ops[] = { "layer_normalization", "rms_normalization", "softmax",
                                             "gelu", "silu" };

static bool is_nonlinear(const effnn__node *node)
{
    for (size_t i = 0; i < sizeof nonlinear_ops / sizeof nonlinear_ops[0]; i++)
        if (strcmp(node->def->name, nonlinear_ops[i]) == 0) return true;
    return false;
}

static void clear_site(effnn__site *site)
{
    effnn__free(site->name);
    effnn__free(site->refused);
}

void effnn_site_list_destroy(effnn_site_list *self)
{
    if (!self) return;
    for (size_t i = 0; i < self->n; i++) clear_site(&self->items[i]);
    effnn__free(self->items);
    effnn_model_destroy(self->owned);
    effnn__free(self);
}

/* A name that no site before has: as it is, or with "_1", "_2", … behind. */
static effnn_status make_unique(effnn__map *taken, effnn__site *site)
{
    char *name = NULL;

    for (size_t k = 1; effnn__map_get(taken, name ? name : site->name); k++) {
        effnn__free(name);
        name = effnn__strprintf("%s_%zu", site->name, k);
        if (!name) return effnn__fail_nomem(site->name, strlen(site->name));
    }
    if (name) {
        effnn__free(site->name);
        site->name = name;
    }
    return effnn__map_set(taken, site->name, taken);
}

/* Append a site; the list owns its texts from here on, whatever the result. */
static effnn_status append(effnn_site_list *self, effnn__map *taken, effnn__site *site)
{
    const effnn_status status =
        effnn__grow(&self->items, &self->capacity, self->n + 1, sizeof *self->items);

    if (status != EFFNN_OK) {
        clear_site(site);
        return status;
    }
    self->items[self->n] = *site;
    return make_unique(taken, &self->items[self->n++]);
}

/* The activation that a linear site gives: what an analog array would hand to its converter. */
static effnn_status append_activation(effnn_site_list *self, effnn__map *taken, size_t linear)
{
    const effnn__site *of = &self->items[linear];
    effnn__node *node = of->bias_node ? of->bias_node : of->node;
    effnn__site site = { .kind = EFFNN_SITE_ACTIVATION, .node = node, .groups = 1 };

    site.input = site.output = node->outputs[0];
    site.name = effnn__strprintf("%s.output", of->name);
    if (!site.name) return effnn__fail_nomem(of->name, strlen(of->name));
    return append(self, taken, &site);
}

static void count_nonlinear(effnn__site *site)
{
    for (size_t i = 1; i < site->node->n_inputs; i++)
        if (site->node->inputs[i] && site->node->inputs[i]->constant)
            site->parameters += effnn_tensor_count(site->node->inputs[i]->constant);
}

/* Look at one node; `previous`: place of the last linear site in the list plus 1, or 0. */
static effnn_status add_node(effnn_site_list *self, effnn__map *taken, effnn__node *node,
                             double macs, size_t *previous)
{
    effnn__site site = { .macs = macs };
    bool found = false;
    effnn_status status = effnn__site_linear(&found, &site, node);

    if (!found && is_nonlinear(node)) {
        site = (effnn__site){ .kind = EFFNN_SITE_NONLINEAR,
                              .node = node,
                              .groups = 1,
                              .input = node->inputs[0],
                              .output = node->outputs[0],
                              .macs = macs };
        /* A norm's scale and bias name it as a weight and bias do. */
        if (node->n_inputs > 1 && node->inputs[1] && node->inputs[1]->constant)
            site.weight = node->inputs[1];
        if (node->n_inputs > 2 && node->inputs[2] && node->inputs[2]->constant)
            site.bias = node->inputs[2];
        count_nonlinear(&site);
        found = true;
    }
    if (!found) return status;
    if (status == EFFNN_OK)
        status =
            effnn__site_name(&site.name, &site, *previous ? self->items[*previous - 1].name : NULL);
    if (status != EFFNN_OK) {
        clear_site(&site);
        return status;
    }
    EFFNN_TRY(append(self, taken, &site));
    if (site.kind != EFFNN_SITE_LINEAR) return EFFNN_OK;
    *previous = self->n;
    return append_activation(self, taken, self->n - 1);
}

effnn_status effnn__site_list(effnn_site_list **out, const effnn_model *model)
{
    effnn_site_list *self = effnn__zalloc(sizeof *self);
    effnn_op_cost *costs = effnn__alloc_array(model->graph->nodes.n + 1, sizeof *costs);
    effnn__map taken = { 0 };
    size_t previous = 0;
    effnn_status status = self && costs ? effnn__model_node_costs(costs, model)
                                        : effnn__fail_nomem("sites", sizeof *self);

    for (size_t i = 0; i < model->graph->nodes.n && status == EFFNN_OK; i++)
        status =
            add_node(self, &taken, effnn__graph_node(model->graph, i), costs[i].macs, &previous);
    effnn__map_clear(&taken);
    effnn__free(costs);
    if (status != EFFNN_OK) {
        effnn_site_list_destroy(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

/* ---- public ---- */

effnn_status effnn_site_list_create(effnn_site_list **out, const effnn_model *model)
{
    effnn_model *copy = NULL;
    effnn_site_list *self = NULL;
    effnn_status status;

    EFFNN_CHECK_ARG(out && model);
    status = effnn_model_clone(&copy, model);
    if (status == EFFNN_OK) status = effnn__site_list(&self, copy);
    if (status != EFFNN_OK) {
        effnn_model_destroy(copy);
        return status;
    }
    self->owned = copy;
    /* Activations are the linear sites' results: the public list leaves them out. */
    size_t kept = 0;

    for (size_t i = 0; i < self->n; i++) {
        if (self->items[i].kind == EFFNN_SITE_ACTIVATION)
            clear_site(&self->items[i]);
        else
            self->items[kept++] = self->items[i];
    }
    self->n = kept;
    *out = self;
    return EFFNN_OK;
}

size_t effnn_site_list_count(const effnn_site_list *self)
{
    return self->n;
}

effnn_status effnn_site_list_at(effnn_site_info *out, const effnn_site_list *self, size_t i)
{
    const effnn__site *site;

    EFFNN_CHECK_ARG(out && out->version == 1 && self);
    if (i >= self->n) return effnn__fail(EFFNN_E_ARG, "site %zu: there are %zu", i, self->n);
    site = &self->items[i];
    *out = (effnn_site_info){
        .version = 1,
        .name = site->name,
        .op = site->node->def->name,
        .node = site->node->name,
        .weight = site->kind == EFFNN_SITE_LINEAR ? site->weight->name : NULL,
        .kind = site->kind,
        .in = site->in,
        .out = site->out,
        .groups = site->groups,
        .parameters = site->parameters,
        .macs = site->macs,
        .refused = site->refused,
    };
    return EFFNN_OK;
}

/* ---- selection ---- */

static bool matches(const effnn_string_list *globs, const char *name)
{
    for (size_t i = 0; globs && i < globs->n; i++)
        if (effnn__glob_match(globs->items[i], name)) return true;
    return false;
}

static effnn_status check_globs(const effnn_string_list *globs, const effnn_site_list *list,
                                unsigned kinds)
{
    for (size_t g = 0; globs && g < globs->n; g++) {
        bool found = false;

        for (size_t i = 0; i < list->n && !found; i++)
            found = (kinds & (1u << list->items[i].kind)) &&
                    effnn__glob_match(globs->items[g], list->items[i].name);
        if (!found) return effnn__fail(EFFNN_E_NOTFOUND, "no site matches '%s'", globs->items[g]);
    }
    return EFFNN_OK;
}

/* Take away the first (or last) linear site. */
static void skip_end(unsigned char *chosen, const effnn_site_list *list, bool last)
{
    for (size_t k = 0; k < list->n; k++) {
        const size_t i = last ? list->n - 1 - k : k;

        if (list->items[i].kind != EFFNN_SITE_LINEAR) continue;
        chosen[i] = 0;
        return;
    }
}

effnn_status effnn__site_select(unsigned char *chosen, const effnn_site_list *list,
                                const effnn__site_filter *filter)
{
    EFFNN_TRY(check_globs(filter->only, list, filter->kinds));
    EFFNN_TRY(check_globs(filter->exclude, list, filter->kinds));
    for (size_t i = 0; i < list->n; i++) {
        const effnn__site *site = &list->items[i];

        chosen[i] = (filter->kinds & (1u << site->kind)) != 0;
        if (filter->only && filter->only->n && !matches(filter->only, site->name)) chosen[i] = 0;
        if (matches(filter->exclude, site->name)) chosen[i] = 0;
    }
    if (filter->skip_first) skip_end(chosen, list, false);
    if (filter->skip_last) skip_end(chosen, list, true);
    return EFFNN_OK;
}
