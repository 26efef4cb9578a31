/* SPDX-License-Identifier: BSD-3-Clause */
/* Largest element over axes; a NaN among them gives NaN. Of nothing it is the type's lowest
 * value (-inf for floats). */

#include "ops/op_reduce.h"
#include "ops/op_saves.h"
#include "ops/op_scalar.h"

#include <math.h>

static int64_t lowest(const effnn__dtype_row *row)
{
    if (row->kind != EFFNN__KIND_SIGNED) return 0;
    return row->bits == 64 ? INT64_MIN : -((int64_t)1 << (row->bits - 1));
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__reduce_infer(call, EFFNN__UNPACKED);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__reduction reduction = { .f32 = effnn__kernels_get()->reduce_max_f32,
                                         .fold = &effnn__scalar_max,
                                         .start = -INFINITY,
                                         .start_i64 = lowest };

    return effnn__reduce_run(call, &reduction);
}

static const effnn_onnx_row onnx[] = {
    { .name = "ReduceMax", .since = 18 },
    { .name = "ReduceMax",
      .since = 1,
      .read = effnn__onnx_read_axes,
      .write = effnn__reduce_write_attributes },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]", "i64{1}" } },
    { .inputs = { "f32[2,3,4]", "i64{-1}" }, .attrs = "keepdims=0" },
    { .inputs = { "f32[2,3,4]", "i64{0,2}" } },
    { .inputs = { "f32[2,3,4,5]", "i64{2,1}" }, .attrs = "keepdims=0" },
    { .inputs = { "f32[7,40]" } },
    { .inputs = { "f32[2,3]" }, .attrs = "noop_with_empty_axes=1" },
    { .inputs = { "f32[2,0]", "i64{1}" } },
    { .inputs = { "f64[2,3]", "i64{0}" } },
    { .inputs = { "i32[2,3]", "i64{0}" } },
    { .inputs = { "u8[2,300]", "i64{1}" } },
    { .inputs = { "f16[2,3]", "i64{1}" } },
    { .inputs = { "f32[2,3]", "i64{2}" }, .refused = "outside" },
    { .inputs = { "f32[2,3]", "i64{1,-1}" }, .refused = "twice" },
    { .inputs = { "bool[2,3]", "i64{1}" } },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_reduce_max = {
    .name = "reduce_max",
    .summary = "largest element over axes",
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
