/* SPDX-License-Identifier: BSD-3-Clause */
/* A product with a packed matrix on the right. Pieces are blocks of rows by runs of panels. Where
 * sums are short, a panel of B stays in the first cache while the tiles of A go by. Where they are
 * long, rows of A are far apart, and at distances near a power of two fall on the same lines of the
 * cache: there a tile's rows are copied side by side, and the panels go by. */

#include "kernels/packed.h"

#include "base/pool.h"
#include "base/sizes.h"

#include <string.h>

enum {
    MOST_TILES = 10,          /* rows of a piece, in tiles */
    MOST_PANELS = 12,         /* columns of a piece; of fewer than six the copies of A would show */
    FEWEST_TILES = 3,         /* where pieces are made smaller to have enough of them */
    FEWEST_PANELS = 6,        /* likewise */
    ENOUGH_PIECES = 16,       /* for threads to share evenly */
    FAIR_PIECE = 1 << 18,     /* multiply-adds: large enough for a thread of its own */
    LEAST_PIECE = 1 << 17,    /* smaller ones cost more than they bring */
    FEW_ROWS = 4,             /* up to so many a product waits for memory */
    SHARED_BYTES = 256 << 10, /* of B that one piece of such a product reads, about */
    BAD_STRIDE = 512,         /* floats: rows that are a multiple of this apart collide */
    MOST_ROWS = 16,           /* of any tile */
    COPY_STRIDE = EFFNN__TILE_TERMS + 16, /* an odd number of cache lines */
};

size_t effnn__pack_bytes(size_t k, size_t n)
{
    const size_t columns = effnn__tile_get()->columns;

    return (n + columns - 1) / columns * columns * k * sizeof(float);
}

void effnn__pack_f32(float *packed, const float *b, int64_t b_row, int64_t b_col, size_t k,
                     size_t n)
{
    const size_t columns = effnn__tile_get()->columns;

    for (size_t first = 0; first < n; first += columns) {
        const size_t here = n - first < columns ? n - first : columns;

        for (size_t p = 0; p < k; p++, packed += columns) {
            const float *from = b + (int64_t)p * b_row + (int64_t)first * b_col;

            for (size_t j = 0; j < here; j++) packed[j] = from[(int64_t)j * b_col];
            for (size_t j = here; j < columns; j++) packed[j] = 0.0f;
        }
    }
}

/* Rows [i, i_end) by columns [j, j_end) of C: multiples of the tile but at the ends. */
typedef struct block {
    size_t i, i_end, j, j_end;
} block;

/* Terms [p, p_end) of one tile. */
static void run_tile(const effnn__packed_gemm *g, const effnn__tile *tile, effnn__tile_job job,
                     size_t i, size_t j)
{
    job.m = g->m - i < tile->rows ? g->m - i : tile->rows;
    job.n = g->n - j < tile->columns ? g->n - j : tile->columns;
    job.c = g->c + i * g->c_row + j;
    if (job.bias_column) job.bias_column += j;
    tile->run(&job);
}

static effnn__tile_job terms_of(const effnn__packed_gemm *g, const effnn__tile *tile, size_t p)
{
    const size_t k = g->k - p < EFFNN__TILE_TERMS ? g->k - p : EFFNN__TILE_TERMS;
    const bool is_last = p + k == g->k;

    return (effnn__tile_job){ .k = k,
                              .a_row = g->a_row,
                              .a_col = g->a_col,
                              .b_row = tile->columns,
                              .c_row = g->c_row,
                              .accumulate = p > 0 || g->accumulate,
                              .bias_column = is_last ? g->after.bias : NULL,
                              .clamp = is_last && g->after.clamp,
                              .b_padded = true,
                              .lo = g->after.lo,
                              .hi = g->after.hi };
}

/* A panel of B at a time, tiles of A as they lie. */
static void run_plain(const effnn__packed_gemm *g, const effnn__tile *tile, const block *b)
{
    for (size_t p = 0; p < g->k || p == 0; p += EFFNN__TILE_TERMS) {
        effnn__tile_job job = terms_of(g, tile, p);

        for (size_t j = b->j; j < b->j_end; j += tile->columns) {
            job.b = g->b + j * g->k + p * tile->columns;
            for (size_t i = b->i; i < b->i_end; i += tile->rows) {
                job.a = g->a + i * g->a_row + p * g->a_col;
                run_tile(g, tile, job, i, j);
            }
        }
    }
}

/* A tile's rows of A at a time, copied side by side. */
static void run_copying(const effnn__packed_gemm *g, const effnn__tile *tile, const block *b)
{
    float rows[MOST_ROWS * COPY_STRIDE];

    for (size_t p = 0; p < g->k; p += EFFNN__TILE_TERMS) {
        effnn__tile_job job = terms_of(g, tile, p);

        job.a = rows;
        job.a_row = COPY_STRIDE;
        for (size_t i = b->i; i < b->i_end; i += tile->rows) {
            const size_t m = g->m - i < tile->rows ? g->m - i : tile->rows;

            for (size_t r = 0; r < m; r++)
                memcpy(rows + r * COPY_STRIDE, g->a + (i + r) * g->a_row + p, job.k * sizeof *rows);
            for (size_t j = b->j; j < b->j_end; j += tile->columns) {
                job.b = g->b + j * g->k + p * tile->columns;
                run_tile(g, tile, job, i, j);
            }
        }
    }
}

