/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_LOWRANK_STATS_H
#define EFFNN_TRANSFORM_LOWRANK_STATS_H

/* What stage 1 needs of the calibration data: one matrix a site, gathered for all sites in one pass
 * over the data, in double. Of the outputs Z where they are not wider than the inputs, else of the
 * inputs X, so that no matrix is larger than min(in, out) squared. */

#include "transform/transform_def.h"

#include "model/site.h"

typedef struct effnn__lowrank_stat {
    const effnn__site *site; /* set by the caller, the rest zeroed */
    bool of_input;
    size_t d; /* columns of what is gathered */
    double *gram; /* [d, d], lower triangle: Σ ZᵀZ / ‖Z‖² over samples, or Z̄ᵀZ̄; Z or X alike */
    double *sum; /* mean input: Σ Z or Σ X over samples [rows, d], until it becomes the Gram */
    size_t rows;
    uint64_t count; /* samples that went in; those with ‖Z‖ = 0 do not */
} effnn__lowrank_stat;

/* Gather; `metric` is one of those that need data, `samples` the most that are read, 0: all.
 * E_NUMERIC names the site whose operands are not finite; E_UNSUPPORTED if samples of different
 * lengths have no mean. On failure the stats are still to be cleared. */
effnn_status effnn__lowrank_gather(effnn__lowrank_stat *stats, size_t n,
                                   const effnn_transform_call *call, int metric, uint64_t samples);

void effnn__lowrank_stat_clear(effnn__lowrank_stat *self); /* a zeroed one is allowed */
#endif
