/* SPDX-License-Identifier: BSD-3-Clause */
/* Rotary positions written out: the pairs (a, b) of x, halves or neighbours, turned by
 *
 *     a' = cos · a - sin · b,   b' = sin · a + cos · b
 *
 * and put together again as they were, with cosines and sines that have an axis for the heads put
 * in. That is what files of opsets before the operator hold (op_rotary_embedding.c writes it so).
 * The node at the end becomes `rotary_embedding`. */

#include "graph/passes/passes.h"

#include <stdio.h>

/* What is found, from the inside outward. */
typedef struct rotary {
    effnn__value *a, *b;           /* of the pairs */
    effnn__value *cosines, *sines; /* as they are multiplied; then the operator's inputs */
    effnn__value *places;          /* or NULL */
    effnn__value *x;               /* [batch, heads, length, size], or flat */
    effnn__node *last;             /* whose output is the result */
    bool interleaved;
    int64_t head_axis;     /* of x: 1, or 2 with the heads behind the length */
    int64_t turned, heads; /* attributes; 0: default */
} rotary;

static bool same(effnn__sym a, effnn__sym b)
{
    return effnn__sym_equal(a, b);
}

static bool same_shape(const effnn__value *a, const effnn__value *b)
{
    if (!a->info.has_shape || !b->info.has_shape || a->info.rank != b->info.rank) return false;
    for (size_t i = 0; i < a->info.rank; i++)
        if (!same(a->info.dims[i], b->info.dims[i])) return false;
    return true;
}

static effnn__sym last_of(const effnn__value *value)
{
    return value->info.dims[value->info.rank - 1];
}

/* Whether a product of two values is of these. */
static bool is_product(const effnn__node *mul, const effnn__value *p, const effnn__value *q)
{
    return (mul->inputs[0] == p && mul->inputs[1] == q) ||
           (mul->inputs[0] == q && mul->inputs[1] == p);
}

/* first = cosines · a - sines · b, second = sines · a + cosines · b. */
static bool match_turn(rotary *out, const effnn__value *first, const effnn__value *second)
{
    const effnn__node *sub = effnn__match_producer(first, "sub");
    const effnn__node *add = effnn__match_producer(second, "add");
    const effnn__node *left = sub ? effnn__match_producer(sub->inputs[0], "mul") : NULL;
    const effnn__node *right = sub ? effnn__match_producer(sub->inputs[1], "mul") : NULL;
    const effnn__node *p = add ? effnn__match_producer(add->inputs[0], "mul") : NULL;
    const effnn__node *q = add ? effnn__match_producer(add->inputs[1], "mul") : NULL;

    if (!left || !right || !p || !q) return false;
    for (size_t i = 0; i < 4; i++) {
        out->cosines = left->inputs[i & 1];
        out->a = left->inputs[1 - (i & 1)];
        out->sines = right->inputs[i >> 1];
        out->b = right->inputs[1 - (i >> 1)];
        if (out->cosines == out->sines || out->a == out->b) continue;
        if ((is_product(p, out->sines, out->a) && is_product(q, out->cosines, out->b)) ||
            (is_product(q, out->sines, out->a) && is_product(p, out->cosines, out->b)))
            return true;
    }
    return false;
}

/* ---- pairs ---- */

/* A slice of one range of the last axis: where it begins and its step. */
static bool match_slice(const effnn__value *value, effnn__value **x, int64_t *start, int64_t *step)
{
    const effnn__node *node = effnn__match_producer(value, "slice");
    int64_t axis;
    size_t n;

    *step = 1;
    if (!node || node->n_inputs < 4 || !node->inputs[0]->info.has_shape || !value->info.has_shape)
        return false;
    if (!effnn__canon_integers(node->inputs[1], start, &n, 1) || n != 1 || *start < 0 ||
        !effnn__canon_integers(node->inputs[3], &axis, &n, 1) || n != 1)
        return false;
    if (node->n_inputs > 4 && node->inputs[4] &&
        (!effnn__canon_integers(node->inputs[4], step, &n, 1) || n != 1))
        return false;
    *x = node->inputs[0];
    return axis == -1 || axis == (int64_t)(*x)->info.rank - 1;
}

/* a and b are the halves of x, or its elements in turn. */
static bool match_pairs(rotary *out)
{
    const effnn__node *split = effnn__match_producer(out->a, "split");
    effnn__value *x = NULL, *other = NULL;
    int64_t start[2], step[2];

    if (!out->a->info.has_shape || !out->b->info.has_shape || !same_shape(out->a, out->b))
        return false;
    const effnn__sym half = last_of(out->a);
    if (split) {
        const int64_t axis = effnn__canon_attr(split, "axis", 0);

        x = split->inputs[0];
        if (out->b->producer != split || split->n_outputs != 2 || split->outputs[0] != out->a ||
            (axis != -1 && axis != (int64_t)out->a->info.rank - 1))
            return false;
    } else {
        if (!match_slice(out->a, &x, &start[0], &step[0]) ||
            !match_slice(out->b, &other, &start[1], &step[1]) || x != other || start[0] != 0 ||
            step[0] != step[1])
            return false;
        out->interleaved = step[0] == 2;
        if (!out->interleaved && step[0] != 1) return false;
        if (start[1] != (out->interleaved ? 1 : half.offset)) return false;
    }
    out->x = x;
    return half.symbol == 0 && x->info.has_shape && x->info.rank == 4 &&
           same(last_of(x), effnn__sym_constant(2 * half.offset));
}

/* ---- cosines and sines ---- */

