/* SPDX-License-Identifier: BSD-3-Clause */
/* Quantisation to u8 by the range of x itself, zero included: scale = (largest - smallest) / 255
 * (of no range 1), zero point = the nearest integer of -smallest / scale. Outputs: y, scale, zero
 * point. All in the precision of x; NaNs do not enter the range. */

#include "ops/op_quantize.h"

#include "base/pool.h"

#include <math.h>

#define GRAIN 16384
#define LANES 16

/* ONNX has f32 only. */
static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0];

    if (x->has_dtype && x->dtype != EFFNN_F32 && x->dtype != EFFNN_F64)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "input 0 of type %s is not supported",
                                 effnn_dtype_name(x->dtype));
    if (x->has_shape) effnn__info_set_shape(&call->outputs[0], x->rank, x->dims);
    for (size_t i = 0; i < call->n_outputs; i++) {
        call->outputs[i].has_dtype = i != 1 || x->has_dtype;
        call->outputs[i].dtype = i == 1 ? x->dtype : EFFNN_U8;
        if (i > 0) effnn__info_set_shape(&call->outputs[i], 0, NULL);
    }
    return EFFNN_OK;
}

typedef struct dynamic_job {
    const effnn__dtype_row *row;
    const void *x;
    uint8_t *y;
    double scale, zero;
    bool is_f32;
} dynamic_job;

/* f32 in lanes of their own, which the order of comparing leaves as they are. */
static void range_f32(const float *x, size_t n, double *least, double *most)
{
    float low[LANES] = { 0.0f }, high[LANES] = { 0.0f };

    for (size_t i = 0; i < n; i += LANES) {
        const size_t m = n - i < LANES ? n - i : LANES;

        for (size_t k = 0; k < m; k++) {
            low[k] = x[i + k] < low[k] ? x[i + k] : low[k];
            high[k] = x[i + k] > high[k] ? x[i + k] : high[k];
        }
    }
    for (size_t k = 0; k < LANES; k++) {
        if (low[k] < *least) *least = low[k];
        if (high[k] > *most) *most = high[k];
    }
}

static void find_scale(dynamic_job *job, size_t n)
{
    double least = 0.0, most = 0.0;

    if (job->is_f32) range_f32(job->x, n, &least, &most);
    for (size_t i = 0; i < n && !job->is_f32; i++) {
        const double x = job->row->load_f64(job->x, i);

        if (x < least) least = x;
        if (x > most) most = x;
    }
    job->scale = least == most
                     ? 1.0
                     : effnn__round_as(job->row, effnn__round_as(job->row, most - least) / 255.0);
    const double zero = rint(effnn__round_as(job->row, -least / job->scale));
    job->zero = zero > 0.0 ? zero < 255.0 ? zero : 255.0 : 0.0;
}

static effnn_status quantize_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const dynamic_job *job = job_;

    (void)piece;
    if (job->is_f32) {
        effnn__quantize_bytes(job->y + begin, false, (const float *)job->x + begin, end - begin,
                              (float)job->scale, (int32_t)job->zero);
        return EFFNN_OK;
    }
    for (size_t i = begin; i < end; i++) {
        const double x = job->row->load_f64(job->x, i);
        const double q = rint(effnn__round_as(job->row, x / job->scale)) + job->zero;

        job->y[i] = (uint8_t)(q > 0.0 ? q < 255.0 ? q : 255.0 : 0.0);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *scale = call->n_outputs > 1 ? call->outputs[1] : NULL;
    effnn_tensor *zero = call->n_outputs > 2 ? call->outputs[2] : NULL;
    const size_t n = effnn_tensor_count(x);
    dynamic_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                        .x = effnn_tensor_data(x),
                        .is_f32 = effnn_tensor_dtype(x) == EFFNN_F32 };

    find_scale(&job, n);
    if (scale) job.row->store_f64(effnn__tensor_data(scale), 0, job.scale);
    if (zero) *(uint8_t *)effnn__tensor_data(zero) = (uint8_t)job.zero;
    if (!call->outputs[0]) return EFFNN_OK;
    job.y = effnn__tensor_data(call->outputs[0]);
    return effnn__parallel_for(call->context, n, GRAIN, quantize_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 4.0 * (double)effnn_tensor_count(call->inputs[0]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "DynamicQuantizeLinear", .since = 11 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{0,2,-3,-2.4,1.34,0.5}" }, .n_outputs = 3, .tolerance = 1e-6 },
    { .inputs = { "f32{-1,-2.1,-1.3,-2.5}" }, .n_outputs = 3, .tolerance = 1e-6 },
    { .inputs = { "f32{0,0}" }, .n_outputs = 3 },
    { .inputs = { "f32[2,0]" }, .n_outputs = 3 },
    { .inputs = { "f64{1,2.1,1.3,2.5}" }, .n_outputs = 3 },
    { .inputs = { "f16[4]" }, .n_outputs = 3, .refused = "f16" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_dynamic_quantize_linear = {
    .name = "dynamic_quantize_linear",
    .summary = "quantise to u8 by the range of the input",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 3,
    .max_outputs = 3,
    .infer = infer,
    .forward = forward,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
