/* SPDX-License-Identifier: BSD-3-Clause */
/* Batch norm into the linear operator in front of it. In inference it is y = factor · x + offset
 * for each channel, with factor = scale / sqrt(variance + epsilon) and offset = bias - mean ·
 * factor, so a convolution or gemm whose only reader it is can take both into its constants:
 *
 *     weight' = weight · factor (of the output channel),  bias' = bias · factor + offset
 *
 * The arithmetic is in double and rounded once. The batch norm node becomes the convolution or
 * gemm, over new constants; parameters that others read too stay as they are. */

#include "base/alloc.h"
#include "base/option.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"
#include "tensor/dtype.h"

#include <math.h>

/* The channel-wise function of a batch norm. */
typedef struct affine {
    size_t n; /* channels */
    double *factor, *offset;
} affine;

/* Whether inputs 1 to 4 of a batch norm are constants of one size, and it is not in training. */
static bool is_constant_norm(const effnn__node *node, int64_t *n)
{
    int64_t training = 0;

    if (node->n_inputs != 5) return false;
    for (size_t i = 1; i < node->n_outputs; i++)
        if (node->outputs[i]) return false;
    for (size_t i = 1; i < 5; i++)
        if (!node->inputs[i] || !node->inputs[i]->constant ||
            effnn_tensor_rank(node->inputs[i]->constant) != 1)
            return false;
    if (effnn__option_find(node->def->attrs, "training_mode") &&
        effnn__options_get_i64(node->def->attrs, node->attrs, "training_mode", &training) !=
            EFFNN_OK)
        return false;
    *n = effnn_tensor_dims(node->inputs[1]->constant)[0];
    for (size_t i = 2; i < 5; i++)
        if (effnn_tensor_dims(node->inputs[i]->constant)[0] != *n) return false;
    return training == 0;
}

static effnn_status read_affine(affine *out, const effnn__node *node, size_t n)
{
    double epsilon = 0.0;

    EFFNN_TRY(effnn__options_get_f64(node->def->attrs, node->attrs, "epsilon", &epsilon));
    out->n = n;
    out->factor = effnn__alloc_array(2 * n, sizeof *out->factor);
    if (!out->factor) return effnn__fail_nomem(node->name, 2 * n * sizeof *out->factor);
    out->offset = out->factor + n;
    for (size_t i = 0; i < n; i++) {
        const double scale = effnn__tensor_load_f64(node->inputs[1]->constant, i);
        const double bias = effnn__tensor_load_f64(node->inputs[2]->constant, i);
        const double mean = effnn__tensor_load_f64(node->inputs[3]->constant, i);
        const double variance = effnn__tensor_load_f64(node->inputs[4]->constant, i);
        out->factor[i] = scale / sqrt(variance + epsilon);
        out->offset[i] = bias - mean * out->factor[i];
    }
    return EFFNN_OK;
}

/* A new constant: `from` with each element multiplied by the factor of its place along `axis`. */
static effnn_status add_scaled(effnn__value **out, effnn__graph *graph, const effnn__value *from,
                               size_t axis, const affine *by)
{
    const effnn__shape shape = effnn__tensor_shape(from->constant);
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(from->constant));
    effnn_tensor *tensor = NULL;
    size_t inner = 1;
    effnn_status status;

    for (size_t i = axis + 1; i < shape.rank; i++) inner *= (size_t)shape.dims[i];
    EFFNN_TRY(effnn_tensor_copy(&tensor, from->constant));
    for (size_t i = 0; i < effnn_tensor_count(tensor); i++) {
        void *data = effnn__tensor_data(tensor);
        row->store_f64(data, i, row->load_f64(data, i) * by->factor[i / inner % by->n]);
    }
    status = effnn__graph_add_constant(out, graph, from->name, false, tensor);
    effnn_tensor_release(tensor);
    return status;
}

/* A new constant [n]: multiplier · bias · factor + offset; `bias` may be NULL or have one element.
 */
static effnn_status add_bias(effnn__value **out, effnn__graph *graph, const effnn__value *like,
                             const effnn__value *bias, double multiplier, const affine *by)
{
    const effnn_dtype dtype = effnn_tensor_dtype(like->constant);
    const effnn__dtype_row *row = effnn__dtype_row_of(dtype);
    const size_t n_bias = bias ? effnn_tensor_count(bias->constant) : 0;
    const int64_t dims[1] = { (int64_t)by->n };
    effnn_tensor *tensor = NULL;
    effnn_status status;

    EFFNN_TRY(effnn_tensor_create(&tensor, graph->context, dtype, 1, dims));
    for (size_t i = 0; i < by->n; i++) {
        double b = 0.0;
        if (n_bias) b = effnn__tensor_load_f64(bias->constant, n_bias == 1 ? 0 : i);
        row->store_f64(effnn__tensor_data(tensor), i,
                       multiplier * b * by->factor[i] + by->offset[i]);
    }
    status = effnn__graph_add_constant(out, graph, bias ? bias->name : "bias", false, tensor);
    effnn_tensor_release(tensor);
    return status;
}

/* Whether a value is absent or a constant that gives each of n channels one number. */
static bool is_channel_bias(const effnn__value *value, int64_t n)
{
    effnn__shape shape;

    if (!value) return true;
    if (!value->constant) return false;
    shape = effnn__tensor_shape(value->constant);
    for (size_t i = 0; i + 1 < shape.rank; i++)
        if (shape.dims[i] != 1) return false;
    return shape.rank == 0 || shape.dims[shape.rank - 1] == n || shape.dims[shape.rank - 1] == 1;
}

