/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution of quantised numbers: the sums of (x - x_zero) · (w - w_zero), plus the bias (i32),
 * exactly, times x_scale · w_scale / y_scale, to the nearest integer, plus y_zero, saturated.
 * Inputs: x, its scale and zero point, weight, its scale and zero point, scale and zero point of y,
 * bias (optional); those of the weight one number or one a channel of the output. */

#include "ops/op_integer_conv.h"

#include "base/pool.h"
#include "ops/op_move.h"

enum { X, X_SCALE, X_ZERO, W, W_SCALE, W_ZERO, Y_SCALE, Y_ZERO, BIAS };

static effnn_status check_one(const effnn_op_infer *call, size_t i)
{
    const effnn__value_info *info = call->inputs[i];
    char text[EFFNN__INFO_TEXT];

    if (!info->has_shape || info->rank == 0 ||
        (info->rank == 1 && (info->dims[0].symbol != 0 || info->dims[0].offset == 1)))
        return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE, "input %zu is %s but must be one number", i,
                             effnn__infer_print(text, call, info));
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *bias = effnn__infer_input(call, BIAS);

    EFFNN_TRY(effnn__integer_check_scale(call, X_SCALE, X_ZERO));
    EFFNN_TRY(effnn__integer_check_scale(call, W_SCALE, W_ZERO));
    EFFNN_TRY(effnn__integer_check_scale(call, Y_SCALE, Y_ZERO));
    EFFNN_TRY(check_one(call, Y_ZERO));
    if (bias && bias->has_dtype && bias->dtype != EFFNN_I32)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "bias of type %s is not supported",
                                 effnn_dtype_name(bias->dtype));
    EFFNN_TRY(effnn__integer_infer_output(call, Y_ZERO));
    return effnn__integer_conv_infer(
        call, (effnn__integer_conv_places){
                  .x = X, .x_zero = X_ZERO, .weight = W, .weight_zero = W_ZERO, .bias = BIAS });
}

static effnn__integer_conv conv_of(const effnn_op_call *call)
{
    return (effnn__integer_conv){ .attrs = call->attrs,
                                  .x = call->inputs[X],
                                  .x_zero = call->inputs[X_ZERO],
                                  .weight = call->inputs[W],
                                  .weight_zero = call->inputs[W_ZERO],
                                  .y = call->outputs[0] };
}

/* Sums come first in scratch, in whole cache lines. */
static size_t sums_bytes(const effnn_op_call *call)
{
    return (effnn_tensor_count(call->outputs[0]) * sizeof(int32_t) + 63) / 64 * 64;
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const effnn__integer_conv conv = conv_of(call);

    (void)phase;
    return sums_bytes(call) + effnn__integer_conv_scratch(call->context, &conv);
}

typedef struct requantize_job {
    const effnn_op_call *call;
    int32_t *sums;
    size_t m, positions;
    float x_scale, y_scale;
    int32_t zero;
    bool is_signed;
    uint8_t *y;
} requantize_job;

