/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution (cross-correlation) over one or two axes, grouped, strided, dilated, padded with
 * zeros. Inputs: x [n, c, …], weight [m, c / group, …], bias [m] (optional). f32 by the kernels,
 * other floats by plain loops that accumulate in double. */

#include "ops/op_conv.h"

#include "ops/op_saves.h"
#include "ops/op_window.h"

#include "base/pool.h"
#include "kernels/kernels.h"
#include "tensor/dtype.h"

typedef struct conv_attrs {
    effnn__window window;
    int64_t group;
} conv_attrs;

#define FIELD(f) offsetof(conv_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "auto_pad", "padding by rule instead of by pads", EFFNN_OPT_ENUM, FIELD(window.auto_pad),
      .choices = effnn__auto_pad_names },
    { "dilations", "distance of neighbouring taps along each axis; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.dilations), .min = 1, .max = INT32_MAX },
    { "group", "groups of channels that do not mix", EFFNN_OPT_I64, FIELD(group), .value = 1,
      .min = 1, .max = INT32_MAX },
    { "kernel_shape", "size of the kernel; empty: the weight's", EFFNN_OPT_INTS,
      FIELD(window.kernel_shape), .min = 1, .max = INT32_MAX },
    { "pads", "zeros in front along each axis, then behind; empty: 0", EFFNN_OPT_INTS,
      FIELD(window.pads), .min = 0, .max = INT32_MAX },
    { "strides", "distance of neighbouring windows along each axis; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.strides), .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

/* Channels: of the input, of the weight, of the bias. */
static effnn_status check_channels(const effnn_op_infer *call, const effnn__value_info *x,
                                   const effnn__value_info *w)
{
    const conv_attrs *attrs = call->attrs;
    const effnn__value_info *bias = effnn__infer_input(call, 2);
    const effnn__sym group = effnn__sym_constant(attrs->group);
    effnn__sym channels;

    EFFNN_TRY(effnn__sym_mul(&channels, call->symbols, w->dims[1], group));
    EFFNN_TRY(effnn__infer_equal_dims(&channels, call, "channels of input and weight · group",
                                      x->dims[1], channels));
    if (w->dims[0].symbol == 0 && w->dims[0].offset % attrs->group != 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld output channels in %lld groups",
                                 (long long)w->dims[0].offset, (long long)attrs->group);
    if (!bias || !bias->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_rank(call, 2, 1));
    return effnn__infer_equal_dims(&channels, call, "sizes of weight and bias", w->dims[0],
                                   bias->dims[0]);
}

static effnn_status infer(effnn_op_infer *call)
{
    const conv_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *w = call->inputs[1];
    const effnn_int_list *shape = &attrs->window.kernel_shape;
    effnn__sym dims[EFFNN_MAX_RANK];

    for (size_t i = 0; i < call->n_inputs; i++)
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    if (!x->has_shape || !w->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__window_check(call, &attrs->window));
    EFFNN_TRY(effnn__infer_rank(call, 1, x->rank));
    EFFNN_TRY(check_channels(call, x, w));
    dims[0] = x->dims[0];
    dims[1] = w->dims[0];
    for (size_t i = 0; i + 2 < x->rank; i++) {
        effnn__sym kernel = w->dims[i + 2];

        if (shape->n > 0)
            EFFNN_TRY(effnn__infer_equal_dims(&kernel, call, "kernel of weight and kernel_shape",
                                              kernel, effnn__sym_constant(shape->items[i])));
        if (kernel.symbol != 0)
            EFFNN_TRY(effnn__symbols_fresh(&dims[i + 2], call->symbols));
        else
            EFFNN_TRY(effnn__window_infer(&dims[i + 2], call, &attrs->window, i, x->dims[i + 2],
                                          kernel.offset));
    }
    effnn__info_set_shape(&call->outputs[0], x->rank, dims);
    return EFFNN_OK;
}

effnn__conv2d effnn__conv_geometry(const void *options, const effnn_tensor *input,
                                   const effnn_tensor *weight, const effnn_tensor *output)
{
    const conv_attrs *attrs = options;
    const int64_t *x = effnn_tensor_dims(input), *w = effnn_tensor_dims(weight);
    const int64_t *y = effnn_tensor_dims(output);
    const size_t rank = effnn_tensor_rank(input), last = rank - 1;
    const effnn__window_axis across =
        effnn__window_at(&attrs->window, rank - 3, w[last], x[last], y[last]);
    effnn__conv2d conv = { .n = (size_t)x[0],
                           .c_in = (size_t)x[1],
                           .h = 1,
                           .w = (size_t)x[last],
                           .c_out = (size_t)w[0],
                           .kernel_h = 1,
                           .kernel_w = across.kernel,
                           .out_h = 1,
                           .out_w = (size_t)y[last],
                           .groups = (size_t)attrs->group,
                           .stride_h = 1,
                           .stride_w = across.stride,
                           .dilation_h = 1,
                           .dilation_w = across.dilation,
                           .pad_left = across.pad_begin };

    if (rank == 4) {
        const effnn__window_axis down = effnn__window_at(&attrs->window, 0, w[2], x[2], y[2]);

        conv.h = (size_t)x[2];
        conv.kernel_h = down.kernel;
        conv.out_h = (size_t)y[2];
        conv.stride_h = down.stride;
        conv.dilation_h = down.dilation;
        conv.pad_top = down.pad_begin;
    }
    return conv;
}

static effnn__conv2d conv_of(const effnn_op_call *call)
{
    return effnn__conv_geometry(call->attrs, call->inputs[0], call->inputs[1], call->outputs[0]);
}

typedef struct conv_job {
    effnn__conv2d conv;
    const effnn__dtype_row *row;
    const void *x, *weight, *bias;
    void *y;
} conv_job;

/* Taps of one output element; plane: its place among n · c_out. */
static double conv_element(const conv_job *job, size_t plane, size_t out_y, size_t out_x)
{
    const effnn__conv2d *c = &job->conv;
    const size_t per_group = c->c_in / c->groups, m = plane % c->c_out;
    const size_t first = plane / c->c_out * c->c_in + m / (c->c_out / c->groups) * per_group;
    double sum = job->bias ? job->row->load_f64(job->bias, m) : 0.0;

    for (size_t i = 0; i < per_group * c->kernel_h * c->kernel_w; i++) {
        const size_t channel = i / (c->kernel_h * c->kernel_w);
        const size_t tap_y = i / c->kernel_w % c->kernel_h, tap_x = i % c->kernel_w;
        const size_t y = out_y * c->stride_h + tap_y * c->dilation_h - c->pad_top;
        const size_t x = out_x * c->stride_w + tap_x * c->dilation_w - c->pad_left;

        if (y >= c->h || x >= c->w) continue; /* outside, also below zero: wrapped */
        sum += job->row->load_f64(job->x, ((first + channel) * c->h + y) * c->w + x) *
               job->row->load_f64(job->weight, m * per_group * c->kernel_h * c->kernel_w + i);
    }
    return sum;
}

static effnn_status conv_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const conv_job *job = job_;
    const size_t width = job->conv.out_w, area = job->conv.out_h * width;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++)
        for (size_t i = 0; i < area; i++)
            job->row->store_f64(job->y, plane * area + i,
                                conv_element(job, plane, i / width, i % width));
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *bias = effnn__call_input(call, 2);
    effnn_tensor *y = call->outputs[0];
    conv_job job = { .conv = conv_of(call),
                     .row = effnn__dtype_row_of(effnn_tensor_dtype(y)),
                     .x = effnn_tensor_data(call->inputs[0]),
                     .weight = effnn_tensor_data(call->inputs[1]),
                     .bias = bias ? effnn_tensor_data(bias) : NULL,
                     .y = effnn__tensor_data(y) };

    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(y) == EFFNN_F32)
        return effnn__kernels_get()->conv2d_f32(call->context, &job.conv, job.x, job.weight,
                                                job.bias, job.y, call->scratch);
    return effnn__parallel_for(call->context, job.conv.n * job.conv.c_out, 1, conv_piece, &job);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const effnn__conv2d conv = conv_of(call);

    (void)phase;
    if (effnn_tensor_dtype(call->outputs[0]) != EFFNN_F32) return 0;
    return effnn__kernels_get()->conv2d_scratch(call->context, &conv);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const effnn__conv2d c = conv_of(call);

    out->macs = (double)effnn_tensor_count(call->outputs[0]) * (double)(c.c_in / c.groups) *
                (double)c.kernel_h * (double)c.kernel_w;
}

