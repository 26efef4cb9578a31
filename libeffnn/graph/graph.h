/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_GRAPH_H
#define EFFNN_GRAPH_GRAPH_H

/* A computation as nodes and values. Other layers read the structs below directly and change them
 * only through these functions and rewrite.h, which keep the invariants that graph_check verifies:
 *
 * - `nodes` is in topological order at all times.
 * - Names of values are unique in the graph, and so are names of nodes.
 * - A value has exactly one origin: an input, a constant, or output i of one node.
 * - value->uses lists each (node, input index) that reads it, once each.
 * - Constants are tensor handles of the graph's own over possibly shared storage.
 * - A graph that a node holds reads nothing of the graph around it but by the node's inputs. */

#include "base/map.h"
#include "base/vec.h"
#include "ops/op.h"

#include <pthread.h>

typedef struct effnn__graph effnn__graph;
typedef struct effnn__node effnn__node;
typedef struct effnn__value effnn__value;

typedef struct effnn__use {
    effnn__node *node;
    size_t input;
} effnn__use;

struct effnn__value {
    char *name;
    effnn__value_info info;
    effnn_tensor *constant; /* contents, or NULL */
    effnn__node *producer;  /* NULL: an input or a constant */
    size_t producer_output;
    bool is_input, is_output;
    bool has_declared_rank; /* of an output whose shape depends on data: a file said its rank */
    size_t declared_rank;
    size_t n_uses, uses_capacity;
    effnn__use *uses;
    size_t index; /* place in graph->values */
    size_t mark;  /* scratch of whichever pass runs; no meaning between calls */
};

struct effnn__node {
    char *name;
    const effnn_op_def *def;
    void *attrs; /* def->attrs_size bytes, or NULL */
    size_t n_inputs, n_outputs;
    effnn__value **inputs;    /* NULL entries: absent */
    effnn__value **outputs;   /* NULL entries: absent */
    effnn__graph **subgraphs; /* owned, one for each of def->subgraphs; see subgraph.h */
    effnn_op_subgraphs services;
    effnn_op_packed packed; /* what the operator's prepack made, for all plans */
    size_t index;           /* place in graph->nodes */
};

struct effnn__graph {
    effnn_context *context; /* a share */
    effnn__symbols *symbols;
    effnn__vec nodes;   /* effnn__node *, topological */
    effnn__vec values;  /* effnn__value *, in order of creation */
    effnn__vec inputs;  /* effnn__value *, in the caller's order */
    effnn__vec outputs; /* effnn__value *, in the caller's order; may repeat a value */
    effnn__map value_names, node_names;
    pthread_mutex_t packing; /* of node->packed: several threads may plan one graph */
};

effnn_status effnn__graph_create(effnn__graph **out, effnn_context *context);
void effnn__graph_destroy(effnn__graph *self);

/* A graph of its own with the same names; constants share storage. */
effnn_status effnn__graph_clone(effnn__graph **out, const effnn__graph *self);

effnn__value *effnn__graph_find_value(const effnn__graph *self, const char *name);
effnn__node *effnn__graph_find_node(const effnn__graph *self, const char *name);

/* ---- building; each fails with a message and leaves the graph as it was ---- */

/* E_ARG if the name is taken. `info` has a dtype and a shape. */
effnn_status effnn__graph_add_input(effnn__value **out, effnn__graph *self, const char *name,
                                    const effnn__value_info *info);

/* A constant over the tensor's storage. With `exact` the name must be free (E_ARG), else it is a
 * hint made unique. */
effnn_status effnn__graph_add_constant(effnn__value **out, effnn__graph *self, const char *name,
                                       bool exact, effnn_tensor *tensor);

/* What a new node is made of. */
typedef struct effnn__node_spec {
    const effnn_op_def *def;
    const char *name;  /* a hint, made unique; NULL: from the operator's name */
    const void *attrs; /* copied; NULL: defaults */
    effnn__value *const *inputs;
    size_t n_inputs;
    effnn__graph **subgraphs; /* with def->subgraphs: theirs, taken over if the call succeeds */
    /* Names; must be free. NULL array or entry: made from the node's name; "": absent. */
    const char *const *outputs;
    size_t n_outputs;    /* 0: def->min_outputs */
    effnn__node *before; /* insert in front of this node; NULL: at the end */
} effnn__node_spec;

