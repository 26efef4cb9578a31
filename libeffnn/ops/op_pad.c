/* SPDX-License-Identifier: BSD-3-Clause */
/* Padding, and cropping where a pad is negative. Inputs: data, pads ([begins, ends] of the axes),
 * value (default 0), axes (default: all). Mode "constant" fills with the value; "edge" repeats the
 * border, "reflect" mirrors without it, "wrap" goes round. */

#include "ops/op_axis_tables.h"
#include "ops/op_move.h"

#define LARGEST_PAD ((int64_t)1 << 48) /* so that indices cannot overflow */

enum { MODE_CONSTANT, MODE_REFLECT, MODE_EDGE, MODE_WRAP };

typedef struct pad_attrs {
    int mode;
} pad_attrs;

static const char *const mode_names[] = { "constant", "reflect", "edge", "wrap", NULL };
static const effnn_option_def attr_defs[] = {
    { "mode", "what stands outside", EFFNN_OPT_ENUM, offsetof(pad_attrs, mode),
      .choices = mode_names },
    EFFNN_OPTIONS_END,
};

static effnn_status infer_axis(effnn__sym *out, const effnn_op_infer *call, size_t axis,
                               effnn__sym size, effnn__sym pads)
{
    EFFNN_TRY(effnn__sym_add(out, call->symbols, size, pads));
    if (out->symbol == 0 && out->offset < 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "axis %zu of size %lld is padded by %lld",
                                 axis, (long long)size.offset, (long long)pads.offset);
    return EFFNN_OK;
}

static effnn_status infer_dims(effnn_op_infer *call, size_t rank, effnn__sym *dims)
{
    effnn__sym pads[EFFNN__MAX_CONTENT];
    size_t n, n_axes, axes[EFFNN__MAX_CONTENT];
    bool known;

    EFFNN_TRY(effnn__infer_axes(call, 3, rank, &known, &n_axes, axes));
    if (!effnn__infer_input(call, 3)) {
        n_axes = rank;
        for (size_t i = 0; i < rank; i++) axes[i] = i;
    }
    if (!known || !effnn__infer_content(call, 1, &n, pads)) {
        for (size_t i = 0; i < rank; i++) EFFNN_TRY(effnn__symbols_fresh(&dims[i], call->symbols));
        return EFFNN_OK;
    }
    if (n != 2 * n_axes)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%zu pads for %zu axes", n, n_axes);
    for (size_t i = 0; i < n; i++)
        if (pads[i].offset < -LARGEST_PAD || pads[i].offset > LARGEST_PAD)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "pad %zu is %lld", i,
                                     (long long)pads[i].offset);
    for (size_t i = 0; i < n_axes; i++) {
        effnn__sym both;

        EFFNN_TRY(effnn__sym_add(&both, call->symbols, pads[i], pads[i + n_axes]));
        EFFNN_TRY(infer_axis(&dims[axes[i]], call, axes[i], dims[axes[i]], both));
    }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (effnn__infer_input(call, 2)) {
        effnn_op_infer data_and_value = *call;
        const effnn__value_info *const pair[] = { in, call->inputs[2] };

        data_and_value.inputs = pair;
        EFFNN_TRY(effnn__infer_same_dtype(&data_and_value, 0, 2));
    }
    if (!in->has_shape) return EFFNN_OK;
    for (size_t i = 0; i < in->rank; i++) dims[i] = in->dims[i];
    EFFNN_TRY(infer_dims(call, in->rank, dims));
    effnn__info_set_shape(&call->outputs[0], in->rank, dims);
    return EFFNN_OK;
}

/* Index in [0, size) that stands at `at` outside or inside, -1: the value. size ≥ 1. */
static int64_t source_of(int mode, int64_t at, int64_t size)
{
    if (at >= 0 && at < size) return at;
    switch (mode) {
    case MODE_CONSTANT: return -1;
    case MODE_EDGE: return at < 0 ? 0 : size - 1;
    case MODE_WRAP: return (at % size + size) % size;
    default: {
        const int64_t period = size == 1 ? 1 : 2 * (size - 1);
        const int64_t place = (at % period + period) % period;

        return place < size ? place : period - place;
    }
    }
}

