/* SPDX-License-Identifier: BSD-3-Clause */
/* Logical not of bools. */

#include "base/pool.h"
#include "ops/op_elementwise.h"

#define GRAIN 65536

static effnn_status infer(effnn_op_infer *call)
{
    int64_t items[EFFNN__MAX_CONTENT];
    effnn__sym turned[EFFNN__MAX_CONTENT];
    size_t n = 0;

    EFFNN_TRY(effnn__infer_same(call, EFFNN__BOOLS));
    if (!effnn__infer_ints(call, 0, &n, items)) return EFFNN_OK;
    for (size_t i = 0; i < n; i++) turned[i] = effnn__sym_constant(!items[i]);
    effnn__infer_set_content(call, n, turned);
    return EFFNN_OK;
}

typedef struct not_job {
    uint8_t *y;
    const uint8_t *x;
} not_job;

static effnn_status not_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const not_job *job = job_;

    (void)piece;
    effnn__kernels_get()->not_8(job->y + begin, job->x + begin, end - begin);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    not_job job = { .y = effnn__tensor_data(call->outputs[0]), .x = effnn_tensor_data(x) };

    return effnn__parallel_for(call->context, effnn_tensor_count(x), GRAIN, not_piece, &job);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Not", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "bool[2,3]" } },
    { .inputs = { "bool[0]" } },
    { .inputs = { "f32[2]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_not = {
    .name = "not",
    .summary = "logical not",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
