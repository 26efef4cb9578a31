/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention block by block: an item is one head of one sample and a block of its queries, whose
 * scores against all keys lie in scratch; memory grows with the number of keys, not with its
 * square. Each thread takes whole items with scratch of its own, handed out by a counter; where
 * blocks begin depends on the problem only, and so do the bits. Past and new keys and values are
 * two parts of one product, never joined. f32 by register tiles, keys packed for each item (for
 * few queries as they lie); other types, one query at a time, in double.
 *
 * What a query may not see (causal, window, lengths, mask) takes no part whatever its score is; a
 * query that sees nothing gives zeros. */

#include "ops/op_attention_run.h"

#include "base/pool.h"
#include "kernels/packed.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <math.h>
#include <string.h>

enum {
    SCORE_BYTES = 512 << 10, /* of a block … */
    MOST_QUERIES = 128,
    FEWEST_QUERIES = 16, /* … but as many queries as these, for the products' sake */
    DOT_COST = 8,        /* of a product of a query and a key by itself, in terms of packing one */
    SHARED_WORK = 1 << 17, /* multiply-adds from which on threads share them: a step of a decoder
                            * is done before another thread is awake */
    CACHE_LINE = 64
};

void effnn__attention_of(effnn__attention *out, const effnn_op_call *call)
{
    const effnn__attention_attrs *attrs = call->attrs;
    const effnn_tensor *q = call->inputs[EFFNN__ATTENTION_Q], *k = call->inputs[EFFNN__ATTENTION_K];
    const effnn_tensor *v = call->inputs[EFFNN__ATTENTION_V];
    const effnn_tensor *past = effnn__call_input(call, EFFNN__ATTENTION_PAST_K);
    const int64_t *qd = effnn_tensor_dims(q), *kd = effnn_tensor_dims(k),
                  *vd = effnn_tensor_dims(v);
    effnn__attention a = { .flat = effnn_tensor_rank(q) == 3, .batch = (size_t)qd[0] };

    if (a.flat) {
        a.q_heads = (size_t)attrs->q_num_heads;
        a.kv_heads = (size_t)attrs->kv_num_heads;
        a.q_len = (size_t)qd[1];
        a.new_len = (size_t)kd[1];
        a.size = (size_t)qd[2] / a.q_heads;
        a.v_size = (size_t)vd[2] / a.kv_heads;
    } else {
        a.q_heads = (size_t)qd[1];
        a.kv_heads = (size_t)kd[1];
        a.q_len = (size_t)qd[2];
        a.new_len = (size_t)kd[2];
        a.size = (size_t)qd[3];
        a.v_size = (size_t)vd[3];
    }
    a.past_len = past ? (size_t)effnn_tensor_dims(past)[2] : 0;
    a.total_len = a.past_len + a.new_len;
    a.scale = attrs->scale != 0.0 ? attrs->scale : 1.0 / sqrt((double)a.size);
    *out = a;
}

