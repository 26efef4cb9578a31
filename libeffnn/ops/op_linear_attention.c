/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention through a state S [size of keys, size of values] for each head, updated token by token
 * (Katharopoulos et al., 2020; gated delta rule: Yang et al., 2024):
 *     S = exp(g)∘S          with a decay g for each head or each key element (gated rules)
 *     v = β (v - Sᵀ k)      with a rate β for each head or one for all       (delta rules)
 *     S = S + k vᵀ          y = scale · Sᵀ q
 * Inputs: q, k, v [batch, tokens, heads · size], the state that came before (optional: zeros),
 * decay and rate where the rule has them. Outputs: y [batch, tokens, heads of q · size of values]
 * and the state. Heads of q share those of k in a row. Computed in double; chunk_size is a hint
 * that changes nothing here. */

#include "ops/op_infer.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <math.h>

enum { INPUT_Q, INPUT_K, INPUT_V, INPUT_STATE, INPUT_DECAY, INPUT_RATE };
enum { RULE_GATED_DELTA, RULE_LINEAR, RULE_GATED, RULE_DELTA };

typedef struct linear_attrs {
    int64_t chunk_size, kv_num_heads, q_num_heads;
    double scale; /* 0: 1 / √size of keys */
    int update_rule;
} linear_attrs;

static const char *const rules[] = { "gated_delta", "linear", "gated", "delta", NULL };

#define FIELD(f) offsetof(linear_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "chunk_size", "a hint of ONNX; changes nothing", EFFNN_OPT_I64, FIELD(chunk_size),
      .value = 64, .min = 1, .max = INT32_MAX },
    { "kv_num_heads", "heads of keys and values", EFFNN_OPT_I64, FIELD(kv_num_heads), .value = 1,
      .min = 1, .max = INT32_MAX },
    { "q_num_heads", "heads of queries", EFFNN_OPT_I64, FIELD(q_num_heads), .value = 1, .min = 1,
      .max = INT32_MAX },
    { "scale", "factor of the result; 0: 1 / √size", EFFNN_OPT_F64, FIELD(scale), .value = 0.0 },
    { "update_rule", "how a token changes the state", EFFNN_OPT_ENUM, FIELD(update_rule),
      .choices = rules },
    EFFNN_OPTIONS_END,
};

static bool is_gated(const linear_attrs *attrs)
{
    return attrs->update_rule == RULE_GATED || attrs->update_rule == RULE_GATED_DELTA;
}

static bool is_delta(const linear_attrs *attrs)
{
    return attrs->update_rule == RULE_DELTA || attrs->update_rule == RULE_GATED_DELTA;
}

/* ---- shapes ---- */

static effnn_status equal(const effnn_op_infer *call, const char *what, effnn__sym a, effnn__sym b)
{
    effnn__sym dim;

    return effnn__infer_equal_dims(&dim, call, what, a, b);
}

/* Last size of an input cut into heads. */
static effnn_status head_size(effnn__sym *out, const effnn_op_infer *call, size_t input,
                              int64_t heads)
{
    const effnn__value_info *info = call->inputs[input];

    if (effnn__sym_divide_exact(out, call->symbols, info->dims[2], effnn__sym_constant(heads)))
        return EFFNN_OK;
    if (info->dims[2].symbol == 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input %zu: size %lld in %lld heads", input,
                                 (long long)info->dims[2].offset, (long long)heads);
    return effnn__symbols_fresh(out, call->symbols);
}

static effnn_status check_gates(const effnn_op_infer *call)
{
    const linear_attrs *attrs = call->attrs;
    const bool wanted[] = { is_gated(attrs), is_delta(attrs) };

    if (attrs->q_num_heads % attrs->kv_num_heads != 0)
        return effnn__infer_fail(call, EFFNN_E_ARG, "%lld heads of queries for %lld of keys",
                                 (long long)attrs->q_num_heads, (long long)attrs->kv_num_heads);
    for (size_t i = 0; i < 2; i++) {
        const bool given = effnn__infer_input(call, INPUT_DECAY + i) != NULL;

        if (given != wanted[i])
            return effnn__infer_fail(call, EFFNN_E_ARG, "rule '%s' %s input %zu",
                                     rules[attrs->update_rule], wanted[i] ? "needs" : "has no",
                                     INPUT_DECAY + i);
    }
    return EFFNN_OK;
}

