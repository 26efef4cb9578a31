/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution (cross-correlation) over one to three axes, grouped, strided, dilated, padded with
 * zeros. Inputs: x [n, c, …], weight [m, c / group, …], bias [m] (optional). f32 by the kernels, or
 * over three axes as a product with columns made here; other floats by plain loops that accumulate
 * in double. */

#include "ops/op_conv.h"

#include "ops/op_saves.h"

#include "base/pool.h"
#include "kernels/kernels.h"
#include "ops/op_conv_few.h"
#include "tensor/dtype.h"

#include <stdalign.h>

enum {
    COLUMN_BYTES = 4 << 20, /* columns of three axes made at a time … */
    FEWEST_COLUMNS = 192    /* … but as many as these: fewer would pack the weights too often */
};

#define FIELD(f) offsetof(effnn__conv_attrs, f)
const effnn_option_def effnn__conv_attr_defs[] = {
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
    const effnn__conv_attrs *attrs = call->attrs;
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

effnn_status effnn__conv_infer_shape(effnn_op_infer *call)
{
    const effnn__conv_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *w = call->inputs[1];
    const effnn_int_list *shape = &attrs->window.kernel_shape;
    effnn__sym dims[EFFNN_MAX_RANK];

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

static effnn_status infer(effnn_op_infer *call)
{
    for (size_t i = 0; i < call->n_inputs; i++)
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    return effnn__conv_infer_shape(call);
}

effnn__conv2d effnn__conv_geometry(const void *options, const effnn_tensor *input,
                                   const effnn_tensor *weight, const effnn_tensor *output)
{
    const effnn__conv_attrs *attrs = options;
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
    const effnn_op_call *call;
    const effnn__dtype_row *row;
    effnn__window_box box;
    size_t n, c, m, groups, group_in, group_out, taps, positions, out_positions;
    const void *x, *weight, *bias;
    void *y;
    size_t block; /* positions whose columns are made at a time */
    size_t item, col, n_cols;
} conv_job;

static conv_job job_of(const effnn_op_call *call)
{
    const effnn__conv_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *w = call->inputs[1], *y = call->outputs[0];
    conv_job job = { .call = call,
                     .row = effnn__dtype_row_of(effnn_tensor_dtype(y)),
                     .box = effnn__window_box_of(&attrs->window, effnn_tensor_dims(w) + 2, x, y),
                     .n = (size_t)effnn_tensor_dims(x)[0],
                     .c = (size_t)effnn_tensor_dims(x)[1],
                     .m = (size_t)effnn_tensor_dims(y)[1],
                     .groups = (size_t)attrs->group };

    job.group_in = job.c / job.groups;
    job.group_out = job.m / job.groups;
    job.taps = effnn__window_taps(&job.box);
    job.positions = effnn__window_inputs(&job.box);
    job.out_positions = effnn__window_outputs(&job.box);
    const size_t row_bytes = job.group_in * job.taps * sizeof(float);
    const size_t fit = row_bytes == 0 ? job.out_positions : COLUMN_BYTES / row_bytes;
    const size_t most = fit < FEWEST_COLUMNS ? FEWEST_COLUMNS : fit;
    job.block = most < job.out_positions ? most : job.out_positions;
    return job;
}

/* Where tap `tap` of output `out` reads along an axis; wraps where it lies in front. */
static size_t place(const effnn__window_axis *axis, size_t out, size_t tap)
{
    return out * axis->stride + tap * axis->dilation - axis->pad_begin;
}

/* One output element; plane: its place among n · m. */
static double conv_element(const conv_job *job, size_t plane, size_t at)
{
    const effnn__window_box *b = &job->box;
    const size_t m = plane % job->m;
    const size_t first = plane / job->m * job->c + m / job->group_out * job->group_in;
    const size_t out_x = at % b->out[2], out_y = at / b->out[2] % b->out[1];
    const size_t out_z = at / b->out[2] / b->out[1];
    double sum = job->bias ? job->row->load_f64(job->bias, m) : 0.0;

    for (size_t i = 0; i < job->group_in * job->taps; i++) {
        const size_t channel = i / job->taps, tap = i % job->taps, rest = tap / b->axes[2].kernel;
        const size_t x = place(&b->axes[2], out_x, tap % b->axes[2].kernel);
        const size_t y = place(&b->axes[1], out_y, rest % b->axes[1].kernel);
        const size_t z = place(&b->axes[0], out_z, rest / b->axes[1].kernel);

        if (z >= b->in[0] || y >= b->in[1] || x >= b->in[2]) continue;
        sum += job->row->load_f64(job->x, (first + channel) * job->positions +
                                              (z * b->in[1] + y) * b->in[2] + x) *
               job->row->load_f64(job->weight, m * job->group_in * job->taps + i);
    }
    return sum;
}

static effnn_status conv_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const conv_job *job = job_;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++)
        for (size_t i = 0; i < job->out_positions; i++)
            job->row->store_f64(job->y, plane * job->out_positions + i,
                                conv_element(job, plane, i));
    return EFFNN_OK;
}

