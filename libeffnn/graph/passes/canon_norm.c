/* SPDX-License-Identifier: BSD-3-Clause */
/* Layer norm and RMS norm written out. With m = mean(x) over the last dimensions:
 *
 *     layer norm: (x - m) / sqrt(mean((x - m)^2) + eps) [* scale [+ bias]]
 *     RMS norm:   x / sqrt(mean(x^2) + eps) [* scale]
 *
 * The pattern is found from the quotient on: what is divided by the root of its own mean square is
 * an RMS norm; if that is x - mean(x), it is a layer norm of x. Scale and bias count if they have
 * exactly the normalised shape; any other product or sum stays as it is. A norm without a scale
 * gets one of ones, as ONNX has no other way to say so. The last node of the pattern becomes the
 * operator, in its place; nodes whose results are read elsewhere too stay. */

#include "graph/passes/passes.h"

#include "base/str.h"

#include <stdio.h>

typedef struct norm {
    effnn__value *x;
    effnn__value *scale; /* of the form x * (1/root * scale), else NULL */
    size_t n_dims;       /* normalised dimensions, counted from the last */
    double epsilon;
} norm;

/* value = mean(*of) over the last *n_dims dimensions. */
static bool match_mean(const effnn__value *value, effnn__value **of, size_t *n_dims)
{
    const effnn__node *mean = effnn__match_producer(value, "reduce_mean");

    if (!effnn__canon_reduces_last(mean, n_dims)) return false;
    *of = mean->inputs[0];
    return true;
}

/* Whether value = *x - mean(*x) over n_dims. */
static bool match_centred(const effnn__value *value, effnn__value **x, size_t n_dims)
{
    const effnn__node *sub = effnn__match_producer(value, "sub");
    effnn__value *of;
    size_t n;

    if (!sub || !match_mean(sub->inputs[1], &of, &n)) return false;
    *x = sub->inputs[0];
    return of == sub->inputs[0] && n == n_dims;
}

/* Whether two values are the same, or both the same x less its mean. */
static bool is_same_operand(const effnn__value *a, const effnn__value *b, size_t n_dims)
{
    effnn__value *x, *y;

    return a == b || (match_centred(a, &x, n_dims) && match_centred(b, &y, n_dims) && x == y);
}

/* value = *of squared. */
static bool match_square(const effnn__value *value, effnn__value **of)
{
    const effnn__node *node = value->producer;

    if (effnn__match_is(node, "pow")) {
        *of = node->inputs[0];
        return effnn__match_scalar_near(node->inputs[1], 2.0);
    }
    if (!effnn__match_is(node, "mul") || node->inputs[0] != node->inputs[1]) return false;
    *of = node->inputs[0];
    return true;
}

/* value = mean(*of squared) + epsilon. */
static bool match_mean_square(const effnn__value *value, effnn__value **of, norm *out)
{
    const effnn__node *add = effnn__match_producer(value, "add");
    effnn__value *square;

    if (!add) return false;
    for (size_t i = 0; i < 2; i++) {
        if (!effnn__match_scalar(add->inputs[i], &out->epsilon) || !(out->epsilon > 0.0)) continue;
        if (match_mean(add->inputs[1 - i], &square, &out->n_dims)) return match_square(square, of);
    }
    return false;
}

/* value = (mean(*of squared) + epsilon) to the power of 1/2. */
static bool match_root(const effnn__value *value, effnn__value **of, norm *out)
{
    const effnn__node *node = value->producer;

    if (effnn__match_is(node, "sqrt")) return match_mean_square(node->inputs[0], of, out);
    if (!effnn__match_is(node, "pow") || !effnn__match_scalar_near(node->inputs[1], 0.5))
        return false;
    return match_mean_square(node->inputs[0], of, out);
}

/* value = 1 / root. */
static bool match_reciprocal_root(const effnn__value *value, effnn__value **of, norm *out)
{
    const effnn__node *node = value->producer;

    if (effnn__match_is(node, "reciprocal")) return match_root(node->inputs[0], of, out);
    if (effnn__match_is(node, "div") && effnn__match_scalar_near(node->inputs[0], 1.0))
        return match_root(node->inputs[1], of, out);
    if (effnn__match_is(node, "pow") && effnn__match_scalar_near(node->inputs[1], -0.5))
        return match_mean_square(node->inputs[0], of, out);
    return false;
}

/* Whether a value has exactly the last n_dims sizes of x, all known. */
static bool is_affine_of(const effnn__value *value, const norm *n)
{
    const effnn__value_info *v = &value->info, *x = &n->x->info;

    if (!v->has_shape || !x->has_shape || v->rank != n->n_dims || !v->has_dtype || !x->has_dtype ||
        v->dtype != x->dtype)
        return false;
    for (size_t i = 0; i < n->n_dims; i++) {
        if (!effnn__sym_is_constant(v->dims[i])) return false;
        if (!effnn__sym_equal(v->dims[i], x->dims[x->rank - n->n_dims + i])) return false;
    }
    return true;
}

