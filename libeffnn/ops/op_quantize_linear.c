/* SPDX-License-Identifier: BSD-3-Clause */
/* Quantisation: x / scale to the nearest integer (halves to even), plus the zero point, saturated
 * to the type of the result. The quotient is rounded to the type of the scale, or to `precision`;
 * NaN gives the lowest value. Inputs: x, scale, zero point (optional). */

#include "ops/op_quantize.h"

#include <math.h>

#define FIELD(f) offsetof(effnn__quantize_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "axis", "axis that has scales of its own; negative: from the end", EFFNN_OPT_I64, FIELD(axis),
      .value = 1 },
    { "block_size", "places along the axis that share a scale; 0: no blocks", EFFNN_OPT_I64,
      FIELD(block_size), .value = 0, .min = 0, .max = INT32_MAX },
    { "output_dtype", "type of the result where there is no zero point; none: u8", EFFNN_OPT_ENUM,
      FIELD(output_dtype), .choices = effnn__quantize_dtypes },
    { "precision", "type of the division; none: the scale's", EFFNN_OPT_ENUM, FIELD(precision),
      .choices = effnn__quantize_dtypes },
    EFFNN_OPTIONS_END,
};

/* Integers of at most 16 bits. */
static bool is_quantized(effnn_dtype dtype)
{
    return effnn__dtype_is_integer(dtype) && effnn_dtype_bits(dtype) <= 16;
}

static effnn_status infer_dtype(effnn_op_infer *call)
{
    const effnn__quantize_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *zero = effnn__infer_input(call, 2);
    effnn__value_info *out = &call->outputs[0];

    if (x->has_dtype && x->dtype != EFFNN_I32)
        EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__FLOATS));
    if (attrs->precision && !effnn__dtype_is_float((effnn_dtype)(attrs->precision - 1)))
        return effnn__infer_fail(call, EFFNN_E_ARG, "precision %s is no float",
                                 effnn__quantize_dtypes[attrs->precision]);
    out->has_dtype = !zero || zero->has_dtype;
    out->dtype = zero                  ? zero->dtype
                 : attrs->output_dtype ? (effnn_dtype)(attrs->output_dtype - 1)
                                       : EFFNN_U8;
    if (!out->has_dtype) return EFFNN_OK;
    if (attrs->output_dtype && (int)out->dtype != attrs->output_dtype - 1)
        return effnn__infer_fail(call, EFFNN_E_ARG, "zero point is %s but output_dtype %s",
                                 effnn_dtype_name(out->dtype),
                                 effnn__quantize_dtypes[attrs->output_dtype]);
    if (!is_quantized(out->dtype))
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "%s is no type to quantise to",
                                 effnn_dtype_name(out->dtype));
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    EFFNN_TRY(infer_dtype(call));
    return effnn__quantize_infer(call);
}

static int64_t lowest_of(const effnn__dtype_row *row)
{
    return row->kind == EFFNN__KIND_SIGNED ? -((int64_t)1 << (row->bits - 1)) : 0;
}

static int64_t highest_of(const effnn__dtype_row *row)
{
    return lowest_of(row) + ((int64_t)1 << row->bits) - 1;
}

static void run_any(const effnn__quantize_job *job, const effnn__quantize_run *run)
{
    const double lowest = (double)lowest_of(job->y_row), highest = (double)highest_of(job->y_row);

    for (size_t i = 0; i < run->n; i++) {
        const size_t at = run->scale + i * run->step;
        const double zero = (double)effnn__quantize_zero(job, at);
        double x = job->x_row->load_f64(job->x, run->begin + i);
        double scale = effnn__quantize_scale(job, at);

        if (job->rounds_operands) {
            x = effnn__round_as(job->precision, x);
            scale = effnn__round_as(job->precision, scale);
        }
        const double q = rint(effnn__round_as(job->precision, x / scale)) + zero;
        job->y_row->store_f64(job->y, run->begin + i,
                              q >= lowest ? q < highest ? q : highest : lowest);
    }
}

