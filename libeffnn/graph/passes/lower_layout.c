/* SPDX-License-Identifier: BSD-3-Clause */
/* Attention on what projections give, [batch, length, heads · size], without the transposes around
 * it: where queries, keys and values are only moved from ranges of the last axis of such values, in
 * whatever chain of reshapes, transposes, splits and slices, and the result is only moved back, the
 * operator reads and writes that form itself. Ranges that are not whole become slices, whose rows
 * are long. */

#include "base/alloc.h"
#include "graph/passes/layout_view.h"
#include "graph/passes/passes.h"

#include <stdio.h>
#include <string.h>

#define MAX_CHAIN 10 /* nodes between a projection and the attention */

/* An operand as a range [begin, begin + heads · size) of the last axis of `base`. */
typedef struct flat_operand {
    effnn__value *base;
    int64_t heads, size, begin;
} flat_operand;

/* Whether a dimension runs through `size` elements `stride` apart. */
static bool runs(const effnn__view *view, size_t dim, effnn__sym size, effnn__sym stride)
{
    effnn__view_factor f;

    if (!effnn__view_single(&f, view, dim) || !effnn__sym_equal(f.size, size)) return false;
    return effnn__sym_equal(f.stride, stride) || effnn__sym_equal(size, effnn__sym_constant(1));
}

/* Whether the view, [batch, heads, length, size], is a range of the last axis of `base`. */
static bool is_range(flat_operand *out, const effnn__view *view, effnn__value *base)
{
    const effnn__sym *dims = base->info.dims, one = effnn__sym_constant(1);
    effnn__view_factor heads, size;
    effnn__sym row;

    if (view->rank != 4 || dims[2].symbol != 0) return false;
    if (!effnn__view_multiply(&row, view->symbols, dims[1], dims[2]) ||
        !effnn__view_single(&heads, view, 1) || !effnn__view_single(&size, view, 3) ||
        heads.size.symbol != 0 || size.size.symbol != 0)
        return false;
    *out = (flat_operand){
        .base = base, .heads = heads.size.offset, .size = size.size.offset, .begin = view->offset
    };
    return runs(view, 0, dims[0], row) && runs(view, 1, heads.size, size.size) &&
           runs(view, 2, dims[1], dims[2]) && runs(view, 3, size.size, one) &&
           out->begin + out->heads * out->size <= dims[2].offset;
}

/* The nearest value that the operand is such a range of. */
static bool find_base(flat_operand *out, effnn__graph *graph, effnn__value *operand)
{
    effnn__value *chain[MAX_CHAIN + 1] = { operand };

    for (size_t n = 0; n < MAX_CHAIN && chain[n]->producer; n++) {
        effnn__value *base = chain[n]->producer->inputs[0];
        effnn__view view;
        bool fits;

        if (!base) return false;
        chain[n + 1] = base;
        if (!base->info.has_shape || base->info.rank != 3) continue;
        fits = effnn__view_whole(&view, graph->symbols, base);
        for (size_t i = n + 1; i-- > 0 && fits;) fits = effnn__view_through(&view, chain[i]);
        if (fits && is_range(out, &view, base)) return true;
    }
    return false;
}

/* The node that brings the result back to [batch, length, heads · size], or NULL. */
static effnn__node *find_return(const effnn__node *attention, const flat_operand *q,
                                const flat_operand *v)
{
    effnn__node *transpose = effnn__match_only_reader(attention->outputs[0], "transpose");
    const effnn_int_list *perm = transpose ? effnn__canon_ints(transpose, "perm") : NULL;
    effnn__node *back =
        transpose ? effnn__match_only_reader(transpose->outputs[0], "reshape") : NULL;
    const effnn__value_info *info = back ? &back->outputs[0]->info : NULL;
    static const int64_t wanted[] = { 0, 2, 1, 3 };

    if (!back || !info->has_shape || info->rank != 3 || !perm || perm->n != 4 ||
        memcmp(perm->items, wanted, sizeof wanted) != 0)
        return NULL;
    return effnn__sym_equal(info->dims[0], q->base->info.dims[0]) &&
                   effnn__sym_equal(info->dims[1], q->base->info.dims[1]) &&
                   effnn__sym_equal(info->dims[2], effnn__sym_constant(q->heads * v->size))
               ? back
               : NULL;
}

static effnn_status flatten(effnn__value **out, effnn__graph *graph, const flat_operand *operand,
                            effnn__node *before)
{
    const int64_t width = operand->heads * operand->size, axis = 2;
    const int64_t begin = operand->begin, end = begin + width;
    effnn__value *inputs[4] = { operand->base };

    *out = operand->base;
    if (width == operand->base->info.dims[2].offset) return EFFNN_OK;
    EFFNN_TRY(effnn__canon_add_i64(&inputs[1], graph, "begin", 1, &begin));
    EFFNN_TRY(effnn__canon_add_i64(&inputs[2], graph, "end", 1, &end));
    EFFNN_TRY(effnn__canon_add_i64(&inputs[3], graph, "axis", 1, &axis));
    return effnn__graph_add_op(out, graph, "slice", operand->base->name, NULL, inputs, 4, before);
}

/* Attributes of the attention with the numbers of heads. */
static effnn_status print_attrs(char *out, size_t size, const effnn__node *attention,
                                const flat_operand *q, const flat_operand *k)
{
    char *text = NULL;

    EFFNN_TRY(effnn__options_print(attention->def->attrs, attention->attrs, &text));
    snprintf(out, size, "%s%sq_num_heads=%lld,kv_num_heads=%lld", text, text[0] ? "," : "",
             (long long)q->heads, (long long)k->heads);
    effnn__free(text);
    return EFFNN_OK;
}

static bool is_plain(const effnn__node *node)
{
    if (!effnn__match_is(node, "attention") || effnn__canon_is_dead(node)) return false;
    if (node->n_inputs < 3 || node->n_inputs > 4 || !node->inputs[0]->info.has_shape ||
        node->inputs[0]->info.rank != 4)
        return false;
    for (size_t i = 1; i < node->n_outputs; i++)
        if (node->outputs[i]) return false;
    return true;
}

static effnn_status run(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i), *back;
        effnn__value *inputs[4] = { NULL };
        flat_operand operands[3];
        char attrs[256];
        bool found = is_plain(node);

        for (size_t k = 0; k < 3 && found; k++)
            found = find_base(&operands[k], graph, node->inputs[k]);
        if (!found || operands[1].heads != operands[2].heads) continue;
        back = find_return(node, &operands[0], &operands[2]);
        if (!back) continue;
        EFFNN_TRY(print_attrs(attrs, sizeof attrs, node, &operands[0], &operands[1]));
        for (size_t k = 0; k < 3; k++) EFFNN_TRY(flatten(&inputs[k], graph, &operands[k], back));
        inputs[3] = node->n_inputs > 3 ? node->inputs[3] : NULL;
        EFFNN_TRY(
            effnn__canon_turn(graph, back, "attention", attrs, inputs, inputs[3] ? 4 : 3, changes));
        i = back->index;
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_layout = { .name = "layout", .run = run };
