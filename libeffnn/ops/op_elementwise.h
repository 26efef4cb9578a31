/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_ELEMENTWISE_H
#define EFFNN_OPS_OP_ELEMENTWISE_H

/* Element-wise operators from scalar functions. An operator gives its function in up to three
 * arithmetics: f32 arrays (the fast path; NULL: by the f64 function), f64 (serves every float type,
 * rounded once) and i64 (serves every integer type, results wrapped to its width, and bool). */

#include "kernels/kernels.h"
#include "ops/op_infer.h"
#include "tensor/dtype.h"

/* Store an integer modulo the type's range (bool: nonzero) / a real toward zero, saturated; NaN is
 * 0 (bool: true). */
void effnn__store_wrapped(const effnn__dtype_row *row, void *data, size_t i, int64_t value);
void effnn__store_truncated(const effnn__dtype_row *row, void *data, size_t i, double value);

typedef struct effnn__unary {
    effnn__unary_f32 f32;
    double (*f64)(double x);
    int64_t (*i64)(int64_t x); /* NULL: integers are refused by infer */
} effnn__unary;

/* Output 0 = f(input 0), same shape; same dtype, in place allowed, or floats to another dtype (a
 * bool: whether f is not 0). */
effnn_status effnn__unary_run(const effnn_op_call *call, const effnn__unary *fns);

/* f32 loop with parameters, for operators whose attributes enter: [y] = f([x], p). Other types go
 * by way of `f64`; integers are cut toward zero. */
typedef struct effnn__unary_with {
    void (*f32)(float *y, const float *x, size_t n, const double *p);
    double (*f64)(double x, const double *p);
    double p[2];
} effnn__unary_with;
effnn_status effnn__unary_run_with(const effnn_op_call *call, const effnn__unary_with *fns);

/* The result's type may differ from the inputs' (comparisons give bool); the arithmetic follows
 * the inputs: f64 if one of them is a float. u64 does what i64 would get wrong above INT64_MAX
 * (NULL: two's complement makes no difference). */
typedef struct effnn__binary {
    void (*f32)(float *y, const float *a, const float *b, size_t n);        /* y may alias a or b */
    void (*test_f32)(uint8_t *y, const float *a, const float *b, size_t n); /* a bool of f32 */
    double (*f64)(double a, double b);
    int64_t (*i64)(int64_t a, int64_t b);
    uint64_t (*u64)(uint64_t a, uint64_t b);
} effnn__binary;

/* Output 0 = f(input 0, input 1), broadcast; in place over input 0 allowed if it has the output's
 * shape. */
effnn_status effnn__binary_run(const effnn_op_call *call, const effnn__binary *fns);
effnn_status effnn__binary_apply(const effnn_op_call *call, const effnn__binary *fns,
                                 effnn_tensor *y, const effnn_tensor *a, const effnn_tensor *b);

/* E_NUMERIC if integers are to be divided by an input 1 that has a zero. */
effnn_status effnn__check_divisor(const effnn_op_call *call);

/* Fold any number of inputs: output 0 = f(… f(f(input 0, input 1), input 2) …). */
effnn_status effnn__variadic_run(const effnn_op_call *call, const effnn__binary *fns);

/* infer of a binary operator: dtypes equal and of these kinds, shapes broadcast. */
effnn_status effnn__binary_infer(effnn_op_infer *call, unsigned kinds);

/* infer of a comparison or of logic: the same with a bool result. */
effnn_status effnn__compare_infer(effnn_op_infer *call, unsigned kinds);

/* infer of a test of floats, one by one: a bool of the same shape. */
effnn_status effnn__test_infer(effnn_op_infer *call);

/* After one of these: f on the contents, where both are known; f failing means not known. */
typedef effnn_status (*effnn__sym_fn)(effnn__sym *out, effnn__symbols *t, effnn__sym a,
                                      effnn__sym b);
effnn_status effnn__content_infer(effnn_op_infer *call, effnn__sym_fn f);

/* effnn__binary_infer for numbers, then contents. */
effnn_status effnn__arithmetic_infer(effnn_op_infer *call, effnn__sym_fn f);

/* cost of one operation an element. */
void effnn__elementwise_cost(const effnn_op_call *call, effnn_op_cost *out);
#endif
