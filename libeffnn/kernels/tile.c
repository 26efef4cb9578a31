/* SPDX-License-Identifier: BSD-3-Clause */
/* The tile in plain C, and the choice for this CPU, made once. */

#include "kernels/tile.h"

#include "kernels/cpu.h"

#include <pthread.h>

enum { ROWS = 4, COLUMNS = 16 };

static float start(const effnn__tile_job *job, size_t i, size_t j)
{
    if (job->accumulate) return job->c[i * job->c_row + j];
    if (job->bias_column) return job->bias_column[j];
    return job->bias_row ? job->bias_row[i] : 0.0f;
}

static float clamped(const effnn__tile_job *job, float x)
{
    if (!job->clamp) return x;
    return x < job->lo ? job->lo : x > job->hi ? job->hi : x;
}

static void run(const effnn__tile_job *job)
{
    float sum[ROWS][COLUMNS];

    for (size_t i = 0; i < job->m; i++)
        for (size_t j = 0; j < job->n; j++) sum[i][j] = start(job, i, j);
    for (size_t p = 0; p < job->k; p++)
        for (size_t i = 0; i < job->m; i++)
            for (size_t j = 0; j < job->n; j++)
                sum[i][j] += job->a[i * job->a_row + p * job->a_col] * job->b[p * job->b_row + j];
    for (size_t i = 0; i < job->m; i++)
        for (size_t j = 0; j < job->n; j++) job->c[i * job->c_row + j] = clamped(job, sum[i][j]);
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
