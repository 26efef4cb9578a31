/* SPDX-License-Identifier: BSD-3-Clause */
/* Resizing by scales (input 2) or to sizes (input 3): nearest, linear or cubic interpolation along
 * each axis, with every rule of ONNX for which source coordinate an output index stands. Input 1 is
 * the region of interest of "tf_crop_and_resize". As the reference has it, coordinates go by the
 * scale as it was given, not by the rounded output size. Output sizes are ⌊size · scale⌋, the
 * product rounded to f32 as ONNX's shape inference does. */

#include "ops/op_resize.h"
#include "ops/op_axis_tables.h"
#include "ops/op_move.h"
#include "ops/op_resample.h"
#include "tensor/dtype.h"

#include <math.h>

static const char *const mode_names[] = { "nearest", "linear", "cubic", NULL };
static const char *const nearest_names[] = {
    "round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple", NULL
};
static const char *const transform_names[] = { "half_pixel",           "pytorch_half_pixel",
                                               "align_corners",        "asymmetric",
                                               "tf_half_pixel_for_nn", "tf_crop_and_resize",
                                               "half_pixel_symmetric", NULL };
static const char *const policy_names[] = { "stretch", "not_larger", "not_smaller", NULL };

#define FIELD(f) offsetof(effnn__resize_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "antialias", "shrink by a filter as wide as the step", EFFNN_OPT_BOOL, FIELD(antialias),
      .value = 0 },
    { "axes", "axes that scales, sizes and roi are for; empty: all", EFFNN_OPT_INTS, FIELD(axes),
      .min = -EFFNN_MAX_RANK, .max = EFFNN_MAX_RANK },
    { "coordinate_transformation_mode", "source coordinate of an output index", EFFNN_OPT_ENUM,
      FIELD(transform), .choices = transform_names },
    { "cubic_coeff_a", "coefficient of cubic interpolation", EFFNN_OPT_F64, FIELD(cubic_a),
      .value = -0.75 },
    { "exclude_outside", "weights outside the input are 0 and the others make up for them",
      EFFNN_OPT_BOOL, FIELD(exclude_outside), .value = 0 },
    { "extrapolation_value", "value outside the input with tf_crop_and_resize", EFFNN_OPT_F64,
      FIELD(extrapolation_value), .value = 0 },
    { "keep_aspect_ratio_policy", "how the sizes bind one common scale", EFFNN_OPT_ENUM,
      FIELD(policy), .choices = policy_names },
    { "mode", "interpolation", EFFNN_OPT_ENUM, FIELD(mode), .choices = mode_names },
    { "nearest_mode", "rounding of the coordinate; simple: down, but up along a shrinking axis",
      EFFNN_OPT_ENUM, FIELD(nearest), .choices = nearest_names },
    EFFNN_OPTIONS_END,
};

/* ---- shapes ---- */

/* Axes as a list, of `rank`. */
static effnn_status list_axes(const effnn_op_infer *call, size_t rank, size_t *n, size_t *axes)
{
    const effnn__resize_attrs *attrs = call->attrs;
    unsigned seen = 0;

    *n = attrs->axes.n > 0 ? attrs->axes.n : rank;
    for (size_t i = 0; i < *n; i++) {
        size_t axis = i;

        if (attrs->axes.n > 0)
            EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axes.items[i], rank));
        if (seen & (1u << axis))
            return effnn__infer_fail(call, EFFNN_E_ARG, "axis %zu is given twice", axis);
        seen |= 1u << axis;
        axes[i] = axis; /* no more than rank of them get here */
    }
    return EFFNN_OK;
}

static bool is_given(const effnn_op_infer *call, size_t i)
{
    const effnn__value_info *info = effnn__infer_input(call, i);
    size_t n = 1;

    if (!info) return false;
    return !effnn__infer_length(call, i, &n) || n > 0;
}

static effnn_status scaled_size(effnn__sym *out, const effnn_op_infer *call, effnn__sym size,
                                float scale)
{
    if (!(scale > 0.0f) || scale > 1e9f)
        return effnn__infer_fail(call, EFFNN_E_ARG, "scale %g is not above 0 and below 1e9",
                                 (double)scale);
    if (size.symbol != 0) {
        if (scale == floorf(scale))
            return effnn__sym_mul(out, call->symbols, size, effnn__sym_constant((int64_t)scale));
        return effnn__symbols_fresh(out, call->symbols);
    }
    const double product = floor((double)((float)size.offset * scale));
    if (product > (double)INT32_MAX)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "size %lld by scale %g",
                                 (long long)size.offset, (double)scale);
    *out = effnn__sym_constant((int64_t)product);
    return EFFNN_OK;
}

