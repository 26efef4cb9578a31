/* SPDX-License-Identifier: BSD-3-Clause */
/* Layers for the zoo's builders: nodes with their weights. */

#include "model/zoo_build.h"

#include "base/alloc.h"
#include "tensor/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ATTRS = 128 };

static const char *spell(char *buffer, const effnn__zoo *zoo, const char *pattern)
{
    effnn__zoo_spell(buffer, pattern, zoo->i, zoo->j);
    return buffer;
}

/* "<pattern><end>". */
static const char *with(char *buffer, const char *pattern, const char *end)
{
    snprintf(buffer, EFFNN__ZOO_NAME, "%s%s", pattern, end);
    return buffer;
}

void effnn__zoo_check_multiple(effnn__zoo *zoo, const char *what, int64_t whole, int64_t part)
{
    if (zoo->status != EFFNN_OK || (whole > 0 && part > 0 && whole % part == 0)) return;
    zoo->status = effnn__fail(EFFNN_E_ARG, "%s: %s: %lld is not a positive multiple of %lld",
                              zoo->def->name, what, (long long)whole, (long long)part);
}

/* ---- values ---- */

effnn__value *effnn__zoo_input(effnn__zoo *zoo, const char *pattern, effnn_dtype dtype, size_t rank,
                               const int64_t *dims, const char *const *symbols)
{
    char name[EFFNN__ZOO_NAME];

    if (zoo->status != EFFNN_OK) return NULL;
    zoo->status =
        effnn_model_add_input(zoo->model, spell(name, zoo, pattern), dtype, rank, dims, symbols);
    return zoo->status == EFFNN_OK ? effnn__graph_find_value(zoo->model->graph, name) : NULL;
}

/* Add a constant and drop the tensor. */
static effnn__value *add_constant(effnn__zoo *zoo, const char *name, bool exact,
                                  effnn_tensor *tensor)
{
    effnn__value *value = NULL;

    if (zoo->status == EFFNN_OK)
        zoo->status = effnn__graph_add_constant(&value, zoo->model->graph, name, exact, tensor);
    effnn_tensor_release(tensor);
    return zoo->status == EFFNN_OK ? value : NULL;
}

effnn__value *effnn__zoo_param(effnn__zoo *zoo, const char *pattern, effnn__zoo_fill fill,
                               size_t rank, const int64_t *dims)
{
    char name[EFFNN__ZOO_NAME];
    effnn_tensor *tensor = NULL;

    if (zoo->status == EFFNN_OK)
        zoo->status = effnn__zoo_weight(&tensor, zoo, pattern, fill, rank, dims);
    return add_constant(zoo, spell(name, zoo, pattern), true, tensor);
}

/* A matrix [rows, columns] of the file as parameter [columns, rows]. */
static effnn__value *transposed_param(effnn__zoo *zoo, const char *pattern, int64_t rows,
                                      int64_t columns)
{
    static const size_t axes[] = { 1, 0 };
    char name[EFFNN__ZOO_NAME];
    effnn_tensor *tensor = NULL, *view = NULL, *turned = NULL;

    if (zoo->status == EFFNN_OK)
        zoo->status = effnn__zoo_weight(&tensor, zoo, pattern, EFFNN__ZOO_NORMAL, 2,
                                        (const int64_t[]){ rows, columns });
    if (zoo->status == EFFNN_OK) zoo->status = effnn_tensor_view_permute(&view, tensor, axes);
    if (zoo->status == EFFNN_OK) zoo->status = effnn_tensor_copy(&turned, view);
    effnn_tensor_release(view);
    effnn_tensor_release(tensor);
    return add_constant(zoo, spell(name, zoo, pattern), true, turned);
}

effnn__value *effnn__zoo_ints(effnn__zoo *zoo, const char *name, size_t rank, const int64_t *dims,
                              const int64_t *items)
{
    effnn_tensor *tensor = NULL;

    if (zoo->status == EFFNN_OK)
        zoo->status = effnn_tensor_create(&tensor, zoo->model->context, EFFNN_I64, rank, dims);
    if (tensor) memcpy(effnn__tensor_data(tensor), items, effnn_tensor_bytes(tensor));
    return add_constant(zoo, name, false, tensor);
}

effnn__value *effnn__zoo_int(effnn__zoo *zoo, const char *name, int64_t item)
{
    return effnn__zoo_ints(zoo, name, 0, NULL, &item);
}

effnn__value *effnn__zoo_float(effnn__zoo *zoo, const char *name, double item)
{
    effnn_tensor *tensor = NULL;

    if (zoo->status == EFFNN_OK)
        zoo->status = effnn_tensor_create(&tensor, zoo->model->context, EFFNN_F32, 0, NULL);
    if (tensor) *(float *)effnn__tensor_data(tensor) = (float)item;
    return add_constant(zoo, name, false, tensor);
}

