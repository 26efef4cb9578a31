/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 2 against all possible choices of ranks, on sites small enough to try them all. */

#include "transform/lowrank/lowrank_ranks.h"

#include "support/alloc_fail.h"
#include "support/arrays.h"
#include "transform/lowrank/lowrank_math.h"

enum { N_SITES = 3, MAX_RANK = 16, N_CASES = 24 };

/* Sites of random shape with random sorted spectra. */
typedef struct problem {
    effnn__lowrank_curve curves[N_SITES];
    double tails[N_SITES][MAX_RANK + 1];
    int64_t most;
} problem;

static size_t next_size(uint64_t *state)
{
    return 6 + (size_t)((next_random(state) + 1.0) * 5.0);
}

static void make(problem *p, uint64_t seed)
{
    uint64_t state = seed;

    for (size_t i = 0; i < N_SITES; i++) {
        const size_t in = next_size(&state), out = next_size(&state);
        const size_t k = in < out ? in : out;
        double lambda[MAX_RANK], decay = 0.5 + 0.45 * fabs(next_random(&state)), next = 1.0;

        for (size_t r = 0; r < k; r++, next *= decay)
            lambda[r] = next * (1.0 + 0.04 * next_random(&state));
        for (size_t r = 1; r < k; r++) lambda[r] = fmin(lambda[r], lambda[r - 1]);
        effnn__lowrank_tails(p->tails[i], lambda, k);
        p->curves[i] = effnn__lowrank_curve_of(in, out, 1 + seed % 2, p->tails[i]);
    }
    p->most = effnn__lowrank_most_freed(p->curves, N_SITES);
}

static double error_of(const problem *p, const size_t *levels)
{
    double error = 0.0;

    for (size_t i = 0; i < N_SITES; i++) error += effnn__lowrank_error(&p->curves[i], levels[i]);
    return error;
}

/* The least error of all choices that free `target`. */
static double least_error(const problem *p, int64_t target)
{
    double least = INFINITY;
    size_t levels[N_SITES];

    for (levels[0] = 0; levels[0] < p->curves[0].n_levels; levels[0]++)
        for (levels[1] = 0; levels[1] < p->curves[1].n_levels; levels[1]++)
            for (levels[2] = 0; levels[2] < p->curves[2].n_levels; levels[2]++)
                if (effnn__lowrank_freed(p->curves, levels, N_SITES) >= target)
                    least = fmin(least, error_of(p, levels));
    return least;
}

/* Elements of the dearest single step of any site. */
static int64_t largest_step(const problem *p)
{
    int64_t most = 0;

    for (size_t i = 0; i < N_SITES; i++) {
        const int64_t step = (int64_t)(p->curves[i].step * (p->curves[i].in + p->curves[i].out));

        if (step > most) most = step;
    }
    return most;
}

START_TEST(levels_by_hand)
{
    /* 6 × 4 = 24 elements, a rank costs 10: ranks 1 and 2 pay. */
    const double tails[] = { 1.0, 0.5, 0.25, 0.125, 0.0 };
    const effnn__lowrank_curve one = effnn__lowrank_curve_of(6, 4, 1, tails);
    const effnn__lowrank_curve two = effnn__lowrank_curve_of(6, 4, 2, tails);
    const effnn__lowrank_curve three = effnn__lowrank_curve_of(6, 4, 3, tails);

    ck_assert_uint_eq(one.n_levels, 3);
    ck_assert_uint_eq(effnn__lowrank_rank(&one, 0), 4);
    ck_assert_uint_eq(effnn__lowrank_rank(&one, 1), 2);
    ck_assert_uint_eq(effnn__lowrank_rank(&one, 2), 1);
    ck_assert_int_eq(effnn__lowrank_elements(&one, 0), 24);
    ck_assert_int_eq(effnn__lowrank_elements(&one, 1), 20);
    ck_assert_double_eq(effnn__lowrank_error(&one, 0), 0.0);
    ck_assert_double_eq(effnn__lowrank_error(&one, 1), 0.25);
    ck_assert_uint_eq(two.n_levels, 2);
    ck_assert_uint_eq(effnn__lowrank_rank(&two, 1), 2);
    ck_assert_uint_eq(three.n_levels, 1); /* stays dense */
    ck_assert_int_eq(effnn__lowrank_most_freed(&one, 1), 14);
    ck_assert_int_eq(effnn__lowrank_most_freed(&three, 1), 0);
}
END_TEST

