/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_INTEGER_H
#define EFFNN_OPS_OP_INTEGER_H

/* Products of 8-bit integers less their zero points, exact, by the f32 kernels: as long as the
 * magnitudes of the terms of a sum add up to at most 2^24, every partial sum is a float without
 * rounding, in whatever order. Longer sums are cut, and the parts added in i32, which wraps. */

#include "kernels/kernels.h"
#include "ops/op_infer.h"

/* infer: input `x` is i8 or u8 and so is its zero point, input `zero` (may be absent): one number,
 * or one for each place of x along `axis`, or, with `stacked`, of x's rank and 1 along `other`. */
typedef struct effnn__integer_zero {
    size_t x, zero, axis, other;
    bool stacked;
} effnn__integer_zero;
effnn_status effnn__integer_check(const effnn_op_infer *call, effnn__integer_zero at);

/* infer: the shape of input `scale` is one number or that of the zero point `zero`. */
effnn_status effnn__integer_check_scale(const effnn_op_infer *call, size_t scale, size_t zero);

/* Strides by which a zero point or scale follows a tensor of this rank. */
void effnn__integer_strides(int64_t *strides, size_t rank, const effnn_tensor *zero, size_t axis);

/* out[i] = x[i] - zero, n elements of an i8 or u8 array / all of a tensor, its zero point (NULL: 0)
 * following it along `axis`. */
void effnn__integer_widen(float *out, bool is_signed, const void *x, size_t n, int32_t zero);
effnn_status effnn__integer_widen_tensor(effnn_context *context, float *out, const effnn_tensor *x,
                                         const effnn_tensor *zero, size_t axis);

/* Number of terms that a sum may have, one of these by how far the zero points let magnitudes
 * reach: to 128 or to 255. */
extern const size_t effnn__integer_depths[3];
size_t effnn__integer_depth(const effnn_tensor *a, const effnn_tensor *a_zero,
                            const effnn_tensor *b, const effnn_tensor *b_zero);

/* sums[i] = or += part[i], whole numbers. */
effnn_status effnn__integer_add(effnn_context *context, int32_t *sums, const float *part, size_t n,
                                bool first);

/* sums = A·B as described by `gemm` but for C, which is contiguous as sums are; part: as many
 * floats as sums. */
effnn_status effnn__integer_product(effnn_context *context, const effnn__gemm *gemm, size_t depth,
                                    float *part, int32_t *sums);

/* y[i] = sums[i] · factor to the nearest integer, plus zero, saturated to i8 or u8. f32 arithmetic,
 * as in ONNX Runtime. */
void effnn__integer_requantize(void *y, bool is_signed, const int32_t *sums, size_t n, float factor,
                               int32_t zero);

/* infer of a requantised output: i8 or u8, the type of input `zero`. */
effnn_status effnn__integer_infer_output(effnn_op_infer *call, size_t zero);
#endif
