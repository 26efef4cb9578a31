/* SPDX-License-Identifier: BSD-3-Clause */
/* Which sites are treated and how much must be freed: what can be said before any data is seen. */

#include "transform/lowrank/lowrank_priv.h"

#include "base/alloc.h"
#include "transform/lowrank/lowrank_math.h"

#include <math.h>
#include <string.h>

static bool is_conv(const effnn__site *site)
{
    return strcmp(site->node->def->name, "conv") == 0;
}

static bool is_pointwise(const effnn__site *site)
{
    const effnn_tensor *weight = site->weight->constant;

    return site->in == effnn_tensor_dims(weight)[1];
}

/* Whether the option `convolutions` lets a site in. */
static bool wants_kind(const effnn__lowrank_options *options, const effnn__site *site)
{
    if (!is_conv(site) || options->convolutions == EFFNN__LOWRANK_CONVOLUTIONS_ALL) return true;
    return options->convolutions == EFFNN__LOWRANK_CONVOLUTIONS_POINTWISE && is_pointwise(site);
}

static effnn_status select_sites(lowrank_plan *self, const effnn__lowrank_options *options)
{
    const effnn__site_filter filter = {
        .kinds = 1u << EFFNN_SITE_LINEAR,
        .only = &options->only,
        .exclude = &options->exclude,
        .skip_first = options->skip_first,
        .skip_last = options->skip_last,
    };
    const size_t n = self->list->n;
    unsigned char *chosen = effnn__alloc_array(n, 1);
    effnn_status status =
        chosen ? effnn__site_select(chosen, self->list, &filter) : effnn__fail_nomem("sites", n);

    self->entries = effnn__alloc_array(n, sizeof *self->entries);
    self->curves = effnn__alloc_array(n, sizeof *self->curves);
    self->levels = effnn__alloc_array(n, sizeof *self->levels);
    if (status == EFFNN_OK && !(self->entries && self->curves && self->levels))
        status = effnn__fail_nomem("sites", n * sizeof *self->entries);
    for (size_t i = 0; i < n && status == EFFNN_OK; i++)
        if (chosen[i] && wants_kind(options, &self->list->items[i]))
            self->entries[self->n++].site = &self->list->items[i];
    effnn__free(chosen);
    return status;
}

static const char *refusal_of(const effnn__site *site)
{
    if (site->refused) return site->refused;
    if (site->groups != 1) return "a grouped convolution has one small matrix for each group";
    return NULL;
}

static int64_t count_base(lowrank_plan *self, const effnn__lowrank_options *options)
{
    int64_t base = 0;

    for (size_t i = 0; i < self->n; i++) {
        const effnn__site *site = self->entries[i].site;
        const size_t in = (size_t)site->in, out = (size_t)site->out;
        const size_t step =
            options->rank_step > 0 ? (size_t)options->rank_step : effnn__lowrank_step_for(in, out);

        self->entries[i].refused = refusal_of(site);
        self->curves[i] = effnn__lowrank_curve_of(in, out, step, NULL);
        if (self->entries[i].refused)
            self->curves[i].n_levels = 1;
        else
            base += site->in * site->out;
    }
    return base;
}

static effnn_status count_model(int64_t *out, const effnn_model *model)
{
    effnn_cost cost = { .version = 1 };

    EFFNN_TRY(effnn_model_cost(&cost, model));
    *out = (int64_t)cost.parameters;
    return EFFNN_OK;
}

static effnn_status check_sites(const lowrank_plan *self)
{
    if (self->n == 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "lowrank: no site is selected (of %zu sites of the model; see options "
                           "only, exclude, skip_first, skip_last, convolutions)",
                           self->list->n);
    for (size_t i = 0; i < self->n; i++)
        if (!self->entries[i].refused) return EFFNN_OK;
    return effnn__fail(EFFNN_E_UNSUPPORTED,
                       "lowrank: none of %zu selected sites can be treated; '%s': %s", self->n,
                       self->entries[0].site->name, self->entries[0].refused);
}

effnn_status effnn__lowrank_plan_check_target(const lowrank_plan *self,
                                              const effnn__lowrank_options *options)
{
    const int64_t most = effnn__lowrank_most_freed(self->curves, self->n);

    if (self->target <= most) return EFFNN_OK;
    return effnn__fail(EFFNN_E_ARG,
                       "lowrank: reduction %g of %lld parameters cannot be reached; the selected "
                       "sites free at most %.4f of them",
                       options->reduction, (long long)self->base,
                       (double)most / (double)self->base);
}

static effnn_status check_data(const effnn__lowrank_options *options,
                               const effnn_transform_call *call)
{
    if (options->metric == EFFNN__LOWRANK_SVD) return EFFNN_OK;
    if (call->data && effnn_dataset_count(call->data) > 0) return EFFNN_OK;
    return effnn__fail(EFFNN_E_ARG,
                       "lowrank: metric %s needs calibration data, %s (metric svd needs none)",
                       effnn__lowrank_metric_names[options->metric],
                       call->data ? "and the data has no samples" : "and there is none");
}

effnn_status effnn__lowrank_plan_make(lowrank_plan *out, const effnn_transform_call *call)
{
    const effnn__lowrank_options *options = call->options;

    EFFNN_TRY(effnn__site_list(&out->list, call->model));
    EFFNN_TRY(select_sites(out, options));
    out->base = count_base(out, options);
    EFFNN_TRY(check_sites(out));
    if (options->count == EFFNN__LOWRANK_COUNT_MODEL)
        EFFNN_TRY(count_model(&out->base, call->model));
    out->target = (int64_t)ceil(options->reduction * (double)out->base);
    EFFNN_TRY(effnn__lowrank_plan_check_target(out, options));
    return check_data(options, call);
}

void effnn__lowrank_plan_clear(lowrank_plan *self)
{
    for (size_t i = 0; self->entries && i < self->n; i++) {
        effnn__free(self->entries[i].tails);
        effnn__free(self->entries[i].v);
    }
    effnn__free(self->entries);
    effnn__free(self->curves);
    effnn__free(self->levels);
    effnn_site_list_destroy(self->list);
    *self = (lowrank_plan){ 0 };
}
