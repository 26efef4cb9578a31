/* SPDX-License-Identifier: BSD-3-Clause */
/* A product with a packed matrix on the right. Pieces are blocks of rows by runs of panels; within
 * one, a panel of B stays in the first cache while the tiles of A go by. Rows of A that lie a large
 * power of two apart would fall on the same lines of the cache: those are packed a tile at a time.
 */

#include "kernels/packed.h"

#include "base/pool.h"

#include <string.h>

enum {
    ROW_TILES = 10,       /* rows of a piece, in tiles */
    PIECE_WORK = 1 << 20, /* multiply-adds of a piece, about */
    BAD_STRIDE = 512,     /* floats: rows that are a multiple of this apart collide */
    MOST_ROWS = 16,       /* of any tile */
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

/* A tile of A at a time, packed. */
static void run_packing(const effnn__packed_gemm *g, const effnn__tile *tile, const block *b)
{
    float packed[MOST_ROWS * EFFNN__TILE_TERMS];

    for (size_t p = 0; p < g->k; p += EFFNN__TILE_TERMS) {
        effnn__tile_job job = terms_of(g, tile, p);

        job.a = packed;
        job.a_row = 1;
        job.a_col = tile->rows;
        for (size_t i = b->i; i < b->i_end; i += tile->rows) {
            const size_t m = g->m - i < tile->rows ? g->m - i : tile->rows;

            for (size_t r = 0; r < m; r++)
                for (size_t t = 0; t < job.k; t++)
                    packed[t * tile->rows + r] = g->a[(i + r) * g->a_row + (p + t) * g->a_col];
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
    const bool collides = g->a_col == 1 && g->a_row % BAD_STRIDE == 0 && b->i_end - b->i > 4;

    if (collides && g->k > 0)
        run_packing(g, tile, b);
    else
        run_plain(g, tile, b);
}

/* ---- pieces ---- */

typedef struct packed_job {
    const effnn__packed_gemm *gemm;
    size_t rows, columns, n_across; /* of a piece; pieces across */
} packed_job;

static effnn_status run_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const packed_job *job = job_;
    const effnn__packed_gemm *g = job->gemm;

    (void)piece;
    for (size_t at = begin; at < end; at++) {
        block b = { .i = at / job->n_across * job->rows, .j = at % job->n_across * job->columns };

        b.i_end = b.i + job->rows < g->m ? b.i + job->rows : g->m;
        b.j_end = b.j + job->columns < g->n ? b.j + job->columns : g->n;
        run_block(g, &b);
    }
    return EFFNN_OK;
}

effnn_status effnn__gemm_f32_packed(effnn_context *context, const effnn__packed_gemm *gemm)
{
    const effnn__tile *tile = effnn__tile_get();
    packed_job job = { .gemm = gemm, .rows = ROW_TILES * tile->rows };
    const size_t high = gemm->m < job.rows ? gemm->m : job.rows;
    const size_t panel = high * gemm->k * tile->columns;

    if (gemm->m == 0 || gemm->n == 0) return EFFNN_OK;
    job.columns = (PIECE_WORK / (panel ? panel : 1) + 1) * tile->columns;
    job.n_across = effnn__piece_count(gemm->n, job.columns);
    return effnn__parallel_for(context, effnn__piece_count(gemm->m, job.rows) * job.n_across, 1,
                               run_piece, &job);
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
