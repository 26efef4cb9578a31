/* SPDX-License-Identifier: BSD-3-Clause */
/* Layer normalisation (Ba, Kiros and Hinton, 2016): (x - mean) / √(variance + epsilon) · scale +
 * bias over the axes from `axis` on; the variance is the biased one. Outputs 1 and 2 (optional) are
 * mean and 1 / √(variance + epsilon) of each row, in the type that stash_type says. ONNX has it
 * since opset 17; before, it is written as the exporters write it: d = Sub(x, ReduceMean(x));
 * Add(Mul(Div(d, Sqrt(Add(ReduceMean(Pow(d, 2)), epsilon))), scale), bias) */

#include "ops/op_rows.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "kernels/kernels.h"
#include "tensor/dtype.h"

#include <math.h>
#include <string.h>

typedef struct layer_norm_job {
    const effnn__dtype_row *row;
    size_t d;
    double epsilon;
    const void *x, *scale, *bias;
    void *y, *mean, *rstd;    /* of the input's type … */
    effnn_tensor *outputs[2]; /* … and as outputs; NULL: not wanted */
} layer_norm_job;

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__rows_attrs *attrs = call->attrs;
    const int dtype = effnn__dtype_from_onnx(attrs->stash_type);
    size_t axis = 0;

    EFFNN_TRY(effnn__rows_infer(call));
    if (dtype < 0 || !effnn__dtype_is_float((effnn_dtype)dtype))
        return effnn__infer_fail(call, EFFNN_E_ARG, "stash_type %lld is no float type",
                                 (long long)attrs->stash_type);
    for (size_t i = 1; i < call->n_outputs; i++) {
        effnn__value_info *out = &call->outputs[i];

        *out = call->outputs[0];
        out->has_dtype = true;
        out->dtype = (effnn_dtype)dtype;
        if (!out->has_shape) continue;
        EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, out->rank));
        for (size_t k = axis; k < out->rank; k++) out->dims[k] = effnn__sym_constant(1);
    }
    return EFFNN_OK;
}

static void put(effnn_tensor *output, size_t i, double value)
{
    if (output)
        effnn__dtype_row_of(effnn_tensor_dtype(output))
            ->store_f64(effnn__tensor_data(output), i, value);
}

static effnn_status layer_norm_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const layer_norm_job *job = job_;
    const effnn__dtype_row *row = job->row;
    const size_t d = job->d;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        double mean = 0.0, variance = 0.0;

        for (size_t k = 0; k < d; k++) mean += row->load_f64(job->x, i * d + k);
        mean /= (double)d;
        for (size_t k = 0; k < d; k++) {
            const double off = row->load_f64(job->x, i * d + k) - mean;

            variance += off * off;
        }
        const double rstd = 1.0 / sqrt(variance / (double)d + job->epsilon);
        for (size_t k = 0; k < d; k++) {
            const double y = (row->load_f64(job->x, i * d + k) - mean) * rstd;
            const double bias = job->bias ? row->load_f64(job->bias, k) : 0.0;

            row->store_f64(job->y, i * d + k, y * row->load_f64(job->scale, k) + bias);
        }
        if (job->mean) row->store_f64(job->mean, i, mean);
        if (job->rstd) row->store_f64(job->rstd, i, rstd);
        put(job->outputs[0], i, mean);
        put(job->outputs[1], i, rstd);
    }
    return EFFNN_OK;
}

/* Statistics go where they are wanted first, and are copied where else they are. */
static effnn_status run_f32(const effnn_op_call *call, layer_norm_job *job, size_t n)
{
    void *const kept[] = { job->mean, job->rstd };
    float *given[2] = { NULL, NULL };

    for (size_t i = 0; i < 2; i++)
        given[i] = job->outputs[i] ? effnn__tensor_data(job->outputs[i]) : kept[i];
    EFFNN_TRY(effnn__kernels_get()->layer_norm_f32(call->context, n, job->d, job->x, job->scale,
                                                   job->bias, (float)job->epsilon, job->y, given[0],
                                                   given[1]));
    for (size_t i = 0; i < 2; i++)
        if (kept[i] && given[i] != kept[i]) memcpy(kept[i], given[i], n * sizeof(float));
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__rows_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *bias = effnn__call_input(call, 2);
    layer_norm_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                           .epsilon = attrs->epsilon,
                           .x = effnn_tensor_data(x),
                           .scale = effnn_tensor_data(call->inputs[1]),
                           .bias = bias ? effnn_tensor_data(bias) : NULL,
                           .y = effnn__tensor_data(call->outputs[0]),
                           .mean = call->aux ? call->aux[0] : NULL,
                           .rstd = call->aux ? call->aux[1] : NULL };
    size_t n;
    bool as_f32 = effnn_tensor_dtype(x) == EFFNN_F32;

    for (size_t i = 1; i < call->n_outputs; i++) {
        job.outputs[i - 1] = call->outputs[i];
        if (call->outputs[i] && effnn_tensor_dtype(call->outputs[i]) != EFFNN_F32) as_f32 = false;
    }
    effnn__rows_of(call, &n, &job.d);
    if (effnn_tensor_count(x) == 0 && !job.outputs[0] && !job.outputs[1]) return EFFNN_OK;
    return as_f32 && job.d > 0 ? run_f32(call, &job, n)
                               : effnn__parallel_for(call->context, n, 8, layer_norm_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 7.0 * (double)effnn_tensor_count(call->inputs[0]);
}

