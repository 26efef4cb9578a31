/* SPDX-License-Identifier: BSD-3-Clause */
/* Copying by axis tables, a row of the output (its last axis) at a time. The tables hold source
 * index · stride, so that a row's beginning is a sum. A row with the beginning of the one before it
 * is copied from that one: most rows of an enlarged picture. */

#include "ops/op_axis_tables.h"

#include "base/pool.h"
#include "ops/op_move.h"

#include <string.h>

#define GRAIN 16384

typedef struct tables_job {
    size_t rank, size; /* of the output; bytes of an element */
    const int64_t *dims;
    const int64_t *tables[EFFNN_MAX_RANK];
    bool row_is_whole;   /* no fill value in the last axis */
    size_t run, run_end; /* a stretch of it that is taken in order, without gaps; may be empty */
    char *y;
    const char *x, *fill;
} tables_job;

size_t effnn__axis_tables_scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const effnn_tensor *y = call->outputs[0];
    size_t n = 0;

    (void)phase;
    for (size_t i = 0; i < effnn_tensor_rank(y); i++) n += (size_t)effnn_tensor_dims(y)[i];
    return n * sizeof(int64_t);
}

static void fill_row(const tables_job *job, char *y, size_t n)
{
    if (job->size == 4) {
        float value;

        memcpy(&value, job->fill, sizeof value);
        effnn__kernels_get()->fill_f32((float *)(void *)y, n, value);
        return;
    }
    for (size_t i = 0; i < n; i++) memcpy(y + i * job->size, job->fill, job->size);
}

static void copy_singly(const tables_job *job, char *y, const char *x, const int64_t *table,
                        size_t n)
{
    const size_t size = job->size;

    if (job->row_is_whole && size == 4)
        for (size_t i = 0; i < n; i++) memcpy(y + 4 * i, x + 4 * table[i], 4);
    else
        for (size_t i = 0; i < n; i++)
            memcpy(y + i * size, table[i] < 0 ? job->fill : x + (size_t)table[i] * size, size);
}

/* n elements from place `at` on of a row that begins at x: those in front of the stretch, the
 * stretch as a block, those behind it. */
static void copy_row(const tables_job *job, char *y, const char *x, size_t at, size_t n)
{
    const int64_t *table = job->tables[job->rank - 1];
    const size_t end = at + n, size = job->size;
    const size_t first = at > job->run ? at : job->run < end ? job->run : end;
    const size_t last = end < job->run_end ? end : job->run_end > first ? job->run_end : first;

    copy_singly(job, y, x, table + at, first - at);
    if (last > first)
        memcpy(y + (first - at) * size, x + (size_t)table[first] * size, (last - first) * size);
    copy_singly(job, y + (last - at) * size, x, table + last, end - last);
}

/* The longest stretch of neighbours in the last axis, if it is worth a block. */
static void find_run(tables_job *job)
{
    const int64_t *table = job->tables[job->rank - 1];
    const size_t n = (size_t)job->dims[job->rank - 1];

    for (size_t begin = 0, end = 0; begin < n; begin = end) {
        end = begin + 1;
        if (table[begin] < 0) continue;
        while (end < n && table[end] == table[begin] + (int64_t)(end - begin)) end++;
        if (end - begin <= job->run_end - job->run) continue;
        job->run = begin;
        job->run_end = end;
    }
    if (job->run_end - job->run < 8) job->run = job->run_end = 0;
}

/* Sum of the outer tables at these coordinates; -1: the fill value. */
static int64_t row_begin(const tables_job *job, const int64_t *at)
{
    int64_t begin = 0;

    for (size_t i = 0; i + 1 < job->rank; i++) {
        const int64_t step = job->tables[i][at[i]];

        if (step < 0) return -1;
        begin += step;
    }
    return begin;
}

static effnn_status tables_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const tables_job *job = job_;
    const size_t last = job->rank - 1, row = (size_t)job->dims[last];
    int64_t at[EFFNN_MAX_RANK], before = -2;
    size_t rest = begin;

    (void)piece;
    for (size_t i = job->rank; i-- > 0;) {
        at[i] = (int64_t)(rest % (size_t)job->dims[i]);
        rest /= (size_t)job->dims[i];
    }
    while (begin < end) {
        const size_t left = row - (size_t)at[last];
        const size_t n = left < end - begin ? left : end - begin;
        const int64_t from = row_begin(job, at);
        char *y = job->y + begin * job->size;

        if (from == before && n == row)
            memcpy(y, y - row * job->size, row * job->size);
        else if (from < 0)
            fill_row(job, y, n);
        else
            copy_row(job, y, job->x + (size_t)from * job->size, (size_t)at[last], n);
        before = n == row ? from : -2;
        begin += n;
        at[last] = 0;
        for (size_t i = last; i-- > 0;) {
            if (++at[i] < job->dims[i]) break;
            at[i] = 0;
        }
    }
    return EFFNN_OK;
}

static void fill_tables(tables_job *job, const effnn_op_call *call, effnn__place_fn place,
                        const void *user)
{
    const int64_t *sizes = effnn_tensor_dims(call->inputs[0]);
    int64_t strides[EFFNN_MAX_RANK];
    int64_t *table = call->scratch;

    effnn__shape_strides(strides, job->rank, sizes);
    for (size_t axis = 0; axis < job->rank; axis++) {
        const bool is_last = axis + 1 == job->rank;

        job->tables[axis] = table;
        for (int64_t i = 0; i < job->dims[axis]; i++) {
            const int64_t from = place(user, axis, i, sizes[axis]);

            table[i] = from < 0 ? -1 : from * strides[axis];
            if (!is_last) continue;
            job->row_is_whole = job->row_is_whole && from >= 0;
        }
        table += job->dims[axis];
    }
}

effnn_status effnn__axis_tables_run(const effnn_op_call *call, effnn__place_fn place,
                                    const void *user, const void *fill)
{
    static const char zeros[8] = { 0 };
    effnn_tensor *y = call->outputs[0];
    tables_job job = { .rank = effnn_tensor_rank(y),
                       .size = effnn__element_size(y),
                       .dims = effnn_tensor_dims(y),
                       .row_is_whole = true,
                       .y = effnn__tensor_data(y),
                       .x = effnn_tensor_data(call->inputs[0]),
                       .fill = fill ? fill : zeros };

    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    if (job.rank == 0) {
        memcpy(job.y, job.x, job.size);
        return EFFNN_OK;
    }
    fill_tables(&job, call, place, user);
    find_run(&job);
    return effnn__parallel_for(call->context, effnn_tensor_count(y), GRAIN, tables_piece, &job);
}
