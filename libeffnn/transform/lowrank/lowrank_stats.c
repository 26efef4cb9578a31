/* SPDX-License-Identifier: BSD-3-Clause */
/* One pass over the calibration data. Samples are added one after another on the calling thread,
 * and the Gram kernel combines rows in index order, so the sums do not depend on threads or batch
 * size (up to the bits of the forward pass). */

#include "transform/lowrank/lowrank_stats.h"

#include "base/alloc.h"
#include "kernels/kernels.h"
#include "model/capture.h"
#include "transform/lowrank/lowrank_options.h"

#include <string.h>

/* Growing scratch memory. */
typedef struct buffer {
    void *data;
    size_t size;
} buffer;

typedef struct gatherer {
    effnn_context *context;
    effnn__lowrank_stat *stats;
    int metric;
    buffer input, output, scratch;
} gatherer;

static effnn_status need(buffer *self, size_t n, size_t size, const char *what)
{
    void *data;

    if (n <= self->size / size && self->data) return EFFNN_OK;
    data = effnn__realloc_array(self->data, n ? n : 1, size);
    if (!data) return effnn__fail_nomem(what, n * size);
    self->data = data;
    self->size = (n ? n : 1) * size;
    return EFFNN_OK;
}

/* ‖x‖² in eight interleaved sums, which a compiler can vectorise and which fix the order. */
static double sum_of_squares(const float *x, size_t n)
{
    double sums[8] = { 0 }, total = 0.0;
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++) sums[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < n; i++) sums[i % 8] += (double)x[i] * (double)x[i];
    for (size_t k = 0; k < 8; k++) total += sums[k];
    return total;
}

/* normalized_output: add xᵀx / ‖z‖². */
static effnn_status add_normalized(gatherer *self, effnn__lowrank_stat *stat, const float *x,
                                   const float *z, size_t rows)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    const double norm = sum_of_squares(z, rows * (size_t)stat->site->out);

    if (norm == 0.0) return EFFNN_OK;
    EFFNN_TRY(need(&self->scratch, kernels->gram_scratch(rows, stat->d), 1, stat->site->name));
    stat->count++;
    return kernels->gram_f32(self->context, stat->gram, x, rows, stat->d, 1.0 / norm,
                             self->scratch.data);
}

/* mean_input: add x itself, row by row. */
static effnn_status add_to_sum(effnn__lowrank_stat *stat, const float *x, size_t rows,
                               uint64_t sample)
{
    if (!stat->sum) {
        stat->sum = effnn__alloc_array(rows * stat->d, sizeof *stat->sum);
        if (!stat->sum) return effnn__fail_nomem(stat->site->name, rows * stat->d * sizeof(double));
        stat->rows = rows;
    }
    if (rows != stat->rows)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "site '%s': sample %llu has %zu rows, those before %zu; metric "
                           "mean_input needs samples of one length",
                           stat->site->name, (unsigned long long)sample, rows, stat->rows);
    for (size_t i = 0; i < rows * stat->d; i++) stat->sum[i] += (double)x[i];
    stat->count++;
    return EFFNN_OK;
}

static effnn_status add_sample(gatherer *self, effnn__lowrank_stat *stat,
                               const effnn__capture_event *event, size_t sample)
{
    const bool mean = self->metric == EFFNN__LOWRANK_MEAN_INPUT;
    const float *x;
    size_t rows = 0;

    if (!stat->of_input || !mean)
        EFFNN_TRY(effnn__capture_output(self->output.data, &rows, stat->site, 0, event, sample));
    if (stat->of_input)
        EFFNN_TRY(effnn__capture_input(self->input.data, &rows, stat->site, 0, event, sample));
    x = stat->of_input ? self->input.data : self->output.data;
    if (mean) return add_to_sum(stat, x, rows, event->first + sample);
    return add_normalized(self, stat, x, self->output.data, rows);
}

