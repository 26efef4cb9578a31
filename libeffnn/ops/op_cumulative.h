/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_CUMULATIVE_H
#define EFFNN_OPS_OP_CUMULATIVE_H

/* What cumsum and cumprod share: folding along an axis (input 1, one integer) and keeping every
 * result on the way. */

#include "ops/op_elementwise.h"

typedef struct effnn__cumulative_attrs {
    bool exclusive, reverse;
} effnn__cumulative_attrs;
extern const effnn_option_def effnn__cumulative_attr_defs[];

effnn_status effnn__cumulative_infer(effnn_op_infer *call);

/* fold: (result so far, element), its f32 is not used; start: result of no elements. Floats are
 * folded in double. */
effnn_status effnn__cumulative_run(const effnn_op_call *call, const effnn__binary *fold,
                                   int64_t start);
#endif