/* Decay [batch, tokens, heads or heads · size], rate [batch, tokens, heads or 1]. */
static effnn_status check_gate(const effnn_op_infer *call, size_t input, effnn__sym other)
{
    const linear_attrs *attrs = call->attrs;
    const effnn__value_info *gate = effnn__infer_input(call, input), *q = call->inputs[INPUT_Q];

    EFFNN_TRY(effnn__infer_rank(call, input, 3));
    if (!gate || !gate->has_shape) return EFFNN_OK;
    for (size_t i = 0; i < 2; i++)
        EFFNN_TRY(equal(call, "tokens of queries and gates", q->dims[i], gate->dims[i]));
    if (gate->dims[2].symbol != 0 || other.symbol != 0 ||
        gate->dims[2].offset == attrs->kv_num_heads || gate->dims[2].offset == other.offset)
        return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE, "input %zu has last size %lld, not %lld or %lld",
                             input, (long long)gate->dims[2].offset, (long long)attrs->kv_num_heads,
                             (long long)other.offset);
}

static effnn_status check_dtypes(effnn_op_infer *call)
{
    const effnn__value_info *state = effnn__infer_input(call, INPUT_STATE);

    for (size_t i = 0; i < call->n_inputs; i++) {
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
        if (i != INPUT_STATE) EFFNN_TRY(effnn__infer_same_dtype(call, i, i + 1));
    }
    if (call->n_outputs < 2) return EFFNN_OK;
    call->outputs[1].has_dtype = state ? state->has_dtype : call->outputs[0].has_dtype;
    call->outputs[1].dtype = state ? state->dtype : call->outputs[0].dtype;
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const linear_attrs *attrs = call->attrs;
    const effnn__value_info *q = call->inputs[INPUT_Q], *k = call->inputs[INPUT_K];
    const effnn__value_info *v = call->inputs[INPUT_V];
    const effnn__value_info *past = effnn__infer_input(call, INPUT_STATE);
    effnn__sym size, k_size, v_size, last;

    EFFNN_TRY(check_dtypes(call));
    EFFNN_TRY(check_gates(call));
    for (size_t i = 0; i < 3; i++) EFFNN_TRY(effnn__infer_rank(call, i, 3));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_STATE, 4));
    if (!q->has_shape || !k->has_shape || !v->has_shape) return EFFNN_OK;
    for (size_t i = 0; i < 2; i++) {
        EFFNN_TRY(equal(call, "tokens of queries and keys", q->dims[i], k->dims[i]));
        EFFNN_TRY(equal(call, "tokens of keys and values", k->dims[i], v->dims[i]));
    }
    EFFNN_TRY(head_size(&size, call, INPUT_Q, attrs->q_num_heads));
    EFFNN_TRY(head_size(&k_size, call, INPUT_K, attrs->kv_num_heads));
    EFFNN_TRY(head_size(&v_size, call, INPUT_V, attrs->kv_num_heads));
    EFFNN_TRY(equal(call, "sizes of queries and keys", size, k_size));
    EFFNN_TRY(check_gate(call, INPUT_DECAY, k->dims[2]));
    EFFNN_TRY(check_gate(call, INPUT_RATE, effnn__sym_constant(1)));
    const effnn__sym state[] = { q->dims[0], effnn__sym_constant(attrs->kv_num_heads), k_size,
                                 v_size };
    for (size_t i = 0; past && past->has_shape && i < 4; i++)
        EFFNN_TRY(equal(call, "sizes of the state", state[i], past->dims[i]));
    EFFNN_TRY(
        effnn__sym_mul(&last, call->symbols, v_size, effnn__sym_constant(attrs->q_num_heads)));
    effnn__info_set_shape(&call->outputs[0], 3, (effnn__sym[]){ q->dims[0], q->dims[1], last });
    if (call->n_outputs > 1) effnn__info_set_shape(&call->outputs[1], 4, state);
    return EFFNN_OK;
}

/* ---- computing ---- */

typedef struct linear_job {
    const effnn_op_call *call;
    const linear_attrs *attrs;
    size_t batch, tokens, q_heads, kv_heads, size, v_size, decays, rates;
    double scale;
} linear_job;

