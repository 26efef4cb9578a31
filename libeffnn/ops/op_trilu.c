/* SPDX-License-Identifier: BSD-3-Clause */
/* The upper or lower triangle of the last two axes, zeros elsewhere. Input 1 moves the diagonal
 * that belongs to it: k above 0 to the right. */

#include "base/pool.h"
#include "ops/op_move.h"

#include <string.h>

#define GRAIN_BYTES 65536

typedef struct trilu_attrs {
    bool upper;
} trilu_attrs;

static const effnn_option_def attr_defs[] = {
    { "upper", "keep what is above the diagonal, else what is below", EFFNN_OPT_BOOL,
      offsetof(trilu_attrs, upper), .value = 1 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];

    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    if (in->has_shape && in->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 has rank %zu, a matrix 2", in->rank);
    return effnn__infer_same(call, EFFNN__UNPACKED);
}

typedef struct trilu_job {
    bool upper;
    int64_t k, rows, columns;
    size_t size;
    char *y;
    const char *x;
} trilu_job;

/* Items are rows of all matrices. */
static effnn_status trilu_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const trilu_job *job = job_;
    const size_t bytes = (size_t)job->columns * job->size;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        /* First column right of the part on the left: of what goes (upper) or stays (lower). */
        int64_t edge = (int64_t)i % job->rows + job->k + (job->upper ? 0 : 1);

        edge = edge < 0 ? 0 : edge > job->columns ? job->columns : edge;
        const size_t left = (size_t)edge * job->size;
        char *y = job->y + i * bytes;
        if (y != job->x + i * bytes) memcpy(y, job->x + i * bytes, bytes);
        memset(job->upper ? y : y + left, 0, job->upper ? left : bytes - left);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const trilu_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *k = effnn__call_input(call, 1);
    const size_t rank = effnn_tensor_rank(x);
    trilu_job job = { .upper = attrs->upper,
                      .rows = effnn_tensor_dims(x)[rank - 2],
                      .columns = effnn_tensor_dims(x)[rank - 1],
                      .size = effnn__element_size(x),
                      .y = effnn__tensor_data(call->outputs[0]),
                      .x = effnn_tensor_data(x) };

    if (k && effnn_tensor_count(k) != 1)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "k has %zu elements, not 1",
                                effnn_tensor_count(k));
    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    job.k = k ? effnn__tensor_load_i64(k, 0) : 0;
    if (job.k > job.columns) job.k = job.columns; /* nothing changes beyond, nothing overflows */
    if (job.k < -job.rows) job.k = -job.rows;
    const size_t grain = GRAIN_BYTES / ((size_t)job.columns * job.size) + 1;
    return effnn__parallel_for(call->context, effnn__count_dims(x, 0, rank - 1), grain, trilu_piece,
                               &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    if ((out->wanted & 1) && call->n_inputs > 1) out->inputs = 2;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Trilu", .since = 14 },
    { .name = "Trilu", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,4]" } },
    { .inputs = { "f32[3,4]" }, .attrs = "upper=0" },
    { .inputs = { "i64[2,3,3]", "i64:1" } },
    { .inputs = { "bool[2,3,3]", "i64:-1" }, .attrs = "upper=0" },
    { .inputs = { "f64[4,3]", "i64:-9" } },
    { .inputs = { "f16[4,3]", "i64:9" }, .attrs = "upper=0" },
    { .inputs = { "f32[0,3]" } },
    { .inputs = { "f32[3]" }, .refused = "rank 1" },
    { .inputs = { "f32[3,3]", "i64{1,2}" }, .refused = "k has 2" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_trilu = {
    .name = "trilu",
    .summary = "upper or lower triangle of matrices",
    .attrs = attr_defs,
    .attrs_size = sizeof(trilu_attrs),
    .min_inputs = 1,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .onnx = onnx,
    .samples = samples,
};
