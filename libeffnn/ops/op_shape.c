/* SPDX-License-Identifier: BSD-3-Clause */
/* The sizes of the input's dimensions [start, end), as i64. What infer gives as contents are the
 * symbolic dimensions: from here shape arithmetic folds with open sizes. */

#include "ops/op_move.h"

typedef struct shape_attrs {
    int64_t start, end;
} shape_attrs;

#define FIELD(f) offsetof(shape_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "start", "first dimension; negative: from the end", EFFNN_OPT_I64, FIELD(start), .value = 0 },
    { "end", "first dimension left out; the default is past the last of any rank", EFFNN_OPT_I64,
      FIELD(end), .value = EFFNN_MAX_RANK },
    EFFNN_OPTIONS_END,
};

static size_t clamp(int64_t at, size_t rank)
{
    const int64_t r = (int64_t)rank;

    if (at < 0) at += r;
    return (size_t)(at < 0 ? 0 : at > r ? r : at);
}

static void range_of(const shape_attrs *attrs, size_t rank, size_t *first, size_t *last)
{
    *first = clamp(attrs->start, rank);
    *last = clamp(attrs->end, rank);
    if (*last < *first) *last = *first;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    size_t first, last;

    out->has_dtype = true;
    out->dtype = EFFNN_I64;
    if (!in->has_shape) return EFFNN_OK;
    range_of(call->attrs, in->rank, &first, &last);
    effnn__info_set_shape(out, 1, &(effnn__sym){ .offset = (int64_t)(last - first) });
    effnn__infer_set_content(call, last - first, in->dims + first);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    int64_t *y = effnn__tensor_data(call->outputs[0]);
    size_t first, last;

    range_of(call->attrs, effnn_tensor_rank(x), &first, &last);
    for (size_t i = first; i < last; i++) y[i - first] = effnn_tensor_dims(x)[i];
    return EFFNN_OK;
}

/* Before opset 15 there is no range: the whole shape, then a slice of it. */
static effnn_status write_whole(effnn_onnx_writer *writer)
{
    const shape_attrs *attrs = writer->op_attrs;
    const char *whole = NULL, *start = NULL, *end = NULL;

    if (attrs->start == 0 && attrs->end == EFFNN_MAX_RANK) return effnn__onnx_begin_plain(writer);
    EFFNN_TRY(effnn__onnx_constant_i64(writer, &start, "start", 1, &attrs->start));
    EFFNN_TRY(effnn__onnx_constant_i64(writer, &end, "end", 1, &attrs->end));
    EFFNN_TRY(effnn__onnx_add(writer, &whole, "Shape", writer->inputs[0], NULL));
    return writer->begin(writer, "Slice", NULL, (const char *const[]){ whole, start, end }, 3,
                         writer->outputs, writer->n_outputs);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Shape", .since = 15 },
    { .name = "Shape", .since = 1, .write = write_whole },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]" } },
    { .inputs = { "f32[2,3,4]" }, .attrs = "start=1" },
    { .inputs = { "f32[2,0,4]" }, .attrs = "start=-2,end=-1" },
    { .inputs = { "i8[2,3]" }, .attrs = "start=5" },
    { .inputs = { "f64[]" } },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_shape = {
    .name = "shape",
    .summary = "sizes of the dimensions",
    .attrs = attr_defs,
    .attrs_size = sizeof(shape_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
