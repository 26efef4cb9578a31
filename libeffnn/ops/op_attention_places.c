/* SPDX-License-Identifier: BSD-3-Clause */
/* Where an attention's operands lie and which keys a query sees. */

#include "ops/op_attention_run.h"

#include "tensor/tensor.h"

effnn__attention_rows effnn__attention_rows_of(bool flat, size_t batch, size_t head, size_t n_heads,
                                               size_t len, size_t size)
{
    if (flat)
        return (effnn__attention_rows){ (batch * len * n_heads + head) * size, n_heads * size };
    return (effnn__attention_rows){ (batch * n_heads + head) * len * size, size };
}

static size_t kv_head(const effnn__attention_job *job, size_t head)
{
    return head / (job->a.q_heads / job->a.kv_heads);
}

effnn__attention_rows effnn__attention_queries(const effnn__attention_job *job,
                                               const effnn__attention_item *i)
{
    return effnn__attention_rows_of(job->a.flat, i->batch, i->head, job->a.q_heads, job->a.q_len,
                                    job->a.size);
}

effnn__attention_rows effnn__attention_outputs(const effnn__attention_job *job,
                                               const effnn__attention_item *i)
{
    return effnn__attention_rows_of(job->a.flat, i->batch, i->head, job->a.q_heads, job->a.q_len,
                                    job->a.v_size);
}

effnn__attention_rows effnn__attention_past(const effnn__attention_job *job,
                                            const effnn__attention_item *i, size_t size)
{
    return effnn__attention_rows_of(false, i->batch, kv_head(job, i->head), job->a.kv_heads,
                                    job->a.past_len, size);
}

effnn__attention_rows effnn__attention_new(const effnn__attention_job *job,
                                           const effnn__attention_item *i, size_t size)
{
    return effnn__attention_rows_of(job->a.flat, i->batch, kv_head(job, i->head), job->a.kv_heads,
                                    job->a.new_len, size);
}

size_t effnn__attention_mask(const effnn__attention_job *job, const effnn__attention_item *i,
                             size_t query)
{
    return i->batch * job->mask_strides[0] + i->head * job->mask_strides[1] +
           query * job->mask_strides[2];
}

void effnn__attention_visible(const effnn__attention_job *job, const effnn__attention_item *i,
                              size_t query, size_t *begin, size_t *end)
{
    const effnn_tensor *lengths = effnn__call_input(job->call, EFFNN__ATTENTION_LENGTHS);
    int64_t place = (int64_t)(job->a.past_len + query), low = 0, high = (int64_t)job->a.total_len;

    if (lengths) {
        const int64_t length = effnn__tensor_load_i64(lengths, i->batch);

        place = length - (int64_t)job->a.q_len + (int64_t)query;
        if (high > length) high = length;
    }
    if (job->attrs->is_causal && high > place + 1) high = place + 1;
    if (job->attrs->right_window_size >= 0 && high > place + job->attrs->right_window_size + 1)
        high = place + job->attrs->right_window_size + 1;
    if (job->attrs->left_window_size >= 0 && low < place - job->attrs->left_window_size)
        low = place - job->attrs->left_window_size;
    if (job->mask && high > (int64_t)job->mask_len) high = (int64_t)job->mask_len;
    if (high < 0) high = 0;
    *end = (size_t)high;
    *begin = low > high ? (size_t)high : (size_t)low;
}
