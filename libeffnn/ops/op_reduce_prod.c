/* SPDX-License-Identifier: BSD-3-Clause */
/* Product over axes; of nothing it is 1. Integers wrap. */

#include "ops/op_reduce.h"
#include "ops/op_saves.h"

static double multiply_f64(double product, double x)
{
    return product * x;
}

static int64_t multiply_i64(int64_t product, int64_t x)
{
    return (int64_t)((uint64_t)product * (uint64_t)x);
}

static int64_t one(const effnn__dtype_row *row)
{
    (void)row;
    return 1;
}

static const effnn__binary fold = { .f64 = multiply_f64, .i64 = multiply_i64 };

/* The product of a shape is a number of elements: followed if all of it is reduced. */
static effnn_status infer(effnn_op_infer *call)
{
    effnn__sym items[EFFNN__MAX_CONTENT], product = effnn__sym_constant(1);
    size_t n;

    EFFNN_TRY(effnn__reduce_infer(call, EFFNN__NUMBERS));
    if (!effnn__infer_content(call, 0, &n, items)) return EFFNN_OK;
    for (size_t i = 0; i < n; i++) {
        const effnn_status status = effnn__sym_mul(&product, call->symbols, product, items[i]);

        if (status == EFFNN_E_NOMEM) return status;
        if (status != EFFNN_OK) return EFFNN_OK;
    }
    effnn__infer_set_content(call, 1, &product);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__reduction reduction = { .fold = &fold, .start = 1.0, .start_i64 = one };

    return effnn__reduce_run(call, &reduction);
}

static const effnn_onnx_row onnx[] = {
    { .name = "ReduceProd", .since = 18 },
    { .name = "ReduceProd",
      .since = 1,
      .read = effnn__onnx_read_axes,
      .write = effnn__reduce_write_attributes },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]", "i64{1}" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4]", "i64{-1}" }, .attrs = "keepdims=0", .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4]", "i64{0,2}" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4,5]", "i64{2,1}" }, .attrs = "keepdims=0", .tolerance = 1e-5 },
    { .inputs = { "f32[7,40]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3]" }, .attrs = "noop_with_empty_axes=1", .tolerance = 1e-5 },
    { .inputs = { "f32[2,0]", "i64{1}" } },
    { .inputs = { "f64[2,3]", "i64{0}" } },
    { .inputs = { "i32[2,3]", "i64{0}" } },
    { .inputs = { "i64{-3,4}" } },
    { .inputs = { "i64{}" } },
    { .inputs = { "f16[2,3]", "i64{1}" } },
    { .inputs = { "f32[2,3]", "i64{2}" }, .refused = "outside" },
    { .inputs = { "f32[2,3]", "i64{1,-1}" }, .refused = "twice" },
    { .inputs = { "bool[2,3]" }, .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_reduce_prod = {
    .name = "reduce_prod",
    .summary = "product over axes",
    .attrs = effnn__reduce_attr_defs,
    .attrs_size = sizeof(effnn__reduce_attrs),
    .min_inputs = 1,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input_output,
    .cost = effnn__reduce_cost,
    .onnx = onnx,
    .samples = samples,
};
