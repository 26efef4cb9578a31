/* SPDX-License-Identifier: BSD-3-Clause */
/* Scaled dot-product attention (Vaswani et al., 2017): softmax(scale · q·kᵀ + mask) · v for each
 * head. Inputs of rank 4, [batch, heads, length, size], or of rank 3 with the heads side by side,
 * [batch, length, heads · size]: q, k, v, mask (bool: may be seen; float: added; broadcast, and
 * keys past its end are hidden), past_key and past_value [batch, heads, length, size] that come
 * before k and v, and key counts [batch] for padded keys. Keys and values may have fewer heads,
 * each serving as many of q's in a row. Query i stands at place p = i + past (with counts: count -
 * queries + i): causal hides keys behind p, the window those further than its sizes from p.
 * Outputs: y, the joint keys and values, and the scores at the stage that qk_matmul_output_mode
 * names. The precision of the softmax is ours: f32 or better. */

#include "ops/op_attention.h"

#define FIELD(f) offsetof(effnn__attention_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "is_causal", "a query sees no key behind its own place", EFFNN_OPT_BOOL, FIELD(is_causal),
      .value = 0 },
    { "kv_num_heads", "heads of keys and values of rank 3", EFFNN_OPT_I64, FIELD(kv_num_heads),
      .value = 0, .min = 0, .max = INT32_MAX },
    { "left_window_size", "keys seen before the query's place; -1: all", EFFNN_OPT_I64,
      FIELD(left_window_size), .value = -1, .min = -1, .max = INT32_MAX },
    { "q_num_heads", "heads of queries of rank 3", EFFNN_OPT_I64, FIELD(q_num_heads), .value = 0,
      .min = 0, .max = INT32_MAX },
    { "qk_matmul_output_mode", "output 3: 0 raw scores, 1 capped, 2 masked, 3 after the softmax",
      EFFNN_OPT_I64, FIELD(qk_matmul_output_mode), .value = 0, .min = 0, .max = 3 },
    { "right_window_size", "keys seen behind the query's place; -1: all", EFFNN_OPT_I64,
      FIELD(right_window_size), .value = -1, .min = -1, .max = INT32_MAX },
    { "scale", "factor of the scores; 0: 1 / √size", EFFNN_OPT_F64, FIELD(scale), .value = 0.0 },
    { "softcap", "scores become softcap · tanh(score / softcap); 0: as they are", EFFNN_OPT_F64,
      FIELD(softcap), .value = 0.0, .min = 0.0, .max = 1e300 },
    { "softmax_precision", "ONNX's type in which the softmax was asked for; kept, not used",
      EFFNN_OPT_I64, FIELD(softmax_precision), .value = 0, .min = 0, .max = 64 },
    EFFNN_OPTIONS_END,
};

/* ---- shapes ---- */

/* One of q, k, v as [batch, heads, length, size]. */
static effnn_status split_heads(effnn__sym *out, const effnn_op_infer *call, size_t input,
                                int64_t n_heads)
{
    const effnn__value_info *info = call->inputs[input];
    const effnn__sym heads = effnn__sym_constant(n_heads);

    if (info->rank == 4) {
        for (size_t i = 0; i < 4; i++) out[i] = info->dims[i];
        return EFFNN_OK;
    }
    if (n_heads < 1)
        return effnn__infer_fail(call, EFFNN_E_ARG, "input %zu has rank 3, but %s is not given",
                                 input, input == 0 ? "q_num_heads" : "kv_num_heads");
    out[0] = info->dims[0];
    out[1] = heads;
    out[2] = info->dims[1];
    if (effnn__sym_divide_exact(&out[3], call->symbols, info->dims[2], heads)) return EFFNN_OK;
    if (info->dims[2].symbol == 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input %zu: size %lld in %lld heads", input,
                                 (long long)info->dims[2].offset, (long long)n_heads);
    return effnn__symbols_fresh(&out[3], call->symbols);
}

static effnn_status check_equal(const effnn_op_infer *call, const char *what, effnn__sym a,
                                effnn__sym b)
{
    effnn__sym dim;

    return effnn__infer_equal_dims(&dim, call, what, a, b);
}

static effnn_status check_heads(const effnn_op_infer *call, const effnn__sym *q,
                                const effnn__sym *k)
{
    const effnn__sym a = q[1], b = k[1];

    if (a.symbol != 0 || b.symbol != 0) return EFFNN_OK;
    if (b.offset == a.offset || (b.offset > 0 && a.offset % b.offset == 0)) return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld heads of queries for %lld of keys",
                             (long long)a.offset, (long long)b.offset);
}