static void run(const effnn__quantize_job *job, const effnn__quantize_run *run)
{
    const bool plain = run->step == 0 && job->x_dtype == EFFNN_F32 &&
                       job->scale_dtype == EFFNN_F32 &&
                       job->precision == effnn__dtype_row_of(EFFNN_F32);

    if (plain && (job->y_dtype == EFFNN_U8 || job->y_dtype == EFFNN_I8))
        effnn__quantize_bytes((uint8_t *)job->y + run->begin, job->y_dtype == EFFNN_I8,
                              (const float *)job->x + run->begin, run->n,
                              ((const float *)job->scale)[run->scale],
                              (int32_t)effnn__quantize_zero(job, run->scale));
    else
        run_any(job, run);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__quantize_attrs *attrs = call->attrs;
    const effnn_dtype scale = effnn_tensor_dtype(call->inputs[1]);
    effnn__quantize_job job = {
        .run = run,
        .precision =
            effnn__dtype_row_of(attrs->precision ? (effnn_dtype)(attrs->precision - 1) : scale),
        .rounds_operands = attrs->precision != 0,
    };

    return effnn__quantize_apply(call, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 2.0 * (double)effnn_tensor_count(call->inputs[0]);
}

static effnn_status write_21(effnn_onnx_writer *writer)
{
    const effnn__quantize_attrs *attrs = writer->op_attrs;

    if (attrs->precision)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "precision needs opset 23");
    return effnn__quantize_write(writer);
}

static effnn_status write_10(effnn_onnx_writer *writer)
{
    return effnn__quantize_write_old(writer, 2);
}

static const effnn_onnx_row onnx[] = {
    { .name = "QuantizeLinear",
      .since = 23,
      .read = effnn__quantize_read,
      .write = effnn__quantize_write },
    { .name = "QuantizeLinear", .since = 21, .read = effnn__quantize_read, .write = write_21 },
    { .name = "QuantizeLinear", .since = 10, .read = effnn__quantize_read, .write = write_10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{0,1,-1,0.75,1.25,300,-300,nan}", "f32:0.5", "u8:128" } },
    { .inputs = { "f32{0,1,-1,0.75,1.25,300,-300,nan}", "f32:0.5", "i8:-3" } },
    { .inputs = { "f32[2,3,4]", "f32{0.25,0.5,1}", "u8{1,2,3}" } },
    { .inputs = { "f32[2,3,4]", "f32{0.25,0.5,1,2}", "i8{1,-2,3,0}" }, .attrs = "axis=-1" },
    { .inputs = { "f32[4,5]", "f32[2,5]>0" }, .attrs = "axis=0,block_size=2", .tolerance = 1.0 },
    { .inputs = { "f32[3,5]", "f32[3,3]>0", "i16[3,3]" },
      .attrs = "block_size=2",
      .tolerance = 1.0 },
    { .inputs = { "f32[2,3]", "f32:0.25" }, .attrs = "output_dtype=i4" },
    { .inputs = { "f32[5,3]", "f32{0.25,0.5,1}", "u4{1,2,3}" } },
    { .inputs = { "f32[2,3]", "f32{0.25}", "u16{300}" }, .attrs = "precision=f64" },
    { .inputs = { "f16[2,3]", "f16:0.25", "i8:0" } },
    { .inputs = { "i32{5,6,7,-900}", "f32:2", "i8:0" } },
    { .inputs = { "f32[0,3]", "f32:0.25", "u8:0" } },
    { .inputs = { "f32[2,3]", "f32[4]" }, .refused = "3 is not 4" },
    { .inputs = { "f32[2,3]", "f32[3]", "u8[2]" }, .refused = "3 is not 2" },
    { .inputs = { "f32[2,5]", "f32[2,2]" }, .attrs = "block_size=2", .refused = "3 is not 2" },
    { .inputs = { "f32[2,3]", "f32[2,3]" }, .refused = "rank 0 or 1" },
    { .inputs = { "f32[2,3]", "f32[]", "i32[]" }, .refused = "i32 is no type" },
    { .inputs = { "f32[2]", "f32[]", "u8[]" },
      .attrs = "output_dtype=i8",
      .refused = "output_dtype" },
    { .inputs = { "i64[2,3]", "f32[]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_quantize_linear = {
    .name = "quantize_linear",
    .summary = "nearest integer of x / scale + zero point",
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
