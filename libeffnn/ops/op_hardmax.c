/* SPDX-License-Identifier: BSD-3-Clause */
/* 1 at the largest element along an axis (the first of several), 0 elsewhere. A NaN counts as the
 * largest. */

#include "base/pool.h"
#include "ops/op_elementwise.h"
#include "ops/op_softmax_axis.h"

#include <math.h>

#define GRAIN_ELEMENTS 16384

typedef struct hardmax_job {
    effnn__axis shape;
    const effnn__dtype_row *row;
    const void *x;
    void *y;
} hardmax_job;

/* Items are the lines of the axis. */
static effnn_status hardmax_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const hardmax_job *job = job_;
    const effnn__axis s = job->shape;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t first = i / s.inner * s.axis * s.inner + i % s.inner;
        double largest = job->row->load_f64(job->x, first);
        size_t best = 0;

        for (size_t k = 1; k < s.axis && !isnan(largest); k++) {
            const double x = job->row->load_f64(job->x, first + k * s.inner);

            if (x <= largest) continue;
            largest = x;
            best = k;
        }
        for (size_t k = 0; k < s.axis; k++)
            job->row->store_f64(job->y, first + k * s.inner, k == best);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    hardmax_job job = { .shape = effnn__softmax_shape(call),
                        .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                        .x = effnn_tensor_data(x),
                        .y = effnn__tensor_data(call->outputs[0]) };

    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    return effnn__parallel_for(call->context, job.shape.outer * job.shape.inner,
                               GRAIN_ELEMENTS / (job.shape.axis + 1) + 1, hardmax_piece, &job);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Hardmax", .since = 13, .read = effnn__softmax_read, .write = effnn__softmax_write },
    { .name = "Hardmax", .since = 1, .read = effnn__softmax_read_flattening, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" } },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axis=1" },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axis=1,flatten=1" },
    { .inputs = { "f32{1,3,3,nan,2}" } },
    { .inputs = { "f32[0,4]" } },
    { .inputs = { "f64[2,3]" }, .attrs = "axis=0" },
    { .inputs = { "f16[2,3]" } },
    { .inputs = { "f32[2,3]" }, .attrs = "axis=2", .refused = "outside" },
    { .inputs = { "i32[2,3]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_hardmax = {
    .name = "hardmax",
    .summary = "1 at the largest element along an axis, 0 elsewhere",
    .attrs = effnn__softmax_attr_defs,
    .attrs_size = sizeof(effnn__softmax_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = effnn__softmax_infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