static const effnn_onnx_row onnx[] = {
    { .name = "Conv", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,7,6]", "f32[4,3,3,3]", "f32[4]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[1,4,7,6]", "f32[6,2,3,2]" },
      .attrs = "group=2,strides=2:1,pads=1:0:1:2,dilations=1:2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,4,9,9]", "f32[4,1,3,3]", "f32[4]" },
      .attrs = "group=4,pads=1:1:1:1,kernel_shape=3:3",
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,8,7]", "f32[3,2,3,2]" },
      .attrs = "auto_pad=SAME_LOWER,strides=2:2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,11]", "f32[4,3,5]", "f32[4]" },
      .attrs = "pads=2:1,strides=2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,16,12,12]", "f32[8,16,1,1]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[0,3,7,6]", "f32[4,3,3,3]" } },
    { .inputs = { "f32[1,0,3,4]", "f32[2,0,2,2]", "f32[2]" } },
    { .inputs = { "f32[1,2,0,3]", "f32[2,2,1,1]", "f32[2]" }, .attrs = "pads=1:1:1:1" },
    { .inputs = { "f64[1,2,5,5]", "f64[2,2,3,3]", "f64[2]" }, .attrs = "auto_pad=SAME_UPPER" },
    { .inputs = { "f32[2,3,7,6]", "f32[4,2,3,3]" }, .refused = "3 is not 2" },
    { .inputs = { "f32[2,3,2,6]", "f32[4,3,3,3]" }, .refused = "exceeds the padded size 2" },
    { .inputs = { "f32[2,4,7,6]", "f32[3,2,3,3]" }, .attrs = "group=2", .refused = "3 output" },
    { .inputs = { "f32[2,3,7,6]", "f32[4,3,3,3]", "f32[5]" }, .refused = "4 is not 5" },
    { .inputs = { "f32[2,3,7,6]", "f32[4,3,3,3]" }, .attrs = "pads=1:1", .refused = "pads" },
    { .inputs = { "f32[1,3,4,4]", "f32[2,3,0,1]" }, .refused = "kernel of size 0" },
    { .inputs = { "f32[2,3]", "f32[4,3]" }, .refused = "rank 3 or 4" },
    { .inputs = { "f32[1,1,2,2,2]", "f32[1,1,1,1,1]" }, .refused = "1-D and 2-D" },
    { .inputs = { "i8[1,1,3,3]", "i8[1,1,1,1]" }, .refused = "i8" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_conv = {
    .name = "conv",
    .summary = "convolution over one or two axes",
    .attrs = attr_defs,
    .attrs_size = sizeof(conv_attrs),
    .min_inputs = 2,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_partners,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