static effnn_status dims_by_scales(const effnn_op_infer *call, size_t n, const size_t *axes,
                                   effnn__sym *dims)
{
    const effnn_tensor *scales = call->constants ? call->constants[2] : NULL;

    if (scales && effnn_tensor_count(scales) != n)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%zu scales for %zu axes",
                                 effnn_tensor_count(scales), n);
    for (size_t i = 0; i < n; i++) {
        effnn__sym *dim = &dims[axes[i]];

        if (scales)
            EFFNN_TRY(scaled_size(dim, call, *dim, (float)effnn__tensor_load_f64(scales, i)));
        else
            EFFNN_TRY(effnn__symbols_fresh(dim, call->symbols));
    }
    return EFFNN_OK;
}

/* The common scale that the sizes and the policy give. */
static double common_scale(int policy, size_t n, const int64_t *sizes, const int64_t *in)
{
    double scale = policy == EFFNN__RESIZE_NOT_LARGER ? INFINITY : 0.0;

    for (size_t i = 0; i < n; i++) {
        const double s = (double)sizes[i] / (double)in[i];

        if (policy == EFFNN__RESIZE_NOT_LARGER ? s < scale : s > scale) scale = s;
    }
    return scale;
}

static effnn_status dims_by_policy(const effnn_op_infer *call, size_t n, const size_t *axes,
                                   const effnn__sym *sizes, effnn__sym *dims)
{
    const effnn__resize_attrs *attrs = call->attrs;
    int64_t wanted[EFFNN_MAX_RANK], in[EFFNN_MAX_RANK];
    bool known = true;

    for (size_t i = 0; i < n; i++) {
        known = known && sizes[i].symbol == 0 && dims[axes[i]].symbol == 0;
        wanted[i] = sizes[i].offset;
        in[i] = dims[axes[i]].offset;
        if (known && in[i] == 0)
            return effnn__infer_fail(call, EFFNN_E_SHAPE, "axis %zu is empty: no aspect to keep",
                                     axes[i]);
    }
    const double scale = common_scale(attrs->policy, n, wanted, in);
    for (size_t i = 0; i < n; i++) {
        if (known)
            dims[axes[i]] = effnn__sym_constant((int64_t)floor(scale * (double)in[i] + 0.5));
        else
            EFFNN_TRY(effnn__symbols_fresh(&dims[axes[i]], call->symbols));
    }
    return EFFNN_OK;
}

static effnn_status dims_by_sizes(const effnn_op_infer *call, size_t n, const size_t *axes,
                                  effnn__sym *dims)
{
    const effnn__resize_attrs *attrs = call->attrs;
    effnn__sym sizes[EFFNN__MAX_CONTENT];
    size_t n_sizes = 0;
    bool known = false;

    EFFNN_TRY(effnn__infer_target(call, 3, &known, &n_sizes, sizes));
    if (known && n_sizes != n)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%zu sizes for %zu axes", n_sizes, n);
    if (known && attrs->policy != EFFNN__RESIZE_STRETCH)
        return dims_by_policy(call, n, axes, sizes, dims);
    for (size_t i = 0; i < n; i++) {
        if (known)
            dims[axes[i]] = sizes[i];
        else
            EFFNN_TRY(effnn__symbols_fresh(&dims[axes[i]], call->symbols));
    }
    return EFFNN_OK;
}

static effnn_status check_types(const effnn_op_infer *call)
{
    const effnn__resize_attrs *attrs = call->attrs;

    EFFNN_TRY(effnn__infer_dtype(
        call, 0, attrs->mode == EFFNN__RESIZE_NEAREST ? EFFNN__UNPACKED : EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, 2, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, 3, EFFNN__INTEGERS));
    if (attrs->antialias && attrs->mode == EFFNN__RESIZE_NEAREST)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "antialias with mode 'nearest'");
    if (attrs->transform == EFFNN__RESIZE_TF_CROP && !is_given(call, 1))
        return effnn__infer_fail(call, EFFNN_E_ARG, "tf_crop_and_resize without a roi");
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];
    size_t n = 0, axes[EFFNN_MAX_RANK];

    EFFNN_TRY(check_types(call));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!is_given(call, 2) && !is_given(call, 3))
        return effnn__infer_fail(call, EFFNN_E_ARG, "neither scales nor sizes are given");
    if (!in->has_shape) return EFFNN_OK;
    for (size_t i = 0; i < in->rank; i++) dims[i] = in->dims[i];
    EFFNN_TRY(list_axes(call, in->rank, &n, axes));
    if (is_given(call, 3))
        EFFNN_TRY(dims_by_sizes(call, n, axes, dims));
    else
        EFFNN_TRY(dims_by_scales(call, n, axes, dims));
    effnn__info_set_shape(&call->outputs[0], in->rank, dims);
    return EFFNN_OK;
}

