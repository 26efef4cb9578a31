/* SPDX-License-Identifier: BSD-3-Clause */
/* RMS normalisation (Zhang and Sennrich, 2019): x / √(mean(x²) + epsilon) · scale over the axes
 * from `axis` on; the mean is taken in f32 or better, whatever stash_type says. ONNX has it since
 * opset 23; before, it is written as Mul(Div(x, Sqrt(Add(ReduceMean(Pow(x, 2)), epsilon))), scale)
 */

#include "ops/op_rows.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "kernels/kernels.h"
#include "tensor/dtype.h"

#include <math.h>

typedef struct rms_norm_job {
    const effnn__dtype_row *row;
    size_t d;
    double epsilon;
    const void *x, *scale;
    void *y, *rstd;
} rms_norm_job;

static effnn_status rms_norm_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const rms_norm_job *job = job_;
    const effnn__dtype_row *row = job->row;
    const size_t d = job->d;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        double sum = 0.0;

        for (size_t k = 0; k < d; k++) {
            const double x = row->load_f64(job->x, i * d + k);

            sum += x * x;
        }
        const double rstd = 1.0 / sqrt(sum / (double)d + job->epsilon);
        for (size_t k = 0; k < d; k++)
            row->store_f64(job->y, i * d + k,
                           row->load_f64(job->x, i * d + k) * rstd * row->load_f64(job->scale, k));
        if (job->rstd) row->store_f64(job->rstd, i, rstd);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__rows_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    rms_norm_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                         .epsilon = attrs->epsilon,
                         .x = effnn_tensor_data(x),
                         .scale = effnn_tensor_data(call->inputs[1]),
                         .y = effnn__tensor_data(call->outputs[0]),
                         .rstd = call->aux ? call->aux[0] : NULL };
    size_t n;

    effnn__rows_of(call, &n, &job.d);
    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(x) == EFFNN_F32)
        return effnn__kernels_get()->rms_norm_f32(call->context, n, job.d, job.x, job.scale,
                                                  (float)job.epsilon, job.y, job.rstd);
    return effnn__parallel_for(call->context, n, 8, rms_norm_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 4.0 * (double)effnn_tensor_count(call->inputs[0]);
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const effnn__rows_attrs *attrs = writer->op_attrs;
    const char *x = writer->inputs[0], *y = writer->outputs[0];
    const char *two = NULL, *epsilon = NULL, *square = NULL, *mean = NULL, *raised = NULL;
    const char *root = NULL, *unit = NULL;

    EFFNN_TRY(effnn__onnx_constant_like(writer, &two, "two", 0, 2.0));
    EFFNN_TRY(effnn__onnx_constant_like(writer, &epsilon, "epsilon", 0, attrs->epsilon));
    EFFNN_TRY(effnn__onnx_add(writer, &square, "Pow", x, two));
    EFFNN_TRY(effnn__rows_write_mean(writer, &mean, square));
    EFFNN_TRY(effnn__onnx_add(writer, &raised, "Add", mean, epsilon));
    EFFNN_TRY(effnn__onnx_add(writer, &root, "Sqrt", raised, NULL));
    EFFNN_TRY(effnn__onnx_add(writer, &unit, "Div", x, root));
    return effnn__onnx_add(writer, &y, "Mul", unit, writer->inputs[1]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "RMSNormalization", .since = 23 },
    { .name = "RMSNormalization", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,8]", "f32[8]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,8]", "f32[3,8]" }, .attrs = "axis=-2,epsilon=0.1", .tolerance = 1e-5 },
    { .inputs = { "f32[0,8]", "f32[8]" } },
    { .inputs = { "f64[2,8]", "f64[8]" } },
    { .inputs = { "f32[2,8]", "f32[7]" }, .refused = "8 is not 7" },
    { .inputs = { "i32[2,8]", "i32[8]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_rms_normalization = {
    .name = "rms_normalization",
    .summary = "rows brought to mean square 1, then scaled",
    .attrs = effnn__rows_attr_defs,
    .attrs_size = sizeof(effnn__rows_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .n_aux = 1, /* 1 / root mean square of each row */
    .infer = effnn__rows_infer,
    .forward = forward,
    .saves = effnn__saves_statistics,
    .aux = effnn__rows_aux,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
