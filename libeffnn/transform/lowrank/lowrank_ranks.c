/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranks from error curves. Cutting ranks one by one on the raw curves fails at the jump from dense
 * to factored: the first rank under break-even frees next to nothing at the full error of
 * factoring. On the lower convex hull that jump is one move to where factoring begins to pay.
 * Within the factored levels the tails of a sorted spectrum are convex, so there the hull is the
 * curve itself, and greedy moves are optimal for every total that they pass. */

#include "transform/lowrank/lowrank_ranks.h"

#include "base/alloc.h"
#include "transform/lowrank/lowrank_math.h"

#include <math.h>
#include <stdbool.h>

effnn__lowrank_curve effnn__lowrank_curve_of(size_t in, size_t out, size_t step,
                                             const double *tails)
{
    return (effnn__lowrank_curve){ .in = in,
                                   .out = out,
                                   .step = step,
                                   .n_levels = 1 + effnn__lowrank_paying_rank(in, out) / step,
                                   .tails = tails };
}

size_t effnn__lowrank_step_for(size_t in, size_t out)
{
    const size_t full = in < out ? in : out;
    size_t step = 1;

    while (step < 8 && full / (2 * step) >= 64) step *= 2;
    return step;
}

size_t effnn__lowrank_rank(const effnn__lowrank_curve *curve, size_t level)
{
    if (level == 0) return curve->in < curve->out ? curve->in : curve->out;
    return (curve->n_levels - level) * curve->step;
}

int64_t effnn__lowrank_elements(const effnn__lowrank_curve *curve, size_t level)
{
    if (level == 0) return (int64_t)(curve->in * curve->out);
    return (int64_t)(effnn__lowrank_rank(curve, level) * (curve->in + curve->out));
}

double effnn__lowrank_error(const effnn__lowrank_curve *curve, size_t level)
{
    return level == 0 ? 0.0 : curve->tails[effnn__lowrank_rank(curve, level)];
}

/* Elements freed by going from one level down to another. */
static int64_t gain(const effnn__lowrank_curve *curve, size_t from, size_t to)
{
    return effnn__lowrank_elements(curve, from) - effnn__lowrank_elements(curve, to);
}

static double rise(const effnn__lowrank_curve *curve, size_t from, size_t to)
{
    return effnn__lowrank_error(curve, to) - effnn__lowrank_error(curve, from);
}

int64_t effnn__lowrank_freed(const effnn__lowrank_curve *curves, const size_t *levels, size_t n)
{
    int64_t freed = 0;

    for (size_t i = 0; i < n; i++) freed += gain(&curves[i], 0, levels[i]);
    return freed;
}

int64_t effnn__lowrank_most_freed(const effnn__lowrank_curve *curves, size_t n)
{
    int64_t freed = 0;

    for (size_t i = 0; i < n; i++) freed += gain(&curves[i], 0, curves[i].n_levels - 1);
    return freed;
}

/* ---- greedy ---- */

/* The next move of a site along its hull. */
typedef struct hull_move {
    size_t to;
    double slope; /* error for each element freed; infinite: no level is left */
} hull_move;

static hull_move next_move(const effnn__lowrank_curve *curve, size_t level)
{
    hull_move best = { level, INFINITY };

    for (size_t to = level + 1; to < curve->n_levels; to++) {
        const double slope = rise(curve, level, to) / (double)gain(curve, level, to);

        if (slope < best.slope) best = (hull_move){ to, slope };
    }
    return best;
}

static size_t cheapest(const hull_move *moves, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (moves[i].slope < moves[best].slope) best = i;
    return best;
}

effnn_status effnn__lowrank_allocate_greedy(size_t *levels, const effnn__lowrank_curve *curves,
                                            size_t n, int64_t target)
{
    hull_move *moves = effnn__alloc_array(n, sizeof *moves);
    int64_t freed = 0;

    if (!moves) return effnn__fail_nomem("ranks", n * sizeof *moves);
    for (size_t i = 0; i < n; i++) {
        levels[i] = 0;
        moves[i] = next_move(&curves[i], 0);
    }
    while (freed < target) {
        const size_t i = cheapest(moves, n);
        size_t to = moves[i].to;

        EFFNN_ASSERT(to > levels[i]); /* the target can be met */
        while (to > levels[i] + 1 && freed + gain(&curves[i], levels[i], to - 1) >= target) to--;
        freed += gain(&curves[i], levels[i], to);
        levels[i] = to;
        moves[i] = next_move(&curves[i], to);
    }
    effnn__free(moves);
    return EFFNN_OK;
}

/* ---- uniform ---- */

/* Share of its elements that a site keeps; 0 if it cannot go further down. */
static double kept_share(const effnn__lowrank_curve *curve, size_t level)
{
    if (level + 1 >= curve->n_levels) return 0.0;
    return (double)effnn__lowrank_elements(curve, level) /
           (double)effnn__lowrank_elements(curve, 0);
}

void effnn__lowrank_allocate_uniform(size_t *levels, const effnn__lowrank_curve *curves, size_t n,
                                     int64_t target)
{
    int64_t freed = 0;

    for (size_t i = 0; i < n; i++) levels[i] = 0;
    while (freed < target) {
        size_t most = 0;

        for (size_t i = 1; i < n; i++)
            if (kept_share(&curves[i], levels[i]) > kept_share(&curves[most], levels[most]))
                most = i;
        freed += gain(&curves[most], levels[most], levels[most] + 1);
        levels[most]++;
    }
}

/* ---- local search ---- */

typedef struct exchange {
    size_t up, down; /* down == up: nobody goes down */
    double change;   /* of the sum of errors, negative */
} exchange;

/* The best exchange that raises site `up`, if it beats `best`. */
static void try_raising(exchange *best, size_t up, const size_t *levels,
                        const effnn__lowrank_curve *curves, size_t n, int64_t spare)
{
    const int64_t cost = gain(&curves[up], levels[up] - 1, levels[up]);
    const double fall = rise(&curves[up], levels[up] - 1, levels[up]);

    for (size_t down = 0; down < n; down++) {
        double change = -fall;
        int64_t left = spare - cost;

        if (down != up) {
            if (levels[down] + 1 >= curves[down].n_levels) continue;
            change += rise(&curves[down], levels[down], levels[down] + 1);
            left += gain(&curves[down], levels[down], levels[down] + 1);
        }
        if (left >= 0 && change < best->change) *best = (exchange){ up, down, change };
    }
}

void effnn__lowrank_improve(size_t *levels, const effnn__lowrank_curve *curves, size_t n,
                            int64_t target)
{
    for (;;) {
        const int64_t spare = effnn__lowrank_freed(curves, levels, n) - target;
        exchange best = { 0, 0, -1e-12 }; /* rounding must not move anything back and forth */

        for (size_t up = 0; up < n; up++)
            if (levels[up] > 0) try_raising(&best, up, levels, curves, n, spare);
        if (best.change >= -1e-12) return;
        levels[best.up]--;
        if (best.down != best.up) levels[best.down]++;
    }
}