START_TEST(steps_for_sites_of_each_size)
{
    ck_assert_uint_eq(effnn__lowrank_step_for(96, 288), 1);
    ck_assert_uint_eq(effnn__lowrank_step_for(3072, 127), 1);
    ck_assert_uint_eq(effnn__lowrank_step_for(128, 128), 2);
    ck_assert_uint_eq(effnn__lowrank_step_for(384, 1536), 4);
    ck_assert_uint_eq(effnn__lowrank_step_for(768, 768), 8);
    ck_assert_uint_eq(effnn__lowrank_step_for(4096, 4096), 8);
}
END_TEST

START_TEST(nothing_to_free_leaves_everything_dense)
{
    problem p;
    size_t levels[N_SITES] = { 7, 7, 7 };

    make(&p, (uint64_t)_i);
    ck_assert_ok(effnn__lowrank_allocate_greedy(levels, p.curves, N_SITES, 0));
    for (size_t i = 0; i < N_SITES; i++) ck_assert_uint_eq(levels[i], 0);
    effnn__lowrank_allocate_uniform(levels, p.curves, N_SITES, 0);
    effnn__lowrank_improve(levels, p.curves, N_SITES, 0);
    for (size_t i = 0; i < N_SITES; i++) ck_assert_uint_eq(levels[i], 0);
}
END_TEST

START_TEST(the_target_is_met_within_one_step)
{
    problem p;
    size_t levels[N_SITES];

    make(&p, (uint64_t)_i);
    for (int64_t target = 1; target <= p.most; target++) {
        int64_t over;

        ck_assert_ok(effnn__lowrank_allocate_greedy(levels, p.curves, N_SITES, target));
        over = effnn__lowrank_freed(p.curves, levels, N_SITES) - target;
        ck_assert(over >= 0 && over < largest_step(&p));
        effnn__lowrank_improve(levels, p.curves, N_SITES, target);
        over = effnn__lowrank_freed(p.curves, levels, N_SITES) - target;
        ck_assert(over >= 0 && over < largest_step(&p));
        effnn__lowrank_allocate_uniform(levels, p.curves, N_SITES, target);
        over = effnn__lowrank_freed(p.curves, levels, N_SITES) - target;
        ck_assert(over >= 0 && over < largest_step(&p));
    }
}
END_TEST

/* One edge of a site's lower convex hull. */
typedef struct edge {
    int64_t freed;
    double rise;
} edge;

/* Edges of a site's hull of (freed, error), by a stack of corners. */
static size_t hull_edges(edge *out, const effnn__lowrank_curve *curve)
{
    int64_t x[MAX_RANK + 1];
    double y[MAX_RANK + 1];
    size_t n = 0;

    for (size_t level = 0; level < curve->n_levels; level++) {
        const int64_t at =
            effnn__lowrank_elements(curve, 0) - effnn__lowrank_elements(curve, level);
        const double error = effnn__lowrank_error(curve, level);

        while (n >= 2 && (y[n - 1] - y[n - 2]) * (double)(at - x[n - 1]) >=
                             (error - y[n - 1]) * (double)(x[n - 1] - x[n - 2]))
            n--;
        x[n] = at;
        y[n++] = error;
    }
    for (size_t k = 1; k < n; k++) out[k - 1] = (edge){ x[k] - x[k - 1], y[k] - y[k - 1] };
    return n - 1;
}

static int by_slope(const void *a, const void *b)
{
    const edge *p = a, *q = b;
    const double difference = p->rise / (double)p->freed - q->rise / (double)q->freed;

    return (difference > 0.0) - (difference < 0.0);
}

