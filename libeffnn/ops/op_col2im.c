/* SPDX-License-Identifier: BSD-3-Clause */
/* Columns summed back into a picture: input 0 [n, c · block elements, blocks], input 1 the shape of
 * the picture, input 2 that of a block. Each element of the picture collects the columns that cover
 * it, so that it is written once. */

#include "base/pool.h"
#include "ops/op_elementwise.h"
#include "ops/op_move.h"

#include <effnn/option.h>

#define GRAIN 1024

typedef struct col2im_attrs {
    effnn_int_list dilations, pads, strides;
} col2im_attrs;

#define FIELD(f) offsetof(col2im_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "dilations", "distance of neighbouring elements of a block; empty: 1", EFFNN_OPT_INTS,
      FIELD(dilations), .min = 1, .max = INT32_MAX },
    { "pads", "pads in front along each axis, then behind; empty: 0", EFFNN_OPT_INTS, FIELD(pads),
      .min = 0, .max = INT32_MAX },
    { "strides", "distance of neighbouring blocks; empty: 1", EFFNN_OPT_INTS, FIELD(strides),
      .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

static effnn_status check_lists(const effnn_op_infer *call, size_t axes)
{
    const col2im_attrs *attrs = call->attrs;
    const size_t dilations = attrs->dilations.n, pads = attrs->pads.n, strides = attrs->strides.n;

    EFFNN_TRY(effnn__infer_check_rank(call, axes + 2));
    if ((dilations == 0 || dilations == axes) && (pads == 0 || pads == 2 * axes) &&
        (strides == 0 || strides == axes))
        return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE,
                             "%zu axes, but dilations has %zu, strides %zu and pads %zu numbers",
                             axes, dilations, strides, pads);
}

static effnn_status infer_channels(const effnn_op_infer *call, effnn__sym *out)
{
    effnn__sym block[EFFNN__MAX_CONTENT], area = effnn__sym_constant(1);
    const effnn__sym columns = call->inputs[0]->dims[1];
    size_t n = 0;
    bool known = false;

    EFFNN_TRY(effnn__infer_target(call, 2, &known, &n, block));
    if (!known) return effnn__symbols_fresh(out, call->symbols);
    for (size_t i = 0; i < n; i++) EFFNN_TRY(effnn__sym_mul(&area, call->symbols, area, block[i]));
    if (area.symbol == 0 && columns.symbol == 0 &&
        (area.offset == 0 || columns.offset % area.offset != 0))
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld columns for blocks of %lld elements",
                                 (long long)columns.offset, (long long)area.offset);
    return effnn__sym_div(out, call->symbols, columns, area);
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK + 2], image[EFFNN__MAX_CONTENT];
    size_t axes = 0, n = 0;
    bool known = false;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    EFFNN_TRY(effnn__infer_rank(call, 0, 3));
    EFFNN_TRY(effnn__infer_target(call, 1, &known, &axes, image));
    if (!known && !effnn__infer_length(call, 1, &axes)) return EFFNN_OK;
    EFFNN_TRY(check_lists(call, axes));
    if (effnn__infer_length(call, 2, &n) && n != axes)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "a block of %zu axes in a picture of %zu", n,
                                 axes);
    if (!x->has_shape) return EFFNN_OK;
    dims[0] = x->dims[0];
    EFFNN_TRY(infer_channels(call, &dims[1]));
    for (size_t i = 0; i < axes; i++) {
        if (known)
            dims[2 + i] = image[i];
        else
            EFFNN_TRY(effnn__symbols_fresh(&dims[2 + i], call->symbols));
    }
    effnn__info_set_shape(&call->outputs[0], axes + 2, dims);
    return EFFNN_OK;
}

/* One axis: blocks begin at stride · b - pad and take every dilation-th element. */
typedef struct col2im_axis {
    int64_t image, block, blocks, stride, dilation, pad;
} col2im_axis;

typedef struct col2im_job {
    const effnn__dtype_row *row;
    bool is_float;
    size_t n_axes, area, blocks, pixels; /* elements of a block, of a channel; blocks */
    col2im_axis axes[EFFNN_MAX_RANK];
    const void *x;
    void *y;
} col2im_job;

/* Sum of the columns over one element, whose coordinates are `at`. */
static void collect(const col2im_job *job, size_t channel, const int64_t *at, double *real,
                    uint64_t *whole)
{
    for (size_t k = 0; k < job->area; k++) {
        size_t rest = k, block = 0, stride = 1;
        bool covered = true;

        for (size_t i = job->n_axes; i-- > 0 && covered;) {
            const col2im_axis *axis = &job->axes[i];
            const int64_t element = (int64_t)(rest % (size_t)axis->block);
            const int64_t begin = at[i] + axis->pad - element * axis->dilation;

            rest /= (size_t)axis->block;
            covered =
                begin >= 0 && begin % axis->stride == 0 && begin / axis->stride < axis->blocks;
            if (covered) block += (size_t)(begin / axis->stride) * stride;
            stride *= (size_t)axis->blocks;
        }
        if (!covered) continue;
        const size_t from = (channel * job->area + k) * job->blocks + block;
        if (job->is_float)
            *real += job->row->load_f64(job->x, from);
        else
            *whole += (uint64_t)job->row->load_i64(job->x, from);
    }
}

