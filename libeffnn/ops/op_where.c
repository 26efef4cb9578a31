/* SPDX-License-Identifier: BSD-3-Clause */
/* Choice: condition ? a : b, all three broadcast together; any unpacked type, moved as bytes. */

#include "ops/op_elementwise.h"
#include "ops/op_walk.h"

#include <string.h>

#define GRAIN 16384
#define BLOCK 256

/* Contents: the condition's are bools that are known or not. */
static void infer_content(effnn_op_infer *call)
{
    effnn__sym items[3][EFFNN__MAX_CONTENT], y[EFFNN__MAX_CONTENT];
    size_t n[3], count = 1;

    for (size_t k = 0; k < 3; k++) {
        if (!effnn__infer_content(call, k, &n[k], items[k])) return;
        if (n[k] != 1) count = n[k];
    }
    for (size_t i = 0; i < count; i++) {
        const effnn__sym condition = items[0][n[0] == 1 ? 0 : i];
        const size_t chosen = condition.offset ? 1 : 2;

        if (condition.symbol != 0) return;
        y[i] = items[chosen][n[chosen] == 1 ? 0 : i];
    }
    effnn__infer_set_content(call, count, y);
}

static effnn_status infer(effnn_op_infer *call)
{
    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__BOOLS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 1, 3));
    EFFNN_TRY(effnn__infer_broadcast(call, 0, 3));
    infer_content(call);
    return EFFNN_OK;
}

typedef struct where_job {
    char *y;
    const unsigned char *condition;
    const char *a, *b;
    size_t size;
} where_job;

static void where_run(void *user, size_t at, size_t n, const int64_t *offsets, const int64_t *steps)
{
    const where_job *job = user;
    const int64_t size = (int64_t)job->size;

    for (size_t i = 0; i < n; i++) {
        const int64_t k = (int64_t)i;
        const char *from = job->condition[offsets[0] + k * steps[0]]
                               ? job->a + (offsets[1] + k * steps[1]) * size
                               : job->b + (offsets[2] + k * steps[2]) * size;

        memcpy(job->y + (at + i) * job->size, from, job->size);
    }
}

/* `n` ≤ BLOCK elements of 32 bits from place `from` on, `step` apart; one repeated goes to `block`.
 */
static const uint32_t *elements(uint32_t *block, const void *data, int64_t from, int64_t step,
                                size_t done, size_t n)
{
    const uint32_t *x = (const uint32_t *)data + from;
    float value;

    if (step != 0) return x + done;
    if (done == 0) {
        memcpy(&value, x, sizeof value);
        effnn__kernels_get()->fill_f32((float *)block, n, value);
    }
    return block;
}

static void where_run_32(void *user, size_t at, size_t n, const int64_t *offsets,
                         const int64_t *steps)
{
    const where_job *job = user;
    uint32_t *y = (uint32_t *)job->y + at, a_block[BLOCK], b_block[BLOCK];

    if (steps[0] == 0) {
        where_run(user, at, n, offsets, steps);
        return;
    }
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t m = n - i < BLOCK ? n - i : BLOCK;

        effnn__kernels_get()->select_32(y + i, job->condition + offsets[0] + i,
                                        elements(a_block, job->a, offsets[1], steps[1], i, m),
                                        elements(b_block, job->b, offsets[2], steps[2], i, m), m);
    }
}

static effnn_status forward(const effnn_op_call *call)
{
    effnn_tensor *y = call->outputs[0];
    where_job job = { .y = effnn__tensor_data(y),
                      .condition = effnn_tensor_data(call->inputs[0]),
                      .a = effnn_tensor_data(call->inputs[1]),
                      .b = effnn_tensor_data(call->inputs[2]),
                      .size = effnn_dtype_bits(effnn_tensor_dtype(y)) / 8 };
    effnn__walk walk;

    effnn__walk_init(&walk, effnn_tensor_rank(y), effnn_tensor_dims(y));
    for (size_t k = 0; k < 3; k++)
        effnn__walk_add_broadcast(&walk, effnn_tensor_rank(call->inputs[k]),
                                  effnn_tensor_dims(call->inputs[k]));
    return effnn__walk_run(&walk, call->context, GRAIN, job.size == 4 ? where_run_32 : where_run,
                           &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted) out->inputs = 1;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Where", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "bool[2,3]", "f32[2,3]", "f32[2,3]" } },
    { .inputs = { "bool[3]", "f32[2,1]", "f32[]" } },
    { .inputs = { "bool{1,0,1}", "i64{1,2,3}", "i64{4,5,6}" } },
    { .inputs = { "bool[0]", "f64[1]", "f64[]" } },
    { .inputs = { "bool[4]", "bf16[4]", "bf16[4]" } },
    { .inputs = { "bool[4]", "u8[4]", "u8[4]" } },
    { .inputs = { "bool[2]", "f32[3]", "f32[3]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[2]", "f32[2]", "f32[2]" }, .refused = "f32" },
    { .inputs = { "bool[2]", "f32[2]", "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_where = {
    .name = "where",
    .summary = "a where the condition is true, else b",
    .min_inputs = 3,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .onnx = onnx,
    .samples = samples,
};
