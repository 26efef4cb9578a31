/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution of 8-bit integers less their zero points, as i32. Inputs: x, weight, zero points of
 * both (optional; for x one number, for the weight one or one a channel of the output). */

#include "ops/op_integer_conv.h"

static effnn_status infer(effnn_op_infer *call)
{
    call->outputs[0].has_dtype = true;
    call->outputs[0].dtype = EFFNN_I32;
    return effnn__integer_conv_infer(
        call, (effnn__integer_conv_places){
                  .x = 0, .x_zero = 2, .weight = 1, .weight_zero = 3, .bias = SIZE_MAX });
}

static effnn__integer_conv conv_of(const effnn_op_call *call)
{
    return (effnn__integer_conv){ .attrs = call->attrs,
                                  .x = call->inputs[0],
                                  .x_zero = effnn__call_input(call, 2),
                                  .weight = call->inputs[1],
                                  .weight_zero = effnn__call_input(call, 3),
                                  .y = call->outputs[0] };
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const effnn__integer_conv conv = conv_of(call);

    (void)phase;
    return effnn__integer_conv_scratch(call->context, &conv);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__integer_conv conv = conv_of(call);

    return effnn__integer_conv_run(call->context, &conv, call->scratch,
                                   effnn__tensor_data(call->outputs[0]));
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const effnn__integer_conv conv = conv_of(call);

    out->macs = effnn__integer_conv_macs(&conv);
}

static const effnn_onnx_row onnx[] = {
    { .name = "ConvInteger", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "u8[2,3,7,6]", "i8[4,3,3,3]", "u8:128", "i8{1,-2,0,5}" } },
    { .inputs = { "u8[1,4,7,6]", "u8[6,2,3,2]" },
      .attrs = "group=2,strides=2:1,pads=1:0:1:2,dilations=1:2" },
    { .inputs = { "i8[2,4,9,9]", "i8[4,1,3,3]", "i8:3" },
      .attrs = "group=4,pads=1:1:1:1,kernel_shape=3:3" },
    { .inputs = { "u8[2,70,5,6]", "u8[3,70,2,2]", "u8{255}", "u8:255" } },
    { .inputs = { "u8[2,140,5,4]", "u8[4,70,2,2]" }, .attrs = "group=2,auto_pad=SAME_UPPER" },
    { .inputs = { "u8[1,1,20,20]", "u8[1,1,17,17]" } },
    { .inputs = { "i8[2,3,11]", "i8[4,3,5]" }, .attrs = "pads=2:1,strides=2" },
    { .inputs = { "u8[2,4,5,4,6]", "i8[6,2,2,3,3]", "u8:7" },
      .attrs = "group=2,strides=1:2:1,pads=1:0:1:0:2:1,dilations=2:1:2" },
    { .inputs = { "u8[0,3,7,6]", "i8[4,3,3,3]" } },
    { .inputs = { "u8[1,0,3,4]", "i8[2,0,2,2]" } },
    { .inputs = { "u8[2,3,7,6]", "i8[4,2,3,3]" }, .refused = "3 is not 2" },
    { .inputs = { "u8[2,3,7,6]", "i8[4,3,3,3]", "u8[3]" }, .refused = "does not suit" },
    { .inputs = { "u8[2,3,7,6]", "i8[4,3,3,3]", "u8[]", "i8[3]" }, .refused = "4 is not 3" },
    { .inputs = { "u8[2,3,7,6]", "i8[4,3,3,3]", "i8[]" }, .refused = "zero point is i8" },
    { .inputs = { "f32[1,1,3,3]", "i8[1,1,1,1]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_conv_integer = {
    .name = "conv_integer",
    .summary = "convolution of 8-bit integers, as i32",
    .attrs = effnn__conv_attr_defs,
    .attrs_size = sizeof(effnn__conv_attrs),
    .min_inputs = 2,
    .max_inputs = 4,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
