/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix product as in NumPy: the last two dimensions are matrices, those before broadcast; an
 * operand of rank 1 is a row on the left and a column on the right. */

#include "ops/op_matmul.h"

#include "ops/op_product.h"
#include "ops/op_saves.h"

/* An operand's dimensions as a stack of matrices; a vector has a 1 put in. */
typedef struct stack_dims {
    size_t n_batch_dims;  /* dims before the matrix */
    size_t rows, columns; /* places of the matrix's dims, SIZE_MAX: the 1 put in */
} stack_dims;

static stack_dims left_dims(size_t rank)
{
    if (rank == 1) return (stack_dims){ .rows = SIZE_MAX, .columns = 0 };
    return (stack_dims){ .n_batch_dims = rank - 2, .rows = rank - 2, .columns = rank - 1 };
}

static stack_dims right_dims(size_t rank)
{
    if (rank == 1) return (stack_dims){ .rows = 0, .columns = SIZE_MAX };
    return (stack_dims){ .n_batch_dims = rank - 2, .rows = rank - 2, .columns = rank - 1 };
}

/* Shapes that are known and no scalars. */
static effnn_status infer_known(effnn_op_infer *call, const effnn__value_info *a,
                                const effnn__value_info *b)
{
    const stack_dims left = left_dims(a->rank), right = right_dims(b->rank);
    effnn__value_info *out = &call->outputs[0];
    effnn__value_info stacks[] = { *a, *b };
    const effnn__value_info *const pair[] = { &stacks[0], &stacks[1] };
    effnn_op_infer batches = *call;
    effnn__sym inner;

    EFFNN_TRY(effnn__infer_equal_dims(&inner, call, "inner sizes", a->dims[left.columns],
                                      b->dims[right.rows]));
    stacks[0].rank = left.n_batch_dims;
    stacks[1].rank = right.n_batch_dims;
    batches.inputs = pair;
    batches.n_inputs = 2;
    EFFNN_TRY(effnn__infer_broadcast(&batches, 0, 2));
    if (left.rows != SIZE_MAX) out->dims[out->rank++] = a->dims[left.rows];
    if (right.columns != SIZE_MAX) out->dims[out->rank++] = b->dims[right.columns];
    return EFFNN_OK;
}

effnn_status effnn__matmul_infer_shape(effnn_op_infer *call, size_t a, size_t b)
{
    const effnn__value_info *const pair[] = { call->inputs[a], call->inputs[b] };

    if (!pair[0]->has_shape || !pair[1]->has_shape) return EFFNN_OK;
    for (size_t i = 0; i < 2; i++)
        if (pair[i]->rank == 0)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "input %zu is a scalar", i ? b : a);
    return infer_known(call, pair[0], pair[1]);
}

static effnn_status infer(effnn_op_infer *call)
{
    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 2));
    return effnn__matmul_infer_shape(call, 0, 1);
}

static size_t dim_at(const effnn_tensor *t, size_t place)
{
    return place == SIZE_MAX ? 1 : (size_t)effnn_tensor_dims(t)[place];
}

static size_t batch_count(const effnn_tensor *t, size_t n_dims)
{
    size_t count = 1;

    for (size_t i = 0; i < n_dims; i++) count *= (size_t)effnn_tensor_dims(t)[i];
    return count;
}

size_t effnn__matmul_batches(const effnn_tensor *a, const effnn_tensor *b, const effnn_tensor *y)
{
    const size_t matrix = (effnn_tensor_rank(a) > 1) + (effnn_tensor_rank(b) > 1);

    return batch_count(y, effnn_tensor_rank(y) - matrix);
}

/* offsets[i]: where the operand's matrix for output matrix i begins; out: [n_out], the output's
 * dimensions before the matrix. */
static void fill_offsets(size_t *offsets, size_t n_batch, size_t n_out, const int64_t *out,
                         const effnn_tensor *operand, size_t matrix)
{
    const int64_t *dims = effnn_tensor_dims(operand);
    const size_t rank = effnn_tensor_rank(operand);
    const size_t n_dims = rank < 2 ? 0 : rank - 2;

    for (size_t i = 0; i < n_batch; i++) {
        size_t rest = i, stride = matrix;

        offsets[i] = 0;
        for (size_t d = 0; d < n_dims; d++) {
            const size_t size = (size_t)dims[n_dims - 1 - d];
            const size_t at = rest % (size_t)out[n_out - 1 - d];

            rest /= (size_t)out[n_out - 1 - d];
            offsets[i] += size == 1 ? 0 : at * stride;
            stride *= size;
        }
    }
}

