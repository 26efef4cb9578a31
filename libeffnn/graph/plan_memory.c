/* SPDX-License-Identifier: BSD-3-Clause */
/* Where values lie. First each value gets a buffer: its own, that of the value it is a view of, or
 * that of the operand it is computed over, which must be read by nobody later. Then the buffers
 * that are not the caller's are laid out in one arena, in the order of time: a node's results take
 * the smallest gap that holds them, and what is read for the last time becomes a gap again. That is
 * linear in nodes times gaps, and comes near the lower bound (memory.live) on real nets. */

#include "graph/plan_priv.h"

#include "base/alloc.h"

/* Buffers begin at multiples of a cache line, which is what kernels expect of storage. */
#define ALIGNMENT ((size_t)64)

/* ---- which buffer ---- */

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
static size_t output_slot(const effnn__graph *graph, const effnn__value *value)
{
    size_t slot = 0;

    if (!value->is_output || !value->producer) return graph->outputs.n;
    while (graph->outputs.items[slot] != value) slot++;
    return slot;
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
        if (i == 0 && !keep_all) {
            self->nodes[node->index].is_view = is_view(node);
            if (self->nodes[node->index].is_view || is_in_place(self, node)) {
                join_buffer(self, value->index, self->values[node->inputs[0]->index].buffer);
                continue;
            }
        }
        slot = output_slot(self->graph, value);
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
    for (size_t i = 0; i < options->n_tapped; i++)
        self->nodes[options->tapped[i]->index].is_tapped = true;
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

/* ---- where in the arena ---- */

typedef struct gap {
    size_t offset, bytes;
} gap;

/* Free parts of the arena below `end`, by offset, never touching each other. */
typedef struct gaps {
    size_t n;
    gap *items; /* room for one more than there are buffers */
    size_t end, peak;
} gaps;

static void remove_gap(gaps *self, size_t at)
{
    self->n--;
    for (size_t i = at; i < self->n; i++) self->items[i] = self->items[i + 1];
}

/* The smallest gap that holds `bytes`; n: none. */
static size_t best_gap(const gaps *self, size_t bytes)
{
    size_t best = self->n;

    for (size_t i = 0; i < self->n; i++)
        if (self->items[i].bytes >= bytes &&
            (best == self->n || self->items[i].bytes < self->items[best].bytes))
            best = i;
    return best;
}

static effnn_status take(gaps *self, size_t *offset, size_t bytes)
{
    const size_t best = best_gap(self, bytes);

    if (best < self->n) {
        *offset = self->items[best].offset;
        self->items[best].offset += bytes;
        self->items[best].bytes -= bytes;
        if (self->items[best].bytes == 0) remove_gap(self, best);
        return EFFNN_OK;
    }
    if (bytes > PTRDIFF_MAX - self->end)
        return effnn__fail(EFFNN_E_SHAPE, "plan: an arena of %zu + %zu bytes is too large",
                           self->end, bytes);
    *offset = self->end;
    self->end += bytes;
    if (self->end > self->peak) self->peak = self->end;
    return EFFNN_OK;
}

/* Make [offset, offset + bytes) free, joined with the gaps it touches; free memory at the end is
 * no gap but lowers the end, so that a larger buffer can start there. */
static void give_back(gaps *self, size_t offset, size_t bytes)
{
    size_t at = self->n;

    while (at > 0 && self->items[at - 1].offset > offset) at--;
    for (size_t i = self->n; i > at; i--) self->items[i] = self->items[i - 1];
    self->items[at] = (gap){ .offset = offset, .bytes = bytes };
    self->n++;
    if (at + 1 < self->n && offset + bytes == self->items[at + 1].offset) {
        self->items[at].bytes += self->items[at + 1].bytes;
        remove_gap(self, at + 1);
    }
    if (at > 0 && self->items[at - 1].offset + self->items[at - 1].bytes == offset) {
        self->items[at - 1].bytes += self->items[at].bytes;
        remove_gap(self, at);
    }
    if (self->items[self->n - 1].offset + self->items[self->n - 1].bytes == self->end) {
        self->end = self->items[self->n - 1].offset;
        self->n--;
    }
}

/* Walk through time. Buffers come in order of `first`; next[] chains those that end at one node,
 * ending[] has the first of each chain; n_buffers ends a chain. */
static effnn_status lay_out(effnn__plan *self, gaps *free_parts, size_t *ending, size_t *next,
                            bool keep_all)
{
    size_t b = 0, live = 0;

    for (size_t i = 0; i < self->graph->nodes.n; i++) ending[i] = self->n_buffers;
    for (size_t i = 0; i < self->graph->nodes.n; i++) {
        for (; b < self->n_buffers && self->buffers[b].first <= i; b++) {
            effnn__buffer *buffer = &self->buffers[b];
            if (buffer->kind != EFFNN__BUFFER_ARENA || buffer->bytes == 0) continue;
            EFFNN_TRY(take(free_parts, &buffer->offset, buffer->bytes));
            live += buffer->bytes;
            next[b] = ending[buffer->last];
            ending[buffer->last] = b;
        }
        if (live > self->memory.live) self->memory.live = live;
        for (size_t e = ending[i]; e < self->n_buffers && !keep_all; e = next[e]) {
            give_back(free_parts, self->buffers[e].offset, self->buffers[e].bytes);
            live -= self->buffers[e].bytes;
        }
    }
    self->memory.arena = free_parts->peak;
    return EFFNN_OK;
}

effnn_status effnn__plan_lay_out(effnn__plan *self, bool keep_all)
{
    const size_t n_nodes = self->graph->nodes.n, n = self->n_buffers;
    gaps free_parts = { .items = effnn__alloc_array(n + 1, sizeof *free_parts.items) };
    size_t *ending = effnn__alloc_array(n_nodes, sizeof *ending);
    size_t *next = effnn__alloc_array(n, sizeof *next);
    effnn_status status;

    if (free_parts.items && ending && next)
        status = lay_out(self, &free_parts, ending, next, keep_all);
    else
        status = effnn__fail_nomem("layout of an arena", n * sizeof *free_parts.items);
    effnn__free(free_parts.items);
    effnn__free(ending);
    effnn__free(next);
    return status;
}
