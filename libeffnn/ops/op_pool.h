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

/* One window's elements, those inside the input, folded into a result. `n` counts what the divisor
 * of an average is: elements inside, or with count_include_pad those inside the padded input. */
typedef double (*effnn__pool_fold)(double so_far, double x);
effnn_status effnn__pool_run(const effnn_op_call *call, const effnn__pool2d *pool, double start,
                             effnn__pool_fold fold, bool average);
#endif
