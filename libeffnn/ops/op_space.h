/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_SPACE_H
#define EFFNN_OPS_OP_SPACE_H

/* Blocks of a picture against channels: depth_to_space and space_to_depth are one permutation of
 * six axes and its inverse. */

#include "ops/op_infer.h"

typedef struct effnn__space_attrs {
    int64_t blocksize;
    int mode; /* which comes first among the channels of the deep side: the block or the channel */
} effnn__space_attrs;
enum { EFFNN__SPACE_DCR, EFFNN__SPACE_CRD };

/* Shape: channels times (or by) blocksize², height and width the other way. */
effnn_status effnn__space_infer(effnn_op_infer *call, bool to_depth);
effnn_status effnn__space_run(const effnn_op_call *call, bool to_depth);
#endif
