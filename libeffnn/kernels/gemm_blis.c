/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix product by BLIS, each call on one thread; the pool's threads work on different parts of C.
 * K is never cut. BLIS has three ways of working, and each is cut so that the bits of C do not
 * depend on the threads:
 *
 *   vector  m or n is 1: bli_?gemv, cut at fixed places.
 *   direct  small or thin operands: BLIS's small-matrix kernels read A and B in place. Which kernel
 *           and which split of K they take depends on the shape of the call, so the places of the
 *           cuts depend on the problem only.
 *   packed  all else: BLIS copies blocks of A and B into its own layout. Every element of C is one
 *           chain of multiply-adds over K, in the same order wherever the cuts lie, as long as they
 *           leave whole micro-tiles. Fewer cuts copy less, so there are as many as threads.
 *
 * Before editing: tests/kernels/test_gemm.c holds the bits of all three at 1, 2, 3 and 8 threads;
 * run it with BLIS_ARCH_TYPE set to other kernels as well. BLIS checks little and aborts on what it
 * finds, so strides that it would misread go to the reference. */

#include "base/pool.h"
#include "kernels/blis_setup.h"
#include "kernels/kernels_priv.h"

#include <blis.h>

enum {
    THIN_SIDE = 48,           /* below it copying a whole operand costs more than it saves */
    DIRECT_BYTES = 1 << 20,   /* operands that stay in the second cache */
    DIRECT_PIECE = 8 << 20,   /* multiply-adds of one piece */
    VECTOR_PIECE = 1 << 18,   /* the same for a matrix times a vector */
    SMALLEST_PIECE = 1 << 19, /* less is not worth a thread's attention */
    UNKNOWN_UNIT = 672,       /* a multiple of the micro-tiles of every BLIS kernel set */
};

/* One dimension cut at multiples of `step`; the last of `count` parts takes the rest. */
typedef struct cut {
    size_t n, step, count;
} cut;

typedef void (*tile_fn)(const effnn__gemm *tile, rntm_t *rntm);

typedef struct gemm_job {
    const effnn__gemm *gemm;
    size_t elem; /* bytes of one element */
    tile_fn tile;
    bool direct, own_rntm;
    cut rows, cols;
} gemm_job;

static void tile_gemm_f32(const effnn__gemm *t, rntm_t *rntm)
{
    float alpha = (float)t->alpha, beta = (float)t->beta;

    bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, (dim_t)t->m, (dim_t)t->n, (dim_t)t->k,
                 &alpha, (float *)t->a, t->a_row, t->a_col, (float *)t->b, t->b_row, t->b_col,
                 &beta, (float *)t->c, t->c_row, t->c_col, NULL, rntm);
}

static void tile_gemm_f64(const effnn__gemm *t, rntm_t *rntm)
{
    double alpha = t->alpha, beta = t->beta;

    bli_dgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, (dim_t)t->m, (dim_t)t->n, (dim_t)t->k,
                 &alpha, (double *)t->a, t->a_row, t->a_col, (double *)t->b, t->b_row, t->b_col,
                 &beta, (double *)t->c, t->c_row, t->c_col, NULL, rntm);
}

/* n = 1: C is a column, A times the column B. */
static void tile_gemv_f32(const effnn__gemm *t, rntm_t *rntm)
{
    float alpha = (float)t->alpha, beta = (float)t->beta;

    bli_sgemv_ex(BLIS_NO_TRANSPOSE, BLIS_NO_CONJUGATE, (dim_t)t->m, (dim_t)t->k, &alpha,
                 (float *)t->a, t->a_row, t->a_col, (float *)t->b, t->b_row, &beta, (float *)t->c,
                 t->c_row, NULL, rntm);
}

static void tile_gemv_f64(const effnn__gemm *t, rntm_t *rntm)
{
    double alpha = t->alpha, beta = t->beta;

    bli_dgemv_ex(BLIS_NO_TRANSPOSE, BLIS_NO_CONJUGATE, (dim_t)t->m, (dim_t)t->k, &alpha,
                 (double *)t->a, t->a_row, t->a_col, (double *)t->b, t->b_row, &beta,
                 (double *)t->c, t->c_row, NULL, rntm);
}

/* At most `parts` parts at multiples of `unit`. */
static cut cut_evenly(size_t n, size_t parts, size_t unit)
{
    const size_t units = n / unit ? n / unit : 1;
    const size_t each = parts < units ? units / parts + (units % parts != 0) : 1;

    return (cut){ n, each * unit, units / each + (units % each != 0) };
}