/* A past tensor against [batch, heads, (its own length), size]; adds its length to *total. */
static effnn_status add_past(effnn__sym *total, const effnn_op_infer *call, size_t input,
                             const effnn__sym *fresh)
{
    const effnn__value_info *past = effnn__infer_input(call, input);

    *total = fresh[2];
    if (!past) return EFFNN_OK;
    if (!past->has_shape) return effnn__symbols_fresh(total, call->symbols);
    EFFNN_TRY(effnn__infer_rank(call, input, 4));
    EFFNN_TRY(check_equal(call, "batches of input and past", past->dims[0], fresh[0]));
    EFFNN_TRY(check_equal(call, "heads of input and past", past->dims[1], fresh[1]));
    EFFNN_TRY(check_equal(call, "sizes of input and past", past->dims[3], fresh[3]));
    return effnn__sym_add(total, call->symbols, past->dims[2], fresh[2]);
}

static effnn_status check_mask(const effnn_op_infer *call, const effnn__sym *q, effnn__sym total)
{
    const effnn__value_info *mask = effnn__infer_input(call, EFFNN__ATTENTION_MASK);
    const effnn__sym scores[] = { q[0], q[1], q[2] };

    if (!mask || !mask->has_shape) return EFFNN_OK;
    if (mask->rank > 4)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "the mask has rank %zu", mask->rank);
    for (size_t i = 0; i + 1 < mask->rank; i++) {
        const effnn__sym size = mask->dims[mask->rank - 2 - i];

        if (size.symbol == 0 && size.offset == 1) continue;
        EFFNN_TRY(check_equal(call, "sizes of mask and scores", size, scores[2 - i]));
    }
    const effnn__sym keys = mask->rank == 0 ? effnn__sym_constant(1) : mask->dims[mask->rank - 1];
    if (keys.symbol == 0 && total.symbol == 0 && keys.offset > total.offset)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "a mask of %lld keys for %lld",
                                 (long long)keys.offset, (long long)total.offset);
    return EFFNN_OK;
}

static effnn_status check_dtypes(effnn_op_infer *call)
{
    static const size_t first[] = { EFFNN__ATTENTION_Q, EFFNN__ATTENTION_K,
                                    EFFNN__ATTENTION_PAST_K };
    const effnn__value_info *v = call->inputs[EFFNN__ATTENTION_V];
    const effnn__value_info *past = effnn__infer_input(call, EFFNN__ATTENTION_PAST_V);
    const effnn__value_info *mask = effnn__infer_input(call, EFFNN__ATTENTION_MASK);

    for (size_t i = 0; i < call->n_inputs && i < EFFNN__ATTENTION_LENGTHS; i++)
        EFFNN_TRY(effnn__infer_dtype(
            call, i, i == EFFNN__ATTENTION_MASK ? EFFNN__FLOATS | EFFNN__BOOLS : EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, EFFNN__ATTENTION_LENGTHS, EFFNN__INTEGERS));
    for (size_t i = 0; i < 3; i++) EFFNN_TRY(effnn__infer_same_dtype(call, first[i], first[i] + 1));
    if (mask && mask->has_dtype && mask->dtype != EFFNN_BOOL)
        EFFNN_TRY(effnn__infer_same_dtype(call, EFFNN__ATTENTION_MASK, EFFNN__ATTENTION_MASK + 1));
    if (past && past->has_dtype && v->has_dtype && past->dtype != v->dtype)
        return effnn__infer_fail(call, EFFNN_E_ARG, "past values are %s but values are %s",
                                 effnn_dtype_name(past->dtype), effnn_dtype_name(v->dtype));
    for (size_t i = 1; i < call->n_outputs; i++) {
        const bool is_v = i == EFFNN__ATTENTION_PRESENT_V;

        call->outputs[i].has_dtype = is_v ? v->has_dtype : call->outputs[0].has_dtype;
        call->outputs[i].dtype = is_v ? v->dtype : call->outputs[0].dtype;
    }
    return EFFNN_OK;
}

/* The cache is either joined here or padded by the caller, and past keys come with past values. */
static effnn_status check_inputs(const effnn_op_infer *call)
{
    const effnn__value_info *k = effnn__infer_input(call, EFFNN__ATTENTION_PAST_K);
    const effnn__value_info *v = effnn__infer_input(call, EFFNN__ATTENTION_PAST_V);

    if ((k == NULL) != (v == NULL))
        return effnn__infer_fail(call, EFFNN_E_ARG, "past %s without past %s",
                                 k ? "keys" : "values", k ? "values" : "keys");
    if (k && effnn__infer_input(call, EFFNN__ATTENTION_LENGTHS))
        return effnn__infer_fail(call, EFFNN_E_ARG, "past keys together with key counts");
    return EFFNN_OK;
}

