/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions of pictures (input 1: [x1, y1, x2, y2] each; input 2: whose picture) pooled to one size.
 * Each bin of a region is sampled on a regular grid by bilinear interpolation, and the samples are
 * averaged. Mode "max" takes the largest of the samples' weighted corners, as ONNX defines it. A
 * bin is summed for all channels at once, in double. */

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <math.h>
#include <string.h>

#define MAX_SAMPLES 4096 /* along one axis of a bin; a file must not make a bin take forever */

enum { MODE_AVERAGE, MODE_MAX };
enum { HALF_PIXEL, OUTPUT_HALF_PIXEL };

typedef struct roi_attrs {
    int transform, mode;
    int64_t height, width, sampling_ratio;
    double spatial_scale;
} roi_attrs;

static const char *const transform_names[] = { "half_pixel", "output_half_pixel", NULL };
static const char *const mode_names[] = { "avg", "max", NULL };

#define FIELD(f) offsetof(roi_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "coordinate_transformation_mode", "regions moved by half an element, or not", EFFNN_OPT_ENUM,
      FIELD(transform), .choices = transform_names },
    { "mode", "pooling of the samples", EFFNN_OPT_ENUM, FIELD(mode), .choices = mode_names },
    { "output_height", "bins along a region's height", EFFNN_OPT_I64, FIELD(height), .value = 1,
      .min = 1, .max = INT32_MAX },
    { "output_width", "bins along a region's width", EFFNN_OPT_I64, FIELD(width), .value = 1,
      .min = 1, .max = INT32_MAX },
    { "sampling_ratio", "samples along each axis of a bin; 0: as many as elements", EFFNN_OPT_I64,
      FIELD(sampling_ratio), .value = 0, .min = 0, .max = MAX_SAMPLES },
    { "spatial_scale", "elements for each unit of the regions", EFFNN_OPT_F64, FIELD(spatial_scale),
      .value = 1 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const roi_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *rois = call->inputs[1];
    effnn__sym dims[4], four;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 2));
    EFFNN_TRY(effnn__infer_dtype(call, 2, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_rank(call, 0, 4));
    EFFNN_TRY(effnn__infer_rank(call, 1, 2));
    EFFNN_TRY(effnn__infer_rank(call, 2, 1));
    if (!x->has_shape || !rois->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_equal_dims(&four, call, "numbers of a region", rois->dims[1],
                                      effnn__sym_constant(4)));
    dims[0] = rois->dims[0];
    if (call->inputs[2]->has_shape)
        EFFNN_TRY(effnn__infer_equal_dims(&dims[0], call, "numbers of regions and of indices",
                                          rois->dims[0], call->inputs[2]->dims[0]));
    dims[1] = x->dims[1];
    dims[2] = effnn__sym_constant(attrs->height);
    dims[3] = effnn__sym_constant(attrs->width);
    effnn__info_set_shape(&call->outputs[0], 4, dims);
    return EFFNN_OK;
}

typedef struct roi_job {
    const effnn_op_call *call;
    const roi_attrs *attrs;
    const effnn__dtype_row *row;
    const effnn_tensor *rois, *batches;
    size_t channels;
    int64_t height, width; /* of the pictures */
    const void *x;
    void *y;
    double *sums; /* [bins of all regions, channels] */
} roi_job;

/* One axis of a region: where it begins, the size of a bin, samples in a bin. */
typedef struct roi_axis {
    double begin, bin;
    int64_t samples;
} roi_axis;

static effnn_status describe_axis(roi_axis *out, const roi_job *job, size_t roi, size_t axis)
{
    const roi_attrs *attrs = job->attrs;
    const double offset = attrs->transform == HALF_PIXEL ? 0.5 : 0.0;
    const double begin =
        effnn__tensor_load_f64(job->rois, roi * 4 + axis) * attrs->spatial_scale - offset;
    double size = effnn__tensor_load_f64(job->rois, roi * 4 + axis + 2) * attrs->spatial_scale -
                  offset - begin;

    if (attrs->transform == OUTPUT_HALF_PIXEL && !(size >= 1.0)) size = 1.0;
    out->begin = begin;
    out->bin = size / (double)(axis == 0 ? attrs->width : attrs->height);
    if (!isfinite(begin) || !(out->bin <= MAX_SAMPLES))
        return effnn__call_fail(job->call, EFFNN_E_ARG, "region %zu begins at %g and has size %g",
                                roi, begin, size);
    const double adaptive = ceil(out->bin);
    out->samples = attrs->sampling_ratio > 0 ? attrs->sampling_ratio
                   : adaptive > 0.0          ? (int64_t)adaptive
                                             : 0;
    return EFFNN_OK;
}