/* Pad at the beginning of an axis. */
static int64_t begin_of(const effnn_op_call *call, size_t axis, size_t rank)
{
    const effnn_tensor *pads = call->inputs[1], *axes = effnn__call_input(call, 3);

    if (!axes) return effnn__tensor_load_i64(pads, axis);
    for (size_t i = 0; i < effnn_tensor_count(axes); i++)
        if (effnn__resolve_axis(effnn__tensor_load_i64(axes, i), rank) == axis)
            return effnn__tensor_load_i64(pads, i);
    return 0;
}

typedef struct pad_places {
    int mode;
    int64_t begins[EFFNN_MAX_RANK];
} pad_places;

static int64_t place(const void *user, size_t axis, int64_t at, int64_t size)
{
    const pad_places *places = user;

    return source_of(places->mode, at - places->begins[axis], size);
}

static effnn_status forward(const effnn_op_call *call)
{
    const pad_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *value = effnn__call_input(call, 2);
    const size_t rank = effnn_tensor_rank(x);
    pad_places places = { .mode = attrs->mode };

    if (value && effnn_tensor_count(value) != 1)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "the value has %zu elements, not 1",
                                effnn_tensor_count(value));
    for (size_t axis = 0; axis < rank; axis++) {
        if (effnn_tensor_dims(x)[axis] == 0 && effnn_tensor_dims(call->outputs[0])[axis] > 0 &&
            attrs->mode != MODE_CONSTANT)
            return effnn__call_fail(call, EFFNN_E_SHAPE, "axis %zu is empty: nothing to repeat",
                                    axis);
        places.begins[axis] = begin_of(call, axis, rank);
    }
    return effnn__axis_tables_run(call, place, &places, value ? effnn_tensor_data(value) : NULL);
}

/* Before opset 11 pads and value are attributes. */
static effnn_status read_attributes(effnn_onnx_reader *reader)
{
    return effnn__onnx_read_as_inputs(reader, (const char *const[]){ "pads", "value", NULL });
}

/* Opset 18 brought the axes, opset 19 the mode wrap. */
static effnn_status write_older(effnn_onnx_writer *writer)
{
    const pad_attrs *attrs = writer->op_attrs;

    if (writer->opset < 18 && writer->n_inputs > 3 && writer->inputs[3])
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "axes need opset 18");
    if (attrs->mode == MODE_WRAP)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "mode 'wrap' needs opset 19");
    return effnn__onnx_write_plain(writer, false);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Pad", .since = 19 },
    { .name = "Pad", .since = 11, .write = write_older },
    { .name = "Pad", .since = 2, .read = read_attributes, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]", "i64{1,0,0,2}" } },
    { .inputs = { "f32[2,3]", "i64{1,0,0,2}", "f32:1.5" } },
    { .inputs = { "f32[3,4]", "i64{2,3,1,2}" }, .attrs = "mode=reflect" },
    { .inputs = { "f32[3,4]", "i64{2,3,1,2}" }, .attrs = "mode=edge" },
    { .inputs = { "f32[3,4]", "i64{2,3,1,2}" }, .attrs = "mode=wrap" },
    { .inputs = { "f64[3,4]", "i64{-1,0,1,-2}" } },
    { .inputs = { "i8[2,2,3]", "i64{1,2}", "", "i64{-1}" } },
    { .inputs = { "f32[0,2]", "i64{1,0,1,0}" } },
    { .inputs = { "f32[2,3]", "i64{1,0,0}" }, .refused = "3 pads for 2 axes" },
    { .inputs = { "f32[2,3]", "i64{-2,0,-1,0}" }, .refused = "padded by -3" },
    { .inputs = { "f32[2]", "i64{-9e15,9e15}" }, .refused = "pad 0 is -9" },
    { .inputs = { "f32[2]", "i64{1,1}", "i64:0" }, .refused = "i64" },
    { .inputs = { "i4[2]", "i64{1,1}" }, .refused = "i4" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_pad = {
    .name = "pad",
    .summary = "elements around (or fewer, by negative pads)",
    .attrs = attr_defs,
    .attrs_size = sizeof(pad_attrs),
    .min_inputs = 2,
    .max_inputs = 4,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .scratch = effnn__axis_tables_scratch,
    .onnx = onnx,
    .samples = samples,
};
