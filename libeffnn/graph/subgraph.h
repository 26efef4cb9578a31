/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_SUBGRAPH_H
#define EFFNN_GRAPH_SUBGRAPH_H

/* Graphs that a node holds (the branches of `if`). Each is a whole graph of its own, with symbols
 * of its own; what ONNX lets it read from the graph around it comes by its inputs, which are the
 * node's inputs behind those that the operator itself reads: all graphs of one node have the same
 * ones. */

#include "graph/graph.h"

/* Graphs in graphs at most; deeper files are refused. */
#define EFFNN__MAX_NESTING 16

/* Number of graphs that a node of an operator holds. */
size_t effnn__op_subgraph_count(const effnn_op_def *def);

/* Number of the node's first input that goes to its graphs. */
size_t effnn__node_first_capture(const effnn__node *node);

/* Give all graphs of a node that is not in a graph yet a further input, for a value of the graph
 * around it: `name` (a hint), and what is known of it in that graph. For graphs that have one of
 * this name already nothing happens. */
effnn_status effnn__subgraph_add_input(effnn__value **out, effnn__graph *self, const char *name,
                                       const effnn__value_info *info);

/* What is known of a value in other symbols: sizes that are no numbers become unknown ones. */
effnn_status effnn__subgraph_info(effnn__value_info *out, effnn__graph *self,
                                  const effnn__value_info *outer);

/* Take input i out of the node's list; those behind it move up. */
void effnn__graph_remove_input(effnn__node *node, size_t i);

/* Take input i out of a graph that nothing reads there, and out of its list. */
void effnn__subgraph_remove_input(effnn__graph *self, size_t i);

/* Put a copy of the nodes of a graph that `node` holds in front of it, reading the node's inputs,
 * and let the readers of its outputs read theirs. */
effnn_status effnn__subgraph_inline(effnn__graph *self, effnn__node *node, size_t index);
#endif
