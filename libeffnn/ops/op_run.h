/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_RUN_H
#define EFFNN_OPS_OP_RUN_H

/* Running one operator by itself, eagerly: constant folding, graphs whose shapes depend on data,
 * tests. Inputs may be strided; outputs are made here. */

#include "ops/op.h"

/* Infer, allocate, run. outputs: [n_outputs], filled with new tensors owned by the caller;
 * untouched on failure. */
effnn_status effnn__op_run(effnn_context *context, const effnn_op_def *def, const void *attrs,
                           const char *node, const effnn_tensor *const *inputs, size_t n_inputs,
                           effnn_tensor **outputs, size_t n_outputs);

/* The same with what a node of a graph has besides. */
typedef struct effnn__op_request {
    effnn_context *context;
    const effnn_op_def *def;
    const void *attrs;
    const char *node;
    const effnn_op_subgraphs *subgraphs;
    const effnn_tensor *const *inputs; /* [n_inputs], NULL: absent */
    size_t n_inputs, n_outputs;
    const void *packed;   /* what the operator's prepack made, or NULL */
    const bool *unwanted; /* [n_outputs] or NULL: outputs that are not made but left NULL */
} effnn__op_request;
effnn_status effnn__op_run_request(const effnn__op_request *request, effnn_tensor **outputs);

/* Fill an info from a tensor: dtype, shape and, if it is a small integer one, its content. */
void effnn__value_info_of(effnn__value_info *out, const effnn_tensor *tensor);

/* Concrete shape of an info; E_SHAPE, naming `what`, if it has none, a symbol is open or no
 * tensor can have it. */
effnn_status effnn__value_info_shape(effnn__shape *out, const effnn__value_info *info,
                                     const char *what);

/* Whether dtype and shape are known, all sizes as numbers. */
bool effnn__value_info_is_concrete(const effnn__value_info *info);

/* Run infer with counts checked: the one entry to def->infer. */
effnn_status effnn__op_infer(effnn_op_infer *call);

/* Cost of a call, with the default where the row has no function. */
void effnn__op_cost(const effnn_op_call *call, effnn_op_cost *out);
#endif
