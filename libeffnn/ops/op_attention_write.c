/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention as the nodes that exporters write for it: heads split by Reshape and Transpose, pasts
 * joined by Concat, shared heads repeated by Expand, MatMul, scale, cap, Where with -inf for keys
 * that are hidden, Softmax, MatMul. A query that sees no key would give NaN there: behind the
 * softmax hidden keys are set to 0 once more. */

#include "ops/op_attention.h"

#include <math.h>

/* What is written so far; names of values. */
typedef struct expansion {
    effnn_onnx_writer *writer;
    const effnn__attention_attrs *attrs;
    bool flat;
    int64_t repeats;           /* query heads for each key head */
    const char *q, *k, *v;     /* [batch, heads, length, size] */
    const char *places, *keys; /* of queries [q, 1] (with counts [batch, 1, q, 1]), of keys [k] */
    const char *visible;       /* bool, what has been found so far; NULL: everything */
} expansion;

static const char *input_of(const effnn_onnx_writer *writer, size_t i)
{
    return i < writer->n_inputs ? writer->inputs[i] : NULL;
}

static const char *output_of(const effnn_onnx_writer *writer, size_t i)
{
    return i < writer->n_outputs ? writer->outputs[i] : NULL;
}

static effnn_status transpose(effnn_onnx_writer *writer, const char **out, const char *in,
                              const int64_t *perm)
{
    EFFNN_TRY(effnn__onnx_add(writer, out, "Transpose", in, NULL));
    return effnn__onnx_set_ints(writer, "perm", 4, perm);
}

/* [batch, length, heads · size] → [batch, heads, length, size]. */
static effnn_status split(effnn_onnx_writer *writer, const char **out, const char *in,
                          int64_t n_heads)
{
    const char *parts = NULL;

    EFFNN_TRY(effnn__onnx_add_ints(writer, &parts, "Reshape", in, 4,
                                   (const int64_t[]){ 0, 0, n_heads, -1 }));
    return transpose(writer, out, parts, (const int64_t[]){ 0, 2, 1, 3 });
}

/* Keys or values: split, joined with the past (the joint ones are an output too), repeated. */
static effnn_status whole(expansion *self, const char **out, size_t fresh, size_t past,
                          size_t present)
{
    effnn_onnx_writer *writer = self->writer;
    const char *joint = input_of(writer, fresh), *old = input_of(writer, past);
    const char *wanted = output_of(writer, present), *raised = NULL, *repeated = NULL;
    const int64_t n_heads = self->flat ? self->attrs->q_num_heads : writer->input_dim(writer, 0, 1);
    const int64_t width = writer->input_dim(writer, fresh, self->flat ? 2 : 3); /* < 0: open */
    const int64_t n_parts = self->flat && width > 0 ? self->attrs->kv_num_heads : 1;

    if (self->flat) {
        const char *parts = old || !wanted ? NULL : wanted;

        EFFNN_TRY(split(writer, &parts, joint, self->attrs->kv_num_heads));
        joint = parts;
    }
    if (old) {
        const char *const both[] = { old, joint };

        joint = wanted;
        if (!joint) EFFNN_TRY(writer->fresh_name(writer, &joint, "joint"));
        EFFNN_TRY(writer->begin(writer, "Concat", NULL, both, 2, &joint, 1));
        EFFNN_TRY(effnn__onnx_set_int(writer, "axis", 2));
    } else if (wanted && !self->flat) {
        EFFNN_TRY(effnn__onnx_add(writer, &wanted, "Identity", joint, NULL));
    }
    *out = joint;
    if (self->repeats == 1) return EFFNN_OK;
    if (width < 1 || n_parts < 1)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "shared heads of size 0 or not known need opset 23");
    *out = NULL;
    EFFNN_TRY(effnn__onnx_add_ints(writer, &raised, "Unsqueeze", joint, 1, (const int64_t[]){ 2 }));
    EFFNN_TRY(effnn__onnx_add_ints(writer, &repeated, "Expand", raised, 5,
                                   (const int64_t[]){ 1, 1, self->repeats, 1, 1 }));
    return effnn__onnx_add_ints(writer, out, "Reshape", repeated, 4,
                                (const int64_t[]){ 0, n_heads, -1, width / n_parts });
}

