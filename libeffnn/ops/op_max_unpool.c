/* SPDX-License-Identifier: BSD-3-Clause */
/* Max pooling turned round: every element goes to the place its index (input 1) names, all else is
 * zero. Indices are flat ones into the tensor that kernel, strides and pads lead back to; a larger
 * output shape (input 2) leaves zeros behind it along each axis, as ONNX's reference has it. */

#include "ops/op_index.h"
#include "ops/op_move.h"

#include <effnn/option.h>
#include <string.h>

typedef struct unpool_attrs {
    effnn_int_list kernel_shape, pads, strides;
} unpool_attrs;

#define FIELD(f) offsetof(unpool_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "kernel_shape", "size of the window", EFFNN_OPT_INTS, FIELD(kernel_shape), .min = 1,
      .max = INT32_MAX },
    { "pads", "pads in front along each axis, then behind; empty: 0", EFFNN_OPT_INTS, FIELD(pads),
      .min = 0, .max = INT32_MAX },
    { "strides", "distance of neighbouring windows; empty: 1", EFFNN_OPT_INTS, FIELD(strides),
      .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

static effnn_status check_lists(const effnn_op_infer *call, size_t axes)
{
    const unpool_attrs *attrs = call->attrs;
    const size_t kernel = attrs->kernel_shape.n, pads = attrs->pads.n, strides = attrs->strides.n;

    if (kernel == axes && (pads == 0 || pads == 2 * axes) && (strides == 0 || strides == axes))
        return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE,
                             "%zu axes, but kernel_shape has %zu, strides %zu and pads %zu numbers",
                             axes, kernel, strides, pads);
}

/* Size along an axis: stride · size + rest. */
static void axis_rule(const unpool_attrs *attrs, size_t axis, int64_t *stride, int64_t *rest)
{
    const size_t axes = attrs->kernel_shape.n;

    *stride = attrs->strides.n > 0 ? attrs->strides.items[axis] : 1;
    *rest = attrs->kernel_shape.items[axis] - *stride;
    if (attrs->pads.n > 0) *rest -= attrs->pads.items[axis] + attrs->pads.items[axes + axis];
}

