/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions of pictures (input 1: [picture, x1, y1, x2, y2] each) pooled to one size: the largest
 * element of each bin, whose edges are rounded outward to whole elements; an empty bin gives 0. */

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <effnn/option.h>
#include <math.h>

typedef struct roi_attrs {
    effnn_int_list pooled_shape;
    double spatial_scale;
} roi_attrs;

#define FIELD(f) offsetof(roi_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "pooled_shape", "bins along height and width; must be given", EFFNN_OPT_INTS,
      FIELD(pooled_shape), .min = 1, .max = INT32_MAX },
    { "spatial_scale", "elements for each unit of the regions", EFFNN_OPT_F64, FIELD(spatial_scale),
      .value = 1 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const roi_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *rois = call->inputs[1];
    effnn__sym dims[4], five;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 2));
    EFFNN_TRY(effnn__infer_rank(call, 0, 4));
    EFFNN_TRY(effnn__infer_rank(call, 1, 2));
    if (attrs->pooled_shape.n != 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "pooled_shape has %zu numbers, not 2",
                                 attrs->pooled_shape.n);
    if (!x->has_shape || !rois->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_equal_dims(&five, call, "numbers of a region", rois->dims[1],
                                      effnn__sym_constant(5)));
    dims[0] = rois->dims[0];
    dims[1] = x->dims[1];
    dims[2] = effnn__sym_constant(attrs->pooled_shape.items[0]);
    dims[3] = effnn__sym_constant(attrs->pooled_shape.items[1]);
    effnn__info_set_shape(&call->outputs[0], 4, dims);
    return EFFNN_OK;
}

typedef struct roi_job {
    const roi_attrs *attrs;
    const effnn__dtype_row *row;
    const effnn_tensor *rois;
    size_t channels;
    int64_t height, width;
    const void *x;
    void *y;
} roi_job;

static double within(double x, double low, double high)
{
    return x > low ? (x < high ? x : high) : low;
}

/* Elements [*first, *last) of bin `bin` along an axis (0: x, 1: y). */
static void find_bin(const roi_job *job, size_t roi, size_t axis, int64_t bin, int64_t *first,
                     int64_t *last)
{
    const double scale = job->attrs->spatial_scale;
    const double bins = (double)job->attrs->pooled_shape.items[1 - axis];
    const double size = (double)(axis == 0 ? job->width : job->height);
    const double begin = round(effnn__tensor_load_f64(job->rois, roi * 5 + 1 + axis) * scale);
    const double end = round(effnn__tensor_load_f64(job->rois, roi * 5 + 3 + axis) * scale);
    const double length = end - begin + 1.0 > 1.0 ? end - begin + 1.0 : 1.0;

    *first = (int64_t)within(begin + floor((double)bin * length / bins), 0.0, size);
    *last = (int64_t)within(begin + ceil((double)(bin + 1) * length / bins), 0.0, size);
}

/* Items are elements of the output. */
static effnn_status roi_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const roi_job *job = job_;
    const int64_t rows = job->attrs->pooled_shape.items[0];
    const int64_t columns = job->attrs->pooled_shape.items[1];

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t plane = i / (size_t)(rows * columns), roi = plane / job->channels;
        const int64_t bin = (int64_t)(i % (size_t)(rows * columns));
        const size_t picture = (size_t)effnn__tensor_load_i64(job->rois, roi * 5);
        const size_t base =
            (picture * job->channels + plane % job->channels) * (size_t)(job->height * job->width);
        int64_t x0, x1, y0, y1;
        double best = -INFINITY;

        find_bin(job, roi, 0, bin % columns, &x0, &x1);
        find_bin(job, roi, 1, bin / columns, &y0, &y1);
        for (int64_t y = y0; y < y1; y++)
            for (int64_t x = x0; x < x1; x++) {
                const double value =
                    job->row->load_f64(job->x, base + (size_t)(y * job->width + x));

                if (value > best || isnan(value)) best = value;
            }
        job->row->store_f64(job->y, i, y0 < y1 && x0 < x1 ? best : 0.0);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0], *rois = call->inputs[1];
    effnn_tensor *y = call->outputs[0];
    const int64_t *dims = effnn_tensor_dims(x);
    roi_job job = { .attrs = call->attrs,
                    .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                    .rois = rois,
                    .channels = (size_t)dims[1],
                    .height = dims[2],
                    .width = dims[3],
                    .x = effnn_tensor_data(x),
                    .y = effnn__tensor_data(y) };

    for (size_t i = 0; i < effnn_tensor_count(rois); i += 5) {
        const double picture = effnn__tensor_load_f64(rois, i);

        if (!(picture >= 0.0 && picture < (double)dims[0]))
            return effnn__call_fail(call, EFFNN_E_ARG, "region %zu is in picture %g of %lld", i / 5,
                                    picture, (long long)dims[0]);
    }
    return effnn__parallel_for(call->context, effnn_tensor_count(y), 64, roi_piece, &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs = 3;
}

static const effnn_onnx_row onnx[] = {
    { .name = "MaxRoiPool", .since = 1 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,6,7]", "f32{1,0,1,4,5,0,-1,2,3.5,9}[2,5]" },
      .attrs = "pooled_shape=2:3" },
    { .inputs = { "f64[1,2,6,7]", "f64{0,0,1,14,10}[1,5]" },
      .attrs = "pooled_shape=2:2,spatial_scale=0.5" },
    { .inputs = { "f16[1,2,6,7]", "f16[0,5]" }, .attrs = "pooled_shape=1:1" },
    { .inputs = { "f32[1,2,6,7]", "f32{1,0,0,1,1}[1,5]" },
      .attrs = "pooled_shape=1:1",
      .refused = "picture 1 of 1" },
    { .inputs = { "f32[1,2,6,7]", "f32[1,4]" },
      .attrs = "pooled_shape=1:1",
      .refused = "4 is not 5" },
    { .inputs = { "f32[1,2,6,7]", "f32[1,5]" }, .refused = "pooled_shape has 0" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_max_roi_pool = {
    .name = "max_roi_pool",
    .summary = "largest element in each bin of regions of pictures",
    .attrs = attr_defs,
    .attrs_size = sizeof(roi_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .onnx = onnx,
    .samples = samples,
};
