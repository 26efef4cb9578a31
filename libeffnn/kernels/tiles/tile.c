/* SPDX-License-Identifier: BSD-3-Clause */
/* The tile in plain C, and the choice for this CPU, made once. */

#include "kernels/tile.h"

#include "kernels/cpu.h"

#include <pthread.h>

enum { ROWS = 4, COLUMNS = 16 };

static float finish(const effnn__tile_job *job, size_t i, size_t j, float x)
{
    if (job->bias_row) x += job->bias_row[i];
    if (job->bias_column) x += job->bias_column[j];
    if (!job->clamp) return x;
    return x < job->lo ? job->lo : x > job->hi ? job->hi : x;
}

static void run(const effnn__tile_job *job)
{
    float sum[ROWS][COLUMNS];

    for (size_t i = 0; i < job->m; i++)
        for (size_t j = 0; j < job->n; j++)
            sum[i][j] = job->accumulate ? job->c[i * job->c_row + j] : 0.0f;
    for (size_t p = 0; p < job->k; p++) {
        const float *row = job->b + (job->b_offset ? job->b_offset[p] : p * job->b_row);
        const float *column = job->a + (job->a_offset ? job->a_offset[p] : p * job->a_col);

        for (size_t i = 0; i < job->m; i++)
            for (size_t j = 0; j < job->n; j++) sum[i][j] += column[i * job->a_row] * row[j];
    }
    for (size_t i = 0; i < job->m; i++)
        for (size_t j = 0; j < job->n; j++)
            job->c[i * job->c_row + j] = finish(job, i, j, sum[i][j]);
}

static const effnn__tile reference = { .name = "c", .rows = ROWS, .columns = COLUMNS, .run = run };

const effnn__tile *effnn__tile_reference(void)
{
    return &reference;
}

static const effnn__tile *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    const effnn__cpu cpu = effnn__cpu_allowed();

    if (cpu.avx512) chosen = effnn__tile_avx512();
    if (!chosen && cpu.avx2_fma) chosen = effnn__tile_avx2();
    if (!chosen) chosen = &reference;
}

const effnn__tile *effnn__tile_get(void)
{
    pthread_once(&once, choose);
    return chosen;
}
