/* SPDX-License-Identifier: BSD-3-Clause */
/* One pass an axis, first those that shrink, from the front (few rows are left for the others),
 * then the others from the back (the rows of the outer passes are long and run as vectors). f32 is
 * summed in f32, everything else in double; what is neither is widened first and stored last. */

#include "ops/op_resample.h"

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#define GRAIN 16384

size_t effnn__taps_bytes(size_t out, size_t n)
{
    const size_t bytes = out * n * (sizeof(int64_t) + sizeof(double) + sizeof(float));

    return (bytes + 63) / 64 * 64;
}

void effnn__taps_place(effnn__taps *self, void *memory)
{
    self->index = memory;
    self->weight = (double *)(self->index + self->out * self->n);
    self->weight_f32 = (float *)(self->weight + self->out * self->n);
}

static bool is_direct(effnn_dtype dtype)
{
    return dtype == EFFNN_F32 || dtype == EFFNN_F64;
}

/* Elements of the largest intermediate: every axis at its longer size. */
static size_t largest(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0], *y = call->outputs[0];
    size_t n = 1;

    for (size_t i = 0; i < effnn_tensor_rank(x); i++) {
        const int64_t in = effnn_tensor_dims(x)[i], out = effnn_tensor_dims(y)[i];

        n *= (size_t)(in > out ? in : out);
    }
    return n;
}

size_t effnn__resample_bytes(const effnn_op_call *call)
{
    const bool is_f32 = effnn_tensor_dtype(call->inputs[0]) == EFFNN_F32;

    return 2 * largest(call) * (is_f32 ? sizeof(float) : sizeof(double));
}

/* ---- one pass ---- */

typedef struct pass_job {
    const effnn__taps *taps;
    size_t inner;
    double outside;
    void *y;       /* [outer, taps->out, inner] */
    const void *x; /* [outer, taps->in, inner] */
} pass_job;

/* A row of `inner` elements as the weighted sum of rows. */
static void sum_rows_f32(const pass_job *job, float *y, const float *x, size_t o)
{
    const effnn__taps *t = job->taps;
    const int64_t *index = t->index + o * t->n;
    const float *weight = t->weight_f32 + o * t->n;
    const float *a = x + (size_t)index[0] * job->inner;
    const float *b = x + (size_t)index[t->n > 1 ? 1 : 0] * job->inner;
    const float p = weight[0], q = t->n > 1 ? weight[1] : 0.0f;

    for (size_t i = 0; i < job->inner; i++) y[i] = p * a[i] + q * b[i];
    for (size_t k = 2; k < t->n; k++) {
        const float *c = x + (size_t)index[k] * job->inner;
        const float w = weight[k];

        for (size_t i = 0; i < job->inner; i++) y[i] += w * c[i];
    }
}

static void sum_rows_f64(const pass_job *job, double *y, const double *x, size_t o)
{
    const effnn__taps *t = job->taps;

    for (size_t i = 0; i < job->inner; i++) y[i] = 0.0;
    for (size_t k = 0; k < t->n; k++) {
        const double *a = x + (size_t)t->index[o * t->n + k] * job->inner;
        const double w = t->weight[o * t->n + k];

        for (size_t i = 0; i < job->inner; i++) y[i] += w * a[i];
    }
}

/* Items are rows of the output. */
static effnn_status rows_f32(void *job_, size_t piece, size_t begin, size_t end)
{
    const pass_job *job = job_;
    const effnn__taps *t = job->taps;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t outer = i / t->out, o = i % t->out;
        float *y = (float *)job->y + i * job->inner;
        const float *x = (const float *)job->x + outer * t->in * job->inner;

        if (t->index[o * t->n] >= 0)
            sum_rows_f32(job, y, x, o);
        else
            for (size_t k = 0; k < job->inner; k++) y[k] = (float)job->outside;
    }
    return EFFNN_OK;
}

static effnn_status rows_f64(void *job_, size_t piece, size_t begin, size_t end)
{
    const pass_job *job = job_;
    const effnn__taps *t = job->taps;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t outer = i / t->out, o = i % t->out;
        double *y = (double *)job->y + i * job->inner;
        const double *x = (const double *)job->x + outer * t->in * job->inner;

        if (t->index[o * t->n] >= 0)
            sum_rows_f64(job, y, x, o);
        else
            for (size_t k = 0; k < job->inner; k++) y[k] = job->outside;
    }
    return EFFNN_OK;
}