/* An i64 of rank 0. */
static effnn_status scalar(effnn_onnx_writer *writer, const char **out, int64_t value)
{
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(effnn_tensor_create(&tensor, NULL, EFFNN_I64, 0, NULL));
    effnn_status status = effnn_tensor_set_f64(tensor, (int64_t[]){ 0 }, (double)value);
    if (status == EFFNN_OK) status = writer->add_constant(writer, out, "number", tensor);
    effnn_tensor_release(tensor);
    return status;
}

/* Size of a value along axis 2, of rank 0. */
static effnn_status length_of(effnn_onnx_writer *writer, const char **out, const char *value)
{
    const char *shape = NULL, *axis = NULL;

    EFFNN_TRY(effnn__onnx_add(writer, &shape, "Shape", value, NULL));
    EFFNN_TRY(scalar(writer, &axis, 2));
    return effnn__onnx_add(writer, out, "Gather", shape, axis);
}

/* 0, 1, …, n - 1 */
static effnn_status count_to(effnn_onnx_writer *writer, const char **out, const char *n)
{
    const char *inputs[3] = { NULL, n, NULL };

    EFFNN_TRY(scalar(writer, &inputs[0], 0));
    EFFNN_TRY(scalar(writer, &inputs[2], 1));
    EFFNN_TRY(writer->fresh_name(writer, out, "places"));
    return writer->begin(writer, "Range", NULL, inputs, 3, out, 1);
}

/* Key counts as [batch, 1, 1, 1]. */
static effnn_status raise_counts(effnn_onnx_writer *writer, const char **out, const char *counts)
{
    return effnn__onnx_add_ints(writer, out, "Unsqueeze", counts, 3, (const int64_t[]){ 1, 2, 3 });
}

/* Where queries and keys stand. */
static effnn_status find_places(expansion *self)
{
    effnn_onnx_writer *writer = self->writer;
    const char *past = input_of(writer, EFFNN__ATTENTION_PAST_K);
    const char *counts = input_of(writer, EFFNN__ATTENTION_LENGTHS);
    const char *n_queries = NULL, *n_keys = NULL, *queries = NULL, *column = NULL, *offset = NULL;

    EFFNN_TRY(length_of(writer, &n_queries, self->q));
    EFFNN_TRY(length_of(writer, &n_keys, self->k));
    EFFNN_TRY(count_to(writer, &queries, n_queries));
    EFFNN_TRY(count_to(writer, &self->keys, n_keys));
    EFFNN_TRY(
        effnn__onnx_add_ints(writer, &column, "Unsqueeze", queries, 1, (const int64_t[]){ 1 }));
    self->places = column;
    if (!past && !counts) return EFFNN_OK;
    if (past) {
        EFFNN_TRY(length_of(writer, &offset, past));
    } else {
        const char *left = NULL;

        EFFNN_TRY(effnn__onnx_add(writer, &left, "Sub", counts, n_queries));
        EFFNN_TRY(raise_counts(writer, &offset, left));
    }
    self->places = NULL;
    return effnn__onnx_add(writer, &self->places, "Add", column, offset);
}

/* One more condition, a op b, on what is visible. */
static effnn_status require(expansion *self, const char *op, const char *a, const char *b)
{
    const char *condition = NULL, *both = NULL;

    EFFNN_TRY(effnn__onnx_add(self->writer, &condition, op, a, b));
    if (self->visible)
        EFFNN_TRY(effnn__onnx_add(self->writer, &both, "And", self->visible, condition));
    self->visible = both ? both : condition;
    return EFFNN_OK;
}

/* places op distance */
static effnn_status shifted(const expansion *self, const char **out, const char *op,
                            int64_t distance)
{
    const char *number = NULL;

    EFFNN_TRY(scalar(self->writer, &number, distance));
    return effnn__onnx_add(self->writer, out, op, self->places, number);
}

