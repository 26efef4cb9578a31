/* SPDX-License-Identifier: BSD-3-Clause */
/* Every tile that this CPU can run, of every size up to its own, against sums in double. */

#include "kernels/tile.h"

#include "kernels/cpu.h"
#include "support/arrays.h"
#include "support/suite.h"

#include <math.h>

enum { K = 37, STRIDE = 48, MOST = 16, GUARD = 64 };

static const effnn__tile *tiles[3];

static int find_tiles(effnn__cpu cpu)
{
    int n = 0;

    tiles[n++] = effnn__tile_reference();
    if (cpu.avx2_fma && effnn__tile_avx2()) tiles[n++] = effnn__tile_avx2();
    if (cpu.avx512 && effnn__tile_avx512()) tiles[n++] = effnn__tile_avx512();
    return n;
}

/* Tables that say what the distances say already. */
static const size_t *offsets(size_t distance)
{
    static size_t tables[2][K];
    static int next;
    size_t *const table = tables[next++ % 2];

    for (size_t p = 0; p < K; p++) table[p] = p * distance;
    return table;
}

/* The forms of a job: how A lies, what C starts from, whether it is bounded, which operand has a
 * table of offsets (and then a distance of no meaning). */
static effnn__tile_job form_of(int form, const effnn__tile *tile, const float *a, const float *b,
                               const float *bias, float *c)
{
    effnn__tile_job job = { .k = K, .a = a, .b = b, .c = c, .b_row = STRIDE, .c_row = STRIDE };

    job.a_row = form % 2 ? 1 : K;
    job.a_col = form % 2 ? tile->rows : 1;
    job.accumulate = form / 2 % 4 == 1;
    job.bias_row = form / 2 % 4 == 2 ? bias : NULL;
    job.bias_column = form / 2 % 4 == 3 ? bias : NULL;
    job.clamp = form / 8 % 2;
    if (form / 16 == 1) job.b_offset = offsets(job.b_row);
    if (form / 16 == 2) job.a_offset = offsets(job.a_col);
    job.lo = -0.5f;
    job.hi = 0.7f;
    return job;
}

static double expected(const effnn__tile_job *job, const float *before, size_t i, size_t j)
{
    double sum = job->accumulate ? (double)before[i * STRIDE + j] : 0.0;

    if (job->bias_row) sum += (double)job->bias_row[i];
    if (job->bias_column) sum += (double)job->bias_column[j];
    for (size_t p = 0; p < K; p++)
        sum += (double)job->a[i * job->a_row + p * job->a_col] * (double)job->b[p * STRIDE + j];
    if (!job->clamp) return sum;
    return fmin(fmax(sum, (double)job->lo), (double)job->hi);
}

static void try_size(const effnn__tile *tile, int form, size_t m, size_t n)
{
    float *a = random_f32(MOST * K, 1), *b = random_f32(K * STRIDE, 2);
    float *bias = random_f32(STRIDE, 3), *before = random_f32(MOST * STRIDE, 4);
    float *c = random_f32(MOST * STRIDE, 4);
    effnn__tile_job job = form_of(form, tile, a, b, bias, c);

    job.m = m;
    job.n = n;
    effnn__tile_job run = job;
    if (run.b_offset) run.b_row = 7777;
    if (run.a_offset) run.a_col = 7777;
    tile->run(&run);
    for (size_t i = 0; i < MOST; i++)
        for (size_t j = 0; j < STRIDE; j++) {
            const double got = (double)c[i * STRIDE + j];

            if (i < m && j < n)
                ck_assert_msg(fabs(got - expected(&job, before, i, j)) < 4e-6 * K,
                              "%s form %d, %zu x %zu: [%zu, %zu] is %g", tile->name, form, m, n, i,
                              j, got);
            else
                ck_assert(c[i * STRIDE + j] == before[i * STRIDE + j]);
        }
    free(a);
    free(b);
    free(bias);
    free(before);
    free(c);
}

START_TEST(every_size_and_form_gives_the_sums_and_touches_nothing_else)
{
    const effnn__tile *tile = tiles[_i];

    for (int form = 0; form < 48; form++)
        for (size_t m = 1; m <= tile->rows; m++)
            for (size_t n = 1; n <= tile->columns; n += m == tile->rows ? 1 : 5)
                try_size(tile, form, m, n);
}
END_TEST

START_TEST(not_a_number_passes_the_bounds)
{
    const effnn__tile *tile = tiles[_i];
    const float a = 1.0f, b[STRIDE] = { NAN, 2.0f, -2.0f, 0.25f };
    float c[STRIDE] = { 0 };

    tile->run(&(effnn__tile_job){ .m = 1,
                                  .n = 4,
                                  .k = 1,
                                  .a = &a,
                                  .a_row = 1,
                                  .a_col = 1,
                                  .b = b,
                                  .b_row = STRIDE,
                                  .c = c,
                                  .c_row = STRIDE,
                                  .clamp = true,
                                  .b_padded = true,
                                  .lo = 0.0f,
                                  .hi = 1.0f });
    ck_assert_float_nan(c[0]);
    ck_assert(c[1] == 1.0f && c[2] == 0.0f && c[3] == 0.25f);
}
END_TEST

START_TEST(the_tile_chosen_is_the_widest_that_may_be_used)
{
    if (_i == 0) ck_assert_ptr_eq(effnn__tile_get(), tiles[find_tiles(effnn__cpu_allowed()) - 1]);
}
END_TEST

LOOP_SUITE("tile", NULL, NULL, find_tiles(effnn__cpu_query()),
           every_size_and_form_gives_the_sums_and_touches_nothing_else,
           not_a_number_passes_the_bounds, the_tile_chosen_is_the_widest_that_may_be_used)
