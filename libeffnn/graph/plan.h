/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_PLAN_H
#define EFFNN_GRAPH_PLAN_H

/* A graph planned for concrete input shapes: every tensor's shape, one arena in which buffers whose
 * lives do not overlap share memory, scratch, prepacked constants. Making a plan allocates; running
 * it does not, but for a graph that a node holds and that is run for the first time: it gets a plan
 * then, which is kept. A plan is used by one thread at a time; several plans over one graph run at
 * a time. Where the shape of a value depends on data, there is no arena: such a plan runs its nodes
 * one by one on memory that comes and goes. */

#include "graph/graph.h"

typedef struct effnn__plan effnn__plan;

typedef struct effnn__plan_options {
    bool keep_all; /* no buffer is reused, nothing runs in place or is skipped (debugging) */
    bool prepack;  /* let operators prepack their constants and do what comes behind them */
    bool let_go;   /* of the graph's constants that are packed: this thread alone uses the graph */
    const effnn__node *const
        *tapped;     /* [n_tapped] nodes whose inputs and outputs a tap will see: */
    size_t n_tapped; /* they do not run in place */
} effnn__plan_options;

/* Bytes of each kind that the plan holds. */
typedef struct effnn__plan_memory {
    size_t arena;     /* values between nodes */
    size_t scratch;   /* working memory of the operators, one block for all */
    size_t packed;    /* constants in a kernel's layout */
    size_t constants; /* constants as the graph has them, shared with it where contiguous */
    size_t headers;   /* everything else: tensor headers, calls */
    size_t live;      /* the most that the values in the arena need at any one node: the arena's
                         lower bound */
} effnn__plan_memory;

/* input_shapes: [graph->inputs.n]; options: NULL is all zero. The graph must outlive the plan and
 * not change meanwhile. E_SHAPE if the shapes do not fit. */
effnn_status effnn__plan_create(effnn__plan **out, effnn__graph *graph,
                                const effnn__shape *input_shapes,
                                const effnn__plan_options *options);
void effnn__plan_destroy(effnn__plan *self); /* NULL is allowed */

effnn__plan_memory effnn__plan_memory_of(const effnn__plan *self);

/* Whether the shape of some value depends on data: no arena, outputs are made by the run, and
 * the three questions below have no answer. */
bool effnn__plan_is_dynamic(const effnn__plan *self);

/* Shape and dtype of graph output i under this plan. */
const effnn__shape *effnn__plan_output_shape(const effnn__plan *self, size_t i);
effnn_dtype effnn__plan_output_dtype(const effnn__plan *self, size_t i);

/* The call of graph node i as it will run, for its cost; data pointers are not to be followed. */
const effnn_op_call *effnn__plan_call(const effnn__plan *self, size_t i);

/* Whether node i only sees its input's memory under another shape: nothing to run. */
bool effnn__plan_is_view(const effnn__plan *self, size_t i);
#endif
