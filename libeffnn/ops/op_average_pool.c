/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean of each window over the last one to three axes: of the elements inside the input, or
 * with count_include_pad over those inside the padded input, pads being zero. A window of pads
 * alone gives 0. */

#include "ops/op_pool.h"

typedef struct average_pool_attrs {
    effnn__window window;
    bool count_include_pad;
} average_pool_attrs;

#define FIELD(f) offsetof(average_pool_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "auto_pad", "padding by rule instead of by pads", EFFNN_OPT_ENUM, FIELD(window.auto_pad),
      .choices = effnn__auto_pad_names },
    { "ceil_mode", "keep a last window that is only partly inside", EFFNN_OPT_BOOL,
      FIELD(window.ceil_mode), .value = 0 },
    { "count_include_pad", "pads count in the mean", EFFNN_OPT_BOOL, FIELD(count_include_pad),
      .value = 0 },
    { "dilations", "distance of neighbouring elements of a window; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.dilations), .min = 1, .max = INT32_MAX },
    { "kernel_shape", "size of the window", EFFNN_OPT_INTS, FIELD(window.kernel_shape), .min = 1,
      .max = INT32_MAX },
    { "pads", "pads in front along each axis, then behind; empty: 0", EFFNN_OPT_INTS,
      FIELD(window.pads), .min = 0, .max = INT32_MAX },
    { "strides", "distance of neighbouring windows; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.strides), .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const average_pool_attrs *attrs = call->attrs;

    return effnn__pool_infer(call, &attrs->window, EFFNN__FLOATS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const average_pool_attrs *attrs = call->attrs;
    const effnn__pooling pooling = { .fold = effnn__pool_plus,
                                     .average = true,
                                     .count_include_pad = attrs->count_include_pad };
    effnn_tensor *y = call->outputs[0];

    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(y) != EFFNN_F32 || effnn_tensor_rank(y) > 4)
        return effnn__pool_run(call, &attrs->window, &pooling);
    effnn__pool2d pool = effnn__pool_of(call, &attrs->window);
    pool.count_include_pad = attrs->count_include_pad;
    return effnn__kernels_get()->average_pool2d_f32(
        call->context, &pool, effnn_tensor_data(call->inputs[0]), effnn__tensor_data(y));
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const average_pool_attrs *attrs = call->attrs;

    effnn__pool_cost(call, &attrs->window, out);
}

/* Opset 19 brought dilations. */
static effnn_status write_older(effnn_onnx_writer *writer)
{
    const average_pool_attrs *attrs = writer->op_attrs;

    return effnn__pool_write_undilated(writer, &attrs->window, 19);
}

static const effnn_onnx_row onnx[] = {
    { .name = "AveragePool", .since = 19 },
    { .name = "AveragePool", .since = 7, .write = write_older },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,7,6]" }, .attrs = "kernel_shape=2:3", .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,7,6]" },
      .attrs = "kernel_shape=3:3,strides=2:2,pads=1:1:1:1",
      .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,7,6]" },
      .attrs = "kernel_shape=3:3,strides=2:2,pads=1:1:1:1,count_include_pad=1,ceil_mode=1",
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
      .attrs = "kernel_shape=2:3:2,strides=2:1:3,pads=0:1:1:1:1:0,count_include_pad=1",
      .tolerance = 1e-6 },
    { .inputs = { "f64[1,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[0,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[1,2,0,5]" }, .attrs = "kernel_shape=2:2,pads=1:1:1:1" },
    { .inputs = { "f32[1,1,2,2]" }, .attrs = "kernel_shape=1:1,pads=1:1:1:1,count_include_pad=1" },
    { .inputs = { "f32[1,2,2,5]" }, .attrs = "kernel_shape=3:3", .refused = "exceeds" },
    { .inputs = { "f32[1,2]" }, .attrs = "kernel_shape=3", .refused = "rank 3 to 5" },
    { .inputs = { "i8[1,2,5,5]" }, .attrs = "kernel_shape=2:2", .refused = "i8" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_average_pool = {
    .name = "average_pool",
    .summary = "mean of each window",
    .attrs = attr_defs,
    .attrs_size = sizeof(average_pool_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