/* The last axis in f32: items are lines along it. */
static effnn_status lines_f32(void *job_, size_t piece, size_t begin, size_t end)
{
    const pass_job *job = job_;
    const effnn__taps *t = job->taps;

    (void)piece;
    for (size_t line = begin; line < end; line++) {
        float *y = (float *)job->y + line * t->out;
        const float *x = (const float *)job->x + line * t->in;

        if (t->n == 2) {
            for (size_t o = 0; o < t->out; o++)
                y[o] = t->index[2 * o] < 0 ? (float)job->outside
                                           : t->weight_f32[2 * o] * x[t->index[2 * o]] +
                                                 t->weight_f32[2 * o + 1] * x[t->index[2 * o + 1]];
            continue;
        }
        for (size_t o = 0; o < t->out; o++) {
            const int64_t *index = t->index + o * t->n;
            float sum = index[0] < 0 ? (float)job->outside : 0.0f;

            for (size_t k = 0; k < t->n && index[0] >= 0; k++)
                sum += t->weight_f32[o * t->n + k] * x[index[k]];
            y[o] = sum;
        }
    }
    return EFFNN_OK;
}

static effnn_status run_pass(const effnn_op_call *call, pass_job *job, size_t outer, bool is_f32)
{
    const effnn__taps *t = job->taps;

    if (is_f32 && job->inner == 1)
        return effnn__parallel_for(call->context, outer, GRAIN / (t->out * t->n) + 1, lines_f32,
                                   job);
    return effnn__parallel_for(call->context, outer * t->out, GRAIN / (job->inner * t->n) + 1,
                               is_f32 ? rows_f32 : rows_f64, job);
}

/* ---- all passes ---- */

typedef struct convert_job {
    const effnn__dtype_row *row;
    double *wide;
    void *y;       /* written, or NULL */
    const void *x; /* read, or NULL */
} convert_job;

static effnn_status convert_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const convert_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        if (job->x)
            job->wide[i] = job->row->load_f64(job->x, i);
        else
            job->row->store_f64(job->y, i, job->wide[i]);
    }
    return EFFNN_OK;
}

/* Order of the passes, see above. */
static size_t next_axis(const effnn__taps *axes, size_t n, unsigned done)
{
    size_t best = n;

    for (size_t i = 0; i < n; i++) {
        if (done & (1u << i)) continue;
        if (best == n) {
            best = i;
            continue;
        }
        const bool shrinks = axes[i].out < axes[i].in;
        const bool best_shrinks = axes[best].out < axes[best].in;
        const bool in_front = axes[i].axis < axes[best].axis;

        if (shrinks != best_shrinks ? shrinks : shrinks == in_front) best = i;
    }
    return best;
}

/* The passes alone, between arrays of the type that is summed in. */
static effnn_status run_passes(const effnn_op_call *call, const effnn__taps *axes, size_t n,
                               pass_job *job, char *memory)
{
    const effnn_tensor *x = call->inputs[0];
    const size_t rank = effnn_tensor_rank(x);
    const bool is_f32 = effnn_tensor_dtype(x) == EFFNN_F32;
    void *const y = job->y;
    char *const halves[] = { memory, memory + effnn__resample_bytes(call) / 2 };
    int64_t dims[EFFNN_MAX_RANK];
    unsigned done = 0;

    for (size_t i = 0; i < rank; i++) dims[i] = effnn_tensor_dims(x)[i];
    for (size_t pass = 0; pass < n; pass++) {
        const size_t k = next_axis(axes, n, done);
        size_t outer = 1;

        done |= 1u << k;
        job->taps = &axes[k];
        job->inner = 1;
        for (size_t i = 0; i < axes[k].axis; i++) outer *= (size_t)dims[i];
        for (size_t i = axes[k].axis + 1; i < rank; i++) job->inner *= (size_t)dims[i];
        job->y = pass + 1 == n ? y : (void *)halves[pass % 2];
        EFFNN_TRY(run_pass(call, job, outer, is_f32));
        job->x = job->y;
        dims[axes[k].axis] = (int64_t)axes[k].out;
    }
    return EFFNN_OK;
}

effnn_status effnn__resample_run(const effnn_op_call *call, const effnn__taps *axes, size_t n,
                                 double outside, void *memory)
{
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    const size_t count = effnn_tensor_count(y);
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(x));
    pass_job job = { .outside = outside, .y = effnn__tensor_data(y), .x = effnn_tensor_data(x) };

    if (count == 0) return EFFNN_OK;
    if (n == 0) return effnn__copy_through(call);
    if (is_direct(effnn_tensor_dtype(x))) return run_passes(call, axes, n, &job, memory);
    /* Widened into the second half, which the first pass reads; the last one may write over it
     * from the third pass on, or to the first half. */
    double *halves[] = { memory, (double *)memory + effnn__resample_bytes(call) / 2 / 8 };
    convert_job convert = { .row = row, .wide = halves[1], .x = job.x };

    EFFNN_TRY(
        effnn__parallel_for(call->context, effnn_tensor_count(x), GRAIN, convert_piece, &convert));
    job.x = halves[1];
    job.y = halves[(n - 1) % 2];
    EFFNN_TRY(run_passes(call, axes, n, &job, memory));
    convert = (convert_job){ .row = row, .wide = halves[(n - 1) % 2], .y = effnn__tensor_data(y) };
    return effnn__parallel_for(call->context, count, GRAIN, convert_piece, &convert);
}
