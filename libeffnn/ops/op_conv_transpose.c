/* SPDX-License-Identifier: BSD-3-Clause */
/* Transposed convolution over one to three axes: every input element adds the kernel, times itself,
 * to the output around it. Inputs: x [n, c, …], weight [c, m / group, …], bias [m] (optional).
 *
 * f32: for each image and group the products of all taps, columns [m / group · taps, positions] =
 * weightᵀ · x, a block of positions at a time, are one matrix product; then each output plane
 * gathers its rows of it. With one input channel a group the planes take x itself. Other floats by
 * plain loops over the outputs, which accumulate in double. */

#include "ops/op_move.h"
#include "ops/op_product.h"
#include "ops/op_saves.h"
#include "ops/op_window.h"

#include "base/pool.h"
#include "tensor/dtype.h"

enum {
    COLUMN_BYTES = 4 << 20, /* columns made at a time … */
    FEWEST_COLUMNS = 192    /* … but as many as these: fewer would pack the weights too often */
};

typedef struct conv_transpose_attrs {
    effnn__window window;
    int64_t group;
    effnn_int_list output_padding, output_shape;
} conv_transpose_attrs;

#define FIELD(f) offsetof(conv_transpose_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "auto_pad", "padding by rule instead of by pads", EFFNN_OPT_ENUM, FIELD(window.auto_pad),
      .choices = effnn__auto_pad_names },
    { "dilations", "distance of neighbouring taps along each axis; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.dilations), .min = 1, .max = INT32_MAX },
    { "group", "groups of channels that do not mix", EFFNN_OPT_I64, FIELD(group), .value = 1,
      .min = 1, .max = INT32_MAX },
    { "kernel_shape", "size of the kernel; empty: the weight's", EFFNN_OPT_INTS,
      FIELD(window.kernel_shape), .min = 1, .max = INT32_MAX },
    { "output_padding", "elements added at the end of each axis; empty: 0", EFFNN_OPT_INTS,
      FIELD(output_padding), .min = 0, .max = INT32_MAX },
    { "output_shape", "sizes of the output's axes, from which pads follow; empty: from pads",
      EFFNN_OPT_INTS, FIELD(output_shape), .min = 0, .max = INT32_MAX },
    { "pads", "elements cut off in front along each axis, then behind; empty: 0", EFFNN_OPT_INTS,
      FIELD(window.pads), .min = 0, .max = INT32_MAX },
    { "strides", "distance that neighbouring inputs have in the output; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.strides), .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

/* ---- shapes ---- */

static effnn_status check_channels(const effnn_op_infer *call, effnn__sym *m)
{
    const conv_transpose_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *w = call->inputs[1];
    const effnn__value_info *bias = effnn__infer_input(call, 2);
    effnn__sym channels;

    EFFNN_TRY(effnn__infer_equal_dims(&channels, call, "channels of input and weight", x->dims[1],
                                      w->dims[0]));
    if (channels.symbol == 0 && channels.offset % attrs->group != 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld input channels in %lld groups",
                                 (long long)channels.offset, (long long)attrs->group);
    EFFNN_TRY(effnn__sym_mul(m, call->symbols, w->dims[1], effnn__sym_constant(attrs->group)));
    if (!bias || !bias->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_rank(call, 2, 1));
    return effnn__infer_equal_dims(&channels, call, "sizes of weight and bias", *m, bias->dims[0]);
}

/* Output size before anything is cut off, less the part that grows with the input:
 * stride · (in - 1) + output_padding + dilation · (kernel - 1) + 1 = stride · in + this. */
static int64_t constant_part(const conv_transpose_attrs *attrs, size_t axis, int64_t kernel)
{
    return effnn__window_item(&attrs->window.dilations, axis, 1) * (kernel - 1) + 1 -
           effnn__window_item(&attrs->window.strides, axis, 1) +
           effnn__window_item(&attrs->output_padding, axis, 0);
}

static bool is_same(const conv_transpose_attrs *attrs)
{
    return attrs->window.auto_pad == EFFNN__PAD_SAME_UPPER ||
           attrs->window.auto_pad == EFFNN__PAD_SAME_LOWER;
}

static effnn_status infer_axis(effnn__sym *out, const effnn_op_infer *call, size_t axis,
                               effnn__sym size, int64_t kernel)
{
    const conv_transpose_attrs *attrs = call->attrs;
    const effnn_int_list *pads = &attrs->window.pads;
    const int64_t stride = effnn__window_item(&attrs->window.strides, axis, 1);
    const bool padded = attrs->window.auto_pad == EFFNN__PAD_NOTSET;
    int64_t constant = constant_part(attrs, axis, kernel);

    if (is_same(attrs)) constant = 0;
    if (padded)
        constant -=
            effnn__window_item(pads, axis, 0) + effnn__window_item(pads, pads->n / 2 + axis, 0);
    EFFNN_TRY(effnn__sym_mul(out, call->symbols, size, effnn__sym_constant(stride)));
    EFFNN_TRY(effnn__sym_add(out, call->symbols, *out, effnn__sym_constant(constant)));
    if (attrs->output_shape.n > 0) {
        *out = effnn__sym_constant(attrs->output_shape.items[axis]);
        return EFFNN_OK;
    }
    if (out->symbol == 0 && out->offset < 0 && size.offset > 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "axis %zu would have size %lld", axis + 2,
                                 (long long)out->offset);
    if (out->symbol == 0 && (out->offset < 0 || size.offset == 0)) *out = effnn__sym_constant(0);
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const conv_transpose_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *w = call->inputs[1];
    const effnn_int_list *shape = &attrs->window.kernel_shape;
    effnn__sym dims[EFFNN_MAX_RANK];

    for (size_t i = 0; i < call->n_inputs; i++)
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    if (!x->has_shape || !w->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__window_check(call, &attrs->window));
    EFFNN_TRY(effnn__infer_rank(call, 1, x->rank));
    EFFNN_TRY(
        effnn__window_check_list(call, "output_padding", &attrs->output_padding, x->rank - 2));
    EFFNN_TRY(effnn__window_check_list(call, "output_shape", &attrs->output_shape, x->rank - 2));
    dims[0] = x->dims[0];
    EFFNN_TRY(check_channels(call, &dims[1]));
    for (size_t i = 0; i + 2 < x->rank; i++) {
        effnn__sym kernel = w->dims[i + 2];

        if (shape->n > 0)
            EFFNN_TRY(effnn__infer_equal_dims(&kernel, call, "kernel of weight and kernel_shape",
                                              kernel, effnn__sym_constant(shape->items[i])));
        if (kernel.symbol != 0) {
            EFFNN_TRY(effnn__symbols_fresh(&dims[i + 2], call->symbols));
            continue;
        }
        if (kernel.offset < 1 || kernel.offset > INT32_MAX)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "kernel of size %lld along axis %zu",
                                     (long long)kernel.offset, i + 2);
        EFFNN_TRY(infer_axis(&dims[i + 2], call, i, x->dims[i + 2], kernel.offset));
    }
    effnn__info_set_shape(&call->outputs[0], x->rank, dims);
    return EFFNN_OK;
}

/* ---- computing ---- */

typedef struct job {
    const effnn_op_call *call;
    const effnn__dtype_row *row;
    effnn__window_box box;
    size_t n, c, m, groups, group_in, group_out, taps, positions, out_positions;
    size_t block; /* positions whose columns are made at a time */
    const void *x, *weight, *bias;
    void *y;
    /* of the block at work: */
    size_t image, group, col, n_cols;
} job;

/* What is cut off in front: as given, or half of what the output's size leaves over. */
static size_t cut_in_front(const conv_transpose_attrs *attrs, const effnn__window_box *box,
                           size_t place, size_t axis)
{
    const effnn__window_axis *a = &box->axes[place];

    if (attrs->output_shape.n == 0 && !is_same(attrs))
        return attrs->window.auto_pad == EFFNN__PAD_NOTSET ? a->pad_begin : 0;
    const int64_t whole =
        (int64_t)(a->stride * box->in[place]) + constant_part(attrs, axis, (int64_t)a->kernel);
    const int64_t total = whole - (int64_t)box->out[place];
    if (total <= 0) return 0;
    return (size_t)(attrs->window.auto_pad == EFFNN__PAD_SAME_UPPER ? total / 2
                                                                    : total - total / 2);
}

static job job_of(const effnn_op_call *call)
{
    const conv_transpose_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *w = call->inputs[1], *y = call->outputs[0];
    const size_t n_axes = effnn_tensor_rank(x) - 2, absent = EFFNN__WINDOW_AXES - n_axes;
    job self = { .call = call,
                 .row = effnn__dtype_row_of(effnn_tensor_dtype(y)),
                 .box = effnn__window_box_of(&attrs->window, effnn_tensor_dims(w) + 2, x, y),
                 .n = (size_t)effnn_tensor_dims(x)[0],
                 .c = (size_t)effnn_tensor_dims(x)[1],
                 .m = (size_t)effnn_tensor_dims(y)[1],
                 .groups = (size_t)attrs->group };

    for (size_t i = absent; i < EFFNN__WINDOW_AXES; i++)
        self.box.axes[i].pad_begin = cut_in_front(attrs, &self.box, i, i - absent);
    self.group_in = self.c / self.groups;
    self.group_out = self.m / self.groups;
    self.taps = effnn__window_taps(&self.box);
    self.positions = effnn__window_inputs(&self.box);
    self.out_positions = effnn__window_outputs(&self.box);
    const size_t row_bytes = self.group_out * self.taps * sizeof(float);
    const size_t fit = row_bytes == 0 ? self.positions : COLUMN_BYTES / row_bytes;
    const size_t most = fit < FEWEST_COLUMNS ? FEWEST_COLUMNS : fit;
    self.block = most < self.positions ? most : self.positions;
    return self;
}

/* Inputs [begin, end) of a line add factor · from[…] to an output line; `tap` is the tap's place
 * along the line. */
static void add_line(const job *self, float *line, size_t tap, const float *from, float factor,
                     size_t begin, size_t end)
{
    const effnn__window_axis *a = &self->box.axes[2];
    const int64_t shift = (int64_t)(tap * a->dilation) - (int64_t)a->pad_begin;
    const int64_t stride = (int64_t)a->stride, size = (int64_t)self->box.out[2];
    int64_t first = (int64_t)begin, last = (int64_t)end;

    if (shift < 0 && first < (-shift + stride - 1) / stride) first = (-shift + stride - 1) / stride;
    const int64_t reach = size - shift <= 0 ? 0 : (size - shift + stride - 1) / stride;
    if (last > reach) last = reach;
    from -= begin;
    if (stride == 1)
        for (int64_t i = first; i < last; i++) line[i + shift] += factor * from[i];
    else
        for (int64_t i = first; i < last; i++) line[i * stride + shift] += factor * from[i];
}

/* One tap of the inputs at [col, col + n_cols), whose products are in `from`. */
static void add_tap(const job *self, float *plane, size_t tap, const float *from, float factor)
{
    const effnn__window_box *b = &self->box;
    const size_t tap_x = tap % b->axes[2].kernel, rest = tap / b->axes[2].kernel;
    const size_t tap_y = rest % b->axes[1].kernel, tap_z = rest / b->axes[1].kernel;

    for (size_t at = self->col; at < self->col + self->n_cols;) {
        const size_t line = at / b->in[2], begin = at % b->in[2];
        const size_t left = self->col + self->n_cols - at;
        const size_t end = begin + left < b->in[2] ? begin + left : b->in[2];
        /* wraps where it lies in front */
        const size_t y = line % b->in[1] * b->axes[1].stride + tap_y * b->axes[1].dilation -
                         b->axes[1].pad_begin;
        const size_t z = line / b->in[1] * b->axes[0].stride + tap_z * b->axes[0].dilation -
                         b->axes[0].pad_begin;

        if (y < b->out[1] && z < b->out[0])
            add_line(self, plane + (z * b->out[1] + y) * b->out[2], tap_x, from, factor, begin,
                     end);
        from += end - begin;
        at += end - begin;
    }
}

/* Output planes of one image and group take their rows of the columns. */
static effnn_status gather_piece(void *self_, size_t piece, size_t begin, size_t end)
{
    const job *self = self_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        float *plane =
            (float *)self->y +
            (self->image * self->m + self->group * self->group_out + i) * self->out_positions;
        const float *columns = (const float *)self->call->scratch + i * self->taps * self->n_cols;

        for (size_t tap = 0; tap < self->taps; tap++)
            add_tap(self, plane, tap, columns + tap * self->n_cols, 1.0f);
    }
    return EFFNN_OK;
}

