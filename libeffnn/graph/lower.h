/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_LOWER_H
#define EFFNN_GRAPH_LOWER_H

/* What a session does to its own copy of a graph to make it fast: batch norm into convolutions,
 * bias and activation into their producers. Never seen by transforms, training or export. */

#include "graph/graph.h"

effnn_status effnn__lower(effnn__graph *graph);
#endif
