/* SPDX-License-Identifier: BSD-3-Clause */
/* Gated linear unit with a swish gate (Shazeer, 2020): a · sigmoid(alpha · a) · b, element by
 * element. ONNX has it since opset 28; before, it is written as Mul(Mul(a, Sigmoid(Mul(a,
 * alpha))), b). */

#include "base/pool.h"
#include "ops/op_elementwise.h"
#include "ops/op_saves.h"

#include <math.h>

#define GRAIN 16384
#define BLOCK 256

typedef struct swi_glu_attrs {
    double alpha;
} swi_glu_attrs;

static const effnn_option_def attr_defs[] = {
    { "alpha", "factor inside the sigmoid", EFFNN_OPT_F64, offsetof(swi_glu_attrs, alpha),
      .value = 1.0 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *a = call->inputs[0], *b = call->inputs[1];
    char text[2][EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 2));
    if (!a->has_shape || !b->has_shape) return EFFNN_OK;
    if (a->rank != b->rank)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%s and %s are not of one shape",
                                 effnn__infer_print(text[0], call, a),
                                 effnn__infer_print(text[1], call, b));
    for (size_t i = 0; i < a->rank; i++)
        EFFNN_TRY(effnn__infer_equal_dims(&call->outputs[0].dims[i], call,
                                          "sizes of gate and value", a->dims[i], b->dims[i]));
    return EFFNN_OK;
}

typedef struct swi_glu_job {
    const effnn__kernels *kernels;
    const effnn__dtype_row *row;
    double alpha;
    bool is_f32;
    const void *a, *b;
    void *y;
} swi_glu_job;

static void run_f32(const swi_glu_job *job, size_t begin, size_t end)
{
    const float alpha = (float)job->alpha;
    const float *a = job->a, *b = job->b;
    float *y = job->y, gate[BLOCK];

    for (size_t i = begin; i < end; i += BLOCK) {
        const size_t n = end - i < BLOCK ? end - i : BLOCK;

        for (size_t k = 0; k < n; k++) gate[k] = alpha * a[i + k];
        job->kernels->sigmoid_f32(gate, gate, n);
        for (size_t k = 0; k < n; k++) y[i + k] = a[i + k] * gate[k] * b[i + k];
    }
}

static effnn_status swi_glu_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const swi_glu_job *job = job_;

    (void)piece;
    if (job->is_f32) {
        run_f32(job, begin, end);
        return EFFNN_OK;
    }
    for (size_t i = begin; i < end; i++) {
        const double a = job->row->load_f64(job->a, i), b = job->row->load_f64(job->b, i);

        job->row->store_f64(job->y, i, a / (1.0 + exp(-job->alpha * a)) * b);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const swi_glu_attrs *attrs = call->attrs;
    const effnn_tensor *a = call->inputs[0];
    const effnn_dtype dtype = effnn_tensor_dtype(a);
    swi_glu_job job = { .kernels = effnn__kernels_get(),
                        .row = effnn__dtype_row_of(dtype),
                        .alpha = attrs->alpha,
                        .is_f32 = dtype == EFFNN_F32,
                        .a = effnn_tensor_data(a),
                        .b = effnn_tensor_data(call->inputs[1]),
                        .y = effnn__tensor_data(call->outputs[0]) };

    return effnn__parallel_for(call->context, effnn_tensor_count(a), GRAIN, swi_glu_piece, &job);
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const swi_glu_attrs *attrs = writer->op_attrs;
    const char *a = writer->inputs[0], *y = writer->outputs[0];
    const char *alpha = NULL, *scaled = NULL, *gate = NULL, *product = NULL;

    EFFNN_TRY(effnn__onnx_constant_like(writer, &alpha, "alpha", 0, attrs->alpha));
    EFFNN_TRY(effnn__onnx_add(writer, &scaled, "Mul", a, alpha));
    EFFNN_TRY(effnn__onnx_add(writer, &gate, "Sigmoid", scaled, NULL));
    EFFNN_TRY(effnn__onnx_add(writer, &product, "Mul", a, gate));
    return effnn__onnx_add(writer, &y, "Mul", product, writer->inputs[1]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "SwiGLU", .since = 28 },
    { .name = "SwiGLU", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,300]", "f32[2,300]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3]", "f32[2,3]" }, .attrs = "alpha=1.5", .tolerance = 1e-6 },
    { .inputs = { "f32[0,3]", "f32[0,3]" } },
    { .inputs = { "f64[4]", "f64[4]" } },
    { .inputs = { "f16[4]", "f16[4]" }, .tolerance = 1e-3 },
    { .inputs = { "f32[2,3]", "f32[3]" }, .refused = "one shape" },
    { .inputs = { "f32[2,3]", "f32[2,4]" }, .refused = "3 is not 4" },
    { .inputs = { "i64[2]", "i64[2]" }, .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_swi_glu = {
    .name = "swi_glu",
    .summary = "a * sigmoid(alpha * a) * b",
    .attrs = attr_defs,
    .attrs_size = sizeof(swi_glu_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
