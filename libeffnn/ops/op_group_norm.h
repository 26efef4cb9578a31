/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_GROUP_NORM_H
#define EFFNN_OPS_OP_GROUP_NORM_H

/* What group and instance normalisation share: the channels (axis 1) of a sample in groups, each
 * brought to mean 0 and variance 1 together with all its positions, then scaled and shifted. */

#include "ops/op_infer.h"

typedef struct effnn__group_norm {
    size_t groups; /* 0: one for each channel */
    double epsilon;
    bool per_group; /* scale and bias are of groups, not of channels */
} effnn__group_norm;

/* Inputs x [n, c, …], scale and bias; groups must divide the channels. */
effnn_status effnn__group_norm_infer(effnn_op_infer *call, const effnn__group_norm *norm);
effnn_status effnn__group_norm_run(const effnn_op_call *call, const effnn__group_norm *norm);
size_t effnn__group_norm_scratch(const effnn_op_call *call);

/* Bytes of one number a group of each sample. */
size_t effnn__group_norm_aux(const effnn_op_call *call, const effnn__group_norm *norm);
void effnn__group_norm_cost(const effnn_op_call *call, effnn_op_cost *out);
#endif
