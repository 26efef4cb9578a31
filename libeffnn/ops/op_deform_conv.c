/* SPDX-License-Identifier: BSD-3-Clause */
/* Deformable convolution (Dai et al., 2017; masks: Zhu et al., 2019) over two axes: a convolution
 * whose every tap of every window is moved by an offset of its own and reads between the elements,
 * linearly, zero outside, times a mask. Inputs: x [n, c, h, w], weight [m, c / group, kh, kw],
 * offset [n, offset_group · taps · 2, oh, ow] (down, then across), bias [m] (optional), mask
 * [n, offset_group · taps, oh, ow] (optional).
 *
 * f32: what the taps read is laid out as columns, the rest is one product for each image and group;
 * other floats by plain loops that accumulate in double. */

#include "ops/op_move.h"
#include "ops/op_product.h"
#include "ops/op_saves.h"
#include "ops/op_window.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <math.h>

enum { INPUT_X, INPUT_W, INPUT_OFFSET, INPUT_BIAS, INPUT_MASK };

typedef struct deform_attrs {
    effnn__window window;
    int64_t group, offset_group;
} deform_attrs;

#define FIELD(f) offsetof(deform_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "dilations", "distance of neighbouring taps along each axis; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.dilations), .min = 1, .max = INT32_MAX },
    { "group", "groups of channels that do not mix", EFFNN_OPT_I64, FIELD(group), .value = 1,
      .min = 1, .max = INT32_MAX },
    { "kernel_shape", "size of the kernel; empty: the weight's", EFFNN_OPT_INTS,
      FIELD(window.kernel_shape), .min = 1, .max = INT32_MAX },
    { "offset_group", "groups of channels that have offsets in common", EFFNN_OPT_I64,
      FIELD(offset_group), .value = 1, .min = 1, .max = INT32_MAX },
    { "pads", "zeros in front along each axis, then behind; empty: 0", EFFNN_OPT_INTS,
      FIELD(window.pads), .min = 0, .max = INT32_MAX },
    { "strides", "distance of neighbouring windows along each axis; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.strides), .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

/* ---- shapes ---- */

static effnn_status equal(const effnn_op_infer *call, const char *what, effnn__sym a, effnn__sym b)
{
    effnn__sym dim;

    return effnn__infer_equal_dims(&dim, call, what, a, b);
}

static effnn_status check_channels(const effnn_op_infer *call)
{
    const deform_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[INPUT_X], *w = call->inputs[INPUT_W];
    const effnn__value_info *bias = effnn__infer_input(call, INPUT_BIAS);
    const effnn__sym c = x->dims[1], m = w->dims[0];
    effnn__sym channels;

    EFFNN_TRY(
        effnn__sym_mul(&channels, call->symbols, w->dims[1], effnn__sym_constant(attrs->group)));
    EFFNN_TRY(equal(call, "channels of input and weight · group", c, channels));
    if (m.symbol == 0 && m.offset % attrs->group != 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld output channels in %lld groups",
                                 (long long)m.offset, (long long)attrs->group);
    if (c.symbol == 0 && c.offset % attrs->offset_group != 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld channels in %lld groups of offsets",
                                 (long long)c.offset, (long long)attrs->offset_group);
    EFFNN_TRY(effnn__infer_rank(call, INPUT_BIAS, 1));
    return bias && bias->has_shape ? equal(call, "sizes of weight and bias", m, bias->dims[0])
                                   : EFFNN_OK;
}

/* Offsets or mask: [n, offset_group · taps · parts, oh, ow]. */
static effnn_status check_field(const effnn_op_infer *call, size_t input, int64_t parts,
                                const effnn__sym *y)
{
    const deform_attrs *attrs = call->attrs;
    const effnn__value_info *field = effnn__infer_input(call, input);
    const effnn__value_info *w = call->inputs[INPUT_W];
    effnn__sym count = effnn__sym_constant(attrs->offset_group);

    EFFNN_TRY(effnn__infer_rank(call, input, 4));
    if (!field || !field->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__sym_mul(&count, call->symbols, count, effnn__sym_constant(parts)));
    for (size_t i = 2; i < 4; i++)
        EFFNN_TRY(effnn__sym_mul(&count, call->symbols, count, w->dims[i]));
    EFFNN_TRY(equal(call, "batches of input and offsets", y[0], field->dims[0]));
    EFFNN_TRY(equal(call, "numbers for each window", count, field->dims[1]));
    EFFNN_TRY(equal(call, "heights of output and offsets", y[2], field->dims[2]));
    return equal(call, "widths of output and offsets", y[3], field->dims[3]);
}

static effnn_status infer(effnn_op_infer *call)
{
    const deform_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[INPUT_X], *w = call->inputs[INPUT_W];
    const effnn_int_list *shape = &attrs->window.kernel_shape;
    effnn__sym dims[4];

    for (size_t i = 0; i < call->n_inputs; i++)
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    if (!x->has_shape || !w->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__window_check(call, &attrs->window));
    if (x->rank != 4)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED,
                                 "input 0 has rank %zu: only two axes are supported", x->rank);
    EFFNN_TRY(effnn__infer_rank(call, INPUT_W, 4));
    EFFNN_TRY(check_channels(call));
    dims[0] = x->dims[0];
    dims[1] = w->dims[0];
    for (size_t i = 0; i < 2; i++) {
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
    EFFNN_TRY(check_field(call, INPUT_OFFSET, 2, dims));
    EFFNN_TRY(check_field(call, INPUT_MASK, 1, dims));
    effnn__info_set_shape(&call->outputs[0], 4, dims);
    return EFFNN_OK;
}

/* ---- computing ---- */

typedef struct deform_job {
    const effnn_op_call *call;
    const effnn__dtype_row *row;
    effnn__window_box box;
    size_t n, c, m, groups, group_in, group_out, taps, out_positions, offset_groups;
    const void *x, *weight, *offset, *bias, *mask;
    void *y;
    size_t item; /* image and group at work */
} deform_job;

static deform_job job_of(const effnn_op_call *call)
{
    const deform_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[INPUT_X], *w = call->inputs[INPUT_W];
    const effnn_tensor *y = call->outputs[0];
    deform_job job = { .call = call,
                       .row = effnn__dtype_row_of(effnn_tensor_dtype(y)),
                       .box = effnn__window_box_of(&attrs->window, effnn_tensor_dims(w) + 2, x, y),
                       .n = (size_t)effnn_tensor_dims(x)[0],
                       .c = (size_t)effnn_tensor_dims(x)[1],
                       .m = (size_t)effnn_tensor_dims(y)[1],
                       .groups = (size_t)attrs->group,
                       .offset_groups = (size_t)attrs->offset_group };

    job.group_in = job.c / job.groups;
    job.group_out = job.m / job.groups;
    job.taps = effnn__window_taps(&job.box);
    job.out_positions = effnn__window_outputs(&job.box);
    return job;
}

/* Element of a plane of x; zero outside. */
static double element(const deform_job *job, size_t plane, double y, double x)
{
    const size_t height = job->box.in[1], width = job->box.in[2];

    if (y < 0.0 || x < 0.0 || y >= (double)height || x >= (double)width) return 0.0;
    return job->row->load_f64(job->x, (plane * height + (size_t)y) * width + (size_t)x);
}

/* A plane of x between its elements. */
static double between(const deform_job *job, size_t plane, double y, double x)
{
    const double top = floor(y), left = floor(x), down = y - top, across = x - left;

    if (!(y > -1.0 && x > -1.0 && y < (double)job->box.in[1] && x < (double)job->box.in[2]))
        return 0.0;
    return (1.0 - down) * ((1.0 - across) * element(job, plane, top, left) +
                           across * element(job, plane, top, left + 1.0)) +
           down * ((1.0 - across) * element(job, plane, top + 1.0, left) +
                   across * element(job, plane, top + 1.0, left + 1.0));
}

/* What a tap of a window reads of a channel. */
static double read_tap(const deform_job *job, size_t image, size_t channel, size_t tap, size_t at)
{
    const effnn__window_axis *down = &job->box.axes[1], *across = &job->box.axes[2];
    const size_t set = image * job->offset_groups + channel / (job->c / job->offset_groups);
    const size_t field = (set * job->taps + tap) * job->out_positions + at;
    const size_t pair = (set * job->taps + tap) * 2 * job->out_positions + at;
    const size_t out_y = at / job->box.out[2], out_x = at % job->box.out[2];
    const double y = (double)(out_y * down->stride + tap / across->kernel * down->dilation) -
                     (double)down->pad_begin + job->row->load_f64(job->offset, pair);
    const double x = (double)(out_x * across->stride + tap % across->kernel * across->dilation) -
                     (double)across->pad_begin +
                     job->row->load_f64(job->offset, pair + job->out_positions);
    const double weight = job->mask ? job->row->load_f64(job->mask, field) : 1.0;

    return weight * between(job, image * job->c + channel, y, x);
}

/* Rows of the columns of an image and group are its channels' taps. */
static effnn_status columns_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const deform_job *job = job_;
    const size_t image = job->item / job->groups, group = job->item % job->groups;

    (void)piece;
    for (size_t row = begin; row < end; row++) {
        float *out = (float *)job->call->scratch + row * job->out_positions;
        const size_t channel = group * job->group_in + row / job->taps;

        for (size_t at = 0; at < job->out_positions; at++)
            out[at] = (float)read_tap(job, image, channel, row % job->taps, at);
    }
    return EFFNN_OK;
}

