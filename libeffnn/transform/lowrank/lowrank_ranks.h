/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TRANSFORM_LOWRANK_RANKS_H
#define EFFNN_TRANSFORM_LOWRANK_RANKS_H

/* Stage 2: which rank each site gets, from the sites' error curves alone; no data is touched.
 *
 * A site stands at a level: level 0 is the dense weight, level 1 the largest rank that pays (a
 * multiple of the step), and each further level one step less, down to one step. Going one level
 * down frees parameters and never lowers the error. */

#include "base/status.h"

typedef struct effnn__lowrank_curve {
    size_t in, out, step;
    size_t n_levels; /* at least 1; 1: the site stays dense */
    const double
        *tails; /* [min(in, out) + 1] relative error by rank; may be NULL if n_levels is 1 */
} effnn__lowrank_curve;

/* A curve with its levels counted. */
effnn__lowrank_curve effnn__lowrank_curve_of(size_t in, size_t out, size_t step,
                                             const double *tails);

/* The step for a site where none is asked for: the largest power of two that makes 64 steps or more
 * of the full rank, at most 8. So 8 from 512 on, as the paper has it, and 1 for narrow sites. */
size_t effnn__lowrank_step_for(size_t in, size_t out);

/* Rank (dense: full), elements of the weight or of both factors, relative error at a level. */
size_t effnn__lowrank_rank(const effnn__lowrank_curve *curve, size_t level);
int64_t effnn__lowrank_elements(const effnn__lowrank_curve *curve, size_t level);
double effnn__lowrank_error(const effnn__lowrank_curve *curve, size_t level);

/* Elements freed with every site at its level, and the most that can be freed. */
int64_t effnn__lowrank_freed(const effnn__lowrank_curve *curves, const size_t *levels, size_t n);
int64_t effnn__lowrank_most_freed(const effnn__lowrank_curve *curves, size_t n);

/* Levels that free at least `target` ≤ most_freed elements; all start at level 0. levels: [n].
 *
 * Greedy: on the lower convex hull of (elements, error) of each site, so that the jump from dense
 * to factored is one move; always the move with the least error for what it frees. The last move is
 * taken only as far as needed. Sites earlier in the array go first where moves are equal. */
effnn_status effnn__lowrank_allocate_greedy(size_t *levels, const effnn__lowrank_curve *curves,
                                            size_t n, int64_t target);

/* Uniform: one step down for the site that keeps the largest share of its elements, until the
 * target is met; so all keep the same share, to one step. */
void effnn__lowrank_allocate_uniform(size_t *levels, const effnn__lowrank_curve *curves, size_t n,
                                     int64_t target);

/* Local search: while the sum of errors falls and the target stays met, one site goes a level up,
 * and another a level down if need be; the best such move first. */
void effnn__lowrank_improve(size_t *levels, const effnn__lowrank_curve *curves, size_t n,
                            int64_t target);
#endif
