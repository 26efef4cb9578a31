/* SPDX-License-Identifier: BSD-3-Clause */
/* Strided walks. A piece of work is a range of output elements: its first element's coordinates are
 * worked out by division, then the innermost dimension is handed out run by run and the outer ones
 * counted like an odometer. */

#include "ops/op_walk.h"

#include "base/pool.h"

#include <string.h>

#define COPY_GRAIN 65536

void effnn__walk_init(effnn__walk *self, size_t rank, const int64_t *dims)
{
    *self = (effnn__walk){ .rank = rank, .count = 1 };
    for (size_t i = 0; i < rank; i++) {
        self->dims[i] = dims[i];
        self->count *= (size_t)dims[i];
    }
}

void effnn__walk_add(effnn__walk *self, int64_t start, const int64_t *strides)
{
    EFFNN_ASSERT(self->n_operands < EFFNN__WALK_OPERANDS);
    self->operands[self->n_operands].start = start;
    for (size_t i = 0; i < self->rank; i++)
        self->operands[self->n_operands].strides[i] = strides[i];
    self->n_operands++;
}

void effnn__walk_add_broadcast(effnn__walk *self, size_t rank, const int64_t *dims)
{
    int64_t strides[EFFNN_MAX_RANK] = { 0 };
    int64_t stride = 1;

    for (size_t i = rank; i-- > 0;) {
        if (dims[i] != 1) strides[self->rank - rank + i] = stride;
        stride *= dims[i];
    }
    effnn__walk_add(self, 0, strides);
}

/* True if every operand crosses from dimension `outer` into `inner` as through one dimension. */
static bool merges(const effnn__walk *self, size_t outer, size_t inner)
{
    for (size_t k = 0; k < self->n_operands; k++) {
        const int64_t *strides = self->operands[k].strides;

        if (strides[outer] != strides[inner] * self->dims[inner]) return false;
    }
    return true;
}

static void copy_dim(effnn__walk *self, size_t to, size_t from)
{
    self->dims[to] = self->dims[from];
    for (size_t k = 0; k < self->n_operands; k++)
        self->operands[k].strides[to] = self->operands[k].strides[from];
}

static void merge_dims(effnn__walk *self)
{
    size_t n = 0;

    for (size_t i = 0; i < self->rank; i++) {
        if (self->dims[i] == 1) continue;
        if (n > 0 && merges(self, n - 1, i)) {
            const int64_t size = self->dims[n - 1] * self->dims[i];

            copy_dim(self, n - 1, i);
            self->dims[n - 1] = size;
        } else {
            copy_dim(self, n++, i);
        }
    }
    if (n == 0) {
        self->dims[0] = 1;
        for (size_t k = 0; k < self->n_operands; k++) self->operands[k].strides[0] = 0;
        n = 1;
    }
    self->rank = n;
}

typedef struct walk_job {
    const effnn__walk *walk;
    effnn__walk_fn run;
    void *user;
} walk_job;

static effnn_status walk_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const walk_job *job = job_;
    const effnn__walk *walk = job->walk;
    const size_t last = walk->rank - 1;
    int64_t at[EFFNN_MAX_RANK], offsets[EFFNN__WALK_OPERANDS] = { 0 };
    int64_t steps[EFFNN__WALK_OPERANDS] = { 0 };
    size_t rest = begin;

    (void)piece;
    for (size_t i = walk->rank; i-- > 0;) {
        at[i] = (int64_t)(rest % (size_t)walk->dims[i]);
        rest /= (size_t)walk->dims[i];
    }
    for (size_t k = 0; k < walk->n_operands; k++) {
        offsets[k] = walk->operands[k].start;
        steps[k] = walk->operands[k].strides[last];
        for (size_t i = 0; i < walk->rank; i++) offsets[k] += at[i] * walk->operands[k].strides[i];
    }
    while (begin < end) {
        const size_t left = (size_t)(walk->dims[last] - at[last]);
        const size_t n = left < end - begin ? left : end - begin;

        job->run(job->user, begin, n, offsets, steps);
        begin += n;
        /* The next row: back to its beginning, then one step in the nearest outer dimension. */
        for (size_t k = 0; k < walk->n_operands; k++) offsets[k] -= at[last] * steps[k];
        at[last] = 0;
        for (size_t i = last; i-- > 0;) {
            for (size_t k = 0; k < walk->n_operands; k++)
                offsets[k] += walk->operands[k].strides[i];
            if (++at[i] < walk->dims[i]) break;
            for (size_t k = 0; k < walk->n_operands; k++)
                offsets[k] -= at[i] * walk->operands[k].strides[i];
            at[i] = 0;
        }
    }
    return EFFNN_OK;
}

effnn_status effnn__walk_run(effnn__walk *self, effnn_context *context, size_t grain,
                             effnn__walk_fn run, void *user)
{
    walk_job job = { .walk = self, .run = run, .user = user };

    if (self->count == 0) return EFFNN_OK;
    merge_dims(self);
    return effnn__parallel_for(context, self->count, grain, walk_piece, &job);
}

typedef struct copy_job {
    char *out;
    const char *in;
    size_t size;
} copy_job;

/* n elements of `size` bytes, those of `in` a step apart; the usual sizes as whole words. */
static void copy_steps(char *out, const char *in, size_t size, size_t n, int64_t step)
{
    const int64_t stride = step * (int64_t)size;

    switch (size) {
    case 1:
        for (size_t i = 0; i < n; i++) out[i] = in[(int64_t)i * stride];
        break;
    case 2:
        for (size_t i = 0; i < n; i++) memcpy(out + 2 * i, in + (int64_t)i * stride, 2);
        break;
    case 4:
        for (size_t i = 0; i < n; i++) memcpy(out + 4 * i, in + (int64_t)i * stride, 4);
        break;
    default:
        for (size_t i = 0; i < n; i++) memcpy(out + 8 * i, in + (int64_t)i * stride, 8);
        break;
    }
}

static void copy_run(void *user, size_t at, size_t n, const int64_t *offsets, const int64_t *steps)
{
    const copy_job *job = user;
    char *out = job->out + at * job->size;
    const char *in = job->in + offsets[0] * (int64_t)job->size;

    if (steps[0] == 1)
        memcpy(out, in, n * job->size);
    else
        copy_steps(out, in, job->size, n, steps[0]);
}

effnn_status effnn__walk_copy(effnn__walk *self, effnn_context *context, void *out, const void *in,
                              size_t size)
{
    copy_job job = { .out = out, .in = in, .size = size };

    EFFNN_ASSERT(size == 1 || size == 2 || size == 4 || size == 8);
    return effnn__walk_run(self, context, COPY_GRAIN, copy_run, &job);
}
