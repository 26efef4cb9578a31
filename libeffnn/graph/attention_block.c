/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding an attention block from its softmax: forwards to the product with v, backwards through a
 * mask and scalar factors to the product of q and kᵀ, and further through scalar factors on both.
 */

#include "graph/attention_block.h"

#include "base/option.h"
#include "graph/rewrite.h"
#include "tensor/dtype.h"

/* The value in front of a product with, or a division by, one number; NULL if it is none. */
static effnn__value *peel_factor(const effnn__node *node, double *factor)
{
    double number;

    if (effnn__match_is(node, "div") && effnn__match_scalar(node->inputs[1], &number)) {
        *factor /= number;
        return node->inputs[0];
    }
    if (!effnn__match_is(node, "mul")) return NULL;
    for (size_t i = 0; i < 2; i++) {
        if (!effnn__match_scalar(node->inputs[1 - i], &number)) continue;
        *factor *= number;
        return node->inputs[i];
    }
    return NULL;
}

static bool is_private(const effnn__value *value)
{
    return value->n_uses == 1 && !value->is_output;
}

/* A factor may raise the rank by a constant such as [1,1]; blocks keep theirs. */
static bool has_rank(const effnn__value *value, size_t rank)
{
    return value && value->info.has_shape && value->info.rank == rank;
}

/* Go through factors on an operand of the first product. */
static effnn__value *peel_operand(effnn__value *value, double *factor)
{
    const size_t rank = value->info.rank;

    while (is_private(value) && value->producer) {
        double tried = *factor;
        effnn__value *inner = peel_factor(value->producer, &tried);
        if (!has_rank(inner, rank)) break;
        *factor = tried;
        value = inner;
    }
    return value;
}

/* From the softmax's input back to the product q·kᵀ: factors, and one mask outside of them. */
static effnn__node *find_scores(effnn__attention_block *out, effnn__value *value, size_t rank)
{
    bool is_scaled = false;

    while (value && is_private(value) && value->producer && has_rank(value, rank)) {
        effnn__node *node = value->producer;
        effnn__value *inner;
        if (effnn__match_is(node, "matmul")) return node;
        inner = peel_factor(node, &out->scale);
        if (inner) {
            is_scaled = true;
        } else {
            size_t side = 0;
            if (!effnn__match_is(node, "add") || out->mask || is_scaled) return NULL;
            /* The scores come from a product, by way of factors; a mask does not. */
            for (side = 0; side < 2; side++) {
                double ignored = 1.0;
                effnn__value *start = peel_operand(node->inputs[side], &ignored);
                if (effnn__match_producer(start, "matmul") && is_private(node->inputs[side])) break;
            }
            if (side == 2) return NULL;
            inner = node->inputs[side];
            out->mask = node->inputs[1 - side];
        }
        value = inner;
    }
    return NULL;
}

/* Whether both have this rank and equal dimensions [0, n). */
static bool agree(const effnn__value *a, const effnn__value *b, size_t rank, size_t n)
{
    if (!has_rank(a, rank) || !has_rank(b, rank)) return false;
    for (size_t i = 0; i < n; i++)
        if (!effnn__sym_equal(a->info.dims[i], b->info.dims[i])) return false;
    return a->info.has_dtype && b->info.has_dtype && a->info.dtype == b->info.dtype;
}

/* Whether a mask broadcasts to the scores without making them larger, key by key. */
static bool fits_scores(const effnn__value *mask, const effnn__value *scores)
{
    const size_t rank = scores->info.rank;

    if (!mask->info.has_shape || mask->info.rank > rank || mask->info.rank < 1) return false;
    if (!mask->info.has_dtype || mask->info.dtype != scores->info.dtype) return false;
    for (size_t i = 0; i < mask->info.rank; i++) {
        const effnn__sym m = mask->info.dims[mask->info.rank - 1 - i];
        const effnn__sym s = scores->info.dims[rank - 1 - i];
        const bool is_one = effnn__sym_is_constant(m) && m.offset == 1;
        if (!effnn__sym_equal(m, s) && (i == 0 || !is_one)) return false;
    }
    return true;
}

static bool is_over_last(const effnn__node *softmax, size_t rank)
{
    int64_t axis;

    return effnn__options_get_i64(softmax->def->attrs, softmax->attrs, "axis", &axis) == EFFNN_OK &&
           (axis == -1 || axis == (int64_t)rank - 1);
}

bool effnn__attention_match(effnn__attention_block *out, effnn__node *softmax)
{
    effnn__attention_block block = { .softmax = softmax, .scale = 1.0 };
    effnn__value *weights, *scores;
    size_t rank;

    if (!effnn__match_is(softmax, "softmax")) return false;
    weights = softmax->outputs[0];
    if (!weights->info.has_shape || weights->info.rank < 3) return false;
    rank = weights->info.rank;
    block.result = effnn__match_only_reader(weights, "matmul");
    if (!block.result || block.result->inputs[0] != weights || !is_over_last(softmax, rank))
        return false;
    block.v = block.result->inputs[1];
    block.scores = find_scores(&block, softmax->inputs[0], rank);
    if (!block.scores) return false;
    scores = block.scores->outputs[0];
    if (block.mask && !fits_scores(block.mask, scores)) return false;
    block.q = peel_operand(block.scores->inputs[0], &block.scale);
    block.k_transposed = peel_operand(block.scores->inputs[1], &block.scale);
    if (!agree(block.q, block.k_transposed, rank, rank - 2) ||
        !agree(block.q, block.v, rank, rank - 2) || !agree(scores, weights, rank, rank))
        return false;
    *out = block;
    return true;
}