/* An axis put into a table of each token, or into one gathered by places. */
static bool match_table(effnn__value **table, effnn__value **places, int64_t *axis,
                        const effnn__value *value)
{
    const effnn__node *unsqueeze = effnn__match_producer(value, "unsqueeze"), *gather;
    size_t n;

    if (!unsqueeze || unsqueeze->n_inputs < 2 ||
        !effnn__canon_integers(unsqueeze->inputs[1], axis, &n, 1) || n != 1)
        return false;
    *table = unsqueeze->inputs[0];
    *places = NULL;
    if (!(*table)->info.has_shape || (*table)->info.rank != 3) return false;
    gather = effnn__match_producer(*table, "gather");
    if (gather && effnn__canon_attr(gather, "axis", 0) == 0 && gather->inputs[0]->info.has_shape &&
        gather->inputs[0]->info.rank == 2) {
        *table = gather->inputs[0];
        *places = gather->inputs[1];
    }
    if (*axis < 0) *axis += 4;
    return *axis == 1 || *axis == 2;
}

static bool match_tables(rotary *out)
{
    effnn__value *places = NULL;
    int64_t axis = 0;

    if (!match_table(&out->cosines, &out->places, &out->head_axis, out->cosines) ||
        !match_table(&out->sines, &places, &axis, out->sines) || axis != out->head_axis ||
        places != out->places || !same_shape(out->cosines, out->sines))
        return false;
    const effnn__value *tokens = out->places ? out->places : out->cosines;
    return tokens->info.has_shape && same(tokens->info.dims[0], out->x->info.dims[0]) &&
           same(tokens->info.dims[1], out->x->info.dims[3 - out->head_axis]) &&
           same(last_of(out->cosines), last_of(out->a));
}

/* ---- outward ---- */

static bool is_last_axis(const effnn__node *concat)
{
    const effnn__value *y = concat->outputs[0];
    const int64_t axis = effnn__canon_attr(concat, "axis", 0);

    return y->info.has_shape && (axis == -1 || axis == (int64_t)y->info.rank - 1);
}

/* The value with an axis of size 1 behind its others, or NULL. */
static const effnn__value *below_unsqueeze(const effnn__value *value)
{
    const effnn__node *node = effnn__match_producer(value, "unsqueeze");
    int64_t axis;
    size_t n;

    if (!node || node->n_inputs < 2 || !effnn__canon_integers(node->inputs[1], &axis, &n, 1) ||
        n != 1 || !node->inputs[0]->info.has_shape)
        return NULL;
    return axis == -1 || axis == (int64_t)node->inputs[0]->info.rank ? node->inputs[0] : NULL;
}

/* The turned pairs joined at this concat, as halves or as neighbours. */
static bool match_join(rotary *out, effnn__node *concat)
{
    const effnn__value *first, *second;

    if (!effnn__match_is(concat, "concat") || concat->n_inputs != 2 || !is_last_axis(concat))
        return false;
    first = below_unsqueeze(concat->inputs[0]);
    second = below_unsqueeze(concat->inputs[1]);
    const bool woven = first && second;
    *out = (rotary){ .last = concat };
    if (!match_turn(out, woven ? first : concat->inputs[0], woven ? second : concat->inputs[1]) ||
        !match_pairs(out) || out->interleaved != woven || !match_tables(out))
        return false;
    if (woven) out->last = effnn__match_only_reader(concat->outputs[0], "reshape");
    return out->last && same_shape(out->last->outputs[0], out->x);
}

/* Elements behind the turned ones that only pass by. */
static void take_rest(rotary *self)
{
    effnn__node *concat = effnn__match_only_reader(self->last->outputs[0], "concat");
    effnn__value *whole = NULL, *other = NULL;
    int64_t start, step;

    if (!concat || concat->n_inputs != 2 || concat->inputs[0] != self->last->outputs[0] ||
        !is_last_axis(concat) || !match_slice(self->x, &whole, &start, &step) || start != 0 ||
        step != 1)
        return;
    const int64_t turned = last_of(self->x).offset;
    if (!match_slice(concat->inputs[1], &other, &start, &step) || other != whole ||
        start != turned || step != 1 || !same_shape(concat->outputs[0], whole))
        return;
    self->x = whole;
    self->last = concat;
    self->turned = turned;
}

/* Heads behind the length: both ends must be reshapes of [batch, length, heads · size]. */
static bool take_flat(rotary *self)
{
    effnn__node *split = effnn__match_producer(self->x, "reshape");
    effnn__node *join = effnn__match_only_reader(self->last->outputs[0], "reshape");

    if (!split || !join || self->x->info.dims[2].symbol != 0) return false;
    if (!split->inputs[0]->info.has_shape || split->inputs[0]->info.rank != 3 ||
        !same_shape(split->inputs[0], join->outputs[0]) ||
        !same(split->inputs[0]->info.dims[1], self->x->info.dims[1]))
        return false;
    self->heads = self->x->info.dims[2].offset;
    self->x = split->inputs[0];
    self->last = join;
    return true;
}

static effnn_status find_rotary(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        rotary found;
        char attrs[96];

        if (effnn__canon_is_dead(node) || !match_join(&found, node)) continue;
        take_rest(&found);
        if (found.head_axis == 2 && !take_flat(&found)) continue;
        effnn__value *const inputs[] = { found.x, found.cosines, found.sines, found.places };
        snprintf(attrs, sizeof attrs, "interleaved=%d,rotary_embedding_dim=%lld,num_heads=%lld",
                 found.interleaved, (long long)found.turned, (long long)found.heads);
        EFFNN_TRY(effnn__canon_turn(graph, found.last, "rotary_embedding", attrs, inputs,
                                    found.places ? 4 : 3, changes));
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_rotary = { .name = "rotary", .run = find_rotary };