void effnn__zoo_note(effnn__zoo *zoo, const char *key, int64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)value);
    if (zoo->status == EFFNN_OK) zoo->status = effnn_model_set_metadata(zoo->model, key, text);
}

void effnn__zoo_output(effnn__zoo *zoo, effnn__value *value, const char *pattern)
{
    char name[EFFNN__ZOO_NAME];

    if (zoo->status == EFFNN_OK)
        zoo->status =
            effnn__graph_rename_value(zoo->model->graph, value, spell(name, zoo, pattern));
    if (zoo->status == EFFNN_OK) zoo->status = effnn__graph_add_output(zoo->model->graph, value);
}

/* ---- nodes ---- */

effnn__value *effnn__zoo_op(effnn__zoo *zoo, const char *op, const char *pattern, const char *attrs,
                            effnn__value *const *inputs, size_t n_inputs)
{
    char name[EFFNN__ZOO_NAME];
    effnn__value *out = NULL;

    if (zoo->status != EFFNN_OK) return NULL;
    zoo->status =
        effnn__graph_add_op(&out, zoo->model->graph, op, pattern ? spell(name, zoo, pattern) : NULL,
                            attrs, inputs, n_inputs, NULL);
    return zoo->status == EFFNN_OK ? out : NULL;
}

effnn__value *effnn__zoo_reshape(effnn__zoo *zoo, effnn__value *x, size_t rank, const int64_t *dims)
{
    const int64_t n = (int64_t)rank;

    return EFFNN__ZOO_OP(zoo, "reshape", NULL, NULL, x, effnn__zoo_ints(zoo, "shape", 1, &n, dims));
}

effnn__value *effnn__zoo_transpose(effnn__zoo *zoo, effnn__value *x, const char *perm)
{
    char attrs[ATTRS];

    snprintf(attrs, sizeof attrs, "perm=%s", perm);
    return EFFNN__ZOO_OP(zoo, "transpose", NULL, attrs, x);
}

void effnn__zoo_split(effnn__value **out, effnn__zoo *zoo, effnn__value *x, size_t n)
{
    const effnn_op_def *def = effnn__op_find("split");
    effnn__value *const inputs[] = { x };
    effnn__node_spec spec = { .def = def, .inputs = inputs, .n_inputs = 1, .n_outputs = n };
    effnn__node *node = NULL;
    void *attrs;

    for (size_t k = 0; k < n; k++) out[k] = NULL;
    if (zoo->status != EFFNN_OK) return;
    attrs = effnn__zalloc(def->attrs_size);
    if (!attrs) {
        zoo->status = effnn__fail_nomem("split", def->attrs_size);
        return;
    }
    zoo->status = effnn__options_init(def->attrs, attrs);
    if (zoo->status == EFFNN_OK) {
        zoo->status = effnn__options_set_i64(def->attrs, attrs, "axis", -1);
        spec.attrs = attrs;
        if (zoo->status == EFFNN_OK)
            zoo->status = effnn__graph_add_node(&node, zoo->model->graph, &spec);
        effnn__options_clear(def->attrs, attrs);
    }
    effnn__free(attrs);
    for (size_t k = 0; k < n && zoo->status == EFFNN_OK; k++) out[k] = node->outputs[k];
}

effnn__value *effnn__zoo_size_of(effnn__zoo *zoo, effnn__value *x, int64_t axis)
{
    return EFFNN__ZOO_OP(zoo, "gather", NULL, "axis=0", EFFNN__ZOO_OP(zoo, "shape", NULL, NULL, x),
                         effnn__zoo_int(zoo, "axis", axis));
}

effnn__value *effnn__zoo_count_up(effnn__zoo *zoo, effnn__value *limit)
{
    return EFFNN__ZOO_OP(zoo, "range", NULL, NULL, effnn__zoo_int(zoo, "start", 0), limit,
                         effnn__zoo_int(zoo, "delta", 1));
}

effnn__value *effnn__zoo_linear(effnn__zoo *zoo, effnn__value *x, const char *pattern, int64_t in,
                                int64_t out, bool bias)
{
    char name[EFFNN__ZOO_NAME];
    effnn__value *y = EFFNN__ZOO_OP(zoo, "matmul", pattern, NULL, x,
                                    transposed_param(zoo, with(name, pattern, ".weight"), out, in));

    if (!bias) return y;
    return EFFNN__ZOO_OP(
        zoo, "add", NULL, NULL, y,
        effnn__zoo_param(zoo, with(name, pattern, ".bias"), EFFNN__ZOO_ZEROS, 1, &out));
}

