/* SPDX-License-Identifier: BSD-3-Clause */
/* Shape arithmetic. Exporters compute the targets of Reshape and Expand from the shapes of values;
 * inference has followed these integers, open dimensions included, so that little of it is needed:
 *
 * - A value whose integers are all known becomes a constant.
 * - A Reshape's target is written from the shapes on both sides: sizes where they are known, -1 for
 *   one open size, 0 for further ones that stay in their place. An Expand's target has 1 where the
 *   operand has the size already.
 * - A vector that still depends on open sizes and that data needs is written anew as a Concat of
 *   constants and of Shape nodes on the graph's inputs, so that all exporters' forms become one. */

#include "graph/passes/passes.h"

#include <stdio.h>

/* ---- known contents ---- */

static effnn_status make_contents_constant(effnn__graph *graph, effnn__value *value)
{
    const effnn__value_info *info = &value->info;
    const effnn__dtype_row *row = effnn__dtype_row_of(info->dtype);
    const int64_t dims[1] = { (int64_t)info->n_content };
    effnn_tensor *tensor = NULL;
    void *data = NULL;
    effnn_status status;

    EFFNN_TRY(effnn_tensor_create(&tensor, graph->context, info->dtype, info->rank, dims));
    status = effnn_tensor_data_mut(&data, tensor);
    for (size_t i = 0; i < info->n_content && status == EFFNN_OK; i++)
        row->store_i64(data, i, info->content[i].offset);
    if (status == EFFNN_OK) status = effnn__graph_make_constant(graph, value, tensor);
    effnn_tensor_release(tensor);
    return status;
}

static bool has_known_contents(const effnn__value *value)
{
    const effnn__value_info *info = &value->info;

    if (!info->has_content || !info->has_dtype || !info->has_shape || info->rank > 1) return false;
    if (!effnn__dtype_row_of(info->dtype) || effnn_dtype_bits(info->dtype) < 8) return false;
    for (size_t i = 0; i < info->n_content; i++)
        if (!effnn__sym_is_constant(info->content[i])) return false;
    return true;
}

