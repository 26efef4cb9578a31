/* SPDX-License-Identifier: BSD-3-Clause */
/* (x - zero point) · scale, exact and rounded once to the type of the result, which is the scale's
 * or `output_dtype`. Inputs: x, scale, zero point (optional). */

#include "ops/op_quantize.h"

#define FIELD(f) offsetof(effnn__quantize_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "axis", "axis that has scales of its own; negative: from the end", EFFNN_OPT_I64, FIELD(axis),
      .value = 1 },
    { "block_size", "places along the axis that share a scale; 0: no blocks", EFFNN_OPT_I64,
      FIELD(block_size), .value = 0, .min = 0, .max = INT32_MAX },
    { "output_dtype", "type of the result; none: the scale's", EFFNN_OPT_ENUM, FIELD(output_dtype),
      .choices = effnn__quantize_dtypes },
    EFFNN_OPTIONS_END,
};

/* Integers that something quantised may be: at most 16 bits, or the i32 of sums. */
static bool is_quantized(effnn_dtype dtype)
{
    return dtype == EFFNN_I32 || (effnn__dtype_is_integer(dtype) && effnn_dtype_bits(dtype) <= 16);
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__quantize_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *scale = call->inputs[1];
    const effnn__value_info *zero = effnn__infer_input(call, 2);
    effnn__value_info *out = &call->outputs[0];

    if (x->has_dtype && !is_quantized(x->dtype))
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "input 0 of type %s is not supported",
                                 effnn_dtype_name(x->dtype));
    if (x->has_dtype && zero && zero->has_dtype && x->dtype != zero->dtype)
        return effnn__infer_fail(call, EFFNN_E_ARG, "input 0 is %s but the zero point is %s",
                                 effnn_dtype_name(x->dtype), effnn_dtype_name(zero->dtype));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__FLOATS));
    out->has_dtype = attrs->output_dtype || scale->has_dtype;
    out->dtype = attrs->output_dtype ? (effnn_dtype)(attrs->output_dtype - 1) : scale->dtype;
    if (attrs->output_dtype && !effnn__dtype_is_float(out->dtype))
        return effnn__infer_fail(call, EFFNN_E_ARG, "output_dtype %s is no float",
                                 effnn_dtype_name(out->dtype));
    return effnn__quantize_infer(call);
}

static void run_any(const effnn__quantize_job *job, const effnn__quantize_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        const size_t at = run->scale + i * run->step;
        const int64_t x = job->x_row->load_i64(job->x, run->begin + i);

        job->y_row->store_f64(job->y, run->begin + i,
                              (double)(x - effnn__quantize_zero(job, at)) *
                                  effnn__quantize_scale(job, at));
    }
}

static void run_u8(const effnn__quantize_job *job, const effnn__quantize_run *run)
{
    const uint8_t *x = (const uint8_t *)job->x + run->begin;
    float *y = (float *)job->y + run->begin;
    const float scale = ((const float *)job->scale)[run->scale];
    const int zero = (int)effnn__quantize_zero(job, run->scale);

    for (size_t i = 0; i < run->n; i++) y[i] = (float)(x[i] - zero) * scale;
}

static void run_i8(const effnn__quantize_job *job, const effnn__quantize_run *run)
{
    const int8_t *x = (const int8_t *)job->x + run->begin;
    float *y = (float *)job->y + run->begin;
    const float scale = ((const float *)job->scale)[run->scale];
    const int zero = (int)effnn__quantize_zero(job, run->scale);

    for (size_t i = 0; i < run->n; i++) y[i] = (float)(x[i] - zero) * scale;
}

static void run(const effnn__quantize_job *job, const effnn__quantize_run *run)
{
    const bool plain = run->step == 0 && job->scale_dtype == EFFNN_F32 && job->y_dtype == EFFNN_F32;

    if (plain && job->x_dtype == EFFNN_U8)
        run_u8(job, run);
    else if (plain && job->x_dtype == EFFNN_I8)
        run_i8(job, run);
    else
        run_any(job, run);
}

static effnn_status forward(const effnn_op_call *call)
{
    effnn__quantize_job job = { .run = run };

    return effnn__quantize_apply(call, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 2.0 * (double)effnn_tensor_count(call->inputs[0]);
}

static effnn_status write_21(effnn_onnx_writer *writer)
{
    const effnn__quantize_attrs *attrs = writer->op_attrs;

    if (attrs->output_dtype)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "output_dtype needs opset 23");
    return effnn__quantize_write(writer);
}

static effnn_status write_10(effnn_onnx_writer *writer)
{
    return effnn__quantize_write_old(writer, 0);
}

static const effnn_onnx_row onnx[] = {
    { .name = "DequantizeLinear",
      .since = 23,
      .read = effnn__quantize_read,
      .write = effnn__quantize_write },
    { .name = "DequantizeLinear", .since = 21, .read = effnn__quantize_read, .write = write_21 },
    { .name = "DequantizeLinear", .since = 10, .read = effnn__quantize_read, .write = write_10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "u8[2,30]", "f32:0.3", "u8:128" }, .tolerance = 1e-6 },
    { .inputs = { "i8[2,3,4]", "f32[3]", "i8[3]" }, .tolerance = 1e-6 },
    { .inputs = { "i8[2,3]", "f32[3]" }, .tolerance = 1e-6 },
    { .inputs = { "u16[4,5]", "f32[2,5]", "u16[2,5]" },
      .attrs = "axis=0,block_size=2",
      .tolerance = 1e-6 },
    { .inputs = { "i4[3,5]", "f32[3,3]", "i4[3,3]" }, .attrs = "block_size=2", .tolerance = 1e-6 },
    { .inputs = { "u4[7]", "f16:0.25" } },
    { .inputs = { "i32[4]", "f32{0.1}" }, .tolerance = 1e-6 },
    { .inputs = { "i8[4]", "f32:0.3" }, .attrs = "output_dtype=bf16", .tolerance = 1e-2 },
    { .inputs = { "i8[0,3]", "f32:0.25", "i8:0" } },
    { .inputs = { "i8[2,3]", "f32[4]" }, .refused = "3 is not 4" },
    { .inputs = { "i8[2,3]", "f32[]", "u8[]" }, .refused = "u8" },
    { .inputs = { "i8[2]", "f32[]" }, .attrs = "output_dtype=i8", .refused = "no float" },
    { .inputs = { "i64[2,3]", "f32[]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_dequantize_linear = {
    .name = "dequantize_linear",
    .summary = "(x - zero point) * scale",
    .attrs = attr_defs,
    .attrs_size = sizeof(effnn__quantize_attrs),
    .min_inputs = 2,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