static effnn_status consume(void *user, const effnn__capture_event *event)
{
    gatherer *self = user;
    effnn__lowrank_stat *stat = &self->stats[event->tap];
    const size_t rows = effnn__capture_rows(stat->site, event);
    const char *name = stat->site->name;

    if (rows == 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "site '%s': its rows do not belong to samples",
                           name);
    EFFNN_TRY(need(&self->output, rows * (size_t)stat->site->out, sizeof(float), name));
    if (stat->of_input)
        EFFNN_TRY(need(&self->input, rows * (size_t)stat->site->in, sizeof(float), name));
    for (size_t sample = 0; sample < event->n; sample++)
        EFFNN_TRY(add_sample(self, stat, event, sample));
    return EFFNN_OK;
}

static effnn_status prepare(effnn__lowrank_stat *stat)
{
    const effnn__site *site = stat->site;

    stat->of_input = site->in < site->out;
    stat->d = (size_t)(stat->of_input ? site->in : site->out);
    stat->gram = effnn__alloc_array(stat->d * stat->d, sizeof *stat->gram);
    return stat->gram ? EFFNN_OK
                      : effnn__fail_nomem(site->name, stat->d * stat->d * sizeof *stat->gram);
}

/* Z̄ᵀZ̄ of the mean: X̄ᵀX̄ times the weight on both sides, for the product is linear. */
static effnn_status finish_mean(gatherer *self, effnn__lowrank_stat *stat)
{
    const effnn__gemm gemm = {
        .m = stat->d,
        .n = stat->d,
        .k = stat->rows,
        .a = stat->sum,
        .b = stat->sum,
        .c = stat->gram,
        .a_row = 1,
        .a_col = (int64_t)stat->d,
        .b_row = (int64_t)stat->d,
        .b_col = 1,
        .c_row = (int64_t)stat->d,
        .c_col = 1,
        .alpha = 1.0,
        .n_batch = 1,
    };

    if (!stat->sum) return EFFNN_OK;
    for (size_t i = 0; i < stat->rows * stat->d; i++) stat->sum[i] /= (double)stat->count;
    EFFNN_TRY(effnn__kernels_get()->gemm_f64(self->context, &gemm));
    effnn__free(stat->sum);
    stat->sum = NULL;
    return EFFNN_OK;
}

static effnn_status run(gatherer *self, size_t n, const effnn_transform_call *call,
                        uint64_t samples)
{
    effnn__node **nodes = effnn__alloc_array(n, sizeof *nodes);
    const char **names = effnn__alloc_array(n, sizeof *names);
    const effnn__capture_options options = {
        .batch = call->batch,
        .count = samples,
        .progress = call->progress,
        .stage = "calibrate",
        .names = names,
    };
    effnn_status status =
        nodes && names ? EFFNN_OK : effnn__fail_nomem("calibration", n * sizeof *nodes);

    for (size_t i = 0; i < n && status == EFFNN_OK; i++) {
        nodes[i] = self->stats[i].site->node;
        names[i] = self->stats[i].site->name;
        status = prepare(&self->stats[i]);
    }
    if (status == EFFNN_OK)
        status = effnn__capture_run(call->model, call->data, nodes, n, &options, consume, self);
    for (size_t i = 0; i < n && status == EFFNN_OK; i++)
        if (self->metric == EFFNN__LOWRANK_MEAN_INPUT) status = finish_mean(self, &self->stats[i]);
    effnn__free(names);
    effnn__free(nodes);
    return status;
}

effnn_status effnn__lowrank_gather(effnn__lowrank_stat *stats, size_t n,
                                   const effnn_transform_call *call, int metric, uint64_t samples)
{
    gatherer self = { .context = call->context, .stats = stats, .metric = metric };
    const effnn_status status = run(&self, n, call, samples);

    effnn__free(self.input.data);
    effnn__free(self.output.data);
    effnn__free(self.scratch.data);
    return status;
}

void effnn__lowrank_stat_clear(effnn__lowrank_stat *self)
{
    effnn__free(self->gram);
    effnn__free(self->sum);
    self->gram = self->sum = NULL;
}