/* The same with one input channel a group; items are all output planes. */
static effnn_status single_piece(void *self_, size_t piece, size_t begin, size_t end)
{
    const job *self = self_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t image = i / self->m, m = i % self->m, channel = m / self->group_out;
        float *plane = (float *)self->y + i * self->out_positions;
        const float *x = (const float *)self->x + (image * self->c + channel) * self->positions;
        const float *weight = (const float *)self->weight + m * self->taps;

        for (size_t tap = 0; tap < self->taps; tap++) add_tap(self, plane, tap, x, weight[tap]);
    }
    return EFFNN_OK;
}

static effnn_status bias_piece(void *self_, size_t piece, size_t begin, size_t end)
{
    const job *self = self_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        float *plane = (float *)self->y + i * self->out_positions;
        const float bias = self->bias ? ((const float *)self->bias)[i % self->m] : 0.0f;

        for (size_t k = 0; k < self->out_positions; k++) plane[k] = bias;
    }
    return EFFNN_OK;
}

/* The products of one block. */
static effnn_status make_columns(const job *self)
{
    const size_t rows = self->group_out * self->taps;
    const size_t first = self->group * self->group_in;
    const effnn__gemm gemm = { .m = rows,
                               .n = self->n_cols,
                               .k = self->group_in,
                               .a = (const float *)self->weight + first * rows,
                               .b = (const float *)self->x +
                                    (self->image * self->c + first) * self->positions + self->col,
                               .c = self->call->scratch,
                               .a_row = 1,
                               .a_col = (int64_t)rows,
                               .b_row = (int64_t)self->positions,
                               .b_col = 1,
                               .c_row = (int64_t)self->n_cols,
                               .c_col = 1,
                               .alpha = 1.0,
                               .n_batch = 1 };

    return effnn__product_run(self->call->context, EFFNN_F32, &gemm);
}

