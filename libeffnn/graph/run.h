/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_RUN_H
#define EFFNN_GRAPH_RUN_H

/* Running a plan. */

#include "base/progress.h"
#include "graph/plan.h"

/* Called on the calling thread right after a node listed in plan_options.tapped has run, with its
 * operands (NULL: absent); borrowed, valid during the call. */
typedef effnn_status (*effnn__tap_fn)(void *user, const effnn__node *node,
                                      const effnn_tensor *const *inputs,
                                      effnn_tensor *const *outputs);

typedef struct effnn__run_options {
    const effnn__progress *progress; /* asked between nodes whether to stop; may be NULL */
    effnn__tap_fn tap;               /* may be NULL */
    void *tap_user;
    double *node_seconds; /* [graph->nodes.n] added to; may be NULL */
} effnn__run_options;

/* Run on inputs (dtypes and shapes as planned, any strides) into outputs (contiguous, unshared,
 * shaped by effnn__plan_output_shape). No allocation if the inputs are contiguous. On failure the
 * contents of the outputs are undefined. Where a shape depends on data, outputs may be NULL and are
 * then made, owned by the caller; one that is given must have the shape that comes out; on failure
 * those that were NULL still are. */
effnn_status effnn__plan_run(effnn__plan *self, const effnn_tensor *const *inputs,
                             effnn_tensor **outputs, const effnn__run_options *options);

/* Run a graph without a plan, node by node, allocating as it goes: inputs [graph->inputs.n] of any
 * shape that its operators take, NULL where absent; outputs [graph->outputs.n], as of a plan
 * whose shapes depend on data: those that are made may share storage with inputs and constants.
 * options->tap sees every node. */
effnn_status effnn__graph_run(const effnn__graph *graph, const effnn_tensor *const *inputs,
                              effnn_tensor **outputs, const effnn__run_options *options);
#endif
