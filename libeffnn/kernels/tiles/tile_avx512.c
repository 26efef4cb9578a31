/* SPDX-License-Identifier: BSD-3-Clause */
/* The tile in AVX-512: 12 rows of two registers, which leaves eight of the 32 for B and A. */

#include "kernels/tile.h"

#ifdef __AVX512F__

#include <immintrin.h>

enum { ROWS = 12, COLUMNS = 32, LANES = 16 };

typedef struct pair {
    __m512 low, high;
} pair;

/* Which lanes of the two registers are there. */
typedef struct masks {
    __mmask16 low, high;
} masks;

static inline masks masks_of(size_t n)
{
    const size_t low = n < LANES ? n : LANES, high = n - low;

    return (masks){ (__mmask16)((1u << low) - 1), (__mmask16)((1u << high) - 1) };
}

static inline pair load(const float *from, masks there)
{
    return (pair){ _mm512_maskz_loadu_ps(there.low, from),
                   _mm512_maskz_loadu_ps(there.high, from + LANES) };
}

static inline pair start(const effnn__tile_job *job, size_t i, masks there)
{
    if (job->accumulate) return load(job->c + i * job->c_row, there);
    return (pair){ _mm512_setzero_ps(), _mm512_setzero_ps() };
}

static inline void store(const effnn__tile_job *job, size_t i, pair sum, masks there)
{
    float *to = job->c + i * job->c_row;

    if (job->bias_row || job->bias_column) {
        const __m512 value = _mm512_set1_ps(job->bias_row ? job->bias_row[i] : 0.0f);
        const pair bias = job->bias_row ? (pair){ value, value } : load(job->bias_column, there);
        sum.low = _mm512_add_ps(sum.low, bias.low);
        sum.high = _mm512_add_ps(sum.high, bias.high);
    }
    if (job->clamp) { /* the second operand comes through if one is NaN */
        const __m512 lo = _mm512_set1_ps(job->lo), hi = _mm512_set1_ps(job->hi);
        sum.low = _mm512_min_ps(hi, _mm512_max_ps(lo, sum.low));
        sum.high = _mm512_min_ps(hi, _mm512_max_ps(lo, sum.high));
    }
    _mm512_mask_storeu_ps(to, there.low, sum.low);
    _mm512_mask_storeu_ps(to + LANES, there.high, sum.high);
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
    const masks there = masks_of(job->n), all = { 0xffff, 0xffff };
    const masks of_b = job->b_padded ? all : there;
    const float *a = job->a, *b = job->b;
    pair sum[ROWS];

    UNROLLED
    for (size_t i = 0; i < m; i++) sum[i] = start(job, i, there);
    for (size_t p = 0; p < job->k; p++, a += job->a_col, b += job->b_row) {
        const pair row = load(table == OF_B ? job->b + job->b_offset[p] : b, of_b);

        if (table == OF_A) a = job->a + job->a_offset[p];

        UNROLLED
        for (size_t i = 0; i < m; i++) {
            const __m512 factor = _mm512_set1_ps(a[i * job->a_row]);

            sum[i].low = _mm512_fmadd_ps(factor, row.low, sum[i].low);
            sum[i].high = _mm512_fmadd_ps(factor, row.high, sum[i].high);
        }
    }
    UNROLLED
    for (size_t i = 0; i < m; i++) store(job, i, sum[i], there);
}

#define BY_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)

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

static const effnn__tile tile = { .name = "avx512", .rows = ROWS, .columns = COLUMNS, .run = run };

const effnn__tile *effnn__tile_avx512(void)
{
    return &tile;
}

#else

const effnn__tile *effnn__tile_avx512(void)
{
    return NULL;
}

#endif