static effnn_status pooled_dims(const effnn_op_infer *call, effnn__sym *dims)
{
    const unpool_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0];

    dims[0] = x->dims[0];
    dims[1] = x->dims[1];
    for (size_t i = 2; i < x->rank; i++) {
        int64_t stride, rest;

        axis_rule(attrs, i - 2, &stride, &rest);
        EFFNN_TRY(effnn__sym_mul(&dims[i], call->symbols, x->dims[i], effnn__sym_constant(stride)));
        EFFNN_TRY(effnn__sym_add(&dims[i], call->symbols, dims[i], effnn__sym_constant(rest)));
        if (dims[i].symbol == 0 && dims[i].offset < 0)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "axis %zu would have size %lld", i,
                                     (long long)dims[i].offset);
    }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK], given[EFFNN__MAX_CONTENT];
    size_t rank = 0;
    bool known = false;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!x->has_shape) return EFFNN_OK;
    if (x->rank < 3)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 has rank %zu, below 3", x->rank);
    EFFNN_TRY(check_lists(call, x->rank - 2));
    for (size_t i = 0; i < x->rank && call->inputs[1]->has_shape; i++) {
        EFFNN_TRY(effnn__infer_rank(call, 1, x->rank));
        EFFNN_TRY(effnn__infer_equal_dims(&dims[i], call, "sizes of elements and indices",
                                          x->dims[i], call->inputs[1]->dims[i]));
    }
    EFFNN_TRY(pooled_dims(call, dims));
    if (effnn__infer_input(call, 2)) {
        EFFNN_TRY(effnn__infer_target(call, 2, &known, &rank, given));
        if (known && rank != x->rank)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "output_shape has %zu sizes, not %zu",
                                     rank, x->rank);
        for (size_t i = 0; i < x->rank; i++) {
            if (known && given[i].symbol == 0 && dims[i].symbol == 0 &&
                given[i].offset < dims[i].offset)
                return effnn__infer_fail(call, EFFNN_E_SHAPE,
                                         "output size %lld of axis %zu is below %lld",
                                         (long long)given[i].offset, i, (long long)dims[i].offset);
            if (known)
                dims[i] = given[i];
            else
                EFFNN_TRY(effnn__symbols_fresh(&dims[i], call->symbols));
        }
    }
    effnn__info_set_shape(&call->outputs[0], x->rank, dims);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const unpool_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *indices = call->inputs[1];
    effnn_tensor *y = call->outputs[0];
    const size_t rank = effnn_tensor_rank(x), size = effnn__element_size(x);
    const char *from = effnn_tensor_data(x);
    char *to = effnn__tensor_data(y);
    int64_t dims[EFFNN_MAX_RANK], strides[EFFNN_MAX_RANK], count = 1;

    for (size_t i = 0; i < rank; i++) {
        dims[i] = effnn_tensor_dims(x)[i];
        if (i >= 2) {
            int64_t stride, rest;

            axis_rule(attrs, i - 2, &stride, &rest);
            dims[i] = dims[i] * stride + rest;
        }
        count *= dims[i];
        if (dims[i] > effnn_tensor_dims(y)[i])
            return effnn__call_fail(call, EFFNN_E_SHAPE,
                                    "output size %lld of axis %zu is below %lld",
                                    (long long)effnn_tensor_dims(y)[i], i, (long long)dims[i]);
    }
    EFFNN_TRY(effnn__index_check(call, indices, count));
    effnn__shape_strides(strides, rank, effnn_tensor_dims(y));
    if (effnn_tensor_count(y) > 0) memset(to, 0, effnn_tensor_bytes(y));
    for (size_t i = 0; i < effnn_tensor_count(x); i++) { /* in order: the last one stays */
        int64_t rest = effnn__index_at(indices, i, count), at = 0;

        for (size_t axis = rank; axis-- > 0; rest /= dims[axis])
            at += rest % dims[axis] * strides[axis];
        memcpy(to + (size_t)at * size, from + i * size, size);
    }
    return EFFNN_OK;
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs = 2;
}

static const effnn_onnx_row onnx[] = {
    { .name = "MaxUnpool", .since = 9 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[1,1,2,2]", "i64{5,7,13,15}[1,1,2,2]" },
      .attrs = "kernel_shape=2:2,strides=2:2" },
    { .inputs = { "f32[1,1,2,2]", "i64{5,7,13,15}[1,1,2,2]", "i64{1,1,5,5}" },
      .attrs = "kernel_shape=2:2,strides=2:2" },
    { .inputs = { "f64[1,2,2]", "i64{0,3,4,5}[1,2,2]" }, .attrs = "kernel_shape=3,pads=1:0" },
    { .inputs = { "f16[0,1,2,2]", "i64[0,1,2,2]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[1,1,2]", "i64{0,9}[1,1,2]" },
      .attrs = "kernel_shape=2",
      .refused = "index 9" },
    { .inputs = { "f32[1,1,2]", "i64{0,1}[1,1,2]" },
      .attrs = "kernel_shape=2:2",
      .refused = "1 axes" },
    { .inputs = { "f32[1,1,2]", "i64{0,1}[1,1,2]", "i64{1,1,2}" },
      .attrs = "kernel_shape=2",
      .refused = "below 3" },
    { .inputs = { "f32[1,1,2]", "i64{0}[1,1,1]" },
      .attrs = "kernel_shape=2",
      .refused = "2 is not 1" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_max_unpool = {
    .name = "max_unpool",
    .summary = "elements put where max pooling took them from",
    .attrs = attr_defs,
    .attrs_size = sizeof(unpool_attrs),
    .min_inputs = 2,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .onnx = onnx,
    .samples = samples,
};