static effnn_status fix_contents(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->values.n; i++) {
        effnn__value *value = effnn__graph_value(graph, i);
        if (!value->producer || (!value->n_uses && !value->is_output) || !has_known_contents(value))
            continue;
        EFFNN_TRY(make_contents_constant(graph, value));
        ++*changes;
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_contents = { .name = "contents", .run = fix_contents };

/* ---- vectors with open sizes ---- */

/* A part of a vector: n constants, or n sizes of an input from dimension `dim` on. */
typedef struct part {
    effnn__value *input; /* NULL: constants */
    size_t begin, n, dim;
} part;

/* The first input and dimension that has exactly this open size. */
static bool find_size(part *out, const effnn__graph *graph, effnn__sym size)
{
    for (size_t i = 0; i < graph->inputs.n; i++) {
        effnn__value *input = graph->inputs.items[i];
        for (size_t d = 0; d < input->info.rank; d++) {
            if (!effnn__sym_equal(input->info.dims[d], size)) continue;
            out->input = input;
            out->dim = d;
            return true;
        }
    }
    return false;
}

/* Split a vector into parts; 0: an open size is no size of an input. */
static size_t split_vector(part *parts, const effnn__graph *graph, size_t n,
                           const effnn__sym *items)
{
    size_t n_parts = 0;

    for (size_t i = 0; i < n; i++) {
        part next = { .begin = i, .n = 1 };
        part *last = n_parts ? &parts[n_parts - 1] : NULL;
        if (!effnn__sym_is_constant(items[i]) && !find_size(&next, graph, items[i])) return 0;
        if (last && last->input == next.input && (!next.input || last->dim + last->n == next.dim))
            last->n++;
        else
            parts[n_parts++] = next;
    }
    return n_parts;
}

static effnn_status add_part(effnn__value **out, effnn__graph *graph, const part *p,
                             const effnn__sym *items, effnn__node *before)
{
    int64_t sizes[EFFNN__MAX_CONTENT];
    char attrs[64];

    if (p->input) {
        snprintf(attrs, sizeof attrs, "start=%zu,end=%zu", p->dim, p->dim + p->n);
        return effnn__graph_add_op(out, graph, "shape", NULL, attrs, &p->input, 1, before);
    }
    for (size_t i = 0; i < p->n; i++) sizes[i] = items[p->begin + i].offset;
    return effnn__canon_add_i64(out, graph, "sizes", p->n, sizes);
}

/* Write a vector as parts in front of a node; *out is NULL if an open size cannot be told. */
static effnn_status add_vector(effnn__value **out, effnn__graph *graph, size_t n,
                               const effnn__sym *items, effnn__node *before)
{
    part parts[EFFNN__MAX_CONTENT];
    effnn__value *pieces[EFFNN__MAX_CONTENT];
    const size_t n_parts = split_vector(parts, graph, n, items);

    *out = NULL;
    if (n_parts == 0) return EFFNN_OK;
    for (size_t i = 0; i < n_parts; i++)
        EFFNN_TRY(add_part(&pieces[i], graph, &parts[i], items, before));
    *out = pieces[0];
    if (n_parts == 1) return EFFNN_OK;
    return effnn__graph_add_op(out, graph, "concat", NULL, "axis=0", pieces, n_parts, before);
}

/* Whether a value is a part in the form that add_part() gives. */
static bool is_part(const effnn__value *value)
{
    const effnn__node *shape = effnn__match_producer(value, "shape");

    return value && (value->constant || (shape && shape->inputs[0] && shape->inputs[0]->is_input));
}

/* Whether a vector is written as parts already. */
static bool is_written_in_parts(const effnn__value *value)
{
    const effnn__node *concat = effnn__match_producer(value, "concat");

    if (is_part(value)) return true;
    if (!concat) return false;
    for (size_t i = 0; i < concat->n_inputs; i++)
        if (!is_part(concat->inputs[i])) return false;
    return true;
}

/* Whether a node computes data from the value, not further integers that inference knows. */
static bool feeds_data(const effnn__value *value)
{
    for (size_t i = 0; i < value->n_uses; i++) {
        const effnn__node *node = value->uses[i].node;
        if (!effnn__canon_is_dead(node) && node->outputs[0] && !node->outputs[0]->info.has_content)
            return true;
    }
    return false;
}

static bool is_open_vector(const effnn__value *value)
{
    const effnn__value_info *info = &value->info;

    return value->producer && info->has_content && info->has_shape && info->rank == 1 &&
           info->has_dtype && info->dtype == EFFNN_I64 && !has_known_contents(value) &&
           !is_written_in_parts(value) && feeds_data(value);
}

static effnn_status rewrite_vector(effnn__graph *graph, effnn__value *value, size_t *changes)
{
    effnn__value *whole;

    EFFNN_TRY(
        add_vector(&whole, graph, value->info.n_content, value->info.content, value->producer));
    if (!whole) return EFFNN_OK;
    EFFNN_TRY(effnn__graph_replace_value(graph, value, whole));
    ++*changes;
    return EFFNN_OK;
}

/* ---- targets ---- */

/* The target that turns shape `from` into `to`: false if an open size cannot be told. A zero size
 * leaves no way to tell 0 from -1, so there is no such target. */
static bool reshape_target(effnn__sym *target, const effnn__value_info *from,
                           const effnn__value_info *to)
{
    size_t n_open = 0, n_told = 0;

    for (size_t i = 0; i < to->rank; i++) n_open += !effnn__sym_is_constant(to->dims[i]);
    for (size_t i = 0; i < to->rank; i++) {
        if (effnn__sym_is_constant(to->dims[i])) {
            target[i] = to->dims[i];
            if (target[i].offset == 0) return false;
        } else if (n_open > 1 && i < from->rank && effnn__sym_equal(from->dims[i], to->dims[i])) {
            target[i] = effnn__sym_constant(0);
        } else {
            target[i] = effnn__sym_constant(-1);
            n_told++;
        }
    }
    return n_told <= 1;
}

/* The target that expands shape `from` to `to`: 1 where `from` has the size already. */
static bool expand_target(effnn__sym *target, const effnn__value_info *from,
                          const effnn__value_info *to)
{
    if (from->rank > to->rank) return false;
    for (size_t i = 0; i < to->rank; i++) {
        const size_t lacking = to->rank - from->rank;
        const bool has_size =
            i >= lacking && effnn__sym_equal(from->dims[i - lacking], to->dims[i]);
        target[i] = has_size ? effnn__sym_constant(1) : to->dims[i];
    }
    return true;
}

/* Whether a value holds these integers and is a constant or written in parts. */
static bool is_vector(const effnn__value *value, size_t n, const effnn__sym *items)
{
    const effnn__value_info *info = &value->info;

    if (!info->has_content || info->n_content != n || !is_written_in_parts(value)) return false;
    for (size_t i = 0; i < n; i++)
        if (!effnn__sym_equal(info->content[i], items[i])) return false;
    return true;
}

/* Give a Reshape or Expand the target that follows from the shapes, in which 0 is a copied size. */
static effnn_status fix_target(effnn__graph *graph, effnn__node *node, size_t *changes)
{
    effnn__sym target[EFFNN_MAX_RANK];
    const effnn__value_info *from, *to;
    effnn__value *inputs[2];

    if (node->n_inputs != 2 || !node->inputs[0] || !node->inputs[1]) return EFFNN_OK;
    from = &node->inputs[0]->info;
    to = &node->outputs[0]->info;
    if (!from->has_shape || !to->has_shape) return EFFNN_OK;
    if (!(effnn__match_is(node, "reshape") ? reshape_target : expand_target)(target, from, to))
        return EFFNN_OK;
    if (is_vector(node->inputs[1], to->rank, target) && !effnn__canon_attr(node, "allowzero", 0))
        return EFFNN_OK;
    inputs[0] = node->inputs[0];
    EFFNN_TRY(add_vector(&inputs[1], graph, to->rank, target, node));
    if (!inputs[1]) return EFFNN_OK;
    return effnn__canon_turn(graph, node, node->def->name, NULL, inputs, 2, changes);
}

static effnn_status fix_shapes(effnn__graph *graph, size_t *changes)
{
    const size_t n_values = graph->values.n;

    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        if (effnn__canon_is_dead(node)) continue;
        if (effnn__match_is(node, "reshape") || effnn__match_is(node, "expand"))
            EFFNN_TRY(fix_target(graph, node, changes));
        i = node->index; /* it moves when nodes are put in front of it */
    }
    for (size_t i = 0; i < n_values; i++) {
        effnn__value *value = effnn__graph_value(graph, i);
        if (is_open_vector(value)) EFFNN_TRY(rewrite_vector(graph, value, changes));
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_shapes = { .name = "shapes", .run = fix_shapes };
