/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix product of quantised numbers: (a - a_zero) · (b - b_zero) exactly, times
 * a_scale · b_scale / y_scale, to the nearest integer, plus y_zero, saturated. Inputs: a, its scale
 * and zero point, b, its scale and zero point, scale and zero point of y; those of a one number or
 * one a row, of b one a column, of y as of a. */

#include "ops/op_integer.h"
#include "ops/op_matmul.h"
#include "ops/op_walk.h"
#include "tensor/dtype.h"

#include <string.h>

#define GRAIN 16384

enum { A, A_SCALE, A_ZERO, B, B_SCALE, B_ZERO, Y_SCALE, Y_ZERO };

/* Scale and zero point of y are one number or one a row. */
static effnn_status check_output(const effnn_op_infer *call)
{
    const effnn__value_info *zero = call->inputs[Y_ZERO], *a = call->inputs[A];
    effnn__sym size;
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__integer_check_scale(call, Y_SCALE, Y_ZERO));
    if (!zero->has_shape || zero->rank == 0 || !a->has_shape) return EFFNN_OK;
    if (zero->rank == 1 && effnn__sym_equal(zero->dims[0], effnn__sym_constant(1))) return EFFNN_OK;
    if (zero->rank == 1 && a->rank == 2)
        return effnn__infer_equal_dims(&size, call, "sizes of rows and zero point", a->dims[0],
                                       zero->dims[0]);
    return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED,
                             "zero point %s of y: only one number or one a row of two dimensions",
                             effnn__infer_print(text, call, zero));
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *a = call->inputs[A], *b = call->inputs[B];
    const size_t row = a->rank > 1 ? a->rank - 2 : EFFNN_MAX_RANK, column = b->rank - 1;

    EFFNN_TRY(effnn__integer_check(
        call,
        (effnn__integer_zero){
            .x = A, .zero = A_ZERO, .axis = row, .other = a->rank - 1, .stacked = b->rank != 1 }));
    EFFNN_TRY(effnn__integer_check(call, (effnn__integer_zero){ .x = B,
                                                                .zero = B_ZERO,
                                                                .axis = column,
                                                                .other = b->rank - 2,
                                                                .stacked = a->rank != 1 }));
    EFFNN_TRY(effnn__integer_check_scale(call, A_SCALE, A_ZERO));
    EFFNN_TRY(effnn__integer_check_scale(call, B_SCALE, B_ZERO));
    EFFNN_TRY(check_output(call));
    EFFNN_TRY(effnn__integer_infer_output(call, Y_ZERO));
    return effnn__matmul_infer_shape(call, A, B);
}

/* Scratch: a and b widened, products, sums, offsets of the stacks. */
typedef struct room {
    float *a, *b, *part;
    int32_t *sums;
    size_t *offsets;
} room;

static size_t lay_out(const effnn_op_call *call, room *out)
{
    const effnn_tensor *a = call->inputs[A], *b = call->inputs[B], *y = call->outputs[0];
    const size_t n_offsets = 3 * effnn__matmul_batches(a, b, y), n = effnn_tensor_count(y);
    const size_t n_floats = effnn_tensor_count(a) + effnn_tensor_count(b) + n;

    if (out) {
        out->offsets = call->scratch;
        out->a = (float *)(out->offsets + n_offsets);
        out->b = out->a + effnn_tensor_count(a);
        out->part = out->b + effnn_tensor_count(b);
        out->sums = (int32_t *)(out->part + n);
    }
    return n_offsets * sizeof(size_t) + n_floats * sizeof(float) + n * sizeof(int32_t);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return lay_out(call, NULL);
}

typedef struct requantize_job {
    const effnn_op_call *call;
    const int32_t *sums;
    bool is_signed;
    uint8_t *y;
} requantize_job;

/* Operands: scale of a, scale of b, scale and zero point of y. */
static void requantize_run(void *user, size_t at, size_t n, const int64_t *offsets,
                           const int64_t *steps)
{
    const requantize_job *job = user;
    const effnn_tensor *const *in = job->call->inputs;
    const bool one_zero = effnn_tensor_count(in[Y_ZERO]) == 1;
    const bool one_scale = effnn_tensor_count(in[Y_SCALE]) == 1;
    const size_t run = steps[0] == 0 && steps[1] == 0 && steps[2] == 0 ? n : 1;

    for (size_t i = 0; i < n; i += run) {
        const int64_t k = (int64_t)i;
        const size_t y = (size_t)(offsets[2] + k * steps[2]);
        const float a =
            (float)effnn__tensor_load_f64(in[A_SCALE], (size_t)(offsets[0] + k * steps[0]));
        const float b =
            (float)effnn__tensor_load_f64(in[B_SCALE], (size_t)(offsets[1] + k * steps[1]));
        const float scale = (float)effnn__tensor_load_f64(in[Y_SCALE], one_scale ? 0 : y);

        effnn__integer_requantize(job->y + at + i, job->is_signed, job->sums + at + i, run,
                                  a * b / scale,
                                  (int32_t)effnn__tensor_load_i64(in[Y_ZERO], one_zero ? 0 : y));
    }
}