/* ---- three axes ---- */

/* Output places [begin, end) of one line of a row of the columns; `line` is the input line under
 * them, NULL where that is padding. */
static void fill_line(const effnn__window_axis *axis, size_t size, const float *line, size_t tap,
                      size_t begin, size_t end, float *out)
{
    for (size_t i = begin; i < end; i++) {
        const size_t x = place(axis, i, tap); /* wraps where it lies in front */

        *out++ = line && x < size ? line[x] : 0.0f;
    }
}

/* Row `row` (channel, tap) of the columns for output positions [col, col + n_cols). */
static void fill_row(const conv_job *job, size_t row, float *out)
{
    const effnn__window_box *b = &job->box;
    const size_t image = job->item / job->groups, group = job->item % job->groups;
    const size_t channel = image * job->c + group * job->group_in + row / job->taps;
    const float *x = (const float *)job->x + channel * job->positions;
    const size_t tap = row % job->taps, rest = tap / b->axes[2].kernel;

    for (size_t at = job->col; at < job->col + job->n_cols;) {
        const size_t line = at / b->out[2], begin = at % b->out[2];
        const size_t left = job->col + job->n_cols - at;
        const size_t end = begin + left < b->out[2] ? begin + left : b->out[2];
        const size_t y = place(&b->axes[1], line % b->out[1], rest % b->axes[1].kernel);
        const size_t z = place(&b->axes[0], line / b->out[1], rest / b->axes[1].kernel);
        const bool inside = y < b->in[1] && z < b->in[0];

        fill_line(&b->axes[2], b->in[2], inside ? x + (z * b->in[1] + y) * b->in[2] : NULL,
                  tap % b->axes[2].kernel, begin, end, out);
        out += end - begin;
        at += end - begin;
    }
}

static effnn_status columns_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const conv_job *job = job_;

    (void)piece;
    for (size_t row = begin; row < end; row++)
        fill_row(job, row, (float *)job->call->scratch + row * job->n_cols);
    return EFFNN_OK;
}

static effnn_status run_block(const conv_job *job)
{
    const size_t group = job->item % job->groups, rows = job->group_in * job->taps;
    const effnn__gemm gemm = { .m = job->group_out,
                               .n = job->n_cols,
                               .k = rows,
                               .a = (const float *)job->weight + group * job->group_out * rows,
                               .b = job->call->scratch,
                               .c = (float *)job->y +
                                    job->item * job->group_out * job->out_positions + job->col,
                               .a_row = (int64_t)rows,
                               .a_col = 1,
                               .b_row = (int64_t)job->n_cols,
                               .b_col = 1,
                               .c_row = (int64_t)job->out_positions,
                               .c_col = 1,
                               .alpha = 1.0,
                               .beta = 1.0,
                               .n_batch = 1 };

    EFFNN_TRY(effnn__parallel_for(job->call->context, rows, 8, columns_piece, (void *)job));
    return effnn__kernels_get()->gemm_f32(job->call->context, &gemm);
}

static effnn_status bias_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const conv_job *job = job_;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        float *y = (float *)job->y + plane * job->out_positions;
        const float bias = job->bias ? ((const float *)job->bias)[plane % job->m] : 0.0f;

        for (size_t i = 0; i < job->out_positions; i++) y[i] = bias;
    }
    return EFFNN_OK;
}

static effnn_status run_three_axes(conv_job *job)
{
    EFFNN_TRY(effnn__parallel_for(job->call->context, job->n * job->m, 1, bias_piece, job));
    if (job->group_in == 0) return EFFNN_OK;
    for (job->item = 0; job->item < job->n * job->groups; job->item++) {
        for (job->col = 0; job->col < job->out_positions; job->col += job->block) {
            const size_t left = job->out_positions - job->col;

            job->n_cols = left < job->block ? left : job->block;
            EFFNN_TRY(run_block(job));
        }
    }
    return EFFNN_OK;
}

static bool has_three_axes(const effnn_op_call *call)
{
    return effnn_tensor_rank(call->inputs[0]) == 5;
}

/* ---- two axes, in f32 ---- */

/* Packed weights are in the layout for the shapes of the first plan; where those of another one
 * want the other layout, they are taken as they are, which gives the same bits. */
typedef struct packed_weights {
    alignas(64) bool for_few;
    alignas(64) float data[];
} packed_weights;

