/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_SCALAR_H
#define EFFNN_OPS_OP_SCALAR_H

/* Scalar functions that several operators are made of, in every arithmetic. */

#include "ops/op_elementwise.h"

/* a + b; integers wrap. */
extern const effnn__binary effnn__scalar_add;

/* a · b; integers wrap. */
extern const effnn__binary effnn__scalar_mul;

/* The larger, the smaller; a NaN on either side gives NaN. */
extern const effnn__binary effnn__scalar_max;
extern const effnn__binary effnn__scalar_min;

/* Exponential linear units: above · x where x > 0, else scale · (exp(inside · x) - 1), the
 * difference by a tangent, which does not cancel. y may alias x; inside > 0. */
void effnn__exponential_unit_f32(float *y, const float *x, size_t n, float above, float scale,
                                 float inside);
#endif