static effnn_status run_item(deform_job *job)
{
    const size_t group = job->item % job->groups, rows = job->group_in * job->taps;
    float *y = (float *)job->y + job->item * job->group_out * job->out_positions;
    const effnn__gemm gemm = { .m = job->group_out,
                               .n = job->out_positions,
                               .k = rows,
                               .a = (const float *)job->weight + group * job->group_out * rows,
                               .b = job->call->scratch,
                               .c = y,
                               .a_row = (int64_t)rows,
                               .a_col = 1,
                               .b_row = (int64_t)job->out_positions,
                               .b_col = 1,
                               .c_row = (int64_t)job->out_positions,
                               .c_col = 1,
                               .alpha = 1.0,
                               .beta = 1.0,
                               .n_batch = 1 };

    for (size_t i = 0; i < job->group_out * job->out_positions; i++)
        y[i] = job->bias
                   ? ((const float *)job->bias)[group * job->group_out + i / job->out_positions]
                   : 0.0f;
    if (rows == 0) return EFFNN_OK;
    EFFNN_TRY(effnn__parallel_for(job->call->context, rows, 1, columns_piece, job));
    return effnn__product_run(job->call->context, EFFNN_F32, &gemm);
}

/* Items are output planes. */
static effnn_status plane_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const deform_job *job = job_;
    const size_t taps = job->group_in * job->taps;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        const size_t m = plane % job->m, first = m / job->group_out * job->group_in;

        for (size_t at = 0; at < job->out_positions; at++) {
            double sum = job->bias ? job->row->load_f64(job->bias, m) : 0.0;

            for (size_t i = 0; i < taps; i++)
                sum += job->row->load_f64(job->weight, m * taps + i) *
                       read_tap(job, plane / job->m, first + i / job->taps, i % job->taps, at);
            job->row->store_f64(job->y, plane * job->out_positions + at, sum);
        }
    }
    return EFFNN_OK;
}

