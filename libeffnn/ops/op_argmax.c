/* SPDX-License-Identifier: BSD-3-Clause */
/* Index of the largest element along an axis, i64; of several the first (or last). A NaN counts as
 * larger than anything, as in NumPy. */

#include "ops/op_move.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <math.h>

#define GRAIN_ELEMENTS 16384

typedef struct argmax_attrs {
    int64_t axis;
    bool keepdims, select_last_index;
} argmax_attrs;

#define FIELD(f) offsetof(argmax_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "axis", "axis that is searched; negative: from the end", EFFNN_OPT_I64, FIELD(axis),
      .value = 0 },
    { "keepdims", "the axis stays with size 1", EFFNN_OPT_BOOL, FIELD(keepdims), .value = 1 },
    { "select_last_index", "of equal ones the last", EFFNN_OPT_BOOL, FIELD(select_last_index),
      .value = 0 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const argmax_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];
    size_t axis, rank = 0;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__NUMBERS));
    out->has_dtype = true;
    out->dtype = EFFNN_I64;
    if (!in->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, in->rank));
    if (effnn__sym_equal(in->dims[axis], effnn__sym_constant(0)))
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "axis %zu is empty", axis);
    for (size_t i = 0; i < in->rank; i++) {
        if (i != axis)
            dims[rank++] = in->dims[i];
        else if (attrs->keepdims)
            dims[rank++] = effnn__sym_constant(1);
    }
    effnn__info_set_shape(out, rank, dims);
    return EFFNN_OK;
}

typedef struct argmax_job {
    effnn__axis shape;
    const effnn__dtype_row *row;
    bool last;
    const void *x;
    int64_t *y;
} argmax_job;

/* True if element i beats element `best`. */
static bool beats(const argmax_job *job, size_t i, size_t best)
{
    if (job->row->kind == EFFNN__KIND_FLOAT) {
        const double a = job->row->load_f64(job->x, i), b = job->row->load_f64(job->x, best);

        if (isnan(b)) return job->last && isnan(a);
        return a > b || isnan(a) || (job->last && a == b);
    }
    const int64_t a = job->row->load_i64(job->x, i), b = job->row->load_i64(job->x, best);
    const bool unsigned_64 = job->row->kind == EFFNN__KIND_UNSIGNED && job->row->bits == 64;

    return (unsigned_64 ? (uint64_t)a > (uint64_t)b : a > b) || (job->last && a == b);
}

static effnn_status argmax_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const argmax_job *job = job_;
    const effnn__axis s = job->shape;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t first = i / s.inner * s.axis * s.inner + i % s.inner;
        size_t best = 0;

        for (size_t k = 1; k < s.axis; k++)
            if (beats(job, first + k * s.inner, first + best * s.inner)) best = k;
        job->y[i] = (int64_t)best;
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const argmax_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    argmax_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                       .last = attrs->select_last_index,
                       .x = effnn_tensor_data(x),
                       .y = effnn__tensor_data(call->outputs[0]) };

    job.shape = effnn__split_at(x, effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x)));
    return effnn__parallel_for(call->context, job.shape.outer * job.shape.inner,
                               GRAIN_ELEMENTS / (job.shape.axis + 1) + 1, argmax_piece, &job);
}

static const effnn_onnx_row onnx[] = {
    { .name = "ArgMax", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" } },
    { .inputs = { "f32[2,3,4]" }, .attrs = "axis=-1,keepdims=0" },
    { .inputs = { "i64{3,5,5,1}" }, .attrs = "select_last_index=1" },
    { .inputs = { "u64[7]" } },
    { .inputs = { "f64[2,3]" }, .attrs = "axis=1" },
    { .inputs = { "f32[0,3]" }, .attrs = "axis=1" },
    { .inputs = { "f32[2,0]" }, .attrs = "axis=1", .refused = "empty" },
    { .inputs = { "f32[2,3]" }, .attrs = "axis=2", .refused = "outside" },
    { .inputs = { "bool[2]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_argmax = {
    .name = "argmax",
    .summary = "index of the largest element along an axis",
    .attrs = attr_defs,
    .attrs_size = sizeof(argmax_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
