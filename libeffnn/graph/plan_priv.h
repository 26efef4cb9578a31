/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_GRAPH_PLAN_PRIV_H
#define EFFNN_GRAPH_PLAN_PRIV_H

/* The body of a plan, shared by its making (plan.c, plan_branches.c, plan_memory.c,
 * plan_layout.c) and its running (run.c, run_dynamic.c).
 *
 * Every value has a tensor header at a fixed address, so that the calls of all nodes are put
 * together once. A header's elements lie in a buffer; several values may lie in one (views, results
 * computed in place). Where a buffer's memory is known only when the plan runs (the caller's input
 * or output), the headers over it are placed anew at each run. */

#include "graph/plan.h"
#include "graph/run.h"

typedef enum effnn__buffer_kind {
    EFFNN__BUFFER_ARENA,
    EFFNN__BUFFER_CONSTANT, /* a constant's own memory */
    EFFNN__BUFFER_INPUT,    /* the caller's input `slot` */
    EFFNN__BUFFER_OUTPUT    /* the caller's output `slot` */
} effnn__buffer_kind;

typedef struct effnn__buffer {
    effnn__buffer_kind kind;
    size_t slot;
    size_t bytes;       /* a multiple of the alignment */
    size_t first, last; /* nodes: where it is written first, where it is read last */
    size_t offset;      /* in the arena */
    const void *data;   /* of a constant */
} effnn__buffer;

typedef struct effnn__plan_value {
    effnn_tensor *tensor; /* placed header, or the constant */
    effnn_tensor *owned;  /* contiguous copy of a constant that is not, or NULL */
    size_t buffer;
    size_t last; /* the last node that reads it; of an unread one, its producer */
    size_t slot; /* of a graph output: its place among them, the first if it has several */
} effnn__plan_value;

/* Plans of the graphs that a node holds (plan_branches.c). */
typedef struct effnn__branches effnn__branches;

typedef struct effnn__plan_node {
    effnn_op_call call;
    effnn__branches *branches; /* owned; NULL: the node holds no graphs */
    bool is_view;              /* output 0 is input 0's memory: nothing to run */
    bool is_fused;             /* done by the node in front: output 0 is that input's memory */
    size_t fused_operand;      /* … the input's number */
    bool is_tapped;
} effnn__plan_node;

struct effnn__plan {
    effnn__graph *graph;
    bool is_dynamic;            /* a shape depends on data; of the rest there are then only: */
    effnn__shape *input_shapes; /* [inputs.n] */
    effnn__plan_node *nodes;    /* by node index */
    effnn__plan_value *values;  /* by value index */
    size_t n_buffers;
    effnn__buffer *buffers;      /* [values.n] of which n_buffers are used */
    const effnn_tensor **inputs; /* operands of all calls */
    effnn_tensor **outputs;
    void **no_aux;          /* NULLs */
    unsigned char *headers; /* one tensor header a value */
    size_t header_size;
    size_t n_rebound, n_copied;
    size_t *rebound; /* values in the caller's memory */
    size_t *copied;  /* outputs that are copied when all has run */
    effnn__shape *output_shapes;
    effnn_tensor **held; /* [inputs.n] contiguous copies during a run */
    unsigned char *arena;
    void *scratch;
    effnn__plan_memory memory;
};

/* Let products do what comes right behind them. Headers and calls are there. */
void effnn__plan_fuse(effnn__plan *self);

/* Give every value a buffer, and say which nodes are views. Headers and calls are there. */
void effnn__plan_assign_buffers(effnn__plan *self, const effnn__plan_options *options);

/* Give every buffer in the arena its offset; sets memory.arena and memory.live. */
effnn_status effnn__plan_lay_out(effnn__plan *self, bool keep_all);

effnn_status effnn__branches_create(effnn__branches **out, const effnn__node *node, bool prepack);
void effnn__branches_destroy(effnn__branches *self); /* NULL is allowed */
/* What the node's calls get; borrowed. */
const effnn_op_subgraphs *effnn__branches_services(const effnn__branches *self);
/* Add what the plans made so far hold; of `live` nothing is known. */
void effnn__branches_add_memory(effnn__plan_memory *sum, const effnn__branches *self);

/* effnn__plan_run of a dynamic plan. */
effnn_status effnn__plan_run_dynamic(effnn__plan *self, const effnn_tensor *const *inputs,
                                     effnn_tensor **outputs, const effnn__run_options *options);

/* E_ARG or E_SHAPE, naming the value, unless a tensor has this dtype and shape. */
effnn_status effnn__plan_check_tensor(const effnn__value *value, const char *what,
                                      const effnn_tensor *tensor, effnn_dtype dtype,
                                      const effnn__shape *shape);

/* Place a value's header over `data`, with the shape that it has. */
void effnn__plan_place(const effnn__plan *self, size_t value, void *data);
#endif
