/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_POOL_H
#define EFFNN_OPS_OP_POOL_H

/* What max and average pooling share: shapes, the kernels' description, and a plain loop for the
 * types that have no kernel. */

#include "kernels/kernels.h"
#include "ops/op_window.h"

/* infer: input 0 [n, c, …] of a kind in `kinds`; kernel_shape is demanded. */
effnn_status effnn__pool_infer(effnn_op_infer *call, const effnn__window *window, unsigned kinds);

/* The pooling as the kernels take it (count_include_pad left false). */
effnn__pool2d effnn__pool_of(const effnn_op_call *call, const effnn__window *window);

/* Plain loop: the elements of each window that lie inside the input are folded from `start` on; an
 * average is divided by their number, or with count_include_pad by that inside the padded input. */
typedef double (*effnn__pool_fold)(double so_far, double x);
effnn_status effnn__pool_run(const effnn_op_call *call, const effnn__pool2d *pool, double start,
                             effnn__pool_fold fold, bool average);
#endif
