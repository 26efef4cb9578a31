/* SPDX-License-Identifier: BSD-3-Clause */
/* Folding along an axis: each line of the axis by one thread, in order. */

#include "ops/op_cumulative.h"

#include "base/pool.h"
#include "ops/op_move.h"

#define GRAIN_ELEMENTS 16384

#define FIELD(f) offsetof(effnn__cumulative_attrs, f)
const effnn_option_def effnn__cumulative_attr_defs[] = {
    { "exclusive", "an element's result is that of those before it", EFFNN_OPT_BOOL,
      FIELD(exclusive), .value = 0 },
    { "reverse", "from the end of the axis", EFFNN_OPT_BOOL, FIELD(reverse), .value = 0 },
    EFFNN_OPTIONS_END,
};

effnn_status effnn__cumulative_infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0], *at = call->inputs[1];
    int64_t items[EFFNN__MAX_CONTENT];
    size_t n, axis;
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    if (at->has_shape && at->rank > 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "axis %s must be one number",
                                 effnn__infer_print(text, call, at));
    if (!effnn__infer_ints(call, 1, &n, items)) return EFFNN_OK;
    if (n != 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "axis of %zu numbers must be one number", n);
    return x->has_shape ? effnn__infer_axis(&axis, call, items[0], x->rank) : EFFNN_OK;
}

typedef struct cumulative_job {
    const effnn__binary *fold;
    const effnn__dtype_row *row;
    int64_t start;
    bool exclusive, reverse;
    effnn__axis shape;
    const void *x;
    void *y;
} cumulative_job;

/* Element `k` on the way along a line that begins at `first`. */
static size_t place_of(const cumulative_job *job, size_t first, size_t k)
{
    return first + (job->reverse ? job->shape.axis - 1 - k : k) * job->shape.inner;
}

static void line_f64(const cumulative_job *job, size_t first)
{
    double result = (double)job->start;

    for (size_t k = 0; k < job->shape.axis; k++) {
        const size_t at = place_of(job, first, k);
        const double next = job->fold->f64(result, job->row->load_f64(job->x, at));

        job->row->store_f64(job->y, at, job->exclusive ? result : next);
        result = next;
    }
}

static void line_i64(const cumulative_job *job, size_t first)
{
    int64_t result = job->start;

    for (size_t k = 0; k < job->shape.axis; k++) {
        const size_t at = place_of(job, first, k);
        const int64_t next = job->fold->i64(result, job->row->load_i64(job->x, at));

        effnn__store_wrapped(job->row, job->y, at, job->exclusive ? result : next);
        result = next;
    }
}

/* Items are the lines of the axis. */
static effnn_status cumulative_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const cumulative_job *job = job_;
    const effnn__axis s = job->shape;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t first = i / s.inner * s.axis * s.inner + i % s.inner;

        if (job->row->kind == EFFNN__KIND_FLOAT)
            line_f64(job, first);
        else
            line_i64(job, first);
    }
    return EFFNN_OK;
}

effnn_status effnn__cumulative_run(const effnn_op_call *call, const effnn__binary *fold,
                                   int64_t start)
{
    const effnn__cumulative_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *at = call->inputs[1];
    const int64_t rank = (int64_t)effnn_tensor_rank(x);
    cumulative_job job = { .fold = fold,
                           .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                           .start = start,
                           .exclusive = attrs->exclusive,
                           .reverse = attrs->reverse,
                           .x = effnn_tensor_data(x),
                           .y = effnn__tensor_data(call->outputs[0]) };

    if (effnn_tensor_count(at) != 1)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "axis of %zu numbers must be one number",
                                effnn_tensor_count(at));
    const int64_t axis = effnn__tensor_load_i64(at, 0);
    if (axis < -rank || axis >= rank)
        return effnn__call_fail(call, EFFNN_E_ARG, "axis %lld is outside [%lld, %lld]",
                                (long long)axis, (long long)-rank, (long long)rank - 1);
    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    job.shape = effnn__split_at(x, effnn__resolve_axis(axis, (size_t)rank));
    return effnn__parallel_for(call->context, job.shape.outer * job.shape.inner,
                               GRAIN_ELEMENTS / (job.shape.axis + 1) + 1, cumulative_piece, &job);
}
