/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_LOWER_H
#define EFFNN_GRAPH_LOWER_H

/* What a session does to its own copy of a graph: constants folded, batch norm into convolutions
 * and products. Never seen by transforms, training or export. On failure the graph may be half
 * rewritten but passes effnn__graph_check(). */

#include "graph/graph.h"

effnn_status effnn__lower(effnn__graph *graph);
#endif
