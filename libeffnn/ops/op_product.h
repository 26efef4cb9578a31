/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_PRODUCT_H
#define EFFNN_OPS_OP_PRODUCT_H

/* Matrix products of any element type: f32 and f64 by the kernels, the others by plain loops. */

#include "kernels/kernels.h"
#include "ops/op_infer.h"

/* C = alpha · A·B + beta · C as described by `gemm`, elements of this type. Other floats accumulate
 * in double and round once; integers wrap, and then alpha is 1 and beta 0. With call->packed it
 * holds B (alpha 1); call->after is done too, its bias along the last dimension of output 0. */
effnn_status effnn__product_run(const effnn_op_call *call, effnn_dtype dtype,
                                const effnn__gemm *gemm);

/* prepack of a constant f32 matrix B [k, n], or its transpose; anything else is left as it is. */
effnn_status effnn__product_pack(const effnn_op_call *call, effnn_op_packed *out,
                                 const effnn_tensor *b, bool is_turned);
#endif