static const void *data_of(const effnn_op_call *call, size_t input)
{
    const effnn_tensor *tensor = effnn__call_input(call, input);

    return tensor ? effnn_tensor_data(tensor) : NULL;
}

static effnn_status forward(const effnn_op_call *call)
{
    deform_job job = job_of(call);

    job.x = data_of(call, INPUT_X);
    job.weight = data_of(call, INPUT_W);
    job.offset = data_of(call, INPUT_OFFSET);
    job.bias = data_of(call, INPUT_BIAS);
    job.mask = data_of(call, INPUT_MASK);
    job.y = effnn__tensor_data(call->outputs[0]);
    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(call->outputs[0]) != EFFNN_F32)
        return effnn__parallel_for(call->context, job.n * job.m, 1, plane_piece, &job);
    for (job.item = 0; job.item < job.n * job.groups; job.item++) EFFNN_TRY(run_item(&job));
    return EFFNN_OK;
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const deform_job job = job_of(call);

    (void)phase;
    if (effnn_tensor_dtype(call->outputs[0]) != EFFNN_F32 ||
        effnn_tensor_count(call->outputs[0]) == 0)
        return 0;
    return job.group_in * job.taps * job.out_positions * sizeof(float);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const deform_job job = job_of(call);

    out->macs =
        (double)effnn_tensor_count(call->outputs[0]) * (double)job.group_in * (double)job.taps;
    out->flops =
        12.0 * (double)job.n * (double)job.c * (double)job.taps * (double)job.out_positions;
}

static const effnn_onnx_row onnx[] = {
    { .name = "DeformConv", .since = 19 },
    { .name = "DeformConv", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,4,5,6]", "f32[6,4,3,2]", "f32[2,12,3,5]", "f32[6]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[1,4,5,6]", "f32[6,2,2,2]", "f32[1,16,3,3]", "", "f32[1,8,3,3]" },
      .attrs = "group=2,offset_group=2,strides=2:2,pads=1:0:1:1,dilations=2:1",
      .tolerance = 1e-5 },
    { .inputs = { "f64[1,1,3,3]", "f64[1,1,2,2]", "f64[1,8,2,2]", "f64[1]" } },
    { .inputs = { "f16[1,1,3,3]", "f16[1,1,2,2]", "f16[1,8,2,2]" } },
    { .inputs = { "f32[0,1,3,3]", "f32[1,1,2,2]", "f32[0,8,2,2]" } },
    { .inputs = { "f32[1,2,3,3]", "f32[1,1,2,2]", "f32[1,8,2,2]" }, .refused = "2 is not 1" },
    { .inputs = { "f32[1,1,3,3]", "f32[1,1,2,2]", "f32[1,4,2,2]" }, .refused = "8 is not 4" },
    { .inputs = { "f32[1,1,3,3]", "f32[1,1,2,2]", "f32[1,8,3,2]" }, .refused = "2 is not 3" },
    { .inputs = { "f32[1,1,3]", "f32[1,1,2]", "f32[1,2,2]" }, .refused = "only two axes" },
    { .inputs = { "i8[1,1,3,3]", "i8[1,1,2,2]", "i8[1,8,2,2]" }, .refused = "i8" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_deform_conv = {
    .name = "deform_conv",
    .summary = "convolution whose taps are moved by offsets",
    .attrs = attr_defs,
    .attrs_size = sizeof(deform_attrs),
    .min_inputs = 3,
    .max_inputs = 5,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
