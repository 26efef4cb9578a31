/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_ROWS_H
#define EFFNN_OPS_OP_ROWS_H

/* What the normalisations over trailing axes share: input 0 is seen as n rows of d elements, scale
 * (and bias) have the shape of one row. */

#include "ops/op_infer.h"

typedef struct effnn__rows_attrs {
    int64_t axis;
    double epsilon;
    int64_t stash_type; /* ONNX's number for the type of the statistics, where they are outputs */
} effnn__rows_attrs;
extern const effnn_option_def effnn__rows_attr_defs[];

/* Output 0 like input 0; inputs from 1 on like its dimensions from `axis` on. */
effnn_status effnn__rows_infer(effnn_op_infer *call);

void effnn__rows_of(const effnn_op_call *call, size_t *n, size_t *d);

/* Bytes of one number a row. */
size_t effnn__rows_aux(const effnn_op_call *call, size_t index);

/* For write: the reduced axes, [axis, rank) or negative ones; E_UNSUPPORTED if that needs a rank
 * that is not known. A ReduceMean over them with either form of its axes. */
effnn_status effnn__rows_write_mean(effnn_onnx_writer *writer, const char **out, const char *x);
#endif
