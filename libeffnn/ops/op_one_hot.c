/* SPDX-License-Identifier: BSD-3-Clause */
/* A further axis of `depth` (input 1) elements: the on value where the index (input 0) points, the
 * off value elsewhere. Input 2 is [off, on]. Indices outside [-depth, depth) give off values only.
 */

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <string.h>

#define GRAIN 16384

typedef struct one_hot_attrs {
    int64_t axis;
} one_hot_attrs;

static const effnn_option_def attr_defs[] = {
    { "axis", "place of the further axis; negative: from the end", EFFNN_OPT_I64,
      offsetof(one_hot_attrs, axis), .value = -1 },
    EFFNN_OPTIONS_END,
};

/* The depth may be of any number type. */
static effnn_status infer_depth(const effnn_op_infer *call, effnn__sym *out)
{
    const effnn_tensor *tensor = call->constants ? call->constants[1] : NULL;
    effnn__sym items[EFFNN__MAX_CONTENT];
    size_t n = 0;

    if (effnn__infer_content(call, 1, &n, items) && n == 1)
        *out = items[0];
    else if (tensor && effnn_tensor_count(tensor) == 1)
        *out = effnn__sym_constant(effnn__tensor_load_i64(tensor, 0));
    else
        return effnn__symbols_fresh(out, call->symbols);
    if (out->symbol == 0 && out->offset < 0)
        return effnn__infer_fail(call, EFFNN_E_ARG, "the depth is %lld", (long long)out->offset);
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const one_hot_attrs *attrs = call->attrs;
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK + 1], depth;
    size_t axis = 0;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 2, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_rank(call, 2, 1));
    EFFNN_TRY(effnn__infer_same_dtype(call, 2, 3));
    if (!in->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_check_rank(call, in->rank + 1));
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, in->rank + 1));
    EFFNN_TRY(infer_depth(call, &depth));
    for (size_t i = 0; i <= in->rank; i++)
        dims[i] = i < axis ? in->dims[i] : i == axis ? depth : in->dims[i - 1];
    effnn__info_set_shape(&call->outputs[0], in->rank + 1, dims);
    return EFFNN_OK;
}

typedef struct one_hot_job {
    const effnn_tensor *indices;
    effnn__axis shape; /* of the output, the further axis in the middle */
    size_t size;
    char *y;
    const char *values;
} one_hot_job;

/* Items are the output's elements. */
static effnn_status one_hot_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const one_hot_job *job = job_;
    const effnn__axis *s = &job->shape;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t outer = i / s->inner / s->axis, inner = i % s->inner;
        const int64_t at = (int64_t)(i / s->inner % s->axis);
        const int64_t index = effnn__tensor_load_i64(job->indices, outer * s->inner + inner);
        const bool on = index == at || index == at - (int64_t)s->axis;

        memcpy(job->y + i * job->size, job->values + (on ? job->size : 0), job->size);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const one_hot_attrs *attrs = call->attrs;
    const effnn_tensor *values = call->inputs[2];
    effnn_tensor *y = call->outputs[0];
    one_hot_job job = { .indices = call->inputs[0],
                        .size = effnn__element_size(y),
                        .y = effnn__tensor_data(y),
                        .values = effnn_tensor_data(values) };

    if (effnn_tensor_count(values) != 2)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "%zu values, not 2: off and on",
                                effnn_tensor_count(values));
    job.shape = effnn__split_at(y, effnn__resolve_axis(attrs->axis, effnn_tensor_rank(y)));
    return effnn__parallel_for(call->context, effnn_tensor_count(y), GRAIN, one_hot_piece, &job);
}

static const effnn_onnx_row onnx[] = {
    { .name = "OneHot", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "i64{0,2,-1,7}", "i64:3", "f32{2,5}" } },
    { .inputs = { "i32{0,1,1,2}[2,2]", "i64{3}", "i8{0,1}" }, .attrs = "axis=1" },
    { .inputs = { "f32{0,2}", "f32:3", "f64{-1,1}" }, .attrs = "axis=-2" },
    { .inputs = { "i64{1}", "i64:0", "f32{0,1}" } },
    { .inputs = { "i64{1}", "i64:-2", "f32{0,1}" }, .refused = "depth is -2" },
    { .inputs = { "i64{1}", "i64:2", "f32{0,1,2}" }, .refused = "3 values" },
    { .inputs = { "i64{1}", "i64:2", "f32{0,1}" }, .attrs = "axis=2", .refused = "outside" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_one_hot = {
    .name = "one_hot",
    .summary = "indices as vectors with one element on",
    .attrs = attr_defs,
    .attrs_size = sizeof(one_hot_attrs),
    .min_inputs = 3,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
