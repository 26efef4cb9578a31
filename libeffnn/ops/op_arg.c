/* SPDX-License-Identifier: BSD-3-Clause */
/* Searching an axis for its extreme: each output element by one thread. */

#include "ops/op_arg.h"

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <math.h>

#define GRAIN_ELEMENTS 16384

#define FIELD(f) offsetof(effnn__arg_attrs, f)
const effnn_option_def effnn__arg_attr_defs[] = {
    { "axis", "axis that is searched; negative: from the end", EFFNN_OPT_I64, FIELD(axis),
      .value = 0 },
    { "keepdims", "the axis stays with size 1", EFFNN_OPT_BOOL, FIELD(keepdims), .value = 1 },
    { "select_last_index", "of equal ones the last", EFFNN_OPT_BOOL, FIELD(select_last_index),
      .value = 0 },
    EFFNN_OPTIONS_END,
};

effnn_status effnn__arg_infer(effnn_op_infer *call)
{
    const effnn__arg_attrs *attrs = call->attrs;
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

typedef struct arg_job {
    effnn__axis shape;
    const effnn__dtype_row *row;
    bool smallest, last, is_f32;
    const void *x;
    int64_t *y;
} arg_job;

/* True if element i beats element `best`. */
static bool beats(const arg_job *job, size_t i, size_t best)
{
    if (job->row->kind == EFFNN__KIND_FLOAT) {
        const double a = job->row->load_f64(job->x, i), b = job->row->load_f64(job->x, best);

        if (isnan(b)) return job->last && isnan(a);
        return (job->smallest ? a < b : a > b) || isnan(a) || (job->last && a == b);
    }
    const int64_t a = job->row->load_i64(job->x, i), b = job->row->load_i64(job->x, best);
    const bool unsigned_64 = job->row->kind == EFFNN__KIND_UNSIGNED && job->row->bits == 64;

    if (a == b) return job->last;
    return (unsigned_64 ? (uint64_t)a > (uint64_t)b : a > b) != job->smallest;
}

/* The same for f32, where most searches are: n elements, `stride` apart. */
static size_t search_f32(const arg_job *job, const float *x, size_t n, size_t stride)
{
    const float sign = job->smallest ? -1.0f : 1.0f;
    float best = sign * x[0];
    size_t at = 0;

    for (size_t k = 1; k < n; k++) {
        const float v = sign * x[k * stride];

        if (v <= best && !(job->last && v == best)) continue; /* neither is NaN */
        if (isnan(best) && !(job->last && isnan(v))) continue;
        best = v;
        at = k;
    }
    return at;
}

static effnn_status arg_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const arg_job *job = job_;
    const effnn__axis s = job->shape;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t first = i / s.inner * s.axis * s.inner + i % s.inner;
        size_t best = 0;

        if (job->is_f32) {
            job->y[i] = (int64_t)search_f32(job, (const float *)job->x + first, s.axis, s.inner);
            continue;
        }
        for (size_t k = 1; k < s.axis; k++)
            if (beats(job, first + k * s.inner, first + best * s.inner)) best = k;
        job->y[i] = (int64_t)best;
    }
    return EFFNN_OK;
}

effnn_status effnn__arg_run(const effnn_op_call *call, bool smallest)
{
    const effnn__arg_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    arg_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                    .smallest = smallest,
                    .is_f32 = effnn_tensor_dtype(x) == EFFNN_F32,
                    .last = attrs->select_last_index,
                    .x = effnn_tensor_data(x),
                    .y = effnn__tensor_data(call->outputs[0]) };

    job.shape = effnn__split_at(x, effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x)));
    return effnn__parallel_for(call->context, job.shape.outer * job.shape.inner,
                               GRAIN_ELEMENTS / (job.shape.axis + 1) + 1, arg_piece, &job);
}