static linear_job job_of(const effnn_op_call *call)
{
    const linear_attrs *attrs = call->attrs;
    const effnn_tensor *decay = effnn__call_input(call, INPUT_DECAY);
    const effnn_tensor *rate = effnn__call_input(call, INPUT_RATE);
    const int64_t *q = effnn_tensor_dims(call->inputs[INPUT_Q]);
    linear_job job = { .call = call,
                       .attrs = attrs,
                       .batch = (size_t)q[0],
                       .tokens = (size_t)q[1],
                       .q_heads = (size_t)attrs->q_num_heads,
                       .kv_heads = (size_t)attrs->kv_num_heads,
                       .size = (size_t)(q[2] / attrs->q_num_heads),
                       .v_size = (size_t)(effnn_tensor_dims(call->inputs[INPUT_V])[2] /
                                          attrs->kv_num_heads),
                       .decays = decay ? (size_t)effnn_tensor_dims(decay)[2] : 0,
                       .rates = rate ? (size_t)effnn_tensor_dims(rate)[2] : 0 };

    job.scale = attrs->scale != 0.0 ? attrs->scale : 1.0 / sqrt((double)(job.size ? job.size : 1));
    return job;
}

static double load(const linear_job *job, size_t input, size_t i)
{
    const effnn_tensor *tensor = job->call->inputs[input];

    return effnn__dtype_row_of(effnn_tensor_dtype(tensor))->load_f64(effnn_tensor_data(tensor), i);
}

/* One token of one head: the state and, in `change`, what is written beside the key. */
static void update(const linear_job *job, size_t token, size_t head, double *state, double *change)
{
    const size_t n = job->size, m = job->v_size;
    const size_t key = (token * job->kv_heads + head) * n;

    for (size_t d = 0; d < n && job->decays > 0; d++) {
        const size_t at = job->decays == job->kv_heads ? token * job->decays + head : key + d;
        const double keep = exp(load(job, INPUT_DECAY, at));

        for (size_t e = 0; e < m; e++) state[d * m + e] *= keep;
    }
    for (size_t e = 0; e < m; e++)
        change[e] = load(job, INPUT_V, (token * job->kv_heads + head) * m + e);
    if (job->rates > 0) {
        const double rate = load(job, INPUT_RATE, token * job->rates + (job->rates > 1 ? head : 0));

        for (size_t d = 0; d < n; d++) {
            const double k = load(job, INPUT_K, key + d);

            for (size_t e = 0; e < m; e++) change[e] -= k * state[d * m + e];
        }
        for (size_t e = 0; e < m; e++) change[e] *= rate;
    }
    for (size_t d = 0; d < n; d++) {
        const double k = load(job, INPUT_K, key + d);

        for (size_t e = 0; e < m; e++) state[d * m + e] += k * change[e];
    }
}

/* The query heads that share a head's state read it into y. */
static void read_state(const linear_job *job, size_t token, size_t head, const double *state,
                       double *sums)
{
    effnn_tensor *y = job->call->outputs[0];
    const size_t shared = job->q_heads / job->kv_heads, m = job->v_size;

    if (!y) return;
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(y));
    for (size_t h = head * shared; h < (head + 1) * shared; h++) {
        for (size_t e = 0; e < m; e++) sums[e] = 0.0;
        for (size_t d = 0; d < job->size; d++) {
            const double q = load(job, INPUT_Q, (token * job->q_heads + h) * job->size + d);

            for (size_t e = 0; e < m; e++) sums[e] += q * state[d * m + e];
        }
        for (size_t e = 0; e < m; e++)
            row->store_f64(effnn__tensor_data(y), (token * job->q_heads + h) * m + e,
                           job->scale * sums[e]);
    }
}

/* Doubles of one head: its state and one row. */
static size_t head_room(const linear_job *job)
{
    return (job->size + 1) * job->v_size;
}