/* ---- running ---- */

/* The axes that change, with scale and region of each. */
static effnn_status describe_axes(const effnn_op_call *call, size_t *n, effnn__resize_axis *axes)
{
    const effnn__resize_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *roi = effnn__call_input(call, 1);
    const effnn_tensor *scales = effnn__call_input(call, 2), *sizes = effnn__call_input(call, 3);
    const size_t rank = effnn_tensor_rank(x), n_axes = attrs->axes.n > 0 ? attrs->axes.n : rank;
    int64_t wanted[EFFNN_MAX_RANK], in[EFFNN_MAX_RANK];
    const bool by_sizes = sizes && effnn_tensor_count(sizes) > 0;
    const bool crops = attrs->transform == EFFNN__RESIZE_TF_CROP;

    if (crops && effnn_tensor_count(roi) != 2 * n_axes)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "the roi has %zu elements for %zu axes",
                                effnn_tensor_count(roi), n_axes);
    *n = 0;
    for (size_t i = 0; i < n_axes; i++) {
        const size_t axis =
            effnn__resolve_axis(attrs->axes.n > 0 ? attrs->axes.items[i] : (int64_t)i, rank);
        effnn__resize_axis a = { .axis = axis,
                                 .in = effnn_tensor_dims(x)[axis],
                                 .out = effnn_tensor_dims(call->outputs[0])[axis],
                                 .begin = crops ? effnn__tensor_load_f64(roi, i) : 0.0,
                                 .end = crops ? effnn__tensor_load_f64(roi, n_axes + i) : 1.0 };

        if (a.in == 0 && a.out > 0)
            return effnn__call_fail(call, EFFNN_E_SHAPE, "axis %zu is empty: nothing to resize",
                                    axis);
        in[i] = a.in;
        wanted[i] = by_sizes ? effnn__tensor_load_i64(sizes, i) : 0;
        a.scale = by_sizes ? (double)a.out / (double)a.in : effnn__tensor_load_f64(scales, i);
        axes[i] = a;
    }
    const double common = by_sizes && attrs->policy != EFFNN__RESIZE_STRETCH
                              ? common_scale(attrs->policy, n_axes, wanted, in)
                              : 0.0;
    for (size_t i = 0; i < n_axes; i++) {
        if (common > 0.0) axes[i].scale = common;
        if (axes[i].scale == 1.0 && axes[i].begin == 0.0 && axes[i].end == 1.0) continue;
        axes[(*n)++] = axes[i];
    }
    return EFFNN_OK;
}

typedef struct nearest_places {
    const effnn__resize_attrs *attrs;
    const effnn__resize_axis *of[EFFNN_MAX_RANK]; /* NULL: the axis stays as it is */
} nearest_places;

static int64_t place(const void *user, size_t axis, int64_t at, int64_t size)
{
    const nearest_places *places = user;

    (void)size;
    return places->of[axis] ? effnn__resize_nearest(places->attrs, places->of[axis], at) : at;
}

