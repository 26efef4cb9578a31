/* SPDX-License-Identifier: BSD-3-Clause */
/* The largest element of each window over the last one or two axes. Pads never win; a NaN in a
 * window gives NaN. The index output of ONNX is not supported. */

#include "ops/op_pool.h"
#include "ops/op_saves.h"
#include "tensor/dtype.h"

#include <math.h>

typedef struct max_pool_attrs {
    effnn__window window;
} max_pool_attrs;

#define FIELD(f) offsetof(max_pool_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "auto_pad", "padding by rule instead of by pads", EFFNN_OPT_ENUM, FIELD(window.auto_pad),
      .choices = effnn__auto_pad_names },
    { "ceil_mode", "keep a last window that is only partly inside", EFFNN_OPT_BOOL,
      FIELD(window.ceil_mode), .value = 0 },
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
    const max_pool_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0];

    if (x->has_dtype && !effnn__dtype_is_float(x->dtype) && effnn_dtype_bits(x->dtype) == 64)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "input 0 of type %s is not supported",
                                 effnn_dtype_name(x->dtype));
    return effnn__pool_infer(call, &attrs->window, EFFNN__NUMBERS);
}

static double larger(double so_far, double x)
{
    return x > so_far || isnan(x) ? x : so_far;
}

static effnn_status forward(const effnn_op_call *call)
{
    const max_pool_attrs *attrs = call->attrs;
    const effnn__pool2d pool = effnn__pool_of(call, &attrs->window);
    effnn_tensor *y = call->outputs[0];

    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(y) != EFFNN_F32)
        return effnn__pool_run(call, &pool, -INFINITY, larger, false);
    return effnn__kernels_get()->max_pool2d_f32(
        call->context, &pool, effnn_tensor_data(call->inputs[0]), effnn__tensor_data(y),
        call->aux ? call->aux[0] : NULL);
}

static size_t aux(const effnn_op_call *call, size_t index)
{
    (void)index;
    return effnn_tensor_count(call->outputs[0]) * sizeof(int64_t);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const max_pool_attrs *attrs = call->attrs;
    const effnn__pool2d pool = effnn__pool_of(call, &attrs->window);

    out->flops =
        (double)effnn_tensor_count(call->outputs[0]) * (double)(pool.kernel_h * pool.kernel_w);
}

/* storage_order only concerns the index output. */
static effnn_status read_onnx(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_attrs(reader, (const char *const[]){ "storage_order", NULL });
}

static const effnn_onnx_row onnx[] = {
    { .name = "MaxPool", .since = 8, .read = read_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,7,6]" }, .attrs = "kernel_shape=2:3" },
    { .inputs = { "f32[2,3,7,6]" }, .attrs = "kernel_shape=3:3,strides=2:2,pads=1:1:1:1" },
    { .inputs = { "f32[1,2,7,8]" }, .attrs = "kernel_shape=3:2,strides=2:3,ceil_mode=1" },
    { .inputs = { "f32[1,2,7,8]" }, .attrs = "kernel_shape=2:2,dilations=2:3" },
    { .inputs = { "f32[1,2,7,8]" }, .attrs = "kernel_shape=3:3,strides=2:2,auto_pad=SAME_UPPER" },
    { .inputs = { "f32[2,3,9]" }, .attrs = "kernel_shape=3,strides=2" },
    { .inputs = { "f64[1,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "i8[1,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[0,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[1,2,0,5]" }, .attrs = "kernel_shape=2:2,pads=1:1:1:1" },
    { .inputs = { "f32[1,2,5,5]" }, .refused = "kernel_shape" },
    { .inputs = { "f32[1,2,5,5]" }, .attrs = "kernel_shape=2", .refused = "kernel_shape has 1" },
    { .inputs = { "f32[1,2,2,5]" }, .attrs = "kernel_shape=3:3", .refused = "exceeds" },
    { .inputs = { "bool[1,2,5,5]" }, .attrs = "kernel_shape=2:2", .refused = "bool" },
    { .inputs = { "i64[1,2,5,5]" }, .attrs = "kernel_shape=2:2", .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_max_pool = {
    .name = "max_pool",
    .summary = "largest element of each window",
    .attrs = attr_defs,
    .attrs_size = sizeof(max_pool_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .n_aux = 1, /* place of each maximum in its plane, i64 */
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_aux,
    .aux = aux,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
