/* SPDX-License-Identifier: BSD-3-Clause */
/* The same bits as an element type of the same width. ONNX has it since opset 26. */

#include "ops/op_cast.h"
#include "ops/op_move.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__cast_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0];
    const effnn_dtype to = (effnn_dtype)attrs->to;

    EFFNN_TRY(effnn__infer_same(call, EFFNN__ALL_TYPES));
    if (x->has_dtype && effnn_dtype_bits(x->dtype) != effnn_dtype_bits(to))
        return effnn__infer_fail(call, EFFNN_E_ARG, "input of %zu bits an element as %s of %zu",
                                 effnn_dtype_bits(x->dtype), effnn_dtype_name(to),
                                 effnn_dtype_bits(to));
    call->outputs[0].has_dtype = true;
    call->outputs[0].dtype = to;
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__copy_through(call);
}

static const effnn_onnx_row onnx[] = {
    { .name = "BitCast", .since = 26, .read = effnn__cast_read, .write = effnn__cast_write },
    { .name = "BitCast", .since = 9, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f64[2,3]" }, .attrs = "to=i64" },
    { .inputs = { "i32[4]" }, .attrs = "to=f32" },
    { .inputs = { "bool[4]" }, .attrs = "to=u8" },
    { .inputs = { "i4[5]" }, .attrs = "to=u4" },
    { .inputs = { "f16[0]" }, .attrs = "to=i16" },
    { .inputs = { "f64[2]" }, .attrs = "to=i32", .refused = "64 bits" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_bit_cast = {
    .name = "bit_cast",
    .summary = "the same bits as another element type",
    .attrs = effnn__cast_attr_defs,
    .attrs_size = sizeof(effnn__cast_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