static void run_block(const effnn__packed_gemm *g, const block *b)
{
    const effnn__tile *tile = effnn__tile_get();
    const bool is_far = g->a_row % BAD_STRIDE == 0 || g->k > 2 * EFFNN__TILE_TERMS;

    if (is_far && g->a_col == 1 && g->k > 0 && b->i_end - b->i > FEW_ROWS)
        run_copying(g, tile, b);
    else
        run_plain(g, tile, b);
}

/* ---- pieces ---- */

typedef struct packed_job {
    const effnn__packed_gemm *gemm;
    size_t rows, columns, n_down, n_across; /* of a piece; pieces */
} packed_job;

/* By the sizes alone. Rows are cut first: every piece reads B anew, but from the second cache. */
static void cut(packed_job *job, const effnn__packed_gemm *g)
{
    const effnn__tile *tile = effnn__tile_get();
    const size_t tiles = effnn__piece_count(g->m, tile->rows);
    const size_t panels = effnn__piece_count(g->n, tile->columns);
    const size_t work = g->m * g->n * g->k;
    const size_t wanted = effnn__smaller(work / FAIR_PIECE, ENOUGH_PIECES);

    job->gemm = g;
    job->n_down = effnn__piece_count(tiles, MOST_TILES);
    job->n_across = effnn__smaller(effnn__piece_count(panels, MOST_PANELS), work / LEAST_PIECE + 1);
    if (job->n_down * job->n_across < wanted)
        job->n_down = effnn__smaller(effnn__piece_count(wanted, job->n_across),
                                     effnn__piece_count(tiles, FEWEST_TILES));
    if (job->n_down * job->n_across < wanted)
        job->n_across = effnn__smaller(effnn__piece_count(wanted, job->n_down),
                                       effnn__piece_count(panels, FEWEST_PANELS));
    job->rows = effnn__piece_count(tiles, job->n_down) * tile->rows;
    job->columns = effnn__piece_count(panels, job->n_across) * tile->columns;
    job->n_down = effnn__piece_count(g->m, job->rows);
    job->n_across = effnn__piece_count(g->n, job->columns);
}

/* Pieces one below the other share their part of B. */
static effnn_status run_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const packed_job *job = job_;
    const effnn__packed_gemm *g = job->gemm;

    (void)piece;
    for (size_t at = begin; at < end; at++) {
        block b = { .i = at % job->n_down * job->rows, .j = at / job->n_down * job->columns };

        b.i_end = effnn__smaller(b.i + job->rows, g->m);
        b.j_end = effnn__smaller(b.j + job->columns, g->n);
        run_block(g, &b);
    }
    return EFFNN_OK;
}

/* Panels [begin, end), each from its first term to its last. */
static effnn_status run_panels(void *job_, size_t piece, size_t begin, size_t end)
{
    const packed_job *job = job_;
    const effnn__packed_gemm *g = job->gemm;

    (void)piece;
    for (size_t i = begin; i < end; i++)
        run_block(
            g, &(block){ 0, g->m, i * job->columns, effnn__smaller((i + 1) * job->columns, g->n) });
    return EFFNN_OK;
}

/* A product of so few rows that it does little but read B: panel by panel, and shared among threads
 * by the bytes, not by the multiplications. */
static effnn_status run_few_rows(effnn_context *context, const effnn__packed_gemm *g)
{
    packed_job job = { .gemm = g, .columns = effnn__tile_get()->columns };
    const size_t panel = g->k * job.columns * sizeof(float);

    return effnn__parallel_for(context, effnn__piece_count(g->n, job.columns),
                               SHARED_BYTES / (panel + 1) + 1, run_panels, &job);
}

effnn_status effnn__gemm_f32_packed(effnn_context *context, const effnn__packed_gemm *gemm)
{
    packed_job job;

    if (gemm->m == 0 || gemm->n == 0) return EFFNN_OK;
    if (gemm->m <= FEW_ROWS) return run_few_rows(context, gemm);
    cut(&job, gemm);
    return effnn__parallel_for(context, job.n_down * job.n_across, 1, run_piece, &job);
}

void effnn__gemm_f32_packed_serial(const effnn__packed_gemm *gemm)
{
    if (gemm->m && gemm->n) run_block(gemm, &(block){ 0, gemm->m, 0, gemm->n });
}

void effnn__gemm_f32_rows_serial(const effnn__packed_gemm *gemm, size_t b_row)
{
    const effnn__tile *tile = effnn__tile_get();

    for (size_t p = 0; p < gemm->k || p == 0; p += EFFNN__TILE_TERMS) {
        effnn__tile_job job = terms_of(gemm, tile, p);

        job.b_row = b_row;
        job.b_padded = false;
        for (size_t j = 0; j < gemm->n; j += tile->columns) {
            job.b = gemm->b + p * b_row + j;
            for (size_t i = 0; i < gemm->m; i += tile->rows) {
                job.a = gemm->a + i * gemm->a_row + p * gemm->a_col;
                run_tile(gemm, tile, job, i, j);
            }
        }
    }
}