START_TEST(greedy_on_the_hull_is_optimal_up_to_the_last_step)
{
    problem p;
    edge edges[N_SITES * MAX_RANK];
    size_t n = 0, levels[N_SITES];
    int64_t begun = 0; /* freed at the corner before, and the error there */
    double error_begun = 0.0;

    make(&p, (uint64_t)_i);
    for (size_t i = 0; i < N_SITES; i++) n += hull_edges(edges + n, &p.curves[i]);
    qsort(edges, n, sizeof *edges, by_slope);
    for (size_t k = 0; k < n; k++) {
        const int64_t corner = begun + edges[k].freed;
        const double error = error_begun + edges[k].rise;

        for (int64_t target = begun + 1; target <= corner; target++) {
            ck_assert_ok(effnn__lowrank_allocate_greedy(levels, p.curves, N_SITES, target));
            ck_assert_double_ge(least_error(&p, target), error_begun - 1e-12);
            ck_assert_double_le(error_of(&p, levels), error + 1e-12);
        }
        ck_assert_int_eq(effnn__lowrank_freed(p.curves, levels, N_SITES), corner);
        ck_assert_double_eq_tol(error_of(&p, levels), error, 1e-12);
        ck_assert_double_eq_tol(error_of(&p, levels), least_error(&p, corner), 1e-12);
        begun = corner;
        error_begun = error;
    }
    ck_assert_int_eq(begun, p.most);
}
END_TEST

START_TEST(local_search_never_makes_it_worse_and_mends_a_bad_choice)
{
    problem p;
    size_t levels[N_SITES];

    make(&p, (uint64_t)_i);
    for (int64_t target = 1; target <= p.most; target += 3) {
        double error, better;

        ck_assert_ok(effnn__lowrank_allocate_greedy(levels, p.curves, N_SITES, target));
        error = error_of(&p, levels);
        effnn__lowrank_improve(levels, p.curves, N_SITES, target);
        better = error_of(&p, levels);
        ck_assert_double_le(better, error);
        ck_assert_double_ge(better, least_error(&p, target) - 1e-12);
        /* From the far end: everything at its lowest. */
        for (size_t i = 0; i < N_SITES; i++) levels[i] = p.curves[i].n_levels - 1;
        error = error_of(&p, levels);
        effnn__lowrank_improve(levels, p.curves, N_SITES, target);
        ck_assert_int_ge(effnn__lowrank_freed(p.curves, levels, N_SITES), target);
        if (target + largest_step(&p) <= p.most) ck_assert_double_lt(error_of(&p, levels), error);
    }
}
END_TEST

START_TEST(uniform_ranks_keep_the_same_share_to_one_step)
{
    problem p;
    size_t levels[N_SITES];

    make(&p, (uint64_t)_i);
    for (int64_t target = p.most / 4; target <= p.most / 2; target += 5) {
        double least = 1.0, most = 0.0, step = 0.0;

        effnn__lowrank_allocate_uniform(levels, p.curves, N_SITES, target);
        for (size_t i = 0; i < N_SITES; i++) {
            const effnn__lowrank_curve *curve = &p.curves[i];
            const double dense = (double)(curve->in * curve->out);
            const double kept = (double)effnn__lowrank_elements(curve, levels[i]) / dense;

            least = fmin(least, kept);
            if (levels[i] + 1 < curve->n_levels) most = fmax(most, kept);
            step = fmax(step, (double)(curve->step * (curve->in + curve->out)) / dense);
        }
        ck_assert_double_le(most - least, step + 1e-12);
    }
}
END_TEST

START_TEST(a_failing_allocation_is_said)
{
    problem p;
    size_t levels[N_SITES];

    make(&p, (uint64_t)_i);
    ALLOC_FAIL_LOOP(effnn__lowrank_allocate_greedy(levels, p.curves, N_SITES, p.most / 2), );
}
END_TEST

LOOP_SUITE("lowrank_ranks", NULL, NULL, N_CASES, levels_by_hand, steps_for_sites_of_each_size,
           nothing_to_free_leaves_everything_dense, the_target_is_met_within_one_step,
           greedy_on_the_hull_is_optimal_up_to_the_last_step,
           local_search_never_makes_it_worse_and_mends_a_bad_choice,
           uniform_ranks_keep_the_same_share_to_one_step, a_failing_allocation_is_said)
