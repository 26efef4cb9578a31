/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 1 over a model: statistics of all sites in one pass over the data, then site by site the
 * basis and the error curve. A site's matrix is freed as soon as it is used, and of the basis only
 * what a rank that pays can need is kept, in the precision of the weights. */

#include "transform/lowrank/lowrank_priv.h"

#include "base/alloc.h"
#include "base/pool.h"
#include "transform/lowrank/lowrank_math.h"

#include <stdio.h>

/* A site's decomposition in double. */
typedef struct spectrum {
    size_t k;       /* eigenvalues */
    double *lambda; /* [k] */
    double *v;      /* [k, out] */
    double *w;      /* [in, out] */
} spectrum;

static effnn_status make_spectrum(spectrum *out, const effnn__site *site)
{
    const size_t n_in = (size_t)site->in, n_out = (size_t)site->out;

    out->k = n_in < n_out ? n_in : n_out;
    out->lambda = effnn__alloc_array(out->k, sizeof *out->lambda);
    out->v = effnn__alloc_array(out->k * n_out, sizeof *out->v);
    out->w = effnn__alloc_array(n_in * n_out, sizeof *out->w);
    if (!out->lambda || !out->v || !out->w)
        return effnn__fail_nomem(site->name, (n_in + out->k) * n_out * sizeof *out->w);
    effnn__site_weight(out->w, site, 0);
    return EFFNN_OK;
}

static void clear_spectrum(spectrum *self)
{
    effnn__free(self->lambda);
    effnn__free(self->v);
    effnn__free(self->w);
}

/* By the metric: stat NULL is plain SVD. */
static effnn_status decompose(spectrum *self, effnn_context *context, const effnn__site *site,
                              const effnn__lowrank_stat *stat)
{
    const size_t n_in = (size_t)site->in, n_out = (size_t)site->out;

    if (!stat) return effnn__lowrank_basis_of_weight(self->lambda, self->v, self->w, n_in, n_out);
    if (stat->of_input)
        return effnn__lowrank_basis_of_input_gram(context, self->lambda, self->v, stat->gram,
                                                  self->w, n_in, n_out);
    return effnn__lowrank_basis_of_output_gram(self->lambda, self->v, stat->gram, n_out);
}

/* Say at which site a decomposition failed. */
static effnn_status name_failure(effnn_status status, const effnn__site *site)
{
    char reason[256];

    if (status != EFFNN_E_NUMERIC) return status;
    snprintf(reason, sizeof reason, "%s", effnn_last_error());
    return effnn__fail(status, "site '%s': %s", site->name, reason);
}

/* Keep what the later stages need. */
static effnn_status keep(lowrank_entry *entry, effnn__lowrank_curve *curve, const spectrum *from)
{
    const size_t n_out = curve->out, rank = effnn__lowrank_rank(curve, 1);

    entry->tails = effnn__alloc_array(from->k + 1, sizeof *entry->tails);
    entry->v = effnn__alloc_array(rank * n_out, sizeof *entry->v);
    if (!entry->tails || !entry->v)
        return effnn__fail_nomem(entry->site->name, rank * n_out * sizeof *entry->v);
    effnn__lowrank_tails(entry->tails, from->lambda, from->k);
    for (size_t i = 0; i < rank * n_out; i++) entry->v[i] = (float)from->v[i];
    curve->tails = entry->tails;
    return EFFNN_OK;
}

static effnn_status decompose_site(lowrank_plan *plan, size_t i, effnn_context *context,
                                   const effnn__lowrank_stat *stat)
{
    lowrank_entry *entry = &plan->entries[i];
    spectrum space = { 0 };
    effnn_status status = make_spectrum(&space, entry->site);

    if (status == EFFNN_OK)
        status = name_failure(decompose(&space, context, entry->site, stat), entry->site);
    if (status == EFFNN_OK && space.lambda[0] > 0.0) {
        status = keep(entry, &plan->curves[i], &space);
    } else if (status == EFFNN_OK) { /* every rank would have no error: nothing can be chosen */
        entry->refused = stat ? "its output is zero on the calibration data" : "its weight is zero";
        plan->curves[i].n_levels = 1;
    }
    clear_spectrum(&space);
    return status;
}

/* Sites that are decomposed at once; between such groups the caller hears of progress. */
enum { GROUP = 8 };

typedef struct decompose_job {
    lowrank_plan *plan;
    const effnn_transform_call *call;
    effnn__lowrank_stat *stats; /* [n] or NULL: plain SVD */
    const size_t *places;       /* [n] of the sites in the plan */
    size_t first;
} decompose_job;

static effnn_status decompose_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const decompose_job *job = job_;

    (void)piece;
    for (size_t k = job->first + begin; k < job->first + end; k++) {
        effnn__lowrank_stat *stat = job->stats ? &job->stats[k] : NULL;

        EFFNN_TRY(decompose_site(job->plan, job->places[k], job->call->context, stat));
        if (stat) effnn__lowrank_stat_clear(stat);
    }
    return EFFNN_OK;
}

static effnn_status decompose_all(decompose_job *job, size_t n)
{
    for (job->first = 0; job->first < n; job->first += GROUP) {
        const size_t left = n - job->first;

        EFFNN_TRY(effnn__progress_tell(job->call->progress, "decompose", job->first, n));
        EFFNN_TRY(effnn__parallel_for(job->call->context, left < GROUP ? left : GROUP, 1,
                                      decompose_piece, job));
    }
    return effnn__progress_tell(job->call->progress, "decompose", n, n);
}

effnn_status effnn__lowrank_decompose(lowrank_plan *plan, const effnn_transform_call *call)
{
    const effnn__lowrank_options *options = call->options;
    effnn__lowrank_stat *stats = effnn__alloc_array(plan->n, sizeof *stats);
    size_t *places = effnn__alloc_array(plan->n, sizeof *places);
    const bool needs_data = options->metric != EFFNN__LOWRANK_SVD;
    decompose_job job = { plan, call, needs_data ? stats : NULL, places, 0 };
    effnn_status status =
        stats && places ? EFFNN_OK : effnn__fail_nomem("statistics", plan->n * sizeof *stats);
    size_t n = 0;

    for (size_t i = 0; i < plan->n && status == EFFNN_OK; i++) {
        if (plan->curves[i].n_levels == 1) continue;
        stats[n].site = plan->entries[i].site;
        places[n++] = i;
    }
    if (status == EFFNN_OK && needs_data)
        status = effnn__lowrank_gather(stats, n, call, options->metric, (uint64_t)options->samples);
    if (status == EFFNN_OK) status = decompose_all(&job, n);
    for (size_t i = 0; i < n; i++) effnn__lowrank_stat_clear(&stats[i]);
    effnn__free(places);
    effnn__free(stats);
    return status;
}
