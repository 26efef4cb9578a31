/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_PRODUCT_H
#define EFFNN_OPS_OP_PRODUCT_H

/* Matrix products of any element type: f32 and f64 by the kernels, the others by plain loops. */

#include "kernels/kernels.h"
#include "ops/op_infer.h"

/* C = alpha · A·B + beta · C as described by `gemm`, elements of this type. Other floats accumulate
 * in double and round once; integers wrap, and then alpha is 1 and beta 0. */
effnn_status effnn__product_run(effnn_context *context, effnn_dtype dtype, const effnn__gemm *gemm);

/* The same as all of a node's work: C is output 0, call->packed holds B if it is there (alpha 1),
 * and call->after is done too, its bias along the output's last dimension. */
effnn_status effnn__product_node(const effnn_op_call *call, const effnn__gemm *gemm);

/* prepack of a constant f32 matrix B [k, n], or its transpose, which is input 1; anything else is
 * left as it is. */
effnn_status effnn__product_pack(const effnn_op_call *call, effnn_op_packed *out,
                                 const effnn_tensor *b, bool is_turned);
#endif