static effnn_status run_nearest(const effnn_op_call *call, const effnn__resize_axis *axes, size_t n)
{
    const effnn__resize_attrs *attrs = call->attrs;
    nearest_places places = { .attrs = attrs };
    uint64_t outside = 0; /* room for one element of any type */

    effnn__dtype_row_of(effnn_tensor_dtype(call->inputs[0]))
        ->store_f64(&outside, 0, attrs->extrapolation_value);
    for (size_t i = 0; i < n; i++) places.of[axes[i].axis] = &axes[i];
    return effnn__axis_tables_run(call, place, &places, &outside);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__resize_attrs *attrs = call->attrs;
    effnn__resize_axis axes[EFFNN_MAX_RANK];
    effnn__taps taps[EFFNN_MAX_RANK];
    char *memory = call->scratch;
    size_t n = 0;

    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    EFFNN_TRY(describe_axes(call, &n, axes));
    if (attrs->mode == EFFNN__RESIZE_NEAREST) return run_nearest(call, axes, n);
    for (size_t i = 0; i < n; i++) {
        taps[i] = (effnn__taps){ .axis = axes[i].axis,
                                 .in = (size_t)axes[i].in,
                                 .out = (size_t)axes[i].out,
                                 .n = effnn__resize_tap_count(attrs, axes[i].scale) };
        EFFNN_ASSERT(taps[i].n <= effnn__resize_tap_limit(attrs, axes[i].in, axes[i].out));
        effnn__taps_place(&taps[i], memory);
        memory += effnn__taps_bytes(taps[i].out, taps[i].n);
        effnn__resize_fill(&taps[i], attrs, &axes[i]);
    }
    return effnn__resample_run(call, taps, n, attrs->extrapolation_value, memory);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const effnn__resize_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *y = call->outputs[0];
    size_t bytes = 0;

    if (attrs->mode == EFFNN__RESIZE_NEAREST) return effnn__axis_tables_scratch(call, phase);
    if (effnn_tensor_count(y) == 0) return 0;
    for (size_t i = 0; i < effnn_tensor_rank(y); i++) {
        const int64_t in = effnn_tensor_dims(x)[i], out = effnn_tensor_dims(y)[i];

        bytes += effnn__taps_bytes((size_t)out, effnn__resize_tap_limit(attrs, in, out));
    }
    return bytes + effnn__resample_bytes(call);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const effnn__resize_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *y = call->outputs[0];
    double taps = 1.0;

    if (attrs->mode == EFFNN__RESIZE_NEAREST || effnn_tensor_count(y) == 0) return;
    for (size_t i = 0; i < effnn_tensor_rank(y); i++) {
        const int64_t in = effnn_tensor_dims(x)[i], size = effnn_tensor_dims(y)[i];

        if (in != size) taps += (double)effnn__resize_tap_limit(attrs, in, size);
    }
    out->flops = 2.0 * taps * (double)effnn_tensor_count(y);
}

/* ---- ONNX ---- */

/* Opset 10, and Upsample: the scales are input 1, coordinates are index / scale. */
static effnn_status set_first_rules(effnn_onnx_reader *reader)
{
    effnn__resize_attrs *attrs = reader->op_attrs;

    attrs->transform = EFFNN__RESIZE_ASYMMETRIC;
    attrs->nearest = EFFNN__RESIZE_SIMPLE;
    return EFFNN_OK;
}

static effnn_status read_scales(effnn_onnx_reader *reader)
{
    EFFNN_TRY(effnn__onnx_read_attrs(reader, NULL));
    EFFNN_TRY(set_first_rules(reader));
    if (reader->n_inputs < 2 || !reader->inputs[1])
        return effnn__onnx_read_fail(reader, EFFNN_E_FORMAT, "the scales are not given");
    EFFNN_TRY(effnn__onnx_set_input(reader, 2, reader->inputs[1]));
    return effnn__onnx_set_input(reader, 1, NULL);
}

static effnn_status read_attribute(effnn_onnx_reader *reader)
{
    EFFNN_TRY(effnn__onnx_read_attrs(reader, (const char *const[]){ "scales", NULL }));
    EFFNN_TRY(set_first_rules(reader));
    if (!effnn__onnx_attr(reader, "scales"))
        return effnn__onnx_read_fail(reader, EFFNN_E_FORMAT, "attribute 'scales' is not given");
    return effnn__onnx_input_from_floats(reader, "scales", 2);
}

/* The rounding that "simple" comes to, or -1. */
static int simple_rounding(const effnn_onnx_writer *writer)
{
    const effnn_tensor *scales = writer->n_inputs > 2 ? writer->constant(writer, 2) : NULL;
    bool shrinks = false, grows = false;

    if (!scales) return -1;
    for (size_t i = 0; i < effnn_tensor_count(scales); i++) {
        shrinks = shrinks || effnn__tensor_load_f64(scales, i) < 1.0;
        grows = grows || effnn__tensor_load_f64(scales, i) > 1.0;
    }
    return shrinks && grows ? -1 : shrinks ? EFFNN__RESIZE_CEIL : EFFNN__RESIZE_FLOOR;
}

static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    const effnn__resize_attrs *attrs = writer->op_attrs;
    const bool is_simple =
        attrs->mode == EFFNN__RESIZE_NEAREST && attrs->nearest == EFFNN__RESIZE_SIMPLE;
    const int rounding = is_simple ? simple_rounding(writer) : attrs->nearest;

    if (attrs->transform == EFFNN__RESIZE_TF_NEAREST)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "tf_half_pixel_for_nn ended with opset 12");
    if (rounding < 0)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "shrinking and growing by the rules of opset 10");
    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    EFFNN_TRY(
        effnn__onnx_write_attrs(writer, false, (const char *const[]){ "nearest_mode", NULL }));
    if (attrs->mode != EFFNN__RESIZE_NEAREST) return EFFNN_OK;
    return effnn__onnx_set_string(writer, "nearest_mode", nearest_names[rounding]);
}