static effnn_status run_f32(job *self)
{
    EFFNN_TRY(effnn__parallel_for(self->call->context, self->n * self->m,
                                  32768 / (self->out_positions + 1) + 1, bias_piece, self));
    if (self->group_in == 0) return EFFNN_OK;
    self->n_cols = self->positions;
    if (self->group_in == 1)
        return effnn__parallel_for(self->call->context, self->n * self->m, 1, single_piece, self);
    for (size_t item = 0; item < self->n * self->groups; item++) {
        self->image = item / self->groups;
        self->group = item % self->groups;
        for (self->col = 0; self->col < self->positions; self->col += self->block) {
            const size_t left = self->positions - self->col;

            self->n_cols = left < self->block ? left : self->block;
            EFFNN_TRY(make_columns(self));
            EFFNN_TRY(
                effnn__parallel_for(self->call->context, self->group_out, 1, gather_piece, self));
        }
    }
    return EFFNN_OK;
}

/* The input element that a tap brings to output `out` along an axis; false: none. */
static bool source(size_t *in, const effnn__window_box *box, size_t axis, size_t out, size_t tap)
{
    const effnn__window_axis *a = &box->axes[axis];
    const size_t reach = out + a->pad_begin;

    if (reach < tap * a->dilation || (reach - tap * a->dilation) % a->stride != 0) return false;
    *in = (reach - tap * a->dilation) / a->stride;
    return *in < box->in[axis];
}