/* What a batch norm is folded into: the operator it becomes, over these operands. */
typedef struct linear {
    const effnn_op_def *def;
    const effnn__node *like; /* whose attributes it takes over; NULL: defaults */
    effnn__value *x, *weight, *bias;
    size_t axis;            /* of the weight's output channels */
    double bias_multiplier; /* gemm's beta */
} linear;

static bool is_only_read_once(const effnn__value *value)
{
    return value->n_uses == 1 && !value->is_output;
}

static bool match_gemm(linear *out, const effnn__node *node)
{
    int64_t trans_b = 0;

    if (effnn__options_get_i64(node->def->attrs, node->attrs, "transB", &trans_b) != EFFNN_OK ||
        effnn__options_get_f64(node->def->attrs, node->attrs, "beta", &out->bias_multiplier) !=
            EFFNN_OK)
        return false;
    out->axis = trans_b ? 0 : 1;
    return true;
}

/* x · weight [+ bias], all of rank 2: a gemm. */
static bool match_product(linear *out, const effnn__node *node)
{
    const effnn__node *product = node;

    if (effnn__match_is(node, "add")) {
        for (size_t i = 0; i < 2 && product == node; i++) {
            const effnn__node *matmul = effnn__match_producer(node->inputs[i], "matmul");
            if (!matmul || !is_only_read_once(node->inputs[i]) || !node->inputs[1 - i]->constant)
                continue;
            product = matmul;
            out->bias = node->inputs[1 - i];
        }
    }
    if (!effnn__match_is(product, "matmul") || product->inputs[0]->info.rank != 2) return false;
    out->def = effnn__op_find("gemm");
    out->like = NULL;
    out->x = product->inputs[0];
    out->weight = product->inputs[1];
    out->axis = 1;
    return true;
}

/* Whether the value that a batch norm of n channels reads comes from nodes that can take it in. */
static bool match_linear(linear *out, const effnn__value *value, int64_t n)
{
    const effnn__node *node = value->producer;

    if (!node || !is_only_read_once(value) || node->n_inputs < 2 || !node->inputs[1]) return false;
    *out = (linear){ .def = node->def,
                     .like = node,
                     .x = node->inputs[0],
                     .weight = node->inputs[1],
                     .bias = node->n_inputs > 2 ? node->inputs[2] : NULL,
                     .bias_multiplier = 1.0 };
    if (effnn__match_is(node, "gemm")) {
        if (!match_gemm(out, node)) return false;
    } else if (!effnn__match_is(node, "conv") && !match_product(out, node)) {
        return false;
    }
    return out->weight->constant && effnn_tensor_rank(out->weight->constant) >= 2 &&
           effnn__dtype_is_float(effnn_tensor_dtype(out->weight->constant)) &&
           effnn_tensor_dims(out->weight->constant)[out->axis] == n &&
           is_channel_bias(out->bias, n);
}

/* Attributes of the new node, as the old one's; a gemm's beta is multiplied in already. */
static effnn_status make_attrs(void *out, const linear *into)
{
    const effnn_option_def *defs = into->def->attrs;
    effnn_status status;

    if (!into->like) return effnn__options_init(defs, out);
    EFFNN_TRY(effnn__options_copy(defs, out, into->like->attrs));
    if (!effnn__option_find(defs, "beta")) return EFFNN_OK;
    status = effnn__options_set_f64(defs, out, "beta", 1.0);
    if (status != EFFNN_OK) effnn__options_clear(defs, out);
    return status;
}

static effnn_status fold_norm(effnn__graph *graph, effnn__node *node, const linear *into,
                              const affine *by, size_t *changes)
{
    void *attrs = effnn__zalloc(into->def->attrs_size);
    effnn__value *inputs[3] = { into->x, NULL, NULL };
    effnn_status status;

    if (!attrs) return effnn__fail_nomem(node->name, into->def->attrs_size);
    status = make_attrs(attrs, into);
    if (status != EFFNN_OK) {
        effnn__free(attrs);
        return status;
    }
    status = add_scaled(&inputs[1], graph, into->weight, into->axis, by);
    if (status == EFFNN_OK)
        status = add_bias(&inputs[2], graph, into->weight, into->bias, into->bias_multiplier, by);
    if (status == EFFNN_OK)
        status = effnn__graph_change_node(
            graph, node,
            &(effnn__node_spec){
                .def = into->def, .attrs = attrs, .inputs = inputs, .n_inputs = 3 });
    effnn__options_clear(into->def->attrs, attrs);
    effnn__free(attrs);
    if (status == EFFNN_OK) ++*changes;
    return status == EFFNN_E_SHAPE ? EFFNN_OK : status; /* shapes that are not known: it stays */
}

static effnn_status fold_batch_norms(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        linear into;
        affine by = { 0 };
        int64_t n;
        effnn_status status;
        if (!effnn__match_is(node, "batch_normalization") || !is_constant_norm(node, &n)) continue;
        if (!match_linear(&into, node->inputs[0], n)) continue;
        status = read_affine(&by, node, (size_t)n);
        if (status == EFFNN_OK) status = fold_norm(graph, node, &into, &by, changes);
        effnn__free(by.factor);
        if (status != EFFNN_OK) return status;
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_batch_norm = { .name = "batch_norm", .run = fold_batch_norms };