static cut uncut(size_t n)
{
    return (cut){ n, n, 1 };
}

/* Parts of the longer side such that each holds about `piece` multiply-adds. */
static void cut_by_work(gemm_job *job, double piece, size_t unit)
{
    const effnn__gemm *const g = job->gemm;
    const double work = (double)g->m * (double)g->n * (double)g->k;
    const size_t parts = (size_t)(work / piece) + 1;

    job->rows = g->m > g->n ? cut_evenly(g->m, parts, unit) : uncut(g->m);
    job->cols = g->m > g->n ? uncut(g->n) : cut_evenly(g->n, parts, unit);
}

/* Enough parts for `threads`, in the grid that makes BLIS copy least: every column of parts copies
 * A again, every row of parts B. */
static void cut_by_threads(gemm_job *job, size_t threads, size_t unit)
{
    const effnn__gemm *const g = job->gemm;
    const double work = (double)g->m * (double)g->n * (double)g->k;
    const size_t worth = (size_t)(work / SMALLEST_PIECE) + 1;
    const size_t wanted = threads / g->n_batch + (threads % g->n_batch != 0);
    const size_t parts = wanted < worth ? wanted : worth;
    double best = 0.0;

    job->rows = uncut(g->m);
    job->cols = uncut(g->n);
    for (size_t r = 1; r <= parts; r++) {
        const cut rows = cut_evenly(g->m, r, unit);
        const cut cols = cut_evenly(g->n, parts / r + (parts % r != 0), unit);
        const size_t made = rows.count * cols.count < parts ? rows.count * cols.count : parts;
        const double copied = (double)cols.count * (double)g->m + (double)rows.count * (double)g->n;
        const double merit = (double)made - copied / (4.0 * (double)(g->m + g->n) * (double)parts);

        if (merit <= best) continue;
        best = merit;
        job->rows = rows;
        job->cols = cols;
    }
}

/* No operand is stored the other way round than C. */
static bool stored_alike(const effnn__gemm *g)
{
    return (g->a_col == 1 && g->b_col == 1 && g->c_col == 1) ||
           (g->a_row == 1 && g->b_row == 1 && g->c_row == 1);
}

static bool is_direct(const effnn__gemm *g, size_t elem)
{
    const double m = (double)g->m, n = (double)g->n, k = (double)g->k;

    if ((g->m < g->n ? g->m : g->n) < THIN_SIDE) return true;
    return stored_alike(g) && (m * k + k * n + m * n) * (double)elem <= DIRECT_BYTES;
}

static effnn_status run_tiles(void *arg, size_t piece, size_t begin, size_t end)
{
    const gemm_job *const job = arg;
    const size_t grid = job->rows.count * job->cols.count;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t entry = i / grid, row = i % grid / job->cols.count;
        const size_t col = i % grid % job->cols.count;
        const size_t m0 = row * job->rows.step, n0 = col * job->cols.step;
        effnn__gemm t = *job->gemm;
        rntm_t rntm = BLIS_RNTM_INITIALIZER;
        int64_t a = t.a_offset ? (int64_t)t.a_offset[entry] : 0;
        int64_t b = t.b_offset ? (int64_t)t.b_offset[entry] : 0;
        int64_t c = t.c_offset ? (int64_t)t.c_offset[entry] : 0;

        a += (int64_t)m0 * t.a_row;
        b += (int64_t)n0 * t.b_col;
        c += (int64_t)m0 * t.c_row + (int64_t)n0 * t.c_col;
        t.a = (const char *)t.a + a * (int64_t)job->elem;
        t.b = (const char *)t.b + b * (int64_t)job->elem;
        t.c = (char *)t.c + c * (int64_t)job->elem;
        t.m = row + 1 < job->rows.count ? job->rows.step : t.m - m0;
        t.n = col + 1 < job->cols.count ? job->cols.step : t.n - n0;
        bli_rntm_set_num_threads(1, &rntm);
        bli_rntm_set_l3_sup(job->direct, &rntm);
        job->tile(&t, job->own_rntm ? &rntm : NULL);
    }
    return EFFNN_OK;
}

/* Strides that BLIS takes as they are meant: it swaps in defaults for zeros, and two equal ones
 * tell it nothing. A side of length 1 gets a stride that it cannot misread. */
static bool take_strides(size_t rows, size_t cols, int64_t *row, int64_t *col)
{
    if (rows == 1 && cols == 1)
        *row = *col = 1;
    else if (rows == 1)
        *row = *col * (int64_t)cols;
    else if (cols == 1)
        *col = *row * (int64_t)rows;
    return *row > 0 && *col > 0 && (*row != *col || rows * cols == 1);
}

