/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_PLAN_H
#define EFFNN_GRAPH_PLAN_H

/* A graph planned for concrete input shapes: every tensor's shape, one arena in which buffers whose
 * lives do not overlap share memory, scratch, prepacked constants. Making a plan allocates; running
 * it does not. */

#include "graph/graph.h"

typedef struct effnn__plan effnn__plan;

typedef struct effnn__plan_options {
    bool keep_all;  /* no buffer is reused and nothing runs in place (debugging) */
    bool prepack;   /* let operators prepack their constants */
    const effnn__node *const *tapped; /* [n_tapped] nodes whose inputs and outputs a tap will see: */
    size_t n_tapped;                  /* they do not run in place */
} effnn__plan_options;

/* Bytes of each kind that the plan holds. */
typedef struct effnn__plan_memory {
    size_t arena, scratch, packed, constants, headers;
} effnn__plan_memory;

/* input_shapes: [graph->inputs.n]. The graph must outlive the plan and not change meanwhile.
 * E_SHAPE if the shapes do not fit, E_UNSUPPORTED if a shape depends on data. */
effnn_status effnn__plan_create(effnn__plan **out, effnn__graph *graph,
                                const effnn__shape *input_shapes,
                                const effnn__plan_options *options);
void effnn__plan_destroy(effnn__plan *self);

effnn__plan_memory effnn__plan_memory_of(const effnn__plan *self);

/* Shape and dtype of graph output i under this plan. */
const effnn__shape *effnn__plan_output_shape(const effnn__plan *self, size_t i);
#endif