effnn__gemm effnn__matmul_gemm(const effnn_tensor *a, const effnn_tensor *b, const effnn_tensor *y,
                               size_t *offsets)
{
    const stack_dims left = left_dims(effnn_tensor_rank(a));
    const stack_dims right = right_dims(effnn_tensor_rank(b));
    const size_t n_out =
        effnn_tensor_rank(y) - (effnn_tensor_rank(a) > 1) - (effnn_tensor_rank(b) > 1);
    effnn__gemm g = { .m = dim_at(a, left.rows),
                      .n = dim_at(b, right.columns),
                      .k = dim_at(a, left.columns),
                      .alpha = 1.0,
                      .n_batch = effnn__matmul_batches(a, b, y) };

    g.a_row = (int64_t)g.k;
    g.a_col = 1;
    g.b_row = (int64_t)g.n;
    g.b_col = 1;
    g.c_row = (int64_t)g.n;
    g.c_col = 1;
    if (!offsets) return g;
    if (effnn_tensor_count(b) == g.k * g.n) {
        /* One matrix on the right: the stack on the left is one tall matrix. */
        g.m *= g.n_batch;
        g.n_batch = 1;
        return g;
    }
    fill_offsets(offsets, g.n_batch, n_out, effnn_tensor_dims(y), a, g.m * g.k);
    fill_offsets(offsets + g.n_batch, g.n_batch, n_out, effnn_tensor_dims(y), b, g.k * g.n);
    for (size_t i = 0; i < g.n_batch; i++) offsets[2 * g.n_batch + i] = i * g.m * g.n;
    g.a_offset = offsets;
    g.b_offset = offsets + g.n_batch;
    g.c_offset = offsets + 2 * g.n_batch;
    return g;
}

/* With one constant matrix on the right: in panels. */
static effnn_status prepack(const effnn_op_call *call, effnn_op_packed *out)
{
    const effnn_tensor *b = call->inputs[1];

    if (effnn_tensor_rank(b) != 2) return EFFNN_OK;
    return effnn__product_pack(call, out, b, false);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return 3 * effnn__matmul_batches(call->inputs[0], call->inputs[1], call->outputs[0]) *
           sizeof(size_t);
}

static effnn_status forward(const effnn_op_call *call)
{
    effnn_tensor *y = call->outputs[0];
    effnn__gemm g = effnn__matmul_gemm(call->inputs[0], call->inputs[1], y, call->scratch);

    g.a = effnn_tensor_data(call->inputs[0]);
    g.b = effnn_tensor_data(call->inputs[1]);
    g.c = effnn__tensor_data(y);
    return effnn__product_node(call, &g);
}

void effnn__matmul_cost(const effnn_tensor *a, const effnn_tensor *b, const effnn_tensor *y,
                        effnn_op_cost *out)
{
    const effnn__gemm g = effnn__matmul_gemm(a, b, y, NULL);

    out->macs = (double)g.n_batch * (double)g.m * (double)g.n * (double)g.k;
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    effnn__matmul_cost(call->inputs[0], call->inputs[1], call->outputs[0], out);
}

static const effnn_onnx_row onnx[] = {
    { .name = "MatMul", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,4]", "f32[4,2]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4]", "f32[4,2]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,1,3,4]", "f32[5,4,2]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[4]", "f32[4]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4]", "f32[4]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[4]", "f32[2,4,3]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[65,70]", "f32[70,33]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[3,0]", "f32[0,2]" } },
    { .inputs = { "f32[0,4]", "f32[4,2]" } },
    { .inputs = { "f64[3,4]", "f64[4,2]" } },
    { .inputs = { "i32[3,4]", "i32[4,2]" } },
    { .inputs = { "f16[3,4]", "f16[4,2]" } },
    { .inputs = { "f32[3,4]", "f32[5,2]" }, .refused = "4 is not 5" },
    { .inputs = { "f32[2,3,4]", "f32[3,4,2]" }, .refused = "does not broadcast" },
    { .inputs = { "f32[]", "f32[2]" }, .refused = "scalar" },
    { .inputs = { "f32[3,4]", "f64[4,2]" }, .refused = "f64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_matmul = {
    .name = "matmul",
    .summary = "matrix product, batches broadcast",
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_partners,
    .flags = EFFNN_OP_TAKES_BOUNDS | EFFNN_OP_TAKES_BIAS,
    .scratch = scratch,
    .prepack = prepack,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
