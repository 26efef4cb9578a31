/* SPDX-License-Identifier: BSD-3-Clause */
/* (x - mean) / (deviation + 1e-9), mean and deviation over a set of axes; the small number is the
 * one of ONNX's definition of the operator. */

#include "ops/op_infer.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <effnn/option.h>
#include <math.h>

#define SMALL 1e-9

typedef struct mvn_attrs {
    effnn_int_list axes;
} mvn_attrs;

static const effnn_option_def attr_defs[] = {
    { "axes", "axes of the mean; negative: from the end", EFFNN_OPT_INTS, offsetof(mvn_attrs, axes),
      .text = "0:2:3" },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const mvn_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0];
    bool seen[EFFNN_MAX_RANK] = { false };

    EFFNN_TRY(effnn__infer_same_floats(call));
    for (size_t i = 0; x->has_shape && i < attrs->axes.n; i++) {
        size_t axis = 0;

        EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axes.items[i], x->rank));
        if (seen[axis])
            return effnn__infer_fail(call, EFFNN_E_ARG, "axis %zu is given twice", axis);
        seen[axis] = true;
    }
    return EFFNN_OK;
}

/* Sizes and strides of the axes that stay and of those that are averaged over. */
typedef struct axes_part {
    size_t n, count, sizes[EFFNN_MAX_RANK], strides[EFFNN_MAX_RANK];
} axes_part;

typedef struct mvn_job {
    const effnn__dtype_row *row;
    axes_part kept, averaged;
    const void *x;
    void *y;
} mvn_job;

static void add_axis(axes_part *part, size_t size, size_t stride)
{
    part->sizes[part->n] = size;
    part->strides[part->n] = stride;
    part->n++;
    part->count *= size;
}

/* Element of the i-th place of a part. */
static size_t place_of(const axes_part *part, size_t i)
{
    size_t at = 0;

    for (size_t k = part->n; k-- > 0;) {
        at += i % part->sizes[k] * part->strides[k];
        i /= part->sizes[k];
    }
    return at;
}

/* Items are the places of the kept axes. */
static effnn_status mvn_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const mvn_job *job = job_;
    const size_t n = job->averaged.count;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t first = place_of(&job->kept, i);
        double mean = 0.0, variance = 0.0;

        for (size_t k = 0; k < n; k++)
            mean += job->row->load_f64(job->x, first + place_of(&job->averaged, k));
        mean /= (double)n;
        for (size_t k = 0; k < n; k++) {
            const double off =
                job->row->load_f64(job->x, first + place_of(&job->averaged, k)) - mean;

            variance += off * off;
        }
        const double deviation = sqrt(variance / (double)n) + SMALL;
        for (size_t k = 0; k < n; k++) {
            const size_t at = first + place_of(&job->averaged, k);

            job->row->store_f64(job->y, at, (job->row->load_f64(job->x, at) - mean) / deviation);
        }
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const mvn_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    const int64_t rank = (int64_t)effnn_tensor_rank(x), *dims = effnn_tensor_dims(x);
    mvn_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                    .kept = { .count = 1 },
                    .averaged = { .count = 1 },
                    .x = effnn_tensor_data(x),
                    .y = effnn__tensor_data(call->outputs[0]) };

    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    for (int64_t d = 0; d < rank; d++) {
        bool averaged = false;
        size_t stride = 1;

        for (size_t i = 0; i < attrs->axes.n; i++)
            averaged = averaged || (attrs->axes.items[i] + rank) % rank == d;
        for (int64_t k = d + 1; k < rank; k++) stride *= (size_t)dims[k];
        add_axis(averaged ? &job.averaged : &job.kept, (size_t)dims[d], stride);
    }
    return effnn__parallel_for(call->context, job.kept.count, 1, mvn_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 6.0 * (double)effnn_tensor_count(call->inputs[0]);
}

/* The axes are always written: ONNX's definition by other operators does without a default. */
static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    return effnn__onnx_write_plain(writer, true);
}

static const effnn_onnx_row onnx[] = {
    { .name = "MeanVarianceNormalization", .since = 9, .write = write_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4,5]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[4,3,5]" }, .attrs = "axes=-1:0", .tolerance = 1e-5 },
    { .inputs = { "f64[2,3]" }, .attrs = "axes=1" },
    { .inputs = { "f32[0,3,4,5]" } },
    { .inputs = { "f32[2,3,4]" }, .refused = "outside" },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axes=1:-2", .refused = "twice" },
    { .inputs = { "i32[2,3,4,5]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_mean_variance_normalization = {
    .name = "mean_variance_normalization",
    .summary = "elements brought to mean 0 and deviation 1 over a set of axes",
    .attrs = attr_defs,
    .attrs_size = sizeof(mvn_attrs),
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