/* Items are elements of the output. */
static effnn_status col2im_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const col2im_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        int64_t at[EFFNN_MAX_RANK];
        size_t rest = i % job->pixels;
        double real = 0.0;
        uint64_t whole = 0;

        for (size_t k = job->n_axes; k-- > 0;) {
            at[k] = (int64_t)(rest % (size_t)job->axes[k].image);
            rest /= (size_t)job->axes[k].image;
        }
        collect(job, i / job->pixels, at, &real, &whole);
        if (job->is_float)
            job->row->store_f64(job->y, i, real);
        else
            effnn__store_wrapped(job->row, job->y, i, (int64_t)whole);
    }
    return EFFNN_OK;
}

static effnn_status describe(const effnn_op_call *call, col2im_job *job)
{
    const col2im_attrs *attrs = call->attrs;
    const effnn_tensor *y = call->outputs[0];
    const size_t n = effnn_tensor_rank(y) - 2;

    job->n_axes = n;
    job->area = job->blocks = 1;
    job->pixels = effnn__count_dims(y, 2, n + 2);
    for (size_t i = 0; i < n; i++) {
        col2im_axis axis = { .image = effnn_tensor_dims(y)[2 + i],
                             .block = effnn__tensor_load_i64(call->inputs[2], i),
                             .stride = attrs->strides.n > 0 ? attrs->strides.items[i] : 1,
                             .dilation = attrs->dilations.n > 0 ? attrs->dilations.items[i] : 1,
                             .pad = attrs->pads.n > 0 ? attrs->pads.items[i] : 0 };
        if (axis.block < 1 || axis.block > INT32_MAX)
            return effnn__call_fail(call, EFFNN_E_SHAPE, "size %zu of the block is %lld", i,
                                    (long long)axis.block);
        const int64_t behind = attrs->pads.n > 0 ? attrs->pads.items[n + i] : 0;
        const int64_t room = axis.image + axis.pad + behind - axis.dilation * (axis.block - 1) - 1;

        axis.blocks = room < 0 ? 0 : room / axis.stride + 1;
        job->area *= (size_t)axis.block; /* divides the number of columns: no overflow */
        job->axes[i] = axis;
        if (axis.blocks > 0 && job->blocks > (size_t)(INT64_MAX / axis.blocks))
            return effnn__call_fail(call, EFFNN_E_SHAPE, "too many blocks");
        job->blocks *= (size_t)axis.blocks;
    }
    if ((int64_t)job->blocks != effnn_tensor_dims(call->inputs[0])[2])
        return effnn__call_fail(call, EFFNN_E_SHAPE, "%lld columns, but %zu blocks",
                                (long long)effnn_tensor_dims(call->inputs[0])[2], job->blocks);
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(x));
    col2im_job job = { .row = row,
                       .is_float = row->kind == EFFNN__KIND_FLOAT,
                       .x = effnn_tensor_data(x),
                       .y = effnn__tensor_data(y) };

    EFFNN_TRY(describe(call, &job));
    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    return effnn__parallel_for(call->context, effnn_tensor_count(y), GRAIN / job.area + 1,
                               col2im_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = (double)effnn_tensor_count(call->inputs[0]);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs = 6;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Col2Im", .since = 18 },
    { .name = "Col2Im", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,8,6]", "i64{3,4}", "i64{2,2}" }, .tolerance = 1e-6 },
    { .inputs = { "f32[1,6,6]", "i64{5,6}", "i64{2,3}" },
      .attrs = "strides=2:2,pads=1:1:1:1,dilations=1:2",
      .tolerance = 1e-6 },
    { .inputs = { "i8[1,4,3]", "i64{6}", "i64{2}" }, .attrs = "strides=2" },
    { .inputs = { "f64[1,8,8]", "i64{3,3,3}", "i64{2,2,2}" } },
    { .inputs = { "f16[0,4,4]", "i64{3,3}", "i64{2,2}" } },
    { .inputs = { "f32[1,8,5]", "i64{3,4}", "i64{2,2}" }, .refused = "5 columns, but 6 blocks" },
    { .inputs = { "f32[1,7,6]", "i64{3,4}", "i64{2,2}" }, .refused = "7 columns" },
    { .inputs = { "f32[1,8,6]", "i64{3,4}", "i64{8}" }, .refused = "a block of 1 axes" },
    { .inputs = { "f32[1,8,6]", "i64{3,4}", "i64{2,2}" },
      .attrs = "strides=2",
      .refused = "strides 1" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_col2im = {
    .name = "col2im",
    .summary = "columns of blocks summed back into a picture",
    .attrs = attr_defs,
    .attrs_size = sizeof(col2im_attrs),
    .min_inputs = 3,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
