/* SPDX-License-Identifier: BSD-3-Clause */
/* Which buffer a value lies in: its own, that of the value it is a view of, or that of the operand
 * it is computed over, which must be read by nobody later. Values are visited in the order in which
 * they are computed, so that what is known of a buffer (who reads it last) is final for all that
 * lies in it so far, and later views only add readers that come later. */

#include "graph/plan_priv.h"

/* Buffers begin at multiples of a cache line, which is what kernels expect of storage. */
#define ALIGNMENT ((size_t)64)

static size_t add_buffer(effnn__plan *self, effnn__buffer buffer)
{
    self->buffers[self->n_buffers] = buffer;
    return self->n_buffers++;
}

/* Bytes of a value's elements, rounded up. Tensors are at most PTRDIFF_MAX bytes, so this holds. */
static size_t padded_bytes(const effnn_tensor *tensor)
{
    return (effnn_tensor_bytes(tensor) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void join_buffer(effnn__plan *self, size_t value, size_t buffer)
{
    effnn__buffer *b = &self->buffers[buffer];

    self->values[value].buffer = buffer;
    if (self->values[value].last > b->last) b->last = self->values[value].last;
}

/* The caller's output that a value is written into directly; outputs.n: none. */
static size_t output_slot(const effnn__plan *self, const effnn__value *value)
{
    return value->is_output && value->producer ? self->values[value->index].slot
                                               : self->graph->outputs.n;
}

/* The places of the outputs, beside the graph: other threads may plan it, too. */
static void find_slots(effnn__plan *self)
{
    for (size_t i = self->graph->outputs.n; i-- > 0;) {
        const effnn__value *value = self->graph->outputs.items[i];
        self->values[value->index].slot = i;
    }
}

static bool has_one_output(const effnn__node *node)
{
    for (size_t i = 1; i < node->n_outputs; i++)
        if (node->outputs[i]) return false;
    return node->n_outputs > 0 && node->outputs[0] && !node->outputs[0]->is_output;
}

/* Whether output 0 of a node can be a view of input 0. */
static bool is_view(const effnn__node *node)
{
    return (node->def->flags & EFFNN_OP_RESHAPES) && node->n_inputs && node->inputs[0] &&
           has_one_output(node);
}

/* Whether output 0 of a node can be computed over input 0: in the arena, of the same size, read by
 * nobody later and by nobody else in this node. */
static bool is_in_place(const effnn__plan *self, const effnn__node *node)
{
    size_t buffer;

    if (!(node->def->flags & EFFNN_OP_IN_PLACE) || !node->n_inputs || !node->inputs[0] ||
        !has_one_output(node) || self->nodes[node->index].is_tapped)
        return false;
    buffer = self->values[node->inputs[0]->index].buffer;
    for (size_t i = 1; i < node->n_inputs; i++)
        if (node->inputs[i] && self->values[node->inputs[i]->index].buffer == buffer) return false;
    return self->buffers[buffer].kind == EFFNN__BUFFER_ARENA &&
           self->buffers[buffer].last == node->index &&
           effnn_tensor_bytes(self->values[node->inputs[0]->index].tensor) ==
               effnn_tensor_bytes(self->values[node->outputs[0]->index].tensor);
}

static void assign_outputs(effnn__plan *self, const effnn__node *node, bool keep_all)
{
    for (size_t i = 0; i < node->n_outputs; i++) {
        const effnn__value *value = node->outputs[i];
        size_t slot;
        if (!value) continue;
        if (self->nodes[node->index].is_fused) {
            const size_t operand = self->nodes[node->index].fused_operand;
            self->nodes[node->index].is_view = true;
            join_buffer(self, value->index, self->values[node->inputs[operand]->index].buffer);
            continue;
        }
        if (i == 0 && !keep_all) {
            self->nodes[node->index].is_view = is_view(node);
            if (self->nodes[node->index].is_view || is_in_place(self, node)) {
                join_buffer(self, value->index, self->values[node->inputs[0]->index].buffer);
                continue;
            }
        }
        slot = output_slot(self, value);
        self->values[value->index].buffer = add_buffer(
            self, (effnn__buffer){ .kind = slot < self->graph->outputs.n ? EFFNN__BUFFER_OUTPUT
                                                                         : EFFNN__BUFFER_ARENA,
                                   .slot = slot,
                                   .bytes = padded_bytes(self->values[value->index].tensor),
                                   .first = node->index,
                                   .last = self->values[value->index].last });
    }
}

/* The last reader of each value; a value that nobody reads is needed while it is made. */
static void find_last_readers(effnn__plan *self)
{
    for (size_t i = 0; i < self->graph->values.n; i++) {
        const effnn__value *value = effnn__graph_value(self->graph, i);
        size_t last = value->producer ? value->producer->index : 0;
        for (size_t j = 0; j < value->n_uses; j++)
            if (value->uses[j].node->index > last) last = value->uses[j].node->index;
        self->values[i].last = last;
    }
}

void effnn__plan_assign_buffers(effnn__plan *self, const effnn__plan_options *options)
{
    const effnn__graph *graph = self->graph;

    find_last_readers(self);
    find_slots(self);
    for (size_t i = 0; i < graph->inputs.n; i++) {
        const effnn__value *value = graph->inputs.items[i];
        self->values[value->index].buffer =
            add_buffer(self, (effnn__buffer){ .kind = EFFNN__BUFFER_INPUT, .slot = i });
    }
    for (size_t i = 0; i < graph->values.n; i++)
        if (effnn__graph_value(graph, i)->constant)
            self->values[i].buffer = add_buffer(
                self, (effnn__buffer){ .kind = EFFNN__BUFFER_CONSTANT,
                                       .data = effnn_tensor_data(self->values[i].tensor) });
    for (size_t i = 0; i < graph->nodes.n; i++)
        assign_outputs(self, effnn__graph_node(graph, i), options->keep_all);
}
