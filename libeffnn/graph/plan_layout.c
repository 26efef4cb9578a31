/* SPDX-License-Identifier: BSD-3-Clause */
/* Where buffers lie in the arena. Finding the smallest arena is NP-hard; three simple orders are
 * tried and the best result is kept, because each of them is far off on some nets:
 *
 * - in the order of time, a node's results taking the smallest gap that holds them;
 * - the largest buffers first, and the longest-lived first, each into the smallest gap between the
 *   buffers placed so far that live at the same time.
 *
 * The first is linear in nodes times gaps, the others are quadratic in the number of buffers and
 * left out for large graphs. All depend on sizes and lives only. */

#include "graph/plan_priv.h"

#include "base/alloc.h"

#include <stdlib.h>

/* The most buffers for which the quadratic orders are tried. */
#define MAX_QUADRATIC 4096

/* Offsets by buffer and the bytes they take; SIZE_MAX: no result. */
typedef struct layout {
    size_t *offsets;
    size_t bytes;
} layout;

static bool is_placed(const effnn__buffer *buffer)
{
    return buffer->kind == EFFNN__BUFFER_ARENA && buffer->bytes > 0;
}

/* ---- in the order of time ---- */

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
static effnn_status walk_time(effnn__plan *self, layout *out, gaps *free_parts, size_t *ending,
                              size_t *next, bool keep_all)
{
    size_t b = 0, live = 0;

    for (size_t i = 0; i < self->graph->nodes.n; i++) ending[i] = self->n_buffers;
    for (size_t i = 0; i < self->graph->nodes.n; i++) {
        for (; b < self->n_buffers && self->buffers[b].first <= i; b++) {
            const effnn__buffer *buffer = &self->buffers[b];
            if (!is_placed(buffer)) continue;
            EFFNN_TRY(take(free_parts, &out->offsets[b], buffer->bytes));
            live += buffer->bytes;
            next[b] = ending[buffer->last];
            ending[buffer->last] = b;
        }
        if (live > self->memory.live) self->memory.live = live;
        for (size_t e = ending[i]; e < self->n_buffers && !keep_all; e = next[e]) {
            give_back(free_parts, out->offsets[e], self->buffers[e].bytes);
            live -= self->buffers[e].bytes;
        }
    }
    out->bytes = free_parts->peak;
    return EFFNN_OK;
}

static effnn_status lay_out_by_time(effnn__plan *self, layout *out, bool keep_all)
{
    const size_t n_nodes = self->graph->nodes.n, n = self->n_buffers;
    gaps free_parts = { .items = effnn__alloc_array(n + 1, sizeof *free_parts.items) };
    size_t *ending = effnn__alloc_array(n_nodes, sizeof *ending);
    size_t *next = effnn__alloc_array(n, sizeof *next);
    effnn_status status;

    if (free_parts.items && ending && next)
        status = walk_time(self, out, &free_parts, ending, next, keep_all);
    else
        status = effnn__fail_nomem("layout of an arena", n * sizeof *free_parts.items);
    effnn__free(free_parts.items);
    effnn__free(ending);
    effnn__free(next);
    return status;
}

/* ---- in the order of a key ---- */

typedef struct ranked {
    size_t major, minor, buffer;
} ranked;

/* Larger keys first, then in the order of time. */
static int compare_ranked(const void *a_, const void *b_)
{
    const ranked *a = a_, *b = b_;

    if (a->major != b->major) return a->major > b->major ? -1 : 1;
    if (a->minor != b->minor) return a->minor > b->minor ? -1 : 1;
    return a->buffer < b->buffer ? -1 : a->buffer > b->buffer;
}

static bool live_together(const effnn__buffer *a, const effnn__buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The start of the smallest gap for a buffer between those placed that live with it, or their end.
 * placed: buffers by offset. */
static size_t find_offset(const effnn__plan *self, const layout *so_far, size_t buffer,
                          const size_t *placed, size_t n_placed)
{
    const effnn__buffer *b = &self->buffers[buffer];
    size_t best = SIZE_MAX, smallest = SIZE_MAX, end = 0;

    for (size_t i = 0; i < n_placed; i++) {
        const effnn__buffer *other = &self->buffers[placed[i]];
        const size_t offset = so_far->offsets[placed[i]];
        if (!live_together(b, other)) continue;
        if (offset > end && offset - end >= b->bytes && offset - end < smallest) {
            smallest = offset - end;
            best = end;
        }
        if (offset + other->bytes > end) end = offset + other->bytes;
    }
    return best == SIZE_MAX ? end : best;
}

/* Place the buffers one by one in this order. */
static void place_in_order(const effnn__plan *self, layout *out, const ranked *order, size_t n,
                           size_t *placed)
{
    out->bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t buffer = order[i].buffer, bytes = self->buffers[buffer].bytes;
        const size_t offset = find_offset(self, out, buffer, placed, i);
        size_t at = i;
        if (bytes > PTRDIFF_MAX - offset) {
            out->bytes = SIZE_MAX;
            return;
        }
        out->offsets[buffer] = offset;
        if (offset + bytes > out->bytes) out->bytes = offset + bytes;
        for (; at > 0 && out->offsets[placed[at - 1]] > offset; at--) placed[at] = placed[at - 1];
        placed[at] = buffer;
    }
}

/* Lay out by size, or by length of life. */
static effnn_status lay_out_by_key(const effnn__plan *self, layout *out, bool by_size)
{
    ranked *order = effnn__alloc_array(self->n_buffers, sizeof *order);
    size_t *placed = effnn__alloc_array(self->n_buffers, sizeof *placed);
    size_t n = 0;
    effnn_status status = EFFNN_OK;

    if (order && placed) {
        for (size_t i = 0; i < self->n_buffers; i++) {
            const effnn__buffer *b = &self->buffers[i];
            const size_t life = b->last - b->first;
            if (!is_placed(b)) continue;
            order[n++] = (ranked){ .major = by_size ? b->bytes : life,
                                   .minor = by_size ? life : b->bytes,
                                   .buffer = i };
        }
        qsort(order, n, sizeof *order, compare_ranked);
        place_in_order(self, out, order, n, placed);
    } else {
        status = effnn__fail_nomem("layout of an arena", self->n_buffers * sizeof *order);
    }
    effnn__free(order);
    effnn__free(placed);
    return status;
}

/* ---- the best ---- */

static void keep_if_better(effnn__plan *self, const layout *found, size_t *best)
{
    if (found->bytes >= *best) return;
    *best = found->bytes;
    for (size_t i = 0; i < self->n_buffers; i++) self->buffers[i].offset = found->offsets[i];
}

effnn_status effnn__plan_lay_out(effnn__plan *self, bool keep_all)
{
    layout found = { .offsets = effnn__alloc_array(self->n_buffers, sizeof *found.offsets) };
    size_t best = SIZE_MAX;
    effnn_status status;

    if (!found.offsets)
        return effnn__fail_nomem("layout of an arena", self->n_buffers * sizeof *found.offsets);
    status = lay_out_by_time(self, &found, keep_all);
    if (status == EFFNN_OK) keep_if_better(self, &found, &best);
    for (int by_size = 0; by_size < 2 && status == EFFNN_OK; by_size++) {
        if (keep_all || best == self->memory.live || self->n_buffers > MAX_QUADRATIC) break;
        status = lay_out_by_key(self, &found, by_size);
        if (status == EFFNN_OK) keep_if_better(self, &found, &best);
    }
    if (status == EFFNN_OK) self->memory.arena = best;
    effnn__free(found.offsets);
    return status;
}
