/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_MATMUL_H
#define EFFNN_OPS_OP_MATMUL_H

/* What the operators that multiply stacks of matrices as NumPy does share. */

#include "kernels/kernels.h"
#include "ops/op_infer.h"

/* Shape of output 0 = input a times input b. */
effnn_status effnn__matmul_infer_shape(effnn_op_infer *call, size_t a, size_t b);

/* Number of matrices in y. */
size_t effnn__matmul_batches(const effnn_tensor *a, const effnn_tensor *b, const effnn_tensor *y);

/* y = a · b without the data pointers. offsets: room for three numbers a matrix of y, used by the
 * result; NULL: only the sizes are wanted. */
effnn__gemm effnn__matmul_gemm(const effnn_tensor *a, const effnn_tensor *b, const effnn_tensor *y,
                               size_t *offsets);

void effnn__matmul_cost(const effnn_tensor *a, const effnn_tensor *b, const effnn_tensor *y,
                        effnn_op_cost *out);
#endif