static effnn_status run_plane(const effnn_op_call *call, const effnn__conv2d *conv,
                              const effnn__epilogue *after)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    const packed_weights *packed = call->packed;
    const float *x = effnn_tensor_data(call->inputs[0]);
    const float *weight = effnn_tensor_data(call->inputs[1]);
    float *y = effnn__tensor_data(call->outputs[0]);

    if (packed && packed->for_few && effnn__conv_few_fits(conv))
        return effnn__conv_few_f32(call->context, conv, x, packed->data, after, y, call->scratch);
    if (packed && !packed->for_few)
        return kernels->conv2d_packed_f32(call->context, conv, x, packed->data, after, y,
                                          call->scratch);
    return kernels->conv2d_f32(call->context, conv, x, weight, after, y, call->scratch);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *bias = effnn__call_input(call, 2);
    effnn_tensor *y = call->outputs[0];
    conv_job job = job_of(call);

    job.x = effnn_tensor_data(call->inputs[0]);
    job.weight = effnn_tensor_data(call->inputs[1]);
    job.bias = bias ? effnn_tensor_data(bias) : NULL;
    job.y = effnn__tensor_data(y);
    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(y) != EFFNN_F32)
        return effnn__parallel_for(call->context, job.n * job.m, 1, conv_piece, &job);
    if (has_three_axes(call)) {
        EFFNN_TRY(run_three_axes(&job));
        return effnn__epilogue_f32(call->context, &call->after, 1, effnn_tensor_count(y), job.y);
    }
    const effnn__conv2d conv = conv_of(call);
    effnn__epilogue after = call->after;

    after.bias = job.bias;
    return run_plane(call, &conv, &after);
}

static effnn_status prepack(const effnn_op_call *call, effnn_op_packed *out)
{
    const float *weight = effnn_tensor_data(call->inputs[1]);
    const effnn__kernels *kernels = effnn__kernels_get();

    if (!weight || effnn_tensor_dtype(call->inputs[1]) != EFFNN_F32 || has_three_axes(call))
        return EFFNN_OK;
    const effnn__conv2d conv = conv_of(call);
    const bool few = effnn__conv_few_fits(&conv);
    const size_t bytes =
        few ? effnn__conv_few_pack_bytes(&conv) : kernels->conv2d_pack_bytes(&conv);
    if (bytes == 0) return EFFNN_OK;
    EFFNN_TRY(effnn__op_packed_alloc(out, sizeof(packed_weights) + bytes, call->node));
    packed_weights *packed = out->data;
    packed->for_few = few;
    if (few)
        effnn__conv_few_pack(&conv, weight, packed->data);
    else
        kernels->conv2d_pack(&conv, weight, packed->data);
    return EFFNN_OK;
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    if (effnn_tensor_dtype(call->outputs[0]) != EFFNN_F32 ||
        effnn_tensor_count(call->outputs[0]) == 0)
        return 0;
    if (has_three_axes(call)) {
        const conv_job job = job_of(call);

        return job.group_in * job.taps * job.block * sizeof(float);
    }
    const effnn__conv2d conv = conv_of(call);
    const size_t bytes = effnn__kernels_get()->conv2d_scratch(call->context, &conv);
    const size_t few = effnn__conv_few_fits(&conv) ? effnn__conv_few_scratch(&conv) : 0;
    return bytes > few ? bytes : few;
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const conv_job job = job_of(call);

    out->macs =
        (double)effnn_tensor_count(call->outputs[0]) * (double)job.group_in * (double)job.taps;
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
    { .inputs = { "f32[2,4,5,4,6]", "f32[6,2,2,3,3]", "f32[6]" },
      .attrs = "group=2,strides=1:2:1,pads=1:0:1:0:2:1,dilations=2:1:2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,3,3,3]", "f32[2,2,2,2,2]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[1,0,3,3,3]", "f32[2,0,2,2,2]", "f32[2]" } },
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
    { .inputs = { "f32[2,3]", "f32[4,3]" }, .refused = "rank 3 to 5" },
    { .inputs = { "f32[1,1,2,2,2,2]", "f32[1,1,1,1,1,1]" }, .refused = "1-D to 3-D" },
    { .inputs = { "i8[1,1,3,3]", "i8[1,1,1,1]" }, .refused = "i8" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_conv = {
    .name = "conv",
    .summary = "convolution over one to three axes",
    .attrs = effnn__conv_attr_defs,
    .attrs_size = sizeof(effnn__conv_attrs),
    .min_inputs = 2,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .flags = EFFNN_OP_TAKES_BOUNDS,
    .saves = effnn__saves_partners,
    .scratch = scratch,
    .prepack = prepack,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