static effnn_status require_places(expansion *self)
{
    effnn_onnx_writer *writer = self->writer;
    const char *counts = input_of(writer, EFFNN__ATTENTION_LENGTHS);
    const bool left = self->attrs->left_window_size >= 0;
    const bool right = self->attrs->right_window_size >= 0;
    const char *first = NULL, *last = NULL, *raised = NULL;

    if (!self->attrs->is_causal && !left && !right && !counts) return EFFNN_OK;
    EFFNN_TRY(find_places(self));
    if (self->attrs->is_causal) EFFNN_TRY(require(self, "LessOrEqual", self->keys, self->places));
    if (left) {
        EFFNN_TRY(shifted(self, &first, "Sub", self->attrs->left_window_size));
        EFFNN_TRY(require(self, "LessOrEqual", first, self->keys));
    }
    if (right) {
        EFFNN_TRY(shifted(self, &last, "Add", self->attrs->right_window_size));
        EFFNN_TRY(require(self, "LessOrEqual", self->keys, last));
    }
    if (!counts) return EFFNN_OK;
    EFFNN_TRY(raise_counts(writer, &raised, counts));
    return require(self, "Less", self->keys, raised);
}

/* The mask: a condition, and if it is a float one it is added to the scores. */
static effnn_status apply_mask(expansion *self, const char **scores)
{
    effnn_onnx_writer *writer = self->writer;
    const char *mask = input_of(writer, EFFNN__ATTENTION_MASK), *hidden = NULL, *sum = NULL;
    const int64_t length = writer->input_dim(writer, EFFNN__ATTENTION_MASK, -1);
    const int64_t fresh = writer->input_dim(writer, EFFNN__ATTENTION_K, self->flat ? 1 : 2);
    const int64_t past = input_of(writer, EFFNN__ATTENTION_PAST_K)
                             ? writer->input_dim(writer, EFFNN__ATTENTION_PAST_K, 2)
                             : 0;

    if (!mask) return EFFNN_OK;
    if (length >= 0 && fresh >= 0 && past >= 0 && length < fresh + past)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "a mask shorter than the keys needs opset 24");
    if (writer->input_dtype(writer, EFFNN__ATTENTION_MASK) == EFFNN_BOOL) {
        const char *both = NULL;

        if (self->visible) EFFNN_TRY(effnn__onnx_add(writer, &both, "And", self->visible, mask));
        self->visible = both ? both : mask;
        return EFFNN_OK;
    }
    EFFNN_TRY(effnn__onnx_constant_like(writer, &hidden, "hidden", 0, -INFINITY));
    EFFNN_TRY(require(self, "Less", hidden, mask));
    EFFNN_TRY(effnn__onnx_add(writer, &sum, "Add", *scores, mask));
    *scores = sum;
    return EFFNN_OK;
}

/* Hidden ones become `value`. */
static effnn_status hide(const expansion *self, const char **scores, double value)
{
    effnn_onnx_writer *writer = self->writer;
    const char *inputs[3] = { self->visible, *scores, NULL };

    if (!self->visible) return EFFNN_OK;
    EFFNN_TRY(effnn__onnx_constant_like(writer, &inputs[2], "hidden", 0, value));
    EFFNN_TRY(writer->fresh_name(writer, scores, "visible"));
    return writer->begin(writer, "Where", NULL, inputs, 3, scores, 1);
}

static effnn_status cap(const expansion *self, const char **scores)
{
    effnn_onnx_writer *writer = self->writer;
    const char *limit = NULL, *small = NULL, *bounded = NULL, *capped = NULL;

    if (self->attrs->softcap == 0.0) return EFFNN_OK;
    EFFNN_TRY(effnn__onnx_constant_like(writer, &limit, "softcap", 0, self->attrs->softcap));
    EFFNN_TRY(effnn__onnx_add(writer, &small, "Div", *scores, limit));
    EFFNN_TRY(effnn__onnx_add(writer, &bounded, "Tanh", small, NULL));
    EFFNN_TRY(effnn__onnx_add(writer, &capped, "Mul", bounded, limit));
    *scores = capped;
    return EFFNN_OK;
}

static effnn_status show(const expansion *self, int64_t stage, const char *scores)
{
    const char *out = output_of(self->writer, EFFNN__ATTENTION_SCORES);

    if (!out || self->attrs->qk_matmul_output_mode != stage) return EFFNN_OK;
    return effnn__onnx_add(self->writer, &out, "Identity", scores, NULL);
}