/* Two neighbours along an axis and their weights; false: the place is outside. */
typedef struct neighbours {
    int64_t low, high;
    double low_weight, high_weight;
} neighbours;

static bool find_neighbours(neighbours *out, double place, int64_t size)
{
    if (!(place >= -1.0 && place <= (double)size)) return false;
    if (place < 0.0) place = 0.0;
    out->low = (int64_t)place;
    out->high = out->low + 1;
    if (out->low >= size - 1) {
        out->low = out->high = size - 1;
        place = (double)out->low;
    }
    out->high_weight = place - (double)out->low;
    out->low_weight = 1.0 - out->high_weight;
    return true;
}

/* Add (or compare) one sample to the sums of all channels; a NULL sample is one outside. */
static void add_sample(const roi_job *job, double *sums, size_t picture, const neighbours *y,
                       const neighbours *x, bool first)
{
    const size_t area = (size_t)(job->height * job->width);

    for (size_t c = 0; c < job->channels; c++) {
        double corners[4] = { 0.0 };

        if (y) {
            const size_t base = (picture * job->channels + c) * area;
            const size_t low = base + (size_t)(y->low * job->width);
            const size_t high = base + (size_t)(y->high * job->width);

            corners[0] =
                y->low_weight * x->low_weight * job->row->load_f64(job->x, low + (size_t)x->low);
            corners[1] =
                y->low_weight * x->high_weight * job->row->load_f64(job->x, low + (size_t)x->high);
            corners[2] =
                y->high_weight * x->low_weight * job->row->load_f64(job->x, high + (size_t)x->low);
            corners[3] = y->high_weight * x->high_weight *
                         job->row->load_f64(job->x, high + (size_t)x->high);
        }
        if (job->attrs->mode == MODE_AVERAGE) {
            sums[c] += corners[0] + corners[1] + corners[2] + corners[3];
            continue;
        }
        for (size_t k = 0; k < 4; k++)
            if ((first && k == 0) || corners[k] > sums[c]) sums[c] = corners[k];
    }
}

static void pool_bin(const roi_job *job, size_t picture, const roi_axis *y_axis,
                     const roi_axis *x_axis, size_t bin, double *sums)
{
    const size_t row = bin / (size_t)job->attrs->width, column = bin % (size_t)job->attrs->width;

    for (int64_t i = 0; i < y_axis->samples; i++) {
        const double y = y_axis->begin + (double)row * y_axis->bin +
                         ((double)i + 0.5) * y_axis->bin / (double)y_axis->samples;

        for (int64_t k = 0; k < x_axis->samples; k++) {
            const double x = x_axis->begin + (double)column * x_axis->bin +
                             ((double)k + 0.5) * x_axis->bin / (double)x_axis->samples;
            neighbours ny, nx;
            const bool inside =
                find_neighbours(&ny, y, job->height) && find_neighbours(&nx, x, job->width);

            add_sample(job, sums, picture, inside ? &ny : NULL, inside ? &nx : NULL,
                       i == 0 && k == 0);
        }
    }
}

/* Items are the bins of all regions. */
static effnn_status roi_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const roi_job *job = job_;
    const size_t bins = (size_t)(job->attrs->height * job->attrs->width);

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t roi = i / bins, bin = i % bins;
        const size_t picture = (size_t)effnn__tensor_load_i64(job->batches, roi);
        double *sums = job->sums + i * job->channels;
        roi_axis x, y;

        EFFNN_TRY(describe_axis(&x, job, roi, 0));
        EFFNN_TRY(describe_axis(&y, job, roi, 1));
        memset(sums, 0, job->channels * sizeof *sums);
        pool_bin(job, picture, &y, &x, bin, sums);
        const double count = (double)(y.samples * x.samples);
        for (size_t c = 0; c < job->channels; c++) {
            if (job->attrs->mode == MODE_AVERAGE && count > 1.0) sums[c] /= count;
            job->row->store_f64(job->y, (roi * job->channels + c) * bins + bin, sums[c]);
        }
    }
    return EFFNN_OK;
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return effnn_tensor_count(call->outputs[0]) * sizeof(double);
}

