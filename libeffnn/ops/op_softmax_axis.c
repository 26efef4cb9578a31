/* SPDX-License-Identifier: BSD-3-Clause */
/* Normalisation by exponentials along an axis. */

#include "ops/op_softmax_axis.h"

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <math.h>

#define GRAIN_ELEMENTS 8192

#define FIELD(f) offsetof(effnn__softmax_attrs, f)
const effnn_option_def effnn__softmax_attr_defs[] = {
    { "axis", "axis that sums to one; negative: from the end", EFFNN_OPT_I64, FIELD(axis),
      .value = -1 },
    { "flatten", "all axes from there on together, as ONNX before opset 13", EFFNN_OPT_BOOL,
      FIELD(flatten), .value = 0 },
    EFFNN_OPTIONS_END,
};

effnn_status effnn__softmax_infer(effnn_op_infer *call)
{
    const effnn__softmax_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    size_t axis;

    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    if (!in->has_shape) return EFFNN_OK;
    return effnn__infer_axis(&axis, call, attrs->axis, in->rank);
}

effnn__axis effnn__softmax_shape(const effnn_op_call *call)
{
    const effnn__softmax_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    const size_t axis = effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x));
    effnn__axis shape = effnn__split_at(x, axis);

    if (attrs->flatten) {
        shape.axis *= shape.inner;
        shape.inner = 1;
    }
    return shape;
}

typedef struct softmax_job {
    effnn__axis shape;
    const effnn__dtype_row *row;
    effnn__softmax_element element;
    const void *x;
    void *y;
} softmax_job;

static effnn_status softmax_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const softmax_job *job = job_;
    const effnn__axis s = job->shape;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t first = i / s.inner * s.axis * s.inner + i % s.inner;
        double largest = -INFINITY, sum = 0.0;

        for (size_t k = 0; k < s.axis; k++) {
            const double x = job->row->load_f64(job->x, first + k * s.inner);

            if (x > largest || isnan(x)) largest = x;
        }
        for (size_t k = 0; k < s.axis; k++)
            sum += exp(job->row->load_f64(job->x, first + k * s.inner) - largest);
        for (size_t k = 0; k < s.axis; k++) {
            const size_t at = first + k * s.inner;

            job->row->store_f64(job->y, at,
                                job->element(job->row->load_f64(job->x, at), largest, sum));
        }
    }
    return EFFNN_OK;
}

effnn_status effnn__softmax_run(const effnn_op_call *call, effnn__softmax_kernel f32,
                                effnn__softmax_element f64)
{
    const effnn_tensor *x = call->inputs[0];
    softmax_job job = { .shape = effnn__softmax_shape(call),
                        .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                        .element = f64,
                        .x = effnn_tensor_data(x),
                        .y = effnn__tensor_data(call->outputs[0]) };

    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(x) == EFFNN_F32) return f32(call->context, job.shape, job.x, job.y);
    return effnn__parallel_for(call->context, job.shape.outer * job.shape.inner,
                               GRAIN_ELEMENTS / (job.shape.axis + 1) + 1, softmax_piece, &job);
}

void effnn__softmax_cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 4.0 * (double)effnn_tensor_count(call->inputs[0]); /* max, subtract, exp, scale */
}

/* ---- ONNX ---- */

effnn_status effnn__softmax_read(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_attrs(reader, NULL);
}

effnn_status effnn__softmax_read_flattening(effnn_onnx_reader *reader)
{
    effnn__softmax_attrs *attrs = reader->op_attrs;
    const effnn_onnx_attr *axis = effnn__onnx_attr(reader, "axis");
    const int rank = reader->input_rank(reader, 0);

    EFFNN_TRY(effnn__onnx_read_attrs(reader, NULL));
    if (!axis) attrs->axis = 1;
    if (attrs->axis == -1 || (rank > 0 && attrs->axis == rank - 1))
        attrs->axis = -1; /* the last axis alone: both meanings agree */
    else
        attrs->flatten = true;
    return EFFNN_OK;
}

effnn_status effnn__softmax_write(effnn_onnx_writer *writer)
{
    const effnn__softmax_attrs *attrs = writer->op_attrs;
    const char *const omitted[] = { "flatten", NULL };
    const char *x = writer->inputs[0], *y = writer->outputs[0];
    const char *shape = NULL, *flat = NULL, *done = NULL;

    if (!attrs->flatten) {
        EFFNN_TRY(effnn__onnx_begin_plain(writer));
        return effnn__onnx_write_attrs(writer, false, omitted);
    }
    EFFNN_TRY(effnn__onnx_add(writer, &shape, "Shape", x, NULL));
    EFFNN_TRY(effnn__onnx_add(writer, &flat, "Flatten", x, NULL));
    EFFNN_TRY(effnn__onnx_set_int(writer, "axis", attrs->axis));
    EFFNN_TRY(effnn__onnx_add(writer, &done, writer->onnx_name, flat, NULL));
    EFFNN_TRY(effnn__onnx_set_int(writer, "axis", -1));
    return effnn__onnx_add(writer, &y, "Reshape", done, shape);
}
