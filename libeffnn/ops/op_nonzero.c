/* SPDX-License-Identifier: BSD-3-Clause */
/* Coordinates of the elements that are not zero, [rank, how many], in row-major order. */

#include "ops/op_infer.h"
#include "tensor/dtype.h"

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    effnn__sym dims[2];

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    out->has_dtype = true;
    out->dtype = EFFNN_I64;
    if (!in->has_shape) return EFFNN_OK;
    dims[0] = effnn__sym_constant((int64_t)in->rank);
    EFFNN_TRY(effnn__symbols_fresh(&dims[1], call->symbols));
    effnn__info_set_shape(out, 2, dims);
    return EFFNN_OK;
}

static bool is_set(const effnn__dtype_row *row, const void *data, size_t i)
{
    return row->kind == EFFNN__KIND_FLOAT ? row->load_f64(data, i) != 0.0
                                          : row->load_i64(data, i) != 0;
}

static effnn_status forward_alloc(const effnn_op_call *call, effnn_tensor **outputs)
{
    const effnn_tensor *x = call->inputs[0];
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(x));
    const void *data = effnn_tensor_data(x);
    const size_t rank = effnn_tensor_rank(x), count = effnn_tensor_count(x);
    size_t n = 0, found = 0;

    for (size_t i = 0; i < count; i++) n += is_set(row, data, i);
    EFFNN_TRY(effnn_tensor_create(&outputs[0], call->context, EFFNN_I64, 2,
                                  (int64_t[]){ (int64_t)rank, (int64_t)n }));
    int64_t *y = effnn__tensor_data(outputs[0]);
    for (size_t i = 0; i < count && found < n; i++) {
        size_t rest = i;

        if (!is_set(row, data, i)) continue;
        for (size_t axis = rank; axis-- > 0;) {
            const size_t size = (size_t)effnn_tensor_dims(x)[axis];

            y[axis * n + found] = (int64_t)(rest % size);
            rest /= size;
        }
        found++;
    }
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "NonZero", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{1,0,-2,0,0,0.5}[2,3]" } },
    { .inputs = { "bool{1,0,1,1}[2,1,2]" } },
    { .inputs = { "i64:5" } },
    { .inputs = { "u8{0,0}" } },
    { .inputs = { "f64[0,3]" } },
    { .inputs = { "i4[4]" }, .refused = "i4" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_nonzero = {
    .name = "nonzero",
    .summary = "coordinates of the elements that are not zero",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_DYNAMIC_SHAPE,
    .infer = infer,
    .forward_alloc = forward_alloc,
    .onnx = onnx,
    .samples = samples,
};