static effnn_status forward(const effnn_op_call *call)
{
    const roi_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    const int64_t *dims = effnn_tensor_dims(x);
    roi_job job = { .call = call,
                    .attrs = attrs,
                    .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                    .rois = call->inputs[1],
                    .batches = call->inputs[2],
                    .channels = (size_t)dims[1],
                    .height = dims[2],
                    .width = dims[3],
                    .x = effnn_tensor_data(x),
                    .y = effnn__tensor_data(y),
                    .sums = call->scratch };

    for (size_t i = 0; i < effnn_tensor_count(job.batches); i++) {
        const int64_t picture = effnn__tensor_load_i64(job.batches, i);

        if (picture < 0 || picture >= dims[0])
            return effnn__call_fail(call, EFFNN_E_ARG, "region %zu is in picture %lld of %lld", i,
                                    (long long)picture, (long long)dims[0]);
    }
    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    if (effnn_tensor_count(x) == 0)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "input 0 is empty: nothing to sample");
    return effnn__parallel_for(call->context, effnn_tensor_count(y) / job.channels, 8, roi_piece,
                               &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    const roi_attrs *attrs = call->attrs;

    if (out->wanted & 3) out->inputs = attrs->mode == MODE_MAX || (out->wanted & 2) ? 7 : 6;
}

/* Before opset 16 regions are not moved. */
static effnn_status read_unmoved(effnn_onnx_reader *reader)
{
    ((roi_attrs *)reader->op_attrs)->transform = OUTPUT_HALF_PIXEL;
    return effnn__onnx_read_attrs(reader, NULL);
}

static effnn_status write_unmoved(effnn_onnx_writer *writer)
{
    const roi_attrs *attrs = writer->op_attrs;

    if (attrs->transform == HALF_PIXEL)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "coordinate_transformation_mode needs opset 16");
    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    return effnn__onnx_write_attrs(writer, false,
                                   (const char *const[]){ "coordinate_transformation_mode", NULL });
}

static const effnn_onnx_row onnx[] = {
    { .name = "RoiAlign", .since = 16 },
    { .name = "RoiAlign", .since = 10, .read = read_unmoved, .write = write_unmoved },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,6,7]", "f32{0,1,4,5,-1,2,3.5,9}[2,4]", "i64{1,0}" },
      .attrs = "output_height=2,output_width=3,sampling_ratio=2",
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,6,7]", "f32{0,1,14,10}[1,4]", "i64{0}" },
      .attrs = "output_height=2,output_width=2,spatial_scale=0.5,"
               "coordinate_transformation_mode=output_half_pixel",
      .tolerance = 1e-5 },
    { .inputs = { "f64[1,2,6,7]", "f64{0,1,4,5}[1,4]", "i64{0}" }, .attrs = "mode=max" },
    { .inputs = { "f16[1,2,6,7]", "f16[0,4]", "i64[0]" } },
    { .inputs = { "f32[1,2,6,7]", "f32[1,4]", "i64{1}" }, .refused = "picture 1 of 1" },
    { .inputs = { "f32[1,2,6,7]", "f32[1,5]", "i64{0}" }, .refused = "5 is not 4" },
    { .inputs = { "f32[1,2,6,7]", "f32{0,0,1e9,1}[1,4]", "i64{0}" }, .refused = "region 0" },
    { .inputs = { "f32[1,0,6,7]", "f32[2,4]", "i64{0}" }, .refused = "2 is not 1" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_roi_align = {
    .name = "roi_align",
    .summary = "regions of pictures pooled to one size by interpolated samples",
    .attrs = attr_defs,
    .attrs_size = sizeof(roi_attrs),
    .min_inputs = 3,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .scratch = scratch,
    .onnx = onnx,
    .samples = samples,
};