/* A statistic as output i, in the type asked for. */
static effnn_status write_output(effnn_onnx_writer *writer, size_t i, const char *statistic)
{
    const effnn__rows_attrs *attrs = writer->op_attrs;
    const char *out = i < writer->n_outputs ? writer->outputs[i] : NULL;

    if (!out) return EFFNN_OK;
    EFFNN_TRY(effnn__onnx_add(writer, &out, "Cast", statistic, NULL));
    return effnn__onnx_set_int(writer, "to", attrs->stash_type);
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const effnn__rows_attrs *attrs = writer->op_attrs;
    const char *x = writer->inputs[0], *y = writer->outputs[0];
    const bool has_bias = writer->n_inputs > 2 && writer->inputs[2];
    const char *two = NULL, *epsilon = NULL, *mean = NULL, *off = NULL, *square = NULL;
    const char *variance = NULL, *raised = NULL, *deviation = NULL, *unit = NULL;
    const char *scaled = has_bias ? NULL : y, *reciprocal = NULL;

    EFFNN_TRY(effnn__onnx_constant_like(writer, &two, "two", 0, 2.0));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &epsilon, "epsilon", 0, attrs->epsilon));
    EFFNN_TRY(effnn__rows_write_mean(writer, &mean, x));
    EFFNN_TRY(effnn__onnx_add(writer, &off, "Sub", x, mean));
    EFFNN_TRY(effnn__onnx_add(writer, &square, "Pow", off, two));
    EFFNN_TRY(effnn__rows_write_mean(writer, &variance, square));
    EFFNN_TRY(effnn__onnx_add(writer, &raised, "Add", variance, epsilon));
    EFFNN_TRY(effnn__onnx_add(writer, &deviation, "Sqrt", raised, NULL));
    EFFNN_TRY(write_output(writer, 1, mean));
    if (writer->n_outputs > 2 && writer->outputs[2]) {
        EFFNN_TRY(effnn__onnx_add(writer, &reciprocal, "Reciprocal", deviation, NULL));
        EFFNN_TRY(write_output(writer, 2, reciprocal));
    }
    EFFNN_TRY(effnn__onnx_add(writer, &unit, "Div", off, deviation));
    EFFNN_TRY(effnn__onnx_add(writer, &scaled, "Mul", unit, writer->inputs[1]));
    return has_bias ? effnn__onnx_add(writer, &y, "Add", scaled, writer->inputs[2]) : EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "LayerNormalization", .since = 17 },
    { .name = "LayerNormalization", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,8]", "f32[8]", "f32[8]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,8]", "f32[8]" }, .attrs = "epsilon=0.1", .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,8]", "f32[3,8]", "f32[3,8]" }, .attrs = "axis=1", .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,8]", "f32[3,8]", "f32[3,8]" },
      .attrs = "axis=-2,epsilon=0.02",
      .n_outputs = 3,
      .tolerance = 1e-5 },
    { .inputs = { "f16[2,8]", "f16[8]" }, .n_outputs = 3, .tolerance = 4e-3 },
    { .inputs = { "f32[2,8]", "f32[8]" },
      .attrs = "stash_type=16",
      .n_outputs = 3,
      .tolerance = 1e-2 }, /* statistics in bf16 */
    { .inputs = { "f32[40,70]", "f32[70]", "f32[70]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[0,8]", "f32[8]" } },
    { .inputs = { "f64[2,8]", "f64[8]", "f64[8]" } },
    { .inputs = { "f32[2,8]", "f32[7]" }, .refused = "8 is not 7" },
    { .inputs = { "f32[2,8]", "f32[1,8]" }, .refused = "rank 1" },
    { .inputs = { "f32[2,8]", "f32[8]" }, .attrs = "axis=2", .refused = "outside" },
    { .inputs = { "f32[2,8]", "f32[8]" }, .attrs = "stash_type=7", .refused = "stash_type 7" },
    { .inputs = { "i32[2,8]", "i32[8]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_layer_normalization = {
    .name = "layer_normalization",
    .summary = "rows brought to mean 0 and variance 1, then scaled and shifted",
    .attrs = effnn__rows_attr_defs,
    .attrs_size = sizeof(effnn__rows_attrs),
    .min_inputs = 2,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 3,
    .flags = EFFNN_OP_IN_PLACE,
    .n_aux = 2, /* mean and 1 / deviation of each row */
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_statistics,
    .aux = effnn__rows_aux,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
