/* SPDX-License-Identifier: BSD-3-Clause */
/* A tensor of the shape in input 0, filled with the one element of input 1 (f32 zero without it).
 * In ONNX the value is a tensor attribute: reading makes it a constant input. */

#include "ops/op_move.h"

static effnn_status infer(effnn_op_infer *call)
{
    effnn__value_info *out = &call->outputs[0];
    effnn__sym dims[EFFNN__MAX_CONTENT], value[EFFNN__MAX_CONTENT];
    size_t rank, n;
    bool known;

    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__UNPACKED));
    if (effnn__infer_input(call, 1)) {
        EFFNN_TRY(effnn__infer_same_dtype(call, 1, 2));
    } else {
        out->has_dtype = true;
        out->dtype = EFFNN_F32;
    }
    EFFNN_TRY(effnn__infer_target(call, 0, &known, &rank, dims));
    if (!known) return EFFNN_OK;
    effnn__info_set_shape(out, rank, dims);
    if (effnn__infer_content(call, 1, &n, value) && n == 1)
        effnn__infer_set_content(call, 1, value);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *value = effnn__call_input(call, 1);
    effnn_tensor *y = call->outputs[0];
    const float zero = 0.0f;
    effnn__walk walk;

    if (value && effnn_tensor_count(value) != 1)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "the value has %zu elements, not 1",
                                effnn_tensor_count(value));
    effnn__walk_init(&walk, effnn_tensor_rank(y), effnn_tensor_dims(y));
    effnn__walk_add(&walk, 0, (const int64_t[EFFNN_MAX_RANK]){ 0 });
    return effnn__walk_copy(&walk, call->context, effnn__tensor_data(y),
                            value ? effnn_tensor_data(value) : &zero, effnn__element_size(y));
}

static effnn_status read_onnx(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *value = effnn__onnx_attr(reader, "value");
    const effnn_onnx_value *constant = NULL;

    EFFNN_TRY(effnn__onnx_read_attrs(reader, (const char *const[]){ "value", NULL }));
    if (!value) return EFFNN_OK;
    if (value->kind != EFFNN_ONNX_TENSOR || !value->tensor)
        return effnn__onnx_read_fail(reader, EFFNN_E_FORMAT, "attribute 'value' is no tensor");
    EFFNN_TRY(reader->add_constant(reader, &constant, value->tensor));
    return effnn__onnx_set_input(reader, 1, constant);
}

static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    effnn_tensor *value = NULL, *row = NULL;

    EFFNN_TRY(writer->begin(writer, writer->onnx_name, writer->onnx_domain, writer->inputs, 1,
                            writer->outputs, writer->n_outputs));
    if (writer->n_inputs < 2 || !writer->inputs[1]) return EFFNN_OK;
    value = writer->constant(writer, 1);
    if (!value)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "the value is no constant");
    EFFNN_TRY(effnn_tensor_view_reshape(&row, value, 1, (const int64_t[]){ 1 }));
    const effnn_status status = writer->set_attr(
        writer, &(effnn_onnx_attr){ .name = "value", .kind = EFFNN_ONNX_TENSOR, .tensor = row });
    effnn_tensor_release(row);
    return status;
}

static const effnn_onnx_row onnx[] = {
    { .name = "ConstantOfShape", .since = 9, .read = read_onnx, .write = write_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "i64{2,3}" } },
    { .inputs = { "i64{4}", "i64{7}" } },
    { .inputs = { "i64{0,3}", "f64{1.5}" } },
    { .inputs = { "i64[0]", "bool{1}" } },
    { .inputs = { "i64{-1}" }, .refused = "-1" },
    { .inputs = { "f32[2]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_constant_of_shape = {
    .name = "constant_of_shape",
    .summary = "a tensor of a shape filled with one value",
    .min_inputs = 1,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