static void job_open(effnn__attention_job *job, const effnn_op_call *call)
{
    const effnn_dtype q = effnn_tensor_dtype(call->inputs[EFFNN__ATTENTION_Q]);
    const effnn_dtype v = effnn_tensor_dtype(call->inputs[EFFNN__ATTENTION_V]);

    job->call = call;
    job->attrs = call->attrs;
    effnn__attention_of(&job->a, call);
    job->is_f32 = q == EFFNN_F32 && v == EFFNN_F32;
    const size_t row_bytes =
        (job->a.total_len + 1) * (job->is_f32 ? sizeof(float) : sizeof(double));
    job->block = SCORE_BYTES / row_bytes;
    if (job->block > MOST_QUERIES) job->block = MOST_QUERIES;
    if (job->block < FEWEST_QUERIES) job->block = FEWEST_QUERIES;
    if (job->block > job->a.q_len) job->block = job->a.q_len;
    if (job->block == 0) job->block = 1;
    job->n_blocks = effnn__piece_count(job->a.q_len, job->block);
    job->n_items = job->a.batch * job->a.q_heads * job->n_blocks;
    job->slot_bytes = (job->is_f32 ? job->block : 1) * row_bytes;
    job->slot_bytes = (job->slot_bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    job->keys_at = job->slot_bytes;
    if (job->is_f32) /* past and new keys one after the other */
        job->slot_bytes += effnn__pack_bytes(
            job->a.size, job->a.past_len > job->a.new_len ? job->a.past_len : job->a.new_len);
    job->slot_bytes = (job->slot_bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    job->mask = effnn__call_input(call, EFFNN__ATTENTION_MASK);
    job->scores =
        call->n_outputs > EFFNN__ATTENTION_SCORES ? call->outputs[EFFNN__ATTENTION_SCORES] : NULL;
}

size_t effnn__attention_scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    effnn__attention_job job = { 0 };

    (void)phase;
    job_open(&job, call);
    return effnn__slot_count(call->context, job.n_items) * job.slot_bytes;
}

static void find_mask_strides(effnn__attention_job *job)
{
    size_t stride;

    if (!job->mask) return;
    const size_t rank = effnn_tensor_rank(job->mask);
    const int64_t *dims = effnn_tensor_dims(job->mask);

    job->mask_len = rank == 0 ? 1 : (size_t)dims[rank - 1];
    stride = job->mask_len;
    for (size_t k = 0; k < 3 && k + 1 < rank; k++) {
        const size_t size = (size_t)dims[rank - 2 - k];

        job->mask_strides[2 - k] = size == 1 ? 0 : stride;
        stride *= size;
    }
}

/* Scores of one query go to output 3, if it shows this stage; keys from n on are not seen. */
static void show_f32(const effnn__attention_job *job, const effnn__attention_item *i, size_t query,
                     int64_t stage, const float *scores, size_t n)
{
    if (!job->scores || job->attrs->qk_matmul_output_mode != stage) return;
    float *to = (float *)effnn__tensor_data(job->scores) +
                ((i->batch * job->a.q_heads + i->head) * job->a.q_len + query) * job->a.total_len;
    memcpy(to, scores, n * sizeof *to);
}

/* ---- f32 ---- */

/* Whether keys are packed: it costs a copy of each and saves sums over the lanes of every product
 * of a query and a key. */
static bool packs_keys(size_t n_queries, size_t size)
{
    return n_queries * (DOT_COST + size / 4) >= size;
}

/* scores [m, n] = alpha · q · kᵀ; panels: room for packed keys. */
static void multiply_keys(const effnn__gemm *part, float *panels)
{
    if (part->n == 0 || part->m == 0) return;
    if (!packs_keys(part->m, part->k)) {
        for (size_t i = 0; i < part->m; i++)
            effnn__kernels_get()->dots_f32((float *)part->c + i * (size_t)part->c_row,
                                           (const float *)part->a + i * (size_t)part->a_row,
                                           part->b, (size_t)part->b_col, part->n, part->k,
                                           (float)part->alpha);
        return;
    }
    effnn__pack_f32(panels, part->b, part->b_row, part->b_col, part->k, part->n);
    effnn__gemm_f32_packed_serial(&(effnn__packed_gemm){ .m = part->m,
                                                         .n = part->n,
                                                         .k = part->k,
                                                         .a = part->a,
                                                         .b = panels,
                                                         .c = part->c,
                                                         .a_row = (size_t)part->a_row,
                                                         .a_col = 1,
                                                         .c_row = (size_t)part->c_row });
    for (size_t i = 0; i < part->m; i++) {
        float *row = (float *)part->c + i * (size_t)part->c_row;

        for (size_t j = 0; j < part->n; j++) row[j] *= (float)part->alpha;
    }
}

/* y [m, n] = (or +=) weights · v, whose rows are taken as they lie. */
static void multiply_values(const effnn__gemm *part)
{
    if (part->n == 0 || part->m == 0) return;
    effnn__gemm_f32_rows_serial(&(effnn__packed_gemm){ .m = part->m,
                                                       .n = part->n,
                                                       .k = part->k,
                                                       .a = part->a,
                                                       .b = part->b,
                                                       .c = part->c,
                                                       .a_row = (size_t)part->a_row,
                                                       .a_col = 1,
                                                       .c_row = (size_t)part->c_row,
                                                       .accumulate = part->beta != 0.0 },
                                (size_t)part->b_row);
}

/* scores [n, keys] = scale · q · kᵀ, past keys and new ones. */
static void score_block(const effnn__attention_job *job, const effnn__attention_item *i,
                        float *scores, size_t keys)
{
    const effnn_tensor *past = effnn__call_input(job->call, EFFNN__ATTENTION_PAST_K);
    const effnn__attention_rows q = effnn__attention_queries(job, i);
    const size_t from_past = keys < job->a.past_len ? keys : job->a.past_len;
    float *panels = (float *)((char *)scores + job->keys_at);
    effnn__gemm gemm = { .m = i->n,
                         .n = from_past,
                         .k = job->a.size,
                         .a = (const float *)effnn_tensor_data(
                                  job->call->inputs[EFFNN__ATTENTION_Q]) +
                              q.begin + i->first * q.stride,
                         .c = scores,
                         .a_row = (int64_t)q.stride,
                         .a_col = 1,
                         .b_row = 1,
                         .c_row = (int64_t)keys,
                         .c_col = 1,
                         .alpha = job->a.scale,
                         .n_batch = 1 };

    if (past) {
        const effnn__attention_rows k = effnn__attention_past(job, i, job->a.size);

        gemm.b = (const float *)effnn_tensor_data(past) + k.begin;
        gemm.b_col = (int64_t)k.stride;
        multiply_keys(&gemm, panels);
    }
    const effnn__attention_rows k = effnn__attention_new(job, i, job->a.size);
    gemm.n = keys - from_past;
    gemm.b = (const float *)effnn_tensor_data(job->call->inputs[EFFNN__ATTENTION_K]) + k.begin;
    gemm.b_col = (int64_t)k.stride;
    gemm.c = scores + from_past;
    multiply_keys(&gemm, panels);
}

/* y [n, v_size] = weights [n, keys] · v; weights' rows are `stride` apart. */
static void weigh_block(const effnn__attention_job *job, const effnn__attention_item *i,
                        const float *weights, size_t stride, size_t keys)
{
    const effnn_tensor *past = effnn__call_input(job->call, EFFNN__ATTENTION_PAST_V);
    const effnn__attention_rows y = effnn__attention_outputs(job, i);
    const size_t from_past = keys < job->a.past_len ? keys : job->a.past_len;
    effnn__gemm gemm = { .m = i->n,
                         .n = job->a.v_size,
                         .k = from_past,
                         .a = weights,
                         .c = (float *)effnn__tensor_data(job->call->outputs[EFFNN__ATTENTION_Y]) +
                              y.begin + i->first * y.stride,
                         .a_row = (int64_t)stride,
                         .a_col = 1,
                         .b_col = 1,
                         .c_row = (int64_t)y.stride,
                         .c_col = 1,
                         .alpha = 1.0,
                         .n_batch = 1 };

    if (past && from_past > 0) {
        const effnn__attention_rows v = effnn__attention_past(job, i, job->a.v_size);

        gemm.b = (const float *)effnn_tensor_data(past) + v.begin;
        gemm.b_row = (int64_t)v.stride;
        multiply_values(&gemm);
        gemm.beta = 1.0;
    }
    const effnn__attention_rows v = effnn__attention_new(job, i, job->a.v_size);
    gemm.k = keys - from_past;
    if (gemm.k == 0) return;
    gemm.a = weights + from_past;
    gemm.b = (const float *)effnn_tensor_data(job->call->inputs[EFFNN__ATTENTION_V]) + v.begin;
    gemm.b_row = (int64_t)v.stride;
    multiply_values(&gemm);
}

static void cap_f32(float *scores, size_t n, float cap)
{
    for (size_t j = 0; j < n; j++) scores[j] /= cap;
    effnn__kernels_get()->tanh_f32(scores, scores, n);
    for (size_t j = 0; j < n; j++) scores[j] *= cap;
}

/* Scores that may not be seen become -inf. True if one is left that may. */
static bool mask_f32(const effnn__attention_job *job, const effnn__attention_item *i, size_t query,
                     float *scores, size_t begin, size_t end, size_t keys)
{
    bool any = end > begin;

    for (size_t j = 0; j < begin; j++) scores[j] = -INFINITY;
    for (size_t j = end; j < keys; j++) scores[j] = -INFINITY;
    if (!job->mask) return any;
    const size_t at = effnn__attention_mask(job, i, query);
    any = false;
    if (effnn_tensor_dtype(job->mask) == EFFNN_BOOL) {
        const uint8_t *mask = (const uint8_t *)effnn_tensor_data(job->mask) + at;

        for (size_t j = begin; j < end; j++) {
            any = any || mask[j];
            if (!mask[j]) scores[j] = -INFINITY;
        }
    } else {
        const float *mask = (const float *)effnn_tensor_data(job->mask) + at;

        for (size_t j = begin; j < end; j++) {
            any = any || mask[j] != -INFINITY;
            scores[j] = mask[j] == -INFINITY ? -INFINITY : scores[j] + mask[j];
        }
    }
    return any;
}

static bool all_hidden(const float *scores, size_t n)
{
    for (size_t j = 0; j < n; j++)
        if (scores[j] != -INFINITY) return false;
    return true;
}

static void softmax_row(const effnn__attention_job *job, float *scores, size_t begin, size_t end,
                        bool any)
{
    const effnn__axis row = { .outer = 1, .axis = end - begin, .inner = 1 };

    for (size_t j = 0; j < begin; j++) scores[j] = 0.0f;
    if (!any || all_hidden(scores + begin, end - begin)) {
        for (size_t j = begin; j < end; j++) scores[j] = 0.0f;
        return;
    }
    (void)effnn__kernels_get()->softmax_f32(job->call->context, row, scores + begin,
                                            scores + begin);
}

static void run_item_f32(const effnn__attention_job *job, const effnn__attention_item *i,
                         float *scores)
{
    const effnn__attention_rows y = effnn__attention_outputs(job, i);
    size_t seen = 0, keys = job->a.total_len;

    for (size_t r = 0; r < i->n; r++) {
        size_t begin, end;

        effnn__attention_visible(job, i, i->first + r, &begin, &end);
        if (end > seen) seen = end;
    }
    if (!job->scores) keys = seen;
    score_block(job, i, scores, keys);
    for (size_t r = 0; r < i->n; r++) {
        float *row = scores + r * keys;
        size_t begin, end;

        effnn__attention_visible(job, i, i->first + r, &begin, &end);
        show_f32(job, i, i->first + r, EFFNN__SCORES_RAW, row, keys);
        if (job->attrs->softcap > 0.0) cap_f32(row, keys, (float)job->attrs->softcap);
        show_f32(job, i, i->first + r, EFFNN__SCORES_CAPPED, row, keys);
        const bool any = mask_f32(job, i, i->first + r, row, begin, end, keys);
        show_f32(job, i, i->first + r, EFFNN__SCORES_MASKED, row, keys);
        softmax_row(job, row, begin, end, any);
        for (size_t j = end; j < keys; j++) row[j] = 0.0f;
        show_f32(job, i, i->first + r, EFFNN__SCORES_SOFTMAX, row, keys);
    }
    if (seen > 0) {
        weigh_block(job, i, scores, keys, seen);
        return;
    }
    float *to = effnn__tensor_data(job->call->outputs[EFFNN__ATTENTION_Y]);
    for (size_t r = 0; r < i->n; r++)
        memset(to + y.begin + (i->first + r) * y.stride, 0, job->a.v_size * sizeof *to);
}

/* ---- all ---- */

static void run_item(void *job_, size_t slot, size_t at)
{
    const effnn__attention_job *job = job_;
    void *scratch = (char *)job->call->scratch + slot * job->slot_bytes;
    const size_t head = at / job->n_blocks;
    effnn__attention_item i = { .batch = head / job->a.q_heads,
                                .head = head % job->a.q_heads,
                                .first = at % job->n_blocks * job->block };

    i.n = job->a.q_len - i.first < job->block ? job->a.q_len - i.first : job->block;
    if (job->is_f32) {
        run_item_f32(job, &i, scratch);
        return;
    }
    for (size_t r = 0; r < i.n; r++) effnn__attention_query(job, &i, i.first + r, scratch);
}

/* All items on one thread. */
static effnn_status run_items(void *job, size_t piece, size_t begin, size_t end)
{
    (void)piece;
    for (size_t at = begin; at < end; at++) run_item(job, 0, at);
    return EFFNN_OK;
}

/* Past and new keys, or values, one behind the other for each head. */
static void join(const effnn__attention_job *job, size_t output, size_t past, size_t fresh,
                 size_t size)
{
    effnn_tensor *to = output < job->call->n_outputs ? job->call->outputs[output] : NULL;
    const effnn_tensor *old = effnn__call_input(job->call, past), *new = job->call->inputs[fresh];

    if (!to || effnn_tensor_count(to) == 0) return;
    const size_t element = effnn__element_size(to), row = size * element;
    for (size_t i = 0; i < job->a.batch * job->a.kv_heads; i++) {
        const effnn__attention_rows from =
            effnn__attention_rows_of(job->a.flat, i / job->a.kv_heads, i % job->a.kv_heads,
                                     job->a.kv_heads, job->a.new_len, size);
        char *at = (char *)effnn__tensor_data(to) + i * job->a.total_len * row;

        if (old)
            memcpy(at, (const char *)effnn_tensor_data(old) + i * job->a.past_len * row,
                   job->a.past_len * row);
        at += job->a.past_len * row;
        for (size_t j = 0; j < job->a.new_len; j++)
            memcpy(at + j * row,
                   (const char *)effnn_tensor_data(new) + (from.begin + j * from.stride) * element,
                   row);
    }
}

static effnn_status check_lengths(const effnn__attention_job *job)
{
    const effnn_tensor *lengths = effnn__call_input(job->call, EFFNN__ATTENTION_LENGTHS);

    for (size_t i = 0; lengths && i < job->a.batch; i++) {
        const int64_t length = effnn__tensor_load_i64(lengths, i);

        if (length < 0 || length > (int64_t)job->a.total_len)
            return effnn__call_fail(job->call, EFFNN_E_ARG, "sample %zu has %lld of %zu keys", i,
                                    (long long)length, job->a.total_len);
    }
    return EFFNN_OK;
}

effnn_status effnn__attention_forward(const effnn_op_call *call)
{
    effnn__attention_job job = { 0 };

    job_open(&job, call);
    find_mask_strides(&job);
    EFFNN_TRY(check_lengths(&job));
    join(&job, EFFNN__ATTENTION_PRESENT_K, EFFNN__ATTENTION_PAST_K, EFFNN__ATTENTION_K, job.a.size);
    join(&job, EFFNN__ATTENTION_PRESENT_V, EFFNN__ATTENTION_PAST_V, EFFNN__ATTENTION_V,
         job.a.v_size);
    if (job.n_items * job.block * job.a.total_len * (job.a.size + job.a.v_size) < SHARED_WORK)
        return effnn__parallel_for(call->context, job.n_items, job.n_items + 1, run_items, &job);
    return effnn__parallel_items(call->context, job.n_items, run_item, &job);
}
