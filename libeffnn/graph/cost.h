/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_COST_H
#define EFFNN_GRAPH_COST_H

/* What running a graph costs, from the operators' own cost functions. */

#include "graph/graph.h"

/* Cost of each node for concrete input shapes: out [nodes.n]; input_shapes [inputs.n]. */
effnn_status effnn__graph_cost(effnn_op_cost *out, const effnn__graph *graph,
                               const effnn__shape *input_shapes);
#endif
