/* SPDX-License-Identifier: BSD-3-Clause */
/* Logarithm of the sum of exponentials over axes, computed from what elements are above the
 * largest one; of nothing it is -inf, of integers it is cut toward zero. */

#include "ops/op_reduce.h"
#include "ops/op_saves.h"

#include <math.h>

static double add_exp_f64(double sum, double x)
{
    return sum + exp(x);
}

static const effnn__binary fold = { .f64 = add_exp_f64 };

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__reduce_infer(call, EFFNN__NUMBERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__reduction reduction = { .fold = &fold, .relative = true, .finish = log };

    return effnn__reduce_run(call, &reduction);
}

static const effnn_onnx_row onnx[] = {
    { .name = "ReduceLogSumExp", .since = 18 },
    { .name = "ReduceLogSumExp",
      .since = 1,
      .read = effnn__onnx_read_axes,
      .write = effnn__reduce_write_attributes },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]", "i64{1}" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4]", "i64{-1}" }, .attrs = "keepdims=0", .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4]", "i64{0,2}" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4,5]", "i64{2,1}" }, .attrs = "keepdims=0", .tolerance = 1e-5 },
    { .inputs = { "f32[7,40]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3]" }, .attrs = "noop_with_empty_axes=1", .tolerance = 1e-5 },
    { .inputs = { "f32[2,0]", "i64{1}" } },
    { .inputs = { "f64[2,3]", "i64{0}" } },
    { .inputs = { "i32{3,400}" } },
    { .inputs = { "f32{1000,1001}" }, .tolerance = 1e-6 },
    { .inputs = { "f32{-inf,-inf}" } },
    { .inputs = { "f16[2,3]", "i64{1}" } },
    { .inputs = { "f32[2,3]", "i64{2}" }, .refused = "outside" },
    { .inputs = { "f32[2,3]", "i64{1,-1}" }, .refused = "twice" },
    { .inputs = { "bool[2,3]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_reduce_log_sum_exp = {
    .name = "reduce_log_sum_exp",
    .summary = "logarithm of the sum of exponentials over axes",
    .attrs = effnn__reduce_attr_defs,
    .attrs_size = sizeof(effnn__reduce_attrs),
    .min_inputs = 1,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input_output,
    .cost = effnn__reduce_cost,
    .onnx = onnx,
    .samples = samples,
};