static double element(const job *self, size_t plane, size_t at)
{
    const effnn__window_box *b = &self->box;
    const size_t image = plane / self->m, m = plane % self->m;
    const size_t first = m / self->group_out * self->group_in;
    const size_t place[] = { at / b->out[2] / b->out[1], at / b->out[2] % b->out[1],
                             at % b->out[2] };
    double sum = self->bias ? self->row->load_f64(self->bias, m) : 0.0;

    for (size_t tap = 0; tap < self->taps && self->group_in > 0; tap++) {
        const size_t rest = tap / b->axes[2].kernel;
        size_t z, y, x;

        if (!source(&z, b, 0, place[0], rest / b->axes[1].kernel) ||
            !source(&y, b, 1, place[1], rest % b->axes[1].kernel) ||
            !source(&x, b, 2, place[2], tap % b->axes[2].kernel))
            continue;
        for (size_t c = first; c < first + self->group_in; c++)
            sum +=
                self->row->load_f64(self->x, (image * self->c + c) * self->positions +
                                                 (z * b->in[1] + y) * b->in[2] + x) *
                self->row->load_f64(self->weight,
                                    (c * self->group_out + m % self->group_out) * self->taps + tap);
    }
    return sum;
}

static effnn_status element_piece(void *self_, size_t piece, size_t begin, size_t end)
{
    const job *self = self_;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++)
        for (size_t i = 0; i < self->out_positions; i++)
            self->row->store_f64(self->y, plane * self->out_positions + i, element(self, plane, i));
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *bias = effnn__call_input(call, 2);
    job self = job_of(call);

    self.x = effnn_tensor_data(call->inputs[0]);
    self.weight = effnn_tensor_data(call->inputs[1]);
    self.bias = bias ? effnn_tensor_data(bias) : NULL;
    self.y = effnn__tensor_data(call->outputs[0]);
    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(call->outputs[0]) == EFFNN_F32) return run_f32(&self);
    return effnn__parallel_for(call->context, self.n * self.m, 1, element_piece, &self);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const job self = job_of(call);

    (void)phase;
    if (effnn_tensor_dtype(call->outputs[0]) != EFFNN_F32 || self.group_in < 2 ||
        effnn_tensor_count(call->outputs[0]) == 0)
        return 0;
    return self.group_out * self.taps * self.block * sizeof(float);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const job self = job_of(call);

    out->macs =
        (double)effnn_tensor_count(call->inputs[0]) * (double)self.group_out * (double)self.taps;
}

