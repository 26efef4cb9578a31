/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequences turned round, each over its own length (input 1); what follows them stays. */

#include "base/pool.h"
#include "ops/op_move.h"

#include <string.h>

#define GRAIN_BYTES 65536

typedef struct reverse_attrs {
    int64_t batch_axis, time_axis;
} reverse_attrs;

#define FIELD(f) offsetof(reverse_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "batch_axis", "axis of the sequences", EFFNN_OPT_I64, FIELD(batch_axis), .value = 1, .min = 0,
      .max = 1 },
    { "time_axis", "axis along which they run; the other one of 0 and 1", EFFNN_OPT_I64,
      FIELD(time_axis), .value = 0, .min = 0, .max = 1 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const reverse_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0], *lengths = call->inputs[1];
    effnn__sym dim;

    EFFNN_TRY(effnn__infer_same(call, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_rank(call, 1, 1));
    if (attrs->batch_axis == attrs->time_axis)
        return effnn__infer_fail(call, EFFNN_E_ARG, "batch_axis and time_axis are both %lld",
                                 (long long)attrs->batch_axis);
    if (!in->has_shape) return EFFNN_OK;
    if (in->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 has rank %zu, below 2", in->rank);
    if (!lengths->has_shape) return EFFNN_OK;
    return effnn__infer_equal_dims(&dim, call, "number of lengths against sequences",
                                   lengths->dims[0], in->dims[attrs->batch_axis]);
}

typedef struct reverse_job {
    const effnn_tensor *lengths;
    bool time_first;
    size_t rows, columns, bytes; /* of axes 0 and 1; of an entry */
    char *y;
    const char *x;
} reverse_job;

/* Items are the entries by axes 0 and 1. */
static effnn_status reverse_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const reverse_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t row = i / job->columns, column = i % job->columns;
        const size_t time = job->time_first ? row : column;
        const size_t sequence = job->time_first ? column : row;
        const size_t length = (size_t)effnn__tensor_load_i64(job->lengths, sequence);
        const size_t from = time < length ? length - 1 - time : time;
        const size_t entry =
            job->time_first ? from * job->columns + column : row * job->columns + from;

        memcpy(job->y + i * job->bytes, job->x + entry * job->bytes, job->bytes);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const reverse_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *lengths = call->inputs[1];
    const int64_t time = effnn_tensor_dims(x)[attrs->time_axis];
    reverse_job job = { .lengths = lengths,
                        .time_first = attrs->time_axis == 0,
                        .rows = (size_t)effnn_tensor_dims(x)[0],
                        .columns = (size_t)effnn_tensor_dims(x)[1],
                        .y = effnn__tensor_data(call->outputs[0]),
                        .x = effnn_tensor_data(x) };

    for (size_t i = 0; i < effnn_tensor_count(lengths); i++) {
        const int64_t length = effnn__tensor_load_i64(lengths, i);

        if (length < 0 || length > time)
            return effnn__call_fail(call, EFFNN_E_ARG, "length %zu is %lld, outside [0, %lld]", i,
                                    (long long)length, (long long)time);
    }
    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    job.bytes = effnn__count_dims(x, 2, effnn_tensor_rank(x)) * effnn__element_size(x);
    const size_t grain = job.bytes >= GRAIN_BYTES ? 1 : GRAIN_BYTES / job.bytes;
    return effnn__parallel_for(call->context, job.rows * job.columns, grain, reverse_piece, &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs = 2;
}

static const effnn_onnx_row onnx[] = {
    { .name = "ReverseSequence", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[4,3]", "i64{4,2,0}" } },
    { .inputs = { "f32[2,5,3]", "i64{1,5}" }, .attrs = "batch_axis=0,time_axis=1" },
    { .inputs = { "u8[3,1,2,2]", "i64{2}" } },
    { .inputs = { "f64[4,0]", "i64[0]" } },
    { .inputs = { "f32[4,3]", "i64{1,5,1}" }, .refused = "length 1 is 5" },
    { .inputs = { "f32[4,3]", "i64{1,1}" }, .refused = "2 is not 3" },
    { .inputs = { "f32[4]", "i64{1}" }, .refused = "rank 1" },
    { .inputs = { "f32[2,2]", "i64{1,1}" }, .attrs = "batch_axis=0", .refused = "both 0" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_reverse_sequence = {
    .name = "reverse_sequence",
    .summary = "sequences turned round, each over its own length",
    .attrs = attr_defs,
    .attrs_size = sizeof(reverse_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .onnx = onnx,
    .samples = samples,
};