/* scale · q · kᵀ; a scale by the size of queries needs that size. */
static effnn_status raw_scores(const expansion *self, const char **out)
{
    effnn_onnx_writer *writer = self->writer;
    const char *turned = NULL, *product = NULL, *factor = NULL;
    double scale = self->attrs->scale;

    if (scale == 0.0) {
        const int64_t columns = writer->input_dim(writer, 0, -1);
        const int64_t size = self->flat ? columns / self->attrs->q_num_heads : columns;

        if (columns < 0)
            return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                          "queries whose size is not known need opset 23");
        scale = 1.0 / sqrt((double)(size ? size : 1));
    }
    EFFNN_TRY(transpose(writer, &turned, self->k, (const int64_t[]){ 0, 1, 3, 2 }));
    EFFNN_TRY(effnn__onnx_add(writer, &product, "MatMul", self->q, turned));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &factor, "scale", 0, scale));
    return effnn__onnx_add(writer, out, "Mul", product, factor);
}

static effnn_status weigh(const expansion *self, const char *weights)
{
    effnn_onnx_writer *writer = self->writer;
    const char *y = writer->outputs[0], *heads = NULL, *rows = NULL;

    if (!self->flat) return effnn__onnx_add(writer, &y, "MatMul", weights, self->v);
    EFFNN_TRY(effnn__onnx_add(writer, &heads, "MatMul", weights, self->v));
    EFFNN_TRY(transpose(writer, &rows, heads, (const int64_t[]){ 0, 2, 1, 3 }));
    return effnn__onnx_add_ints(writer, &y, "Reshape", rows, 3, (const int64_t[]){ 0, 0, -1 });
}

/* Query heads for each key head; -1 if that is not known. */
static int64_t repeats_of(const effnn_onnx_writer *writer, const effnn__attention_attrs *attrs,
                          bool flat)
{
    const int64_t q = flat ? attrs->q_num_heads : writer->input_dim(writer, 0, 1);
    const int64_t k = flat ? attrs->kv_num_heads : writer->input_dim(writer, 1, 1);

    if (q == k && q >= 0) return 1;
    return q < 0 || k < 1 ? -1 : q / k;
}

effnn_status effnn__attention_expand(effnn_onnx_writer *writer)
{
    const effnn__attention_attrs *attrs = writer->op_attrs;
    const bool flat = writer->input_rank(writer, 0) == 3;
    expansion self = { .writer = writer,
                       .attrs = attrs,
                       .flat = flat,
                       .repeats = repeats_of(writer, attrs, flat),
                       .q = writer->inputs[0] };
    const char *scores = NULL, *weights = NULL;

    if (writer->input_rank(writer, 0) < 0 || self.repeats < 0)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "inputs whose heads are not known need opset 23");
    if (writer->input_dtype(writer, EFFNN__ATTENTION_V) != writer->input_dtype(writer, 0))
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "values of another type than queries need opset 23");
    if (flat) {
        self.q = NULL;
        EFFNN_TRY(split(writer, &self.q, writer->inputs[0], attrs->q_num_heads));
    }
    EFFNN_TRY(whole(&self, &self.k, EFFNN__ATTENTION_K, EFFNN__ATTENTION_PAST_K,
                    EFFNN__ATTENTION_PRESENT_K));
    EFFNN_TRY(whole(&self, &self.v, EFFNN__ATTENTION_V, EFFNN__ATTENTION_PAST_V,
                    EFFNN__ATTENTION_PRESENT_V));
    EFFNN_TRY(raw_scores(&self, &scores));
    EFFNN_TRY(show(&self, EFFNN__SCORES_RAW, scores));
    EFFNN_TRY(cap(&self, &scores));
    EFFNN_TRY(show(&self, EFFNN__SCORES_CAPPED, scores));
    EFFNN_TRY(require_places(&self));
    EFFNN_TRY(apply_mask(&self, &scores));
    EFFNN_TRY(hide(&self, &scores, -INFINITY));
    EFFNN_TRY(show(&self, EFFNN__SCORES_MASKED, scores));
    EFFNN_TRY(effnn__onnx_add(writer, &weights, "Softmax", scores, NULL));
    EFFNN_TRY(effnn__onnx_set_int(writer, "axis", -1));
    EFFNN_TRY(hide(&self, &weights, 0.0));
    EFFNN_TRY(show(&self, EFFNN__SCORES_SOFTMAX, weights));
    return weigh(&self, weights);
}
