/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix product of 8-bit integers less their zero points, as i32; stacks broadcast as in matmul.
 * Inputs: a, b, zero points of both (optional; one number, or one a row of a and a column of b). */

#include "ops/op_integer.h"
#include "ops/op_matmul.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *a = call->inputs[0], *b = call->inputs[1];
    const size_t row = a->rank > 1 ? a->rank - 2 : EFFNN_MAX_RANK, column = b->rank - 1;

    EFFNN_TRY(effnn__integer_check(
        call, (effnn__integer_zero){
                  .x = 0, .zero = 2, .axis = row, .other = a->rank - 1, .stacked = b->rank != 1 }));
    EFFNN_TRY(effnn__integer_check(
        call,
        (effnn__integer_zero){
            .x = 1, .zero = 3, .axis = column, .other = b->rank - 2, .stacked = a->rank != 1 }));
    call->outputs[0].has_dtype = true;
    call->outputs[0].dtype = EFFNN_I32;
    return effnn__matmul_infer_shape(call, 0, 1);
}

/* Scratch: a and b widened, products, offsets of the stacks. */
typedef struct room {
    float *a, *b, *part;
    size_t *offsets;
} room;

static size_t lay_out(const effnn_op_call *call, room *out)
{
    const effnn_tensor *a = call->inputs[0], *b = call->inputs[1], *y = call->outputs[0];
    const size_t n_offsets = 3 * effnn__matmul_batches(a, b, y);
    const size_t n_floats = effnn_tensor_count(a) + effnn_tensor_count(b) + effnn_tensor_count(y);

    if (out) {
        out->offsets = call->scratch;
        out->a = (float *)(out->offsets + n_offsets);
        out->b = out->a + effnn_tensor_count(a);
        out->part = out->b + effnn_tensor_count(b);
    }
    return n_offsets * sizeof(size_t) + n_floats * sizeof(float);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return lay_out(call, NULL);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *a = call->inputs[0], *b = call->inputs[1];
    const effnn_tensor *a_zero = effnn__call_input(call, 2), *b_zero = effnn__call_input(call, 3);
    effnn_tensor *y = call->outputs[0];
    room r = { 0 };

    lay_out(call, &r);
    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    effnn__gemm g = effnn__matmul_gemm(a, b, y, r.offsets);
    g.a = r.a;
    g.b = r.b;
    EFFNN_TRY(effnn__integer_widen_tensor(call->context, r.a, a, a_zero,
                                          effnn_tensor_rank(a) > 1 ? effnn_tensor_rank(a) - 2 : 0));
    EFFNN_TRY(effnn__integer_widen_tensor(call->context, r.b, b, b_zero, effnn_tensor_rank(b) - 1));
    return effnn__integer_product(call->context, &g, effnn__integer_depth(a, a_zero, b, b_zero),
                                  r.part, effnn__tensor_data(y));
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    effnn__matmul_cost(call->inputs[0], call->inputs[1], call->outputs[0], out);
}

static const effnn_onnx_row onnx[] = {
    { .name = "MatMulInteger", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "u8[3,4]", "i8[4,2]", "u8:128", "i8:-3" } },
    { .inputs = { "u8[5,700]", "u8[700,3]" } },
    { .inputs = { "i8[3,4]", "u8[4,2]", "i8{1,-2,3}", "u8{7,9}" } },
    { .inputs = { "u8[2,3,4]", "i8[2,4,5]", "u8[2,3,1]", "i8[2,1,5]" } },
    { .inputs = { "u8[2,1,3,4]", "i8[5,4,2]", "", "i8:1" } },
    { .inputs = { "i8[4]", "i8[4]" } },
    { .inputs = { "i8[0,4]", "i8[4,2]" } },
    { .inputs = { "i8[3,0]", "i8[0,2]" } },
    { .inputs = { "i8[3,4]", "i8[5,2]" }, .refused = "4 is not 5" },
    { .inputs = { "i8[3,4]", "i8[4,2]", "i8[4]" }, .refused = "3 is not 4" },
    { .inputs = { "i8[3,4]", "i8[4,2]", "u8[]" }, .refused = "zero point is u8" },
    { .inputs = { "i8[3,4]", "i8[4,2]", "i8[1,1,1]" }, .refused = "does not suit" },
    { .inputs = { "i32[3,4]", "i8[4,2]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_matmul_integer = {
    .name = "matmul_integer",
    .summary = "matrix product of 8-bit integers, as i32",
    .min_inputs = 2,
    .max_inputs = 4,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
