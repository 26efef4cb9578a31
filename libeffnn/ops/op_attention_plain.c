/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention of any float types, one query at a time, by plain loops in double. */

#include "ops/op_attention_run.h"
#include "tensor/dtype.h"

#include <math.h>

static double load(const effnn_tensor *t, size_t i)
{
    return effnn__dtype_row_of(effnn_tensor_dtype(t))->load_f64(effnn_tensor_data(t), i);
}

/* Element d of key or value j, by the tensors of the past ones and the new ones. */
static double load_key(const effnn__attention_job *job, const effnn__attention_item *i, size_t past,
                       size_t fresh, size_t size, size_t j)
{
    const bool is_past = j < job->a.past_len * size;
    const size_t row = j / size, d = j % size;
    const effnn__attention_rows r =
        is_past ? effnn__attention_past(job, i, size) : effnn__attention_new(job, i, size);
    const effnn_tensor *from = job->call->inputs[is_past ? past : fresh];

    return load(from, r.begin + (is_past ? row : row - job->a.past_len) * r.stride + d);
}

static double score(const effnn__attention_job *job, const effnn__attention_item *i, size_t query,
                    size_t key)
{
    const effnn__attention_rows q = effnn__attention_queries(job, i);
    const size_t size = job->a.size;
    double sum = 0.0;

    for (size_t d = 0; d < size; d++)
        sum += load(job->call->inputs[EFFNN__ATTENTION_Q], q.begin + query * q.stride + d) *
               load_key(job, i, EFFNN__ATTENTION_PAST_K, EFFNN__ATTENTION_K, size, key * size + d);
    return job->a.scale * sum;
}

static void show_f64(const effnn__attention_job *job, const effnn__attention_item *i, size_t query,
                     int64_t stage, const double *scores)
{
    if (!job->scores || job->attrs->qk_matmul_output_mode != stage) return;
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(job->scores));
    const size_t n = job->a.total_len;
    const size_t at = ((i->batch * job->a.q_heads + i->head) * job->a.q_len + query) * n;

    for (size_t j = 0; j < n; j++)
        row->store_f64(effnn__tensor_data(job->scores), at + j, scores[j]);
}

/* True if a key is left that may be seen. */
static bool mask_f64(const effnn__attention_job *job, const effnn__attention_item *i, size_t query,
                     double *scores)
{
    size_t begin, end;
    bool any = false;

    effnn__attention_visible(job, i, query, &begin, &end);
    for (size_t j = 0; j < job->a.total_len; j++) {
        double bias = j < begin || j >= end ? -INFINITY : 0.0;

        if (job->mask && bias == 0.0) {
            bias = load(job->mask, effnn__attention_mask(job, i, query) + j);
            if (effnn_tensor_dtype(job->mask) == EFFNN_BOOL) bias = bias != 0.0 ? 0.0 : -INFINITY;
        }
        any = any || bias != -INFINITY;
        scores[j] = bias == -INFINITY ? -INFINITY : scores[j] + bias;
    }
    return any;
}

static void softmax_f64(double *scores, size_t n, bool any)
{
    double largest = -INFINITY, sum = 0.0;

    for (size_t j = 0; j < n; j++)
        if (scores[j] > largest || isnan(scores[j])) largest = scores[j];
    if (!any || largest == -INFINITY) {
        for (size_t j = 0; j < n; j++) scores[j] = 0.0;
        return;
    }
    for (size_t j = 0; j < n; j++) sum += scores[j] = exp(scores[j] - largest);
    for (size_t j = 0; j < n; j++) scores[j] /= sum;
}

void effnn__attention_query(const effnn__attention_job *job, const effnn__attention_item *i,
                            size_t query, double *scores)
{
    effnn_tensor *y = job->call->outputs[EFFNN__ATTENTION_Y];
    const effnn__dtype_row *out = effnn__dtype_row_of(effnn_tensor_dtype(y));
    const effnn__attention_rows to = effnn__attention_outputs(job, i);
    const size_t n = job->a.total_len, size = job->a.v_size;
    const double cap = job->attrs->softcap;

    for (size_t j = 0; j < n; j++) scores[j] = score(job, i, query, j);
    show_f64(job, i, query, EFFNN__SCORES_RAW, scores);
    for (size_t j = 0; j < n && cap > 0.0; j++) scores[j] = cap * tanh(scores[j] / cap);
    show_f64(job, i, query, EFFNN__SCORES_CAPPED, scores);
    const bool any = mask_f64(job, i, query, scores);
    show_f64(job, i, query, EFFNN__SCORES_MASKED, scores);
    softmax_f64(scores, n, any);
    show_f64(job, i, query, EFFNN__SCORES_SOFTMAX, scores);
    for (size_t d = 0; d < size; d++) {
        double sum = 0.0;

        for (size_t j = 0; j < n; j++)
            if (scores[j] != 0.0)
                sum += scores[j] * load_key(job, i, EFFNN__ATTENTION_PAST_V, EFFNN__ATTENTION_V,
                                            size, j * size + d);
        out->store_f64(effnn__tensor_data(y), to.begin + query * to.stride + d, sum);
    }
}