static effnn_status set_shapes(effnn_op_infer *call, const effnn__sym *q, const effnn__sym *k,
                               const effnn__sym *v, effnn__sym total)
{
    const effnn__sym keys[] = { k[0], k[1], total, k[3] }, values[] = { v[0], v[1], total, v[3] };
    const effnn__sym scores[] = { q[0], q[1], q[2], total }, y[] = { q[0], q[1], q[2], v[3] };
    const effnn__sym *const shapes[] = { y, keys, values, scores };

    for (size_t i = 0; i < call->n_outputs; i++)
        effnn__info_set_shape(&call->outputs[i], 4, shapes[i]);
    if (call->inputs[EFFNN__ATTENTION_Q]->rank == 4) return EFFNN_OK;
    effnn__sym flat[] = { q[0], q[2], v[3] };
    EFFNN_TRY(effnn__sym_mul(&flat[2], call->symbols, q[1], v[3]));
    effnn__info_set_shape(&call->outputs[EFFNN__ATTENTION_Y], 3, flat);
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__attention_attrs *attrs = call->attrs;
    const effnn__value_info *lengths = effnn__infer_input(call, EFFNN__ATTENTION_LENGTHS);
    effnn__sym q[4], k[4], v[4], total, total_v;
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(check_dtypes(call));
    EFFNN_TRY(check_inputs(call));
    for (size_t i = 0; i < 3; i++)
        if (!call->inputs[i]->has_shape) return EFFNN_OK;
    const size_t rank = call->inputs[0]->rank;
    if (rank != 3 && rank != 4)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 3 or 4",
                                 effnn__infer_print(text, call, call->inputs[0]));
    EFFNN_TRY(effnn__infer_rank(call, EFFNN__ATTENTION_K, rank));
    EFFNN_TRY(effnn__infer_rank(call, EFFNN__ATTENTION_V, rank));
    EFFNN_TRY(split_heads(q, call, EFFNN__ATTENTION_Q, attrs->q_num_heads));
    EFFNN_TRY(split_heads(k, call, EFFNN__ATTENTION_K, attrs->kv_num_heads));
    EFFNN_TRY(split_heads(v, call, EFFNN__ATTENTION_V, attrs->kv_num_heads));
    EFFNN_TRY(check_equal(call, "batches of queries and keys", q[0], k[0]));
    EFFNN_TRY(check_equal(call, "batches of keys and values", k[0], v[0]));
    EFFNN_TRY(check_equal(call, "heads of keys and values", k[1], v[1]));
    EFFNN_TRY(check_equal(call, "lengths of keys and values", k[2], v[2]));
    EFFNN_TRY(check_equal(call, "sizes of queries and keys", q[3], k[3]));
    EFFNN_TRY(check_heads(call, q, k));
    if (q[3].symbol == 0 && q[3].offset < 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "heads of size 0");
    EFFNN_TRY(add_past(&total, call, EFFNN__ATTENTION_PAST_K, k));
    EFFNN_TRY(add_past(&total_v, call, EFFNN__ATTENTION_PAST_V, v));
    EFFNN_TRY(check_equal(call, "lengths of all keys and values", total, total_v));
    EFFNN_TRY(check_mask(call, q, total));
    EFFNN_TRY(effnn__infer_rank(call, EFFNN__ATTENTION_LENGTHS, 1));
    if (lengths && lengths->has_shape)
        EFFNN_TRY(check_equal(call, "samples and key counts", q[0], lengths->dims[0]));
    return set_shapes(call, q, k, v, total);
}

/* ---- the row ---- */

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    if (!out->wanted) return;
    for (size_t i = 0; i < call->n_inputs; i++) out->inputs |= (uint32_t)1 << i;
    out->outputs = 1;
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    effnn__attention a;

    effnn__attention_of(&a, call);
    const double scores =
        (double)a.batch * (double)a.q_heads * (double)a.q_len * (double)a.total_len;
    out->macs = scores * ((double)a.size + (double)a.v_size);
    out->flops = 5.0 * scores;
}

static effnn_status read_onnx(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *scale = effnn__onnx_attr(reader, "scale");

    if (scale && scale->f == 0.0)
        return effnn__onnx_read_fail(reader, EFFNN_E_UNSUPPORTED, "a scale of 0");
    return effnn__onnx_read_attrs(reader, NULL);
}