/* Items are planes. */
static effnn_status requantize_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const requantize_job *job = job_;
    const effnn_tensor *bias = effnn__call_input(job->call, BIAS);
    const effnn_tensor *scale = job->call->inputs[W_SCALE];

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        const size_t m = plane % job->m, at = plane * job->positions;
        const float w_scale =
            (float)effnn__tensor_load_f64(scale, effnn_tensor_count(scale) == 1 ? 0 : m);
        const uint32_t offset = bias ? (uint32_t)effnn__tensor_load_i64(bias, m) : 0;

        for (size_t i = 0; bias && i < job->positions; i++)
            job->sums[at + i] = (int32_t)((uint32_t)job->sums[at + i] + offset);
        effnn__integer_requantize(job->y + at, job->is_signed, job->sums + at, job->positions,
                                  job->x_scale * w_scale / job->y_scale, job->zero);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__integer_conv conv = conv_of(call);
    effnn_tensor *y = call->outputs[0];
    requantize_job job = { .call = call,
                           .sums = call->scratch,
                           .m = (size_t)effnn_tensor_dims(y)[1],
                           .positions = effnn__count_dims(y, 2, effnn_tensor_rank(y)),
                           .is_signed = effnn_tensor_dtype(y) == EFFNN_I8,
                           .y = effnn__tensor_data(y) };

    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    job.x_scale = (float)effnn__tensor_load_f64(call->inputs[X_SCALE], 0);
    job.y_scale = (float)effnn__tensor_load_f64(call->inputs[Y_SCALE], 0);
    job.zero = (int32_t)effnn__tensor_load_i64(call->inputs[Y_ZERO], 0);
    EFFNN_TRY(effnn__integer_conv_run(call->context, &conv,
                                      (char *)call->scratch + sums_bytes(call), job.sums));
    return effnn__parallel_for(call->context, (size_t)effnn_tensor_dims(y)[0] * job.m, 1,
                               requantize_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const effnn__integer_conv conv = conv_of(call);

    out->macs = effnn__integer_conv_macs(&conv);
    out->flops = 2.0 * (double)effnn_tensor_count(call->outputs[0]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "QLinearConv", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "u8[2,3,7,6]", "f32:0.5", "u8:128", "i8[4,3,3,3]", "f32{0.25,0.5,1,2}",
                  "i8{0,0,0,0}", "f32:4", "u8:100", "i32[4]" },
      .attrs = "pads=1:1:1:1" },
    { .inputs = { "u8[1,4,7,6]", "f32{0.5}", "u8{3}", "u8[6,2,3,2]", "f32:0.25", "u8:9", "f32:8",
                  "i8:-5" },
      .attrs = "group=2,strides=2:1,pads=1:0:1:2,dilations=1:2" },
    { .inputs = { "i8[2,4,9,9]", "f32:0.5", "i8:3", "i8[4,1,3,3]", "f32:1", "i8:0", "f32:8",
                  "i8:0" },
      .attrs = "group=4" },
    { .inputs = { "u8[1,1,2,3,3]", "f32:0.5", "u8:3", "i8[2,1,2,2,2]", "f32:1", "i8:0", "f32:8",
                  "i8:0" } },
    { .inputs = { "u8[0,1,3,3]", "f32:0.5", "u8:3", "i8[2,1,2,2]", "f32:1", "i8:0", "f32:8",
                  "i8:0" } },
    { .inputs = { "u8[1,2,3,3]", "f32:0.5", "u8:3", "i8[2,1,2,2]", "f32:1", "i8:0", "f32:8",
                  "i8:0" },
      .refused = "2 is not 1" },
    { .inputs = { "u8[1,1,3,3]", "f32:0.5", "u8:3", "i8[2,1,2,2]", "f32:1", "i8:0", "f32[2]",
                  "i8[2]" },
      .refused = "one number" },
    { .inputs = { "u8[1,1,3,3]", "f32:0.5", "u8:3", "i8[2,1,2,2]", "f32:1", "i8:0", "f32:1", "i8:0",
                  "f32[2]" },
      .refused = "bias of type f32" },
    { .inputs = { "u8[1,1,3,3]", "f32:0.5", "u8:3", "i8[2,1,2,2]", "f32[2]", "i8:0", "f32:1",
                  "i8:0" },
      .refused = "rank 0" },
    { .inputs = { "u8[1,1,3,3]", "f32:0.5", "u8:3", "i16[2,1,2,2]", "f32[]", "i16:0", "f32:1",
                  "i8:0" },
      .refused = "i16" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_qlinear_conv = {
    .name = "qlinear_conv",
    .summary = "convolution of quantised numbers, quantised again",
    .attrs = effnn__conv_attr_defs,
    .attrs_size = sizeof(effnn__conv_attrs),
    .min_inputs = 8,
    .max_inputs = 9,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
