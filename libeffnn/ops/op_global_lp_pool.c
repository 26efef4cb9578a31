/* SPDX-License-Identifier: BSD-3-Clause */
/* The p-norm over all axes behind the first two, which stay with size 1. */

#include "ops/op_pool.h"
#include "ops/op_saves.h"

typedef struct global_lp_attrs {
    int64_t p;
} global_lp_attrs;

static const effnn_option_def attr_defs[] = {
    { "p", "which norm", EFFNN_OPT_I64, offsetof(global_lp_attrs, p), .value = 2, .min = 1,
      .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

static effnn_status forward(const effnn_op_call *call)
{
    const global_lp_attrs *attrs = call->attrs;
    const effnn__pooling pooling = { .p = (double)attrs->p,
                                     .fold = effnn__pool_power,
                                     .finish = effnn__pool_root };

    return effnn__global_pool_run(call, &pooling);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = (double)effnn_tensor_count(call->inputs[0]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "GlobalLpPool", .since = 2 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4,5]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,7]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,5]" }, .attrs = "p=3", .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]" }, .attrs = "p=1" },
    { .inputs = { "f32[0,3,4,5]" } },
    { .inputs = { "f64[2,3,2,2,2]" } },
    { .inputs = { "f32[2]" }, .refused = "rank 2 or more" },
    { .inputs = { "i32[2,3,4]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_global_lp_pool = {
    .name = "global_lp_pool",
    .summary = "p-norm over all axes behind the first two",
    .attrs = attr_defs,
    .attrs_size = sizeof(global_lp_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = effnn__global_pool_infer,
    .forward = forward,
    .saves = effnn__saves_input_output,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