/* Opset 24 brought key counts, opset 25 windows. */
static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    const effnn__attention_attrs *attrs = writer->op_attrs;
    const bool counted =
        writer->n_inputs > EFFNN__ATTENTION_LENGTHS && writer->inputs[EFFNN__ATTENTION_LENGTHS];
    const bool windowed = attrs->left_window_size >= 0 || attrs->right_window_size >= 0;

    if ((counted && writer->opset < 24) || (windowed && writer->opset < 25))
        return effnn__attention_expand(writer);
    return effnn__onnx_write_plain(writer, false);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Attention", .since = 23, .read = read_onnx, .write = write_onnx },
    { .name = "Attention", .since = 9, .write = effnn__attention_expand, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,4,40,16]", "f32[2,2,40,16]", "f32[2,2,40,16]" }, /* work for threads */
      .attrs = "is_causal=1",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4,8]", "f32[2,3,6,8]", "f32[2,3,6,5]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,4,24]", "f32[2,6,24]", "f32[2,6,15]", "f32[4,6]" },
      .attrs = "q_num_heads=3,kv_num_heads=3,scale=0.7",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,6,4,8]", "f32[2,2,4,8]", "f32[2,2,4,5]" },
      .attrs = "is_causal=1,softcap=1.5",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,4,24]", "f32[2,4,8]", "f32[2,4,8]", "bool[2,1,4,7]", "f32[2,1,3,8]",
                  "f32[2,1,3,8]" },
      .attrs = "q_num_heads=3,kv_num_heads=1,is_causal=1,qk_matmul_output_mode=2",
      .n_outputs = 4,
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,2,3,4]", "f32[2,2,5,4]", "f32[2,2,5,4]", "f32[2,3,5]", "", "",
                  "i64{5,2}" },
      .attrs = "is_causal=1,softcap=2.5,qk_matmul_output_mode=1",
      .n_outputs = 4,
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,6,4]", "f32[1,2,6,4]", "f32[1,2,6,4]" },
      .attrs = "left_window_size=2,right_window_size=1,qk_matmul_output_mode=3",
      .n_outputs = 4,
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,1,2,4]", "f32[1,1,3,4]", "f32[1,1,3,4]", "bool[3]" },
      .n_outputs = 3,
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,150,8]", "f32[1,2,140,8]", "f32[1,2,140,8]" }, .tolerance = 1e-5 },
    { .inputs = { "f64[1,2,3,4]", "f64[1,1,5,4]", "f64[1,1,5,2]", "f64[3,5]" } },
    { .inputs = { "f16[1,2,3,4]", "f16[1,2,5,4]", "f16[1,2,5,4]" },
      .attrs = "is_causal=1",
      .tolerance = 4e-3 }, /* halves between the nodes it is written as */
    { .inputs = { "f32[0,2,3,4]", "f32[0,2,5,4]", "f32[0,2,5,4]" } },
    { .inputs = { "f32[1,2,3,4]", "f32[1,2,0,4]", "f32[1,2,0,4]" } },
    { .inputs = { "f32[1,2,3]", "f32[1,2,3]", "f32[1,2,3]" }, .refused = "q_num_heads" },
    { .inputs = { "f32[1,2,3]", "f32[1,2,3]", "f32[1,2,3]" },
      .attrs = "q_num_heads=2,kv_num_heads=1",
      .refused = "size 3 in 2 heads" },
    { .inputs = { "f32[1,3,2,4]", "f32[1,2,2,4]", "f32[1,2,2,4]" },
      .refused = "3 heads of queries for 2" },
    { .inputs = { "f32[1,2,2,4]", "f32[1,2,2,5]", "f32[1,2,2,4]" }, .refused = "4 is not 5" },
    { .inputs = { "f32[1,2,2,0]", "f32[1,2,2,0]", "f32[1,2,2,4]" }, .refused = "size 0" },
    { .inputs = { "f32[1,2,2,4]", "f32[1,2,2,4]", "f32[1,2,2,4]", "f32[2,3]" },
      .refused = "a mask of 3 keys for 2" },
    { .inputs = { "f32[1,2,2,4]", "f32[1,2,2,4]", "f32[1,2,2,4]", "", "f32[1,2,2,4]" },
      .refused = "without past values" },
    { .inputs = { "f32[1,2,2,4]", "f32[1,2,2,4]", "f32[1,2,2,4]", "", "", "", "i64{3}" },
      .refused = "3 of 2 keys" },
    { .inputs = { "i32[1,2,2,4]", "i32[1,2,2,4]", "i32[1,2,2,4]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_attention = {
    .name = "attention",
    .summary = "scaled dot-product attention of many heads",
    .attrs = attr_defs,
    .attrs_size = sizeof(effnn__attention_attrs),
    .min_inputs = 3,
    .max_inputs = 7,
    .min_outputs = 1,
    .max_outputs = 4,
    .infer = infer,
    .forward = effnn__attention_forward,
    .saves = saves,
    .scratch = effnn__attention_scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
