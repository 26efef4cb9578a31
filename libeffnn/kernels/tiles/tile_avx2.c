/* SPDX-License-Identifier: BSD-3-Clause */
/* The tile in AVX2 and FMA: 6 rows of two registers, which leaves four of the 16 for B and A. */

#include "kernels/tile.h"

#if defined __AVX2__ && defined __FMA__

#include <immintrin.h>

enum { ROWS = 6, COLUMNS = 16, LANES = 8 };

typedef struct pair {
    __m256 low, high;
} pair;

/* Which lanes of the two registers are there: sign bits. */
typedef struct masks {
    __m256i low, high;
} masks;

static inline __m256i mask_of(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

static inline masks masks_of(size_t n)
{
    const size_t low = n < LANES ? n : LANES;

    return (masks){ mask_of(low), mask_of(n - low) };
}

static inline pair load(const float *from, masks there)
{
    return (pair){ _mm256_maskload_ps(from, there.low),
                   _mm256_maskload_ps(from + LANES, there.high) };
}

static inline pair start(const effnn__tile_job *job, size_t i, masks there)
{
    if (job->accumulate) return load(job->c + i * job->c_row, there);
    return (pair){ _mm256_setzero_ps(), _mm256_setzero_ps() };
}

static inline void store(const effnn__tile_job *job, size_t i, pair sum, masks there)
{
    float *to = job->c + i * job->c_row;

    if (job->bias_row || job->bias_column) {
        const __m256 value = _mm256_set1_ps(job->bias_row ? job->bias_row[i] : 0.0f);
        const pair bias = job->bias_row ? (pair){ value, value } : load(job->bias_column, there);
        sum.low = _mm256_add_ps(sum.low, bias.low);
        sum.high = _mm256_add_ps(sum.high, bias.high);
    }
    if (job->clamp) { /* the second operand comes through if one is NaN */
        const __m256 lo = _mm256_set1_ps(job->lo), hi = _mm256_set1_ps(job->hi);
        sum.low = _mm256_min_ps(hi, _mm256_max_ps(lo, sum.low));
        sum.high = _mm256_min_ps(hi, _mm256_max_ps(lo, sum.high));
    }
    _mm256_maskstore_ps(to, there.low, sum.low);
    _mm256_maskstore_ps(to + LANES, there.high, sum.high);
}

/* Loops over rows go away, so that sums are registers and nothing else: without this gcc stores all
 * of them in every step. */
#define UNROLLED _Pragma("GCC unroll 16")

/* Which operand has a table of offsets. */
typedef enum indirect { NEITHER, OF_A, OF_B } indirect;

/* The whole job for a number of rows that is a constant where this is put in. */
static inline __attribute__((always_inline)) void rows(const effnn__tile_job *job, const size_t m,
                                                       const indirect table)
{
    const masks there = masks_of(job->n);
    const bool whole = job->b_padded || job->n == COLUMNS;
    const float *a = job->a, *b = job->b;
    pair sum[ROWS];

    UNROLLED
    for (size_t i = 0; i < m; i++) sum[i] = start(job, i, there);
    for (size_t p = 0; p < job->k; p++, a += job->a_col, b += job->b_row) {
        const float *from = table == OF_B ? job->b + job->b_offset[p] : b;
        const pair row = whole ? (pair){ _mm256_loadu_ps(from), _mm256_loadu_ps(from + LANES) }
                               : load(from, there);

        if (table == OF_A) a = job->a + job->a_offset[p];
        UNROLLED
        for (size_t i = 0; i < m; i++) {
            const __m256 factor = _mm256_broadcast_ss(a + i * job->a_row);

            sum[i].low = _mm256_fmadd_ps(factor, row.low, sum[i].low);
            sum[i].high = _mm256_fmadd_ps(factor, row.high, sum[i].high);
        }
    }
    UNROLLED
    for (size_t i = 0; i < m; i++) store(job, i, sum[i], there);
}

#define BY_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)

static void run(const effnn__tile_job *job)
{
    const indirect table = job->a_offset ? OF_A : job->b_offset ? OF_B : NEITHER;

    switch (job->m + table * ROWS) {
#define X(m)                                        \
    case m: rows(job, m, NEITHER); break;           \
    case m + OF_A *ROWS: rows(job, m, OF_A); break; \
    case m + OF_B *ROWS: rows(job, m, OF_B); break;
        BY_ROWS(X)
#undef X
    default: break;
    }
}

static const effnn__tile tile = { .name = "avx2", .rows = ROWS, .columns = COLUMNS, .run = run };

const effnn__tile *effnn__tile_avx2(void)
{
    return &tile;
}

#else

const effnn__tile *effnn__tile_avx2(void)
{
    return NULL;
}

#endif
