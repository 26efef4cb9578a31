/* SPDX-License-Identifier: BSD-3-Clause */
/* Views as digits: a reshape deals the factors of all dimensions out anew, in their order, cutting
 * one where a boundary falls inside it; a transpose permutes dimensions; a slice moves the offset.
 * So N·4 heads that are merged into the batch and taken apart again are seen through. */

#include "graph/passes/layout_view.h"

#include "graph/passes/passes.h"

static bool is_one(effnn__sym s)
{
    return s.symbol == 0 && s.offset == 1;
}

bool effnn__view_multiply(effnn__sym *out, effnn__symbols *symbols, effnn__sym a, effnn__sym b)
{
    return effnn__sym_mul(out, symbols, a, b) == EFFNN_OK;
}

static bool push(effnn__view_dim *dim, effnn__sym size, effnn__sym stride)
{
    if (is_one(size)) return true;
    if (dim->n == EFFNN__VIEW_FACTORS) return false;
    dim->factors[dim->n++] = (effnn__view_factor){ size, stride };
    return true;
}

bool effnn__view_whole(effnn__view *out, effnn__symbols *symbols, const effnn__value *value)
{
    effnn__sym stride = effnn__sym_constant(1);

    if (!value->info.has_shape) return false;
    *out = (effnn__view){ .symbols = symbols, .rank = value->info.rank };
    for (size_t i = out->rank; i-- > 0;) {
        if (!push(&out->dims[i], value->info.dims[i], stride) ||
            !effnn__view_multiply(&stride, symbols, stride, value->info.dims[i]))
            return false;
    }
    return true;
}

bool effnn__view_single(effnn__view_factor *out, const effnn__view *self, size_t dim)
{
    const effnn__view_dim *d = &self->dims[dim];
    effnn__view_factor all = { effnn__sym_constant(1), effnn__sym_constant(0) };

    for (size_t i = 0; i < d->n; i++) {
        const effnn__view_factor f = d->factors[i];
        effnn__sym span;

        if (i > 0) { /* the step of the digits so far must be this one's whole length */
            if (!effnn__view_multiply(&span, self->symbols, f.size, f.stride) ||
                !effnn__sym_equal(span, all.stride) ||
                !effnn__view_multiply(&all.size, self->symbols, all.size, f.size))
                return false;
        } else {
            all.size = f.size;
        }
        all.stride = f.stride;
    }
    *out = all;
    return true;
}

/* ---- nodes ---- */

/* Factors still to be dealt out, the highest first. */
typedef struct deal {
    size_t n, next;
    effnn__view_factor factors[EFFNN__VIEW_FACTORS * EFFNN_MAX_RANK];
} deal;

/* Take factors for a dimension of this size; the one that reaches beyond it is cut. */
static bool take(effnn__view_dim *out, effnn__view *self, deal *left, effnn__sym size)
{
    out->n = 0;
    while (!is_one(size)) {
        effnn__view_factor *f = &left->factors[left->next];
        effnn__sym rest, stride;

        if (left->next == left->n) return false;
        if (effnn__sym_divide_exact(&rest, self->symbols, size, f->size)) {
            if (!push(out, f->size, f->stride)) return false;
            left->next++;
            size = rest;
        } else {
            if (!effnn__sym_divide_exact(&rest, self->symbols, f->size, size) ||
                !effnn__view_multiply(&stride, self->symbols, rest, f->stride) ||
                !push(out, size, stride))
                return false;
            f->size = rest;
            size = effnn__sym_constant(1);
        }
    }
    return true;
}

static bool reshape(effnn__view *self, const effnn__value *value)
{
    deal all = { 0 };

    for (size_t i = 0; i < self->rank; i++)
        for (size_t k = 0; k < self->dims[i].n; k++)
            all.factors[all.n++] = self->dims[i].factors[k];
    self->rank = value->info.rank;
    for (size_t i = 0; i < self->rank; i++)
        if (!take(&self->dims[i], self, &all, value->info.dims[i])) return false;
    return all.next == all.n;
}

static bool transpose(effnn__view *self, const effnn__node *node)
{
    const effnn_int_list *perm = effnn__canon_ints(node, "perm");
    const effnn__view before = *self;

    if (!perm || (perm->n != 0 && perm->n != self->rank)) return false;
    for (size_t i = 0; i < self->rank; i++)
        self->dims[i] = before.dims[perm->n ? (size_t)perm->items[i] : self->rank - 1 - i];
    return true;
}

/* Keep `size` indices of a dimension from `start` on. */
static bool narrow(effnn__view *self, size_t dim, int64_t start, effnn__sym size)
{
    effnn__view_factor f;

    if (start == 0 && self->dims[dim].n == 0) return is_one(size);
    if (!effnn__view_single(&f, self, dim) || f.stride.symbol != 0 || start < 0 ||
        start > INT32_MAX || f.stride.offset > INT32_MAX)
        return false;
    self->offset += start * f.stride.offset;
    self->dims[dim].n = 0;
    return push(&self->dims[dim], size, f.stride);
}

static bool slice(effnn__view *self, const effnn__node *node, const effnn__value *value)
{
    int64_t starts[EFFNN_MAX_RANK], axes[EFFNN_MAX_RANK], steps[EFFNN_MAX_RANK];
    const effnn__value *in = node->inputs[0];
    size_t n, n_axes, n_steps;

    if (!effnn__canon_integers(node->inputs[1], starts, &n, EFFNN_MAX_RANK) || node->n_inputs < 4 ||
        !effnn__canon_integers(node->inputs[3], axes, &n_axes, EFFNN_MAX_RANK) || n_axes != n)
        return false;
    if (node->n_inputs > 4 && node->inputs[4]) {
        if (!effnn__canon_integers(node->inputs[4], steps, &n_steps, EFFNN_MAX_RANK)) return false;
        for (size_t i = 0; i < n_steps; i++)
            if (steps[i] != 1) return false;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t axis = (size_t)(axes[i] < 0 ? axes[i] + (int64_t)self->rank : axes[i]);
        const effnn__sym size = in->info.dims[axis];

        if (starts[i] < 0 && size.symbol != 0) return false;
        if (starts[i] < 0) starts[i] += size.offset;
        if (!narrow(self, axis, starts[i], value->info.dims[axis])) return false;
    }
    return true;
}

static bool split(effnn__view *self, const effnn__node *node, const effnn__value *value)
{
    const int64_t given = effnn__canon_attr(node, "axis", 0);
    const size_t axis = (size_t)(given < 0 ? given + (int64_t)self->rank : given);
    int64_t start = 0;

    for (size_t i = 0; i < value->producer_output; i++) {
        const effnn__value *piece = node->outputs[i];

        if (!piece || !piece->info.has_shape || piece->info.dims[axis].symbol != 0) return false;
        start += piece->info.dims[axis].offset;
    }
    return narrow(self, axis, start, value->info.dims[axis]);
}

bool effnn__view_through(effnn__view *self, const effnn__value *value)
{
    static const char *const reshapes[] = { "reshape", "flatten", "squeeze", "unsqueeze" };
    const effnn__node *node = value->producer;

    if (!value->info.has_shape) return false;
    for (size_t i = 0; i < sizeof reshapes / sizeof reshapes[0]; i++)
        if (effnn__match_is(node, reshapes[i])) return reshape(self, value);
    if (effnn__match_is(node, "transpose")) return transpose(self, node);
    if (effnn__match_is(node, "slice")) return slice(self, node, value);
    return effnn__match_is(node, "split") && split(self, node, value);
}