/* value = 1 / root, or 1 / root * scale; then out->scale is set. */
static bool match_factor(const effnn__value *value, effnn__value **of, norm *out)
{
    const effnn__node *mul = effnn__match_producer(value, "mul");

    if (match_reciprocal_root(value, of, out)) return true;
    for (size_t i = 0; mul && i < 2; i++) {
        if (!match_reciprocal_root(mul->inputs[i], of, out)) continue;
        out->scale = mul->inputs[1 - i];
        return true;
    }
    return false;
}

/* Whether the node computes an operand over the root of its own mean square; *operand is it. */
static bool match_quotient(const effnn__node *node, effnn__value **operand, norm *out)
{
    effnn__value *of;

    if (effnn__match_is(node, "div")) {
        *operand = node->inputs[0];
        return match_root(node->inputs[1], &of, out) && is_same_operand(*operand, of, out->n_dims);
    }
    if (!effnn__match_is(node, "mul")) return false;
    for (size_t i = 0; i < 2; i++) {
        out->scale = NULL;
        if (!match_factor(node->inputs[1 - i], &of, out)) continue;
        *operand = node->inputs[i];
        if (is_same_operand(*operand, of, out->n_dims)) return true;
    }
    return false;
}

/* The only reader of `value` that is `op` with an operand of the normalised shape, or NULL. */
static effnn__node *match_affine(const effnn__value *value, const char *op, const norm *n,
                                 effnn__value **operand)
{
    effnn__node *node = effnn__match_only_reader(value, op);

    if (!node || !effnn__match_other_input(node, value, operand)) return NULL;
    return *operand != value && is_affine_of(*operand, n) ? node : NULL;
}

/* Whether the normalised sizes are known. */
static bool has_known_sizes(const norm *n)
{
    const effnn__value_info *x = &n->x->info;

    if (!x->has_shape || !x->has_dtype || x->rank < n->n_dims) return false;
    for (size_t i = x->rank - n->n_dims; i < x->rank; i++)
        if (!effnn__sym_is_constant(x->dims[i])) return false;
    return true;
}

/* A constant of ones of the normalised shape. */
static effnn_status add_ones(effnn__value **out, effnn__graph *graph, const norm *n)
{
    const effnn__value_info *x = &n->x->info;
    int64_t dims[EFFNN_MAX_RANK];
    effnn_tensor *ones = NULL;
    effnn_status status;

    for (size_t i = 0; i < n->n_dims; i++) dims[i] = x->dims[x->rank - n->n_dims + i].offset;
    EFFNN_TRY(effnn_tensor_create(&ones, graph->context, x->dtype, n->n_dims, dims));
    for (size_t i = 0; i < effnn_tensor_count(ones); i++)
        effnn__dtype_row_of(x->dtype)->store_f64(effnn__tensor_data(ones), i, 1.0);
    status = effnn__graph_add_constant(out, graph, "ones", false, ones);
    effnn_tensor_release(ones);
    return status;
}

static effnn_status turn_into_norm(effnn__graph *graph, effnn__node *node, norm *n, bool is_centred,
                                   size_t *changes)
{
    effnn__value *inputs[3] = { n->x, n->scale, NULL };
    effnn__node *last = node, *next;
    size_t n_inputs = 2;
    char epsilon[40], attrs[96];

    if (!n->scale) {
        next = match_affine(last->outputs[0], "mul", n, &inputs[1]);
        if (next)
            last = next;
        else
            EFFNN_TRY(add_ones(&inputs[1], graph, n));
    }
    if (is_centred) {
        next = match_affine(last->outputs[0], "add", n, &inputs[2]);
        if (next) {
            last = next;
            n_inputs = 3;
        }
    }
    effnn__format_f64(epsilon, sizeof epsilon, n->epsilon);
    snprintf(attrs, sizeof attrs, "axis=-%zu,epsilon=%s", n->n_dims, epsilon);
    return effnn__canon_turn(graph, last, is_centred ? "layer_normalization" : "rms_normalization",
                             attrs, inputs, n_inputs, changes);
}

static effnn_status find_norms(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        effnn__value *operand;
        norm n = { 0 };
        bool is_centred;
        if (node->n_inputs != 2 || !node->inputs[0] || !node->inputs[1]) continue;
        if (effnn__canon_is_dead(node) || !match_quotient(node, &operand, &n)) continue;
        n.x = operand;
        is_centred = match_centred(operand, &n.x, n.n_dims);
        if (!has_known_sizes(&n) || (n.scale && !is_affine_of(n.scale, &n))) continue;
        EFFNN_TRY(turn_into_norm(graph, node, &n, is_centred, changes));
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_norm = { .name = "norm", .run = find_norms };