/* The transposed problem, Cᵀ = BᵀAᵀ. */
static void transpose(effnn__gemm *g)
{
    const effnn__gemm t = *g;

    g->m = t.n;
    g->n = t.m;
    g->a = t.b;
    g->b = t.a;
    g->a_row = t.b_col;
    g->a_col = t.b_row;
    g->b_row = t.a_col;
    g->b_col = t.a_row;
    g->c_row = t.c_col;
    g->c_col = t.c_row;
    g->a_offset = t.b_offset;
    g->b_offset = t.a_offset;
}

static effnn_status run(effnn_context *context, gemm_job *job, tile_fn gemm, tile_fn gemv,
                        size_t unit)
{
    const effnn__gemm *const g = job->gemm;
    const double work = (double)g->m * (double)g->n * (double)g->k;
    size_t grid, grain;

    job->own_rntm = unit != 0;
    job->direct = is_direct(g, job->elem);
    job->tile = g->n == 1 ? gemv : gemm;
    if (g->n == 1)
        cut_by_work(job, VECTOR_PIECE, 16);
    else if (job->direct)
        cut_by_work(job, DIRECT_PIECE, THIN_SIDE);
    else
        cut_by_threads(job, effnn_context_threads(context), unit ? unit : UNKNOWN_UNIT);
    grid = job->rows.count * job->cols.count;
    grain = work / (double)grid < SMALLEST_PIECE
                ? (size_t)(SMALLEST_PIECE / (work / (double)grid)) + 1
                : 1;
    return effnn__parallel_for(context, g->n_batch * grid, grain, run_tiles, job);
}

static void run_serial(gemm_job *job, size_t unit)
{
    job->own_rntm = unit != 0;
    job->direct = is_direct(job->gemm, job->elem);
    job->rows = uncut(job->gemm->m);
    job->cols = uncut(job->gemm->n);
    run_tiles(job, 0, 0, job->gemm->n_batch);
}

/* Make the problem BLIS's: a single row becomes a single column. False: not for BLIS. */
static bool prepare(effnn__gemm *g)
{
    if (g->m == 1) transpose(g);
    return g->k > 0 && g->alpha != 0.0 && take_strides(g->m, g->k, &g->a_row, &g->a_col) &&
           take_strides(g->k, g->n, &g->b_row, &g->b_col) &&
           take_strides(g->m, g->n, &g->c_row, &g->c_col);
}

effnn_status effnn__gemm_f32_blis(effnn_context *context, const effnn__gemm *gemm)
{
    effnn__gemm g = *gemm;
    gemm_job job = { .gemm = &g, .elem = sizeof(float) };

    if (g.m == 0 || g.n == 0) return EFFNN_OK;
    if (!prepare(&g)) return effnn__gemm_f32_ref(context, gemm);
    return run(context, &job, tile_gemm_f32, tile_gemv_f32, effnn__blis_get()->unit_f32);
}

effnn_status effnn__gemm_f64_blis(effnn_context *context, const effnn__gemm *gemm)
{
    effnn__gemm g = *gemm;
    gemm_job job = { .gemm = &g, .elem = sizeof(double) };

    if (g.m == 0 || g.n == 0) return EFFNN_OK;
    if (!prepare(&g)) return effnn__gemm_f64_ref(context, gemm);
    return run(context, &job, tile_gemm_f64, tile_gemv_f64, effnn__blis_get()->unit_f64);
}

void effnn__gemm_serial_f32(const effnn__gemm *gemm)
{
    effnn__gemm g = *gemm;
    gemm_job job = { .gemm = &g, .elem = sizeof(float) };

    if (g.m == 0 || g.n == 0) return;
    if (!prepare(&g)) {
        effnn__gemm_f32_ref(NULL, gemm);
        return;
    }
    job.tile = g.n == 1 ? tile_gemv_f32 : tile_gemm_f32;
    run_serial(&job, effnn__blis_get()->unit_f32);
}

void effnn__gemm_serial_f64(const effnn__gemm *gemm)
{
    effnn__gemm g = *gemm;
    gemm_job job = { .gemm = &g, .elem = sizeof(double) };

    if (g.m == 0 || g.n == 0) return;
    if (!prepare(&g)) {
        effnn__gemm_f64_ref(NULL, gemm);
        return;
    }
    job.tile = g.n == 1 ? tile_gemv_f64 : tile_gemm_f64;
    run_serial(&job, effnn__blis_get()->unit_f64);
}
