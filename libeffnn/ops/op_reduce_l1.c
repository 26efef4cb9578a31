/* SPDX-License-Identifier: BSD-3-Clause */
/* Sum of magnitudes over axes. Integers wrap. */

#include "ops/op_reduce.h"
#include "ops/op_saves.h"

#include <math.h>

static double add_magnitude_f64(double sum, double x)
{
    return sum + fabs(x);
}

static int64_t add_magnitude_i64(int64_t sum, int64_t x)
{
    return (int64_t)((uint64_t)sum + (x < 0 ? 0 - (uint64_t)x : (uint64_t)x));
}

static uint64_t add_u64(uint64_t sum, uint64_t x)
{
    return sum + x;
}

static const effnn__binary fold = { .f64 = add_magnitude_f64,
                                    .i64 = add_magnitude_i64,
                                    .u64 = add_u64 };

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__reduce_infer(call, EFFNN__NUMBERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__reduction reduction = { .fold = &fold };

    return effnn__reduce_run(call, &reduction);
}

static const effnn_onnx_row onnx[] = {
    { .name = "ReduceL1", .since = 18 },
    { .name = "ReduceL1",
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
    { .inputs = { "i32[2,3]", "i64{0}" } },
    { .inputs = { "i64{-3,4}" } },
    { .inputs = { "u64{3,18446744073709551615}" } },
    { .inputs = { "f16[2,3]", "i64{1}" } },
    { .inputs = { "f32[2,3]", "i64{2}" }, .refused = "outside" },
    { .inputs = { "f32[2,3]", "i64{1,-1}" }, .refused = "twice" },
    { .inputs = { "bool[2,3]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_reduce_l1 = {
    .name = "reduce_l1",
    .summary = "sum of magnitudes over axes",
    .attrs = effnn__reduce_attr_defs,
    .attrs_size = sizeof(effnn__reduce_attrs),
    .min_inputs = 1,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input,
    .cost = effnn__reduce_cost,
    .onnx = onnx,
    .samples = samples,
};
