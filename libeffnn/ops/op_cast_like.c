/* SPDX-License-Identifier: BSD-3-Clause */
/* Conversion to the element type of another tensor, by the rules of cast. ONNX has it since opset
 * 15; before, it is written as Cast, if the type is known. */

#include "ops/op_cast.h"
#include "ops/op_infer.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *like = call->inputs[1];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__ALL_TYPES));
    call->outputs[0].has_dtype = like->has_dtype;
    call->outputs[0].dtype = like->dtype;
    /* A symbol cast to bool is not followed: it need not be nonzero. */
    if (like->has_dtype && like->dtype != EFFNN_BOOL) effnn__infer_pass_content(call);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__cast_run(call);
}

static effnn_status read_onnx(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_attrs(reader, (const char *const[]){ "saturate", "round_mode", NULL });
}

static effnn_status write_cast(effnn_onnx_writer *writer)
{
    const int dtype = writer->input_dtype(writer, 1);

    if (dtype < 0)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "the element type to cast to is not known");
    EFFNN_TRY(writer->begin(writer, "Cast", NULL, writer->inputs, 1, writer->outputs, 1));
    return effnn__onnx_set_int(writer, "to", effnn__dtype_to_onnx((effnn_dtype)dtype));
}

static const effnn_onnx_row onnx[] = {
    { .name = "CastLike", .since = 15, .read = read_onnx },
    { .name = "CastLike", .since = 9, .write = write_cast, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "i64[1]" } },  { .inputs = { "i64{1,2,300}", "u8[]" } },
    { .inputs = { "i8[5]", "i4[1]" } },      { .inputs = { "f64[3]", "bf16[0]" } },
    { .inputs = { "f32[0,3]", "bool[2]" } }, EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_cast_like = {
    .name = "cast_like",
    .summary = "convert to the element type of another tensor",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
