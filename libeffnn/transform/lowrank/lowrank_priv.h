/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_LOWRANK_PRIV_H
#define EFFNN_TRANSFORM_LOWRANK_PRIV_H

/* What the stages of lowrank hand to each other: the sites of a model that were selected, each with
 * its error curve, its rank and its basis. Lives for one hook. */

#include "transform/lowrank/lowrank_options.h"
#include "transform/lowrank/lowrank_ranks.h"
#include "transform/lowrank/lowrank_stats.h"

typedef struct lowrank_entry {
    const effnn__site *site;
    const char *refused; /* why it must be left alone, or NULL; borrowed or static */
    double *tails;       /* [min(in, out) + 1] error by rank */
    float *v;            /* [largest paying rank, out] basis; NULL: not computed */
} lowrank_entry;

typedef struct lowrank_plan {
    effnn_site_list *list;
    size_t n; /* selected sites, in execution order */
    lowrank_entry *entries;
    effnn__lowrank_curve *curves; /* [n]; a refused site has one level only */
    size_t *levels;               /* [n] what stage 2 chose */
    int64_t base;                 /* elements that `reduction` is a share of */
    int64_t target;               /* elements to free */
} lowrank_plan;

/* Select sites and say whether the options suit them (and whether data is there). On failure the
 * plan is still to be cleared. */
effnn_status effnn__lowrank_plan_make(lowrank_plan *out, const effnn_transform_call *call);
void effnn__lowrank_plan_clear(lowrank_plan *self); /* a zeroed one is allowed */

/* E_ARG unless the sites as they stand can free what is to be freed. */
effnn_status effnn__lowrank_plan_check_target(const lowrank_plan *self,
                                              const effnn__lowrank_options *options);

/* Stage 1: tails and basis of every site that may change. A site whose output is zero is refused.
 */
effnn_status effnn__lowrank_decompose(lowrank_plan *plan, const effnn_transform_call *call);

/* Replace every site that is below level 0 by its factors. */
effnn_status effnn__lowrank_rewrite(const lowrank_plan *plan, const effnn_transform_call *call);
#endif