/* Add a node; infers its outputs' infos (a failing infer fails the call). E_ARG if an input is
 * computed at or behind `before`. */
effnn_status effnn__graph_add_node(effnn__node **out, effnn__graph *self,
                                   const effnn__node_spec *spec);

/* The same for the common case: operator by name, attributes as option text or NULL, one output. */
effnn_status effnn__graph_add_op(effnn__value **out, effnn__graph *self, const char *op,
                                 const char *name, const char *attrs, effnn__value *const *inputs,
                                 size_t n_inputs, effnn__node *before);

effnn_status effnn__graph_add_output(effnn__graph *self, effnn__value *value);

/* ---- editing ---- */

/* Give input i of a node another value (NULL: absent). E_ARG if it is computed at or behind the
 * node. */
effnn_status effnn__graph_set_input(effnn__graph *self, effnn__node *node, size_t i,
                                    effnn__value *value);

/* Make a node with one output another operator, in its place: it keeps its name, its output and the
 * output's readers. Of the spec, def, attrs and inputs count. E_SHAPE if the output's dtype or
 * shape would change. */
effnn_status effnn__graph_change_node(effnn__graph *self, effnn__node *node,
                                      const effnn__node_spec *spec);

/* Let every reader of `old`, and the graph's outputs, read `value` instead; only the producer of
 * `value` itself goes on reading `old`, so that a node can be put behind a value. If `old` is a
 * graph output, `value` takes over its name (so that outputs keep their names); if it cannot,
 * because it is an input or an output itself, an identity is added behind it that does.
 * E_ARG if `value` is computed behind a reader of `old`. */
effnn_status effnn__graph_replace_value(effnn__graph *self, effnn__value *old, effnn__value *value);

/* Remove a node none of whose outputs is read; its outputs go too. Constants that nobody reads any
 * more stay until effnn__graph_sweep(). */
void effnn__graph_remove_node(effnn__graph *self, effnn__node *node);

/* Remove nodes and constants that reach no output. Returns the number of nodes removed. */
size_t effnn__graph_sweep(effnn__graph *self);

/* Replace a constant's contents (dtype and shape may change; infos downstream are then stale until
 * effnn__graph_infer()). */
effnn_status effnn__graph_set_constant(effnn__graph *self, effnn__value *value,
                                       effnn_tensor *tensor);

/* Let go of a constant's contents: from here on it has dtype and shape only. For constants that
 * nobody looks into any more: packed ones, and those that the next sweep removes. */
void effnn__graph_let_go(effnn__graph *self, effnn__value *value);

/* Turn an output of a node into a constant of the same name; the node has that output no more. */
effnn_status effnn__graph_make_constant(effnn__graph *self, effnn__value *value,
                                        effnn_tensor *tensor);

effnn_status effnn__graph_rename_value(effnn__graph *self, effnn__value *value, const char *name);
effnn_status effnn__graph_rename_node(effnn__graph *self, effnn__node *node, const char *name);

/* ---- whole graph ---- */

/* Infer every node anew, in order. */
effnn_status effnn__graph_infer(effnn__graph *self);

/* Infer every node for concrete input shapes, without touching the graph: infos [values.n] by
 * position in graph->values, from effnn__alloc_array, owned by the caller. */
effnn_status effnn__graph_infer_bound(effnn__value_info **out, const effnn__graph *self,
                                      const effnn__shape *input_shapes);

/* Verify the invariants above; E_STATE names the first that does not hold. */
effnn_status effnn__graph_check(const effnn__graph *self);

/* Text, one node a line, for people and tests; *out by effnn__free. */
effnn_status effnn__graph_print(char **out, const effnn__graph *self);

static inline effnn__node *effnn__graph_node(const effnn__graph *self, size_t i)
{
    return self->nodes.items[i];
}

static inline effnn__value *effnn__graph_value(const effnn__graph *self, size_t i)
{
    return self->values.items[i];
}
#endif
