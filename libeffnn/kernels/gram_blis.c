/* SPDX-License-Identifier: BSD-3-Clause */
/* Gram matrix XᵀX in double by BLIS. Blocks of rows of x are widened to double in scratch and added
 * one after another, so rows combine in index order; within a block the lower triangle is computed
 * in square tiles, in parallel, the ones on the diagonal by the symmetric product. Tiles and blocks
 * depend on d and n only. */

#include "base/pool.h"
#include "kernels/blis_setup.h"
#include "kernels/kernels_priv.h"

#include <blis.h>

enum {
    BLOCK_ROWS = 256, /* BLIS's own block of K in double */
    TILE = 192,
};

typedef struct gram_job {
    double *gram;
    const float *x; /* of the block */
    double *wide;   /* [rows, d] */
    size_t rows, d;
    double scale;
} gram_job;

static size_t block_rows(size_t n)
{
    return n < BLOCK_ROWS ? n : BLOCK_ROWS;
}

size_t effnn__gram_scratch_blis(size_t n, size_t d)
{
    return block_rows(n) * d * sizeof(double);
}

static effnn_status widen(void *arg, size_t piece, size_t begin, size_t end)
{
    const gram_job *const job = arg;

    (void)piece;
    for (size_t i = begin * job->d; i < end * job->d; i++) job->wide[i] = (double)job->x[i];
    return EFFNN_OK;
}

static void add_diagonal_tile(const gram_job *job, size_t at, size_t size)
{
    double alpha = job->scale, one = 1.0;
    rntm_t rntm = BLIS_RNTM_INITIALIZER;

    bli_rntm_set_num_threads(1, &rntm);
    bli_dsyrk_ex(BLIS_LOWER, BLIS_NO_TRANSPOSE, (dim_t)size, (dim_t)job->rows, &alpha,
                 job->wide + at, 1, (inc_t)job->d, &one, job->gram + at * job->d + at,
                 (inc_t)job->d, 1, NULL, effnn__blis_get()->same_version ? &rntm : NULL);
}

static void add_tile(const gram_job *job, size_t row, size_t col, size_t n_rows, size_t n_cols)
{
    const effnn__gemm gemm = { .m = n_rows,
                               .n = n_cols,
                               .k = job->rows,
                               .a = job->wide + row,
                               .b = job->wide + col,
                               .c = job->gram + row * job->d + col,
                               .a_row = 1,
                               .a_col = (int64_t)job->d,
                               .b_row = (int64_t)job->d,
                               .b_col = 1,
                               .c_row = (int64_t)job->d,
                               .c_col = 1,
                               .alpha = job->scale,
                               .beta = 1.0,
                               .n_batch = 1 };

    effnn__gemm_serial_f64(&gemm);
}

/* Tiles of the lower triangle, row by row: tile i is (r, c) with i = r (r + 1) / 2 + c, c ≤ r. */
static effnn_status add_tiles(void *arg, size_t piece, size_t begin, size_t end)
{
    const gram_job *const job = arg;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        size_t r = 0, c, n_rows;

        while ((r + 1) * (r + 2) / 2 <= i) r++;
        c = i - r * (r + 1) / 2;
        n_rows = job->d - r * TILE < TILE ? job->d - r * TILE : TILE;
        if (r == c && n_rows > 1)
            add_diagonal_tile(job, r * TILE, n_rows);
        else
            add_tile(job, r * TILE, c * TILE, n_rows, r == c ? n_rows : TILE);
    }
    return EFFNN_OK;
}

effnn_status effnn__gram_f32_blis(effnn_context *context, double *gram, const float *x, size_t n,
                                  size_t d, double scale, void *scratch)
{
    const size_t side = effnn__piece_count(d, TILE);

    for (size_t row = 0; d > 0 && row < n; row += BLOCK_ROWS) {
        gram_job job = { gram, x + row * d, scratch, block_rows(n - row), d, scale };

        EFFNN_TRY(effnn__parallel_for(context, job.rows, effnn__grain(d), widen, &job));
        EFFNN_TRY(effnn__parallel_for(context, side * (side + 1) / 2, 1, add_tiles, &job));
    }
    return EFFNN_OK;
}