/* Strides of a scale over y, whose stack of matrices may have more dimensions than the operand's
 * and lacks the one of a vector. */
static void add_scale(effnn__walk *walk, const effnn_tensor *y, const effnn_tensor *scale,
                      size_t axis)
{
    const size_t rank = effnn_tensor_rank(y), n = effnn_tensor_rank(scale);
    int64_t strides[EFFNN_MAX_RANK];

    memset(strides, 0, sizeof strides);
    if (n <= rank)
        effnn__integer_strides(strides + (n > 1 ? rank - n : 0), n > 1 ? n : rank, scale, axis);
    effnn__walk_add(walk, 0, strides);
}

static effnn_status requantize(const effnn_op_call *call, const int32_t *sums)
{
    effnn_tensor *y = call->outputs[0];
    const size_t rank = effnn_tensor_rank(y), row = rank > 1 ? rank - 2 : 0;
    const size_t column = rank > 0 ? rank - 1 : 0;
    const effnn_tensor *of_y = effnn_tensor_count(call->inputs[Y_ZERO]) == 1 ? call->inputs[Y_SCALE]
                                                                             : call->inputs[Y_ZERO];
    requantize_job job = { .call = call,
                           .sums = sums,
                           .is_signed = effnn_tensor_dtype(y) == EFFNN_I8,
                           .y = effnn__tensor_data(y) };
    effnn__walk walk;

    effnn__walk_init(&walk, rank, effnn_tensor_dims(y));
    add_scale(&walk, y, call->inputs[A_SCALE], row);
    add_scale(&walk, y, call->inputs[B_SCALE], column);
    add_scale(&walk, y, of_y, row);
    return effnn__walk_run(&walk, call->context, GRAIN, requantize_run, &job);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *a = call->inputs[A], *b = call->inputs[B];
    const effnn_tensor *a_zero = call->inputs[A_ZERO], *b_zero = call->inputs[B_ZERO];
    room r = { 0 };

    lay_out(call, &r);
    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    effnn__gemm g = effnn__matmul_gemm(a, b, call->outputs[0], r.offsets);
    g.a = r.a;
    g.b = r.b;
    EFFNN_TRY(effnn__integer_widen_tensor(call->context, r.a, a, a_zero,
                                          effnn_tensor_rank(a) > 1 ? effnn_tensor_rank(a) - 2 : 0));
    EFFNN_TRY(effnn__integer_widen_tensor(call->context, r.b, b, b_zero, effnn_tensor_rank(b) - 1));
    EFFNN_TRY(effnn__integer_product(call->context, &g, effnn__integer_depth(a, a_zero, b, b_zero),
                                     r.part, r.sums));
    return requantize(call, r.sums);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    effnn__matmul_cost(call->inputs[A], call->inputs[B], call->outputs[0], out);
    out->flops = 2.0 * (double)effnn_tensor_count(call->outputs[0]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "QLinearMatMul", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "u8[3,4]", "f32:0.5", "u8:3", "i8[4,2]", "f32:0.25", "i8:-1", "f32:2",
                  "u8:100" } },
    { .inputs = { "i8[2,4]", "f32{0.5,2}", "i8{3,-1}", "i8[4,3]", "f32{0.25,1,0.5}", "i8{1,2,3}",
                  "f32:4", "i8:-7" } },
    { .inputs = { "u8[2,4]", "f32{0.5}", "u8{3}", "u8[4,3]", "f32:0.25", "u8:2", "f32{4,2}",
                  "i8{1,5}" } },
    { .inputs = { "u8[2,1,3,4]", "f32:0.5", "u8:3", "i8[5,4,2]", "f32:0.25", "i8:-1", "f32:2",
                  "i8:0" } },
    { .inputs = { "u8[2,4]", "f32:0.5", "u8:3", "i8[4]", "f32:0.25", "i8:-1", "f32:2", "i8:0" } },
    { .inputs = { "u8[0,4]", "f32:0.5", "u8:3", "i8[4,2]", "f32:0.25", "i8:-1", "f32:2", "i8:0" } },
    { .inputs = { "u8[3,4]", "f32:0.5", "u8:3", "i8[5,2]", "f32:1", "i8:-1", "f32:2", "u8:1" },
      .refused = "4 is not 5" },
    { .inputs = { "u8[3,4]", "f32[2]", "u8:3", "i8[4,2]", "f32:1", "i8:-1", "f32:2", "u8:1" },
      .refused = "rank 0" },
    { .inputs = { "u8[3,4]", "f32:1", "u8:3", "i8[4,2]", "f32:1", "i8:-1", "f32[2]", "u8[2]" },
      .refused = "3 is not 2" },
    { .inputs = { "u8[3,4]", "f32:1", "u8:3", "i8[4,2]", "f32:1", "i8:-1", "f32[]", "i16[]" },
      .refused = "i16" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_qlinear_matmul = {
    .name = "qlinear_matmul",
    .summary = "matrix product of quantised numbers, quantised again",
    .min_inputs = 8,
    .max_inputs = 8,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
