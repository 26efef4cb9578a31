/* SPDX-License-Identifier: BSD-3-Clause */
/* x / its p-norm along an axis, p = 1 or 2; where the norm is 0 the result is 0. */

#include "ops/op_move.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <math.h>

typedef struct lp_attrs {
    int64_t axis, p;
} lp_attrs;

#define FIELD(f) offsetof(lp_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "axis", "axis of the norm; negative: from the end", EFFNN_OPT_I64, FIELD(axis), .value = -1 },
    { "p", "which norm", EFFNN_OPT_I64, FIELD(p), .value = 2, .min = 1, .max = 2 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const lp_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0];
    size_t axis;

    EFFNN_TRY(effnn__infer_same_floats(call));
    return x->has_shape ? effnn__infer_axis(&axis, call, attrs->axis, x->rank) : EFFNN_OK;
}

typedef struct lp_job {
    const effnn__dtype_row *row;
    effnn__axis shape;
    int64_t p;
    const void *x;
    void *y;
} lp_job;

static effnn_status lp_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const lp_job *job = job_;
    const size_t n = job->shape.axis, step = job->shape.inner;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t first = i / step * n * step + i % step;
        double sum = 0.0;

        for (size_t k = 0; k < n; k++) {
            const double x = job->row->load_f64(job->x, first + k * step);

            sum += job->p == 2 ? x * x : fabs(x);
        }
        const double norm = job->p == 2 ? sqrt(sum) : sum;
        for (size_t k = 0; k < n; k++) {
            const double x = job->row->load_f64(job->x, first + k * step);

            job->row->store_f64(job->y, first + k * step, norm == 0.0 ? 0.0 : x / norm);
        }
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const lp_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    lp_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                   .shape =
                       effnn__split_at(x, effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x))),
                   .p = attrs->p,
                   .x = effnn_tensor_data(x),
                   .y = effnn__tensor_data(call->outputs[0]) };

    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    return effnn__parallel_for(call->context, job.shape.outer * job.shape.inner,
                               4096 / (job.shape.axis + 1) + 1, lp_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 3.0 * (double)effnn_tensor_count(call->inputs[0]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "LpNormalization", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axis=1,p=1", .tolerance = 1e-6 },
    { .inputs = { "f32{0,0,0}" } },
    { .inputs = { "f64[2,3]" }, .attrs = "axis=0" },
    { .inputs = { "f32[2,0,4]" }, .attrs = "axis=1" },
    { .inputs = { "f32[2,3]" }, .attrs = "axis=2", .refused = "outside" },
    { .inputs = { "i32[2,3]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_lp_normalization = {
    .name = "lp_normalization",
    .summary = "elements divided by their norm along an axis",
    .attrs = attr_defs,
    .attrs_size = sizeof(lp_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
