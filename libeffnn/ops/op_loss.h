/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_LOSS_H
#define EFFNN_OPS_OP_LOSS_H

/* What the losses against class labels share: inputs scores [n, classes, …], labels [n, …] and
 * (optional) weights [classes]; output 0 is -weight[label] · logarithm of the label's probability,
 * for each place, summed, or averaged by weight. */

#include "ops/op_infer.h"

typedef struct effnn__loss_attrs {
    int64_t ignore_index; /* -2^53: no label is ignored */
    int reduction;
} effnn__loss_attrs;
extern const effnn_option_def effnn__loss_attr_defs[];

/* Outputs 0 and, if wanted, 1 (like the scores). */
effnn_status effnn__loss_infer(effnn_op_infer *call);

/* is_softmax: the scores are made probabilities first, their logarithms left in output 1 if wanted;
 * else they are logarithms. */
effnn_status effnn__loss_run(const effnn_op_call *call, bool is_softmax);
size_t effnn__loss_scratch(const effnn_op_call *call, effnn_op_phase phase);
void effnn__loss_cost(const effnn_op_call *call, effnn_op_cost *out);
#endif
