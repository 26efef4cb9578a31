/* SPDX-License-Identifier: BSD-3-Clause */
/* The p-norm of each window over the last one to three axes, (Σ |x|^p)^(1/p); pads are zero. */

#include "ops/op_pool.h"
#include "ops/op_saves.h"

typedef struct lp_pool_attrs {
    effnn__window window;
    int64_t p;
} lp_pool_attrs;

#define FIELD(f) offsetof(lp_pool_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "auto_pad", "padding by rule instead of by pads", EFFNN_OPT_ENUM, FIELD(window.auto_pad),
      .choices = effnn__auto_pad_names },
    { "ceil_mode", "keep a last window that is only partly inside", EFFNN_OPT_BOOL,
      FIELD(window.ceil_mode), .value = 0 },
    { "dilations", "distance of neighbouring elements of a window; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.dilations), .min = 1, .max = INT32_MAX },
    { "kernel_shape", "size of the window", EFFNN_OPT_INTS, FIELD(window.kernel_shape), .min = 1,
      .max = INT32_MAX },
    { "p", "which norm", EFFNN_OPT_I64, FIELD(p), .value = 2, .min = 1, .max = INT32_MAX },
    { "pads", "pads in front along each axis, then behind; empty: 0", EFFNN_OPT_INTS,
      FIELD(window.pads), .min = 0, .max = INT32_MAX },
    { "strides", "distance of neighbouring windows; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.strides), .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const lp_pool_attrs *attrs = call->attrs;

    return effnn__pool_infer(call, &attrs->window, EFFNN__FLOATS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const lp_pool_attrs *attrs = call->attrs;
    const effnn__pooling pooling = { .p = (double)attrs->p,
                                     .fold = effnn__pool_power,
                                     .finish = effnn__pool_root };

    return effnn__pool_run(call, &attrs->window, &pooling);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const lp_pool_attrs *attrs = call->attrs;

    effnn__pool_cost(call, &attrs->window, out);
}

/* Opset 18 brought dilations and ceil_mode. */
static effnn_status write_older(effnn_onnx_writer *writer)
{
    const lp_pool_attrs *attrs = writer->op_attrs;

    if (attrs->window.ceil_mode)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "ceil_mode needs opset 18");
    return effnn__pool_write_undilated(writer, &attrs->window, 18);
}

static const effnn_onnx_row onnx[] = {
    { .name = "LpPool", .since = 18 },
    { .name = "LpPool", .since = 2, .write = write_older },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,7,6]" }, .attrs = "kernel_shape=2:3", .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,7,6]" },
      .attrs = "kernel_shape=3:3,strides=2:2,pads=1:1:1:1",
      .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,7,6]" },
      .attrs = "kernel_shape=3:3,strides=2:2,pads=1:1:1:1,p=3,ceil_mode=1",
      .tolerance = 1e-6 },
    { .inputs = { "f32[1,2,7,8]" },
      .attrs = "kernel_shape=3:2,strides=2:3,ceil_mode=1",
      .tolerance = 1e-6 },
    { .inputs = { "f32[1,2,7,8]" },
      .attrs = "kernel_shape=3:3,strides=2:2,auto_pad=SAME_LOWER",
      .tolerance = 1e-6 },
    { .inputs = { "f32[1,2,7,8]" }, .attrs = "kernel_shape=2:2,dilations=2:2", .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,9]" }, .attrs = "kernel_shape=3,strides=2", .tolerance = 1e-6 },
    { .inputs = { "f32[1,2,4,5,6]" },
      .attrs = "kernel_shape=2:3:2,strides=2:1:3,pads=0:1:1:1:1:0",
      .tolerance = 1e-6 },
    { .inputs = { "f64[1,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[0,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[1,2,0,5]" }, .attrs = "kernel_shape=2:2,pads=1:1:1:1" },
    { .inputs = { "f32[1,1,2,2]" }, .attrs = "kernel_shape=1:1,pads=1:1:1:1" },
    { .inputs = { "f32[1,2,2,5]" }, .attrs = "kernel_shape=3:3", .refused = "exceeds" },
    { .inputs = { "f32[1,2]" }, .attrs = "kernel_shape=3", .refused = "rank 3 to 5" },
    { .inputs = { "i8[1,2,5,5]" }, .attrs = "kernel_shape=2:2", .refused = "i8" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_lp_pool = {
    .name = "lp_pool",
    .summary = "p-norm of each window",
    .attrs = attr_defs,
    .attrs_size = sizeof(lp_pool_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input_output,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