static const effnn_onnx_row onnx[] = {
    { .name = "ConvTranspose", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,5,4]", "f32[3,4,3,3]", "f32[4]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[1,4,5,4]", "f32[4,3,3,2]", "f32[6]" },
      .attrs = "group=2,strides=2:3,pads=1:0:2:1,dilations=2:1,output_padding=1:2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,4,5,5]", "f32[4,1,4,4]", "f32[4]" },
      .attrs = "group=4,strides=2:2,pads=1:1:1:1,kernel_shape=4:4",
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,5,4]", "f32[2,3,3,2]" },
      .attrs = "auto_pad=SAME_UPPER,strides=2:2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,5,4]", "f32[2,3,3,2]" },
      .attrs = "output_shape=10:13,strides=2:3",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,7]", "f32[3,2,4]" }, .attrs = "strides=2,pads=1:2", .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,3,4,2]", "f32[2,3,2,3,2]", "f32[3]" },
      .attrs = "strides=2:1:2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,3,3]", "f32[2,1,1,1]" }, .attrs = "strides=3:2", .tolerance = 1e-5 },
    { .inputs = { "f32[1,1,3,3]", "f32[1,1,2,2]" }, .attrs = "auto_pad=VALID", .tolerance = 1e-5 },
    { .inputs = { "f32[0,3,7,6]", "f32[3,4,3,3]" } },
    { .inputs = { "f32[1,0,3,4]", "f32[0,2,2,2]", "f32[2]" } },
    { .inputs = { "f32[1,2,0,3]", "f32[2,2,3,1]" } },
    { .inputs = { "f64[1,2,3,3]", "f64[2,2,3,3]", "f64[2]" }, .attrs = "auto_pad=SAME_LOWER" },
    { .inputs = { "f16[1,2,3,3]", "f16[2,2,3,3]", "f16[2]" } },
    { .inputs = { "f32[2,3,7,6]", "f32[4,2,3,3]" }, .refused = "3 is not 4" },
    { .inputs = { "f32[2,3,7,6]", "f32[3,2,3,3]" }, .attrs = "group=2", .refused = "3 input" },
    { .inputs = { "f32[2,3,7,6]", "f32[3,4,3,3]", "f32[5]" }, .refused = "4 is not 5" },
    { .inputs = { "f32[1,1,1,1]", "f32[1,1,1,1]" },
      .attrs = "pads=1:1:1:1",
      .refused = "would have size -1" },
    { .inputs = { "f32[1,1,3,3]", "f32[1,1,0,1]" }, .refused = "kernel of size 0" },
    { .inputs = { "f32[1,1,3,3]", "f32[1,1,1,1]" },
      .attrs = "output_shape=3",
      .refused = "output_shape has 1" },
    { .inputs = { "f32[2,3]", "f32[3,4]" }, .refused = "rank 3 to 5" },
    { .inputs = { "i8[1,1,3,3]", "i8[1,1,1,1]" }, .refused = "i8" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_conv_transpose = {
    .name = "conv_transpose",
    .summary = "transposed convolution over one to three axes",
    .attrs = attr_defs,
    .attrs_size = sizeof(conv_transpose_attrs),
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
