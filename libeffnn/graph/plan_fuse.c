/* SPDX-License-Identifier: BSD-3-Clause */
/* What runs right behind a product or a convolution and touches each element once goes into it: a
 * bias along the last dimension, then bounds (relu, clip with constants). The node that is taken in
 * does not run; its result lies where the product's does. */

#include "graph/plan_priv.h"

/* The only reader of a node's only output, if nothing else may see that output. */
static const effnn__node *follower_of(const effnn__plan *self, const effnn__node *node)
{
    const effnn__value *value = node->outputs[0];

    if (!value || value->n_uses != 1 || value->is_output || self->nodes[node->index].is_tapped)
        return NULL;
    return value->uses[0].node;
}

/* Whether the follower's result can lie where its operand does. */
static bool can_take(const effnn__plan *self, const effnn__node *node, const effnn__value *value)
{
    const effnn__value *result = node->outputs[0];

    if (node->n_outputs != 1 || !result || result->is_output) return false;
    if (self->nodes[node->index].is_tapped) return false;
    const effnn__shape a = effnn__tensor_shape(self->values[value->index].tensor);
    const effnn__shape b = effnn__tensor_shape(self->values[result->index].tensor);
    return effnn__shape_equal(&a, &b) &&
           effnn_tensor_dtype(self->values[value->index].tensor) == EFFNN_F32;
}

/* A constant with one number for each place of the last dimension of `value`, added to it. */
static const float *bias_of(const effnn__plan *self, const effnn__node *node,
                            const effnn__value *value, size_t *operand)
{
    const effnn_tensor *y = self->values[value->index].tensor, *bias;
    const size_t rank = effnn_tensor_rank(y);

    if (!(node->def->flags & EFFNN_OP_ADDS) || rank == 0) return NULL;
    *operand = node->inputs[0] == value ? 0 : 1;
    if (!node->inputs[1 - *operand] || !node->inputs[1 - *operand]->constant) return NULL;
    bias = self->values[node->inputs[1 - *operand]->index].tensor;
    if (effnn_tensor_rank(bias) == 0 || effnn_tensor_rank(bias) > rank) return NULL;
    if (effnn_tensor_count(bias) != (size_t)effnn_tensor_dims(y)[rank - 1] ||
        effnn_tensor_dims(bias)[effnn_tensor_rank(bias) - 1] != effnn_tensor_dims(y)[rank - 1])
        return NULL;
    return effnn_tensor_data(bias);
}

static void take(effnn__plan *self, const effnn__node *node, size_t operand)
{
    self->nodes[node->index].is_fused = true;
    self->nodes[node->index].fused_operand = operand;
}

static void fuse_behind(effnn__plan *self, const effnn__node *node)
{
    effnn__epilogue *after = &self->nodes[node->index].call.after;
    const effnn__node *next = follower_of(self, node);
    const effnn__value *value = node->outputs[0];
    size_t operand = 0;

    if (next && (node->def->flags & EFFNN_OP_TAKES_BIAS) && can_take(self, next, value)) {
        after->bias = bias_of(self, next, value, &operand);
        if (after->bias) {
            take(self, next, operand);
            value = next->outputs[0];
            next = follower_of(self, next);
        }
    }
    if (!next || !next->def->bounds || next->inputs[0] != value || !can_take(self, next, value))
        return;
    if (!next->def->bounds(&self->nodes[next->index].call, &after->lo, &after->hi)) return;
    after->clamp = true;
    take(self, next, 0);
}

void effnn__plan_fuse(effnn__plan *self)
{
    for (size_t i = 0; i < self->graph->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(self->graph, i);
        if (!(node->def->flags & EFFNN_OP_TAKES_BOUNDS) || node->n_outputs != 1 ||
            !node->outputs[0] || self->nodes[i].is_fused)
            continue;
        fuse_behind(self, node);
    }
}