/* Items are the heads of keys of all samples. */
static effnn_status head_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const linear_job *job = job_;
    effnn_tensor *present = job->call->n_outputs > 1 ? job->call->outputs[1] : NULL;
    const size_t n = job->size * job->v_size;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        double *state = (double *)job->call->scratch + i * head_room(job), *row = state + n;
        const size_t sample = i / job->kv_heads, head = i % job->kv_heads;

        for (size_t k = 0; k < n; k++)
            state[k] =
                effnn__call_input(job->call, INPUT_STATE) ? load(job, INPUT_STATE, i * n + k) : 0.0;
        for (size_t t = 0; t < job->tokens; t++) {
            update(job, sample * job->tokens + t, head, state, row);
            read_state(job, sample * job->tokens + t, head, state, row);
        }
        for (size_t k = 0; k < n && present; k++)
            effnn__dtype_row_of(effnn_tensor_dtype(present))
                ->store_f64(effnn__tensor_data(present), i * n + k, state[k]);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    linear_job job = job_of(call);

    if (effnn__call_is_idle(call)) return EFFNN_OK;
    return effnn__parallel_for(call->context, job.batch * job.kv_heads, 1, head_piece, &job);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const linear_job job = job_of(call);

    (void)phase;
    return effnn__call_is_idle(call) ? 0
                                     : job.batch * job.kv_heads * head_room(&job) * sizeof(double);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const linear_job job = job_of(call);

    out->macs = (double)job.batch * (double)job.tokens * (double)job.size * (double)job.v_size *
                ((double)job.kv_heads * (is_delta(job.attrs) ? 2.0 : 1.0) + (double)job.q_heads);
}

/* ONNX has no defaults for the heads. */
static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    const linear_attrs *attrs = writer->op_attrs;

    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    EFFNN_TRY(effnn__onnx_set_int(writer, "kv_num_heads", attrs->kv_num_heads));
    EFFNN_TRY(effnn__onnx_set_int(writer, "q_num_heads", attrs->q_num_heads));
    return effnn__onnx_write_attrs(writer, false,
                                   (const char *const[]){ "kv_num_heads", "q_num_heads", NULL });
}

static const effnn_onnx_row onnx[] = {
    { .name = "LinearAttention", .since = 27, .write = write_onnx },
    { .name = "LinearAttention", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,8]", "f32[2,3,8]", "f32[2,3,6]" },
      .attrs = "update_rule=linear,q_num_heads=2,kv_num_heads=2",
      .n_outputs = 2,
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,16]", "f32[2,3,8]", "f32[2,3,6]", "f32[2,2,4,3]", "f32[2,3,2]",
                  "f32[2,3,2]" },
      .attrs = "q_num_heads=4,kv_num_heads=2",
      .n_outputs = 2,
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,8]", "f32[2,3,8]", "f32[2,3,6]", "", "f32[2,3,8]" },
      .attrs = "update_rule=gated,q_num_heads=2,kv_num_heads=2,scale=0.5",
      .tolerance = 1e-5 },
    { .inputs = { "f64[1,3,4]", "f64[1,3,4]", "f64[1,3,2]", "", "", "f64[1,3,1]" },
      .attrs = "update_rule=delta,q_num_heads=2,kv_num_heads=2",
      .n_outputs = 2 },
    { .inputs = { "f16[1,3,4]", "f16[1,3,4]", "f16[1,3,2]", "f32[1,1,4,2]" },
      .attrs = "update_rule=linear",
      .n_outputs = 2,
      .tolerance = 1e-6 },
    { .inputs = { "f32[0,3,4]", "f32[0,3,4]", "f32[0,3,2]" },
      .attrs = "update_rule=linear",
      .n_outputs = 2 },
    { .inputs = { "f32[1,3,4]", "f32[1,3,4]", "f32[1,3,2]" }, .refused = "needs input 4" },
    { .inputs = { "f32[1,3,4]", "f32[1,3,4]", "f32[1,3,2]" },
      .attrs = "update_rule=linear,q_num_heads=2",
      .refused = "2 is not 4" },
    { .inputs = { "f32[1,3,6]", "f32[1,3,6]", "f32[1,3,6]" },
      .attrs = "update_rule=linear,q_num_heads=3,kv_num_heads=2",
      .refused = "3 heads of queries for 2" },
    { .inputs = { "f32[1,3,4]", "f32[1,3,4]", "f32[1,3,2]", "", "f32[1,3,3]" },
      .attrs = "update_rule=gated",
      .refused = "last size 3" },
    { .inputs = { "i32[1,3,4]", "i32[1,3,4]", "i32[1,3,2]" },
      .attrs = "update_rule=linear",
      .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_linear_attention = {
    .name = "linear_attention",
    .summary = "attention through a state that every token updates",
    .attrs = attr_defs,
    .attrs_size = sizeof(linear_attrs),
    .min_inputs = 3,
    .max_inputs = 6,
    .min_outputs = 1,
    .max_outputs = 2,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