static effnn_status write_older(effnn_onnx_writer *writer)
{
    const effnn__resize_attrs *attrs = writer->op_attrs;

    if (attrs->transform == EFFNN__RESIZE_SYMMETRIC)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "half_pixel_symmetric needs opset 19");
    if (writer->opset < 18 &&
        (attrs->antialias || attrs->axes.n > 0 || attrs->policy != EFFNN__RESIZE_STRETCH))
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "antialias, axes and an aspect policy need opset 18");
    return write_onnx(writer);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Resize", .since = 19, .write = write_onnx },
    { .name = "Resize", .since = 11, .write = write_older },
    { .name = "Resize", .since = 10, .read = read_scales, .read_only = true },
    { .name = "Upsample", .since = 9, .read = read_scales, .read_only = true },
    { .name = "Upsample", .since = 7, .read = read_attribute, .read_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[1,2,3,4]", "", "f32{1,1,2,2}" } },
    { .inputs = { "u8[1,1,5,4]", "", "", "i64{1,1,3,7}" }, .attrs = "nearest_mode=ceil" },
    { .inputs = { "f32[2,2,3,4]", "", "f32{1,1,2,2.5}" },
      .attrs = "mode=linear",
      .tolerance = 1e-6 },
    { .inputs = { "f32[1,2,6,5]", "", "f32{1,1,0.6,0.6}" },
      .attrs = "mode=linear,coordinate_transformation_mode=align_corners",
      .tolerance = 1e-6 },
    { .inputs = { "f32[1,1,6,5]", "", "", "i64{2,9}" },
      .attrs = "mode=linear,antialias=1,axes=2:3",
      .tolerance = 1e-6 },
    { .inputs = { "f32[1,1,4,5]", "", "f32{1,1,2,0.8}" },
      .attrs = "mode=cubic,exclude_outside=1,cubic_coeff_a=-0.5",
      .tolerance = 1e-5 },
    { .inputs = { "f64[1,1,9,8]", "", "f32{0.4}" }, .attrs = "mode=cubic,antialias=1,axes=-1" },
    { .inputs = { "f32[1,1,4,5]", "f32{0,0,0.2,-0.5,1,1,0.9,1.2}", "", "i64{1,1,3,6}" },
      .attrs = "mode=linear,coordinate_transformation_mode=tf_crop_and_resize,"
               "extrapolation_value=9",
      .tolerance = 1e-5 },
    { .inputs = { "i16[1,1,4,5]", "f32{-0.4,0.3,0.9,1.4}", "", "i64{3,6}" },
      .attrs = "coordinate_transformation_mode=tf_crop_and_resize,axes=2:3,extrapolation_value=7" },
    { .inputs = { "f32[1,1,4,6]", "", "", "i64{8,5}" },
      .attrs = "mode=linear,axes=2:3,keep_aspect_ratio_policy=not_larger",
      .tolerance = 1e-6 },
    { .inputs = { "f16[1,1,4,6]", "", "", "i64{8,5}" },
      .attrs = "axes=2:3,keep_aspect_ratio_policy=not_smaller" },
    { .inputs = { "f32[1,1,4,6]", "", "f32{1,1,2.3,0.7}" },
      .attrs = "mode=linear,coordinate_transformation_mode=half_pixel_symmetric",
      .tolerance = 1e-6 },
    { .inputs = { "i8[3,4,5]", "", "f32{2,0.5,1.5}" }, .attrs = "mode=linear" },
    { .inputs = { "f32[1,0,3,4]", "", "f32{1,1,2,2}" }, .attrs = "mode=linear" },
    { .inputs = { "f32[1,1,2,2]" }, .refused = "neither" },
    { .inputs = { "f32[1,1,2,2]", "", "f32{1,2}" }, .refused = "2 scales for 4 axes" },
    { .inputs = { "f32[2,2]", "", "f32{1,0}" }, .refused = "scale 0" },
    { .inputs = { "f32[0,2]", "", "", "i64{2,2}" }, .refused = "is empty" },
    { .inputs = { "f32[2,2]", "", "f32{1,1}" }, .attrs = "axes=1:-1", .refused = "twice" },
    { .inputs = { "f32[2,2]", "", "f32{1,2}" },
      .attrs = "coordinate_transformation_mode=tf_crop_and_resize",
      .refused = "without a roi" },
    { .inputs = { "bool[2,2]", "", "f32{1,2}" }, .attrs = "mode=linear", .refused = "bool" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_resize = {
    .name = "resize",
    .summary = "nearest, linear or cubic interpolation to other sizes",
    .attrs = attr_defs,
    .attrs_size = sizeof(effnn__resize_attrs),
    .min_inputs = 1,
    .max_inputs = 4,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