effnn__value *effnn__zoo_layer_norm(effnn__zoo *zoo, effnn__value *x, const char *pattern,
                                    int64_t width, double epsilon)
{
    char attrs[ATTRS], name[EFFNN__ZOO_NAME];
    effnn__value *weight =
        effnn__zoo_param(zoo, with(name, pattern, ".weight"), EFFNN__ZOO_ONES, 1, &width);
    effnn__value *bias =
        effnn__zoo_param(zoo, with(name, pattern, ".bias"), EFFNN__ZOO_ZEROS, 1, &width);

    effnn__zoo_print_f64(attrs, "epsilon", epsilon);
    return EFFNN__ZOO_OP(zoo, "layer_normalization", pattern, attrs, x, weight, bias);
}

effnn__value *effnn__zoo_rms_norm(effnn__zoo *zoo, effnn__value *x, const char *pattern,
                                  int64_t width, double epsilon)
{
    char attrs[ATTRS], name[EFFNN__ZOO_NAME];
    effnn__value *weight =
        effnn__zoo_param(zoo, with(name, pattern, ".weight"), EFFNN__ZOO_ONES, 1, &width);

    effnn__zoo_print_f64(attrs, "epsilon", epsilon);
    return EFFNN__ZOO_OP(zoo, "rms_normalization", pattern, attrs, x, weight);
}

/* [N, tokens, width] → [N, heads, tokens, width / heads]. */
static effnn__value *to_heads(effnn__zoo *zoo, effnn__value *x, int64_t width, int64_t heads)
{
    return effnn__zoo_transpose(zoo, EFFNN__ZOO_RESHAPE(zoo, x, 0, 0, heads, width / heads),
                                "0:2:1:3");
}

effnn__value *effnn__zoo_attention(effnn__zoo *zoo, effnn__value *q, effnn__value *k,
                                   effnn__value *v, int64_t width, int64_t heads,
                                   effnn__value *mask, const char *pattern)
{
    char name[EFFNN__ZOO_NAME];
    effnn__value *scores, *shares;

    effnn__zoo_check_multiple(zoo, "width and heads", width, heads);
    if (zoo->status != EFFNN_OK) return NULL;
    q = to_heads(zoo, q, width, heads);
    k = effnn__zoo_transpose(zoo, to_heads(zoo, k, width, heads), "0:1:3:2");
    v = to_heads(zoo, v, width, heads);
    scores =
        EFFNN__ZOO_OP(zoo, "mul", NULL, NULL, EFFNN__ZOO_OP(zoo, "matmul", NULL, NULL, q, k),
                      effnn__zoo_float(zoo, "scale", 1.0 / sqrt((double)width / (double)heads)));
    if (mask) scores = EFFNN__ZOO_OP(zoo, "add", NULL, NULL, scores, mask);
    shares = EFFNN__ZOO_OP(zoo, "softmax", with(name, pattern, ".softmax"), "axis=-1", scores);
    return EFFNN__ZOO_RESHAPE(
        zoo,
        effnn__zoo_transpose(zoo, EFFNN__ZOO_OP(zoo, "matmul", NULL, NULL, shares, v), "0:2:1:3"),
        0, 0, width);
}

effnn__value *effnn__zoo_conv(effnn__zoo *zoo, effnn__value *x, const char *pattern,
                              const effnn__zoo_window *w)
{
    const int64_t dims[] = { w->out, w->in / w->groups, w->kernel, w->kernel };
    char attrs[ATTRS], name[EFFNN__ZOO_NAME];
    effnn__value *weight =
        effnn__zoo_param(zoo, with(name, pattern, ".weight"), EFFNN__ZOO_NORMAL, 4, dims);
    effnn__value *bias =
        w->bias ? effnn__zoo_param(zoo, with(name, pattern, ".bias"), EFFNN__ZOO_ZEROS, 1, &w->out)
                : NULL;

    snprintf(attrs, sizeof attrs, "strides=%d:%d,pads=%d:%d:%d:%d,group=%d", (int)w->stride,
             (int)w->stride, (int)w->pad, (int)w->pad, (int)w->pad, (int)w->pad, (int)w->groups);
    return effnn__zoo_op(zoo, "conv", pattern, attrs, (effnn__value *[]){ x, weight, bias },
                         w->bias ? 3 : 2);
}

effnn__value *effnn__zoo_batch_norm(effnn__zoo *zoo, effnn__value *x, const char *pattern,
                                    int64_t channels)
{
    static const struct {
        const char *end;
        effnn__zoo_fill fill;
    } parts[] = { { ".weight", EFFNN__ZOO_ONES },
                  { ".bias", EFFNN__ZOO_ZEROS },
                  { ".running_mean", EFFNN__ZOO_ZEROS },
                  { ".running_var", EFFNN__ZOO_ONES } };
    effnn__value *inputs[5] = { x };
    char name[EFFNN__ZOO_NAME];

    for (size_t k = 0; k < 4; k++)
        inputs[k + 1] =
            effnn__zoo_param(zoo, with(name, pattern, parts[k].end), parts[k].fill, 1, &channels);
    return effnn__zoo_op(zoo, "batch_normalization", pattern, NULL, inputs, 5);
}
