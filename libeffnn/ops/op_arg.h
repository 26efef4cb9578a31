/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_ARG_H
#define EFFNN_OPS_OP_ARG_H

/* What argmax and argmin share: the index (i64) of the extreme element along an axis, of several
 * the first or the last. A NaN counts as more extreme than anything, as in NumPy. */

#include "ops/op_infer.h"

typedef struct effnn__arg_attrs {
    int64_t axis;
    bool keepdims, select_last_index;
} effnn__arg_attrs;
extern const effnn_option_def effnn__arg_attr_defs[];

effnn_status effnn__arg_infer(effnn_op_infer *call);
effnn_status effnn__arg_run(const effnn_op_call *call, bool smallest);
#endif
