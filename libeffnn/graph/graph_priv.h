/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_GRAPH_PRIV_H
#define EFFNN_GRAPH_GRAPH_PRIV_H

/* What the files that implement graph.h share. */

#include "graph/graph.h"
#include "graph/subgraph.h"

/* ---- names ---- */

/* A new string: `hint` if no entry of `names` has it, else hint_1, hint_2, … Which one depends on
 * the names taken only, and is found in logarithmic time. */
effnn_status effnn__graph_fresh_name(char **out, const effnn__map *names, const char *hint);

/* E_ARG, saying what the name is for, if it is empty or taken. */
effnn_status effnn__graph_check_name(const effnn__map *names, const char *name, const char *what);

/* ---- values ---- */

/* An input of which dtype or shape may be unknown: those of a graph that a node holds. */
effnn_status effnn__graph_enter_input(effnn__value **out, effnn__graph *self, const char *name,
                                      const effnn__value_info *info);

/* A value outside any graph, owning its name. */
effnn_status effnn__value_create(effnn__value **out, const char *name);
void effnn__value_free(effnn__value *value); /* NULL is allowed */

/* Append to graph->values and enter the name; undone by effnn__graph_drop_last_value(). */
effnn_status effnn__graph_enter_value(effnn__graph *self, effnn__value *value);

/* Take the value entered last out again and free it. */
void effnn__graph_drop_last_value(effnn__graph *self);

effnn_status effnn__value_add_use(effnn__value *value, effnn__node *node, size_t input);
void effnn__value_remove_use(effnn__value *value, const effnn__node *node, size_t input);

/* ---- nodes ---- */

/* A node outside any graph: attributes and pointers to its inputs; no name, no outputs yet. */
effnn_status effnn__node_create(effnn__node **out, const effnn__node_spec *spec, size_t n_outputs);

/* List the node as a reader of its inputs; on failure none of them lists it. */
effnn_status effnn__node_add_uses(effnn__node *node);

/* Frees the node, not its values. NULL is allowed. */
void effnn__node_free(effnn__node *node);

/* Number the nodes / values from place `from` on. */
void effnn__graph_renumber_nodes(effnn__graph *self, size_t from);
void effnn__graph_renumber_values(effnn__graph *self, size_t from);

/* E_ARG unless `value` is there before the node at place `index` runs. */
effnn_status effnn__graph_check_order(const effnn__value *value, size_t index, const char *reader);

/* ---- attributes ---- */

/* Attributes from option text: a struct for effnn__attrs_free(), or NULL (the defaults) for NULL.
 */
effnn_status effnn__attrs_parse(void **out, const effnn_op_def *def, const char *text);
void effnn__attrs_free(const effnn_op_def *def, void *attrs); /* NULL is allowed */

/* ---- inference ---- */

/* Arrays for one call of infer, kept from node to node. Zeroed at first. */
typedef struct effnn__infer_space {
    size_t inputs_capacity, constants_capacity, outputs_capacity;
    const effnn__value_info **inputs;
    const effnn_tensor **constants;
    effnn__value_info *outputs; /* the result */
} effnn__infer_space;
void effnn__infer_space_clear(effnn__infer_space *self);

/* Infer a graph's outputs [outputs.n] from infos of its inputs [inputs.n, NULL: nothing is known]
 * in another graph's symbols. */
effnn_status effnn__graph_infer_outputs(effnn__value_info *outputs, const effnn__graph *self,
                                        const effnn__value_info *const *inputs,
                                        effnn__symbols *symbols);

/* ---- graphs that a node holds ---- */

/* Give a node its graphs, and the services that let its operator use them. */
effnn_status effnn__node_take_subgraphs(effnn__node *node, effnn__graph **subgraphs);
void effnn__node_drop_subgraphs(effnn__node *node); /* leaves the graphs alone */

/* Copies of a node's graphs: an array for effnn__free of graphs to destroy; NULL if it has none. */
effnn_status effnn__node_clone_subgraphs(effnn__graph ***out, const effnn__node *node);

/* Infer one node into space->outputs. infos: by value index; NULL: each value's own. */
effnn_status effnn__node_infer(effnn__infer_space *space, const effnn__node *node,
                               effnn__symbols *symbols, const effnn__value_info *infos);
#endif
