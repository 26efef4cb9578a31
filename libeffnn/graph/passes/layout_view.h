/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_PASSES_LAYOUT_VIEW_H
#define EFFNN_GRAPH_PASSES_LAYOUT_VIEW_H

/* Where the elements of a value lie in the memory of one that it is only moved from: what a chain
 * of reshapes, transposes, slices and splits comes to, with open sizes. */

#include "graph/graph.h"

#define EFFNN__VIEW_FACTORS 8

/* One index that runs from 0 to size - 1 in steps of `stride` elements. */
typedef struct effnn__view_factor {
    effnn__sym size, stride;
} effnn__view_factor;

/* A dimension: a number whose digits are its factors, the first the highest; none: size 1. */
typedef struct effnn__view_dim {
    size_t n;
    effnn__view_factor factors[EFFNN__VIEW_FACTORS];
} effnn__view_dim;

typedef struct effnn__view {
    effnn__symbols *symbols;
    size_t rank;
    effnn__view_dim dims[EFFNN_MAX_RANK];
    int64_t offset;
} effnn__view;

/* All of a contiguous value; false if its shape is not known. */
bool effnn__view_whole(effnn__view *out, effnn__symbols *symbols, const effnn__value *value);

/* The view through a further node that reads what the view shows, up to its output `value`; false
 * if the node does more than move, or moves what one view cannot show. */
bool effnn__view_through(effnn__view *self, const effnn__value *value);

/* The dimension as a single factor (size 1: stride 0); false if it is none. */
bool effnn__view_single(effnn__view_factor *out, const effnn__view *self, size_t dim);

/* a · b without a status: false on overflow. */
bool effnn__view_multiply(effnn__sym *out, effnn__symbols *symbols, effnn__sym a, effnn__sym b);
#endif
