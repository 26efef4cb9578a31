/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of a picture (or line, or volume) at places that a grid gives, in coordinates where -1 and
 * 1 are its ends, innermost axis first. Between elements by nearest, linear or cubic interpolation;
 * outside them zeros, the border, or reflections. A place beyond the
 * border is moved first (a cubic one only by reflection, as PyTorch and ONNX Runtime do; ONNX's
 * reference moves it to the border, too), then every tap that is still outside is treated alike.
 *
 * A place has at most 4^3 taps, worked out once and used for all channels. */

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <math.h>
#include <string.h>

#define GRAIN    1024
#define MAX_AXES 3
#define MAX_TAPS 64
#define BLOCK    16

enum { MODE_LINEAR, MODE_NEAREST, MODE_CUBIC };
enum { OUTSIDE_ZEROS, OUTSIDE_BORDER, OUTSIDE_REFLECTION };

typedef struct grid_attrs {
    int mode, padding;
    bool align_corners;
} grid_attrs;

static const char *const mode_names[] = { "linear", "nearest", "cubic", NULL };
static const char *const padding_names[] = { "zeros", "border", "reflection", NULL };

#define FIELD(f) offsetof(grid_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "align_corners", "-1 and 1 are the centres of the outermost elements, else their edges",
      EFFNN_OPT_BOOL, FIELD(align_corners), .value = 0 },
    { "mode", "interpolation", EFFNN_OPT_ENUM, FIELD(mode), .choices = mode_names },
    { "padding_mode", "what stands outside", EFFNN_OPT_ENUM, FIELD(padding),
      .choices = padding_names },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0], *grid = call->inputs[1];
    effnn__sym dims[EFFNN_MAX_RANK], last;

    EFFNN_TRY(effnn__infer_dtype(call, 0, EFFNN__NUMBERS));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!x->has_shape) return EFFNN_OK;
    if (x->rank < 3 || x->rank > 2 + MAX_AXES)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED,
                                 "input 0 has rank %zu: only 3 to %d are supported", x->rank,
                                 2 + MAX_AXES);
    EFFNN_TRY(effnn__infer_rank(call, 1, x->rank));
    if (!grid->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_equal_dims(&dims[0], call, "batch sizes of input and grid", x->dims[0],
                                      grid->dims[0]));
    EFFNN_TRY(effnn__infer_equal_dims(&last, call, "coordinates of a place against axes",
                                      grid->dims[x->rank - 1],
                                      effnn__sym_constant((int64_t)x->rank - 2)));
    dims[1] = x->dims[1];
    for (size_t i = 2; i < x->rank; i++) dims[i] = grid->dims[i - 1];
    effnn__info_set_shape(&call->outputs[0], x->rank, dims);
    return EFFNN_OK;
}

/* ---- places ---- */

/* x mirrored at low and high until it lies between them. */
static double reflect(double x, double low, double high)
{
    const double range = high - low;

    if (range <= 0.0) return low;
    if (x >= low && x <= high) return x;
    const double distance = x < low ? low - x : x - high, turns = floor(distance / range);
    const double rest = distance - turns * range;
    const bool from_low = (x < low) == (fmod(turns, 2.0) == 0.0);

    return from_low ? low + rest : high - rest;
}

typedef struct axis_taps {
    size_t n;
    int64_t index[4]; /* -1: zero */
    double weight[4];
} axis_taps;

/* Index of tap `place`, a whole number, along an axis of this size. */
static int64_t index_of(const grid_attrs *attrs, double place, int64_t size)
{
    const double edge = attrs->align_corners ? 0.0 : 0.5, last = (double)size - 1.0;

    if (place >= 0.0 && place <= last) return (int64_t)place;
    if (attrs->padding == OUTSIDE_ZEROS) return -1;
    if (attrs->padding == OUTSIDE_REFLECTION) place = trunc(reflect(place, -edge, last + edge));
    return place > 0.0 ? (place < last ? (int64_t)place : size - 1) : 0;
}

/* Keys' cubic with a = -0.75. */
static double cubic(double distance)
{
    const double a = -0.75, d = fabs(distance);

    if (d <= 1.0) return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
    return d < 2.0 ? ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a : 0.0;
}

static void find_taps(axis_taps *out, const grid_attrs *attrs, double coordinate, int64_t size)
{
    const double n = (double)size, edge = attrs->align_corners ? 0.0 : 0.5;
    const double low = -edge, high = n - 1.0 + edge;
    double x = attrs->align_corners ? (coordinate + 1.0) / 2.0 * (n - 1.0)
                                    : ((coordinate + 1.0) * n - 1.0) / 2.0;

    if (attrs->mode == MODE_NEAREST) x = rint(x);
    if (x < low || x > high) {
        if (attrs->padding == OUTSIDE_BORDER && attrs->mode != MODE_CUBIC)
            x = x < 0.0 ? 0.0 : n - 1.0;
        if (attrs->padding == OUTSIDE_REFLECTION) x = reflect(x, low, high);
    }
    /* Beyond these all taps are outside; NaN goes there too. */
    if (!(x > -4.0)) x = -4.0;
    if (x > n + 4.0) x = n + 4.0;
    const double whole = floor(x);
    out->n = attrs->mode == MODE_NEAREST ? 1 : attrs->mode == MODE_LINEAR ? 2 : 4;
    for (size_t k = 0; k < out->n; k++) {
        const double place = out->n == 4 ? whole + (double)k - 1.0 : whole + (double)k;

        out->index[k] = index_of(attrs, place, size);
        out->weight[k] = out->n == 1 ? 1.0 : out->n == 2 ? 1.0 - fabs(place - x) : cubic(place - x);
    }
}

/* All taps of a place that are not zero: products of the axes' taps. */
typedef struct place_taps {
    size_t n;
    size_t offset[MAX_TAPS]; /* in a channel */
    double weight[MAX_TAPS];
} place_taps;

static void combine(place_taps *out, const axis_taps *axes, size_t rank, const int64_t *dims)
{
    out->n = 1;
    out->offset[0] = 0;
    out->weight[0] = 1.0;
    for (size_t axis = 0; axis < rank; axis++) {
        size_t offset[MAX_TAPS], before = out->n;
        double weight[MAX_TAPS];

        memcpy(offset, out->offset, before * sizeof *offset);
        memcpy(weight, out->weight, before * sizeof *weight);
        out->n = 0;
        for (size_t i = 0; i < before; i++) {
            for (size_t k = 0; k < axes[axis].n; k++) {
                if (axes[axis].index[k] < 0) continue;
                out->offset[out->n] = offset[i] * (size_t)dims[axis] + (size_t)axes[axis].index[k];
                out->weight[out->n++] = weight[i] * axes[axis].weight[k];
            }
        }
    }
}

typedef struct grid_job {
    const grid_attrs *attrs;
    const effnn__dtype_row *x_row, *grid_row;
    size_t rank, channels, places, size; /* spatial rank; places of a batch entry, elements of a
                                            channel */
    const int64_t *dims;                 /* spatial sizes of x */
    const void *x, *grid;
    void *y;
} grid_job;

/* Values of one channel at n places, to elements from `to` on. */
static void sample_channel(const grid_job *job, const place_taps *taps, size_t n, size_t channel,
                           size_t to)
{
    const size_t begin = channel * job->size;

    if (job->x_row == effnn__dtype_row_of(EFFNN_F32)) {
        const float *x = (const float *)job->x + begin;
        float *y = (float *)job->y + to;

        for (size_t i = 0; i < n; i++) {
            double sum = 0.0;

            for (size_t k = 0; k < taps[i].n; k++)
                sum += taps[i].weight[k] * (double)x[taps[i].offset[k]];
            y[i] = (float)sum;
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;

        for (size_t k = 0; k < taps[i].n; k++)
            sum += taps[i].weight[k] * job->x_row->load_f64(job->x, begin + taps[i].offset[k]);
        job->x_row->store_f64(job->y, to + i, sum);
    }
}

/* Items are places of all batch entries. A few at a time, so that a channel is read in one go. */
static effnn_status grid_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const grid_job *job = job_;

    (void)piece;
    for (size_t n; begin < end; begin += n) {
        const size_t entry = begin / job->places, place = begin % job->places;
        place_taps taps[BLOCK];

        n = end - begin < BLOCK ? end - begin : BLOCK;
        if (n > job->places - place) n = job->places - place;
        for (size_t i = 0; i < n; i++) {
            axis_taps axes[MAX_AXES];

            for (size_t axis = 0; axis < job->rank; axis++)
                find_taps(
                    &axes[axis], job->attrs,
                    job->grid_row->load_f64(job->grid, (begin + i + 1) * job->rank - 1 - axis),
                    job->dims[axis]);
            combine(&taps[i], axes, job->rank, job->dims);
        }
        for (size_t c = 0; c < job->channels; c++) {
            const size_t channel = entry * job->channels + c;

            sample_channel(job, taps, n, channel, channel * job->places + place);
        }
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0], *grid = call->inputs[1];
    const size_t rank = effnn_tensor_rank(x);
    grid_job job = { .attrs = call->attrs,
                     .x_row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                     .grid_row = effnn__dtype_row_of(effnn_tensor_dtype(grid)),
                     .rank = rank - 2,
                     .channels = (size_t)effnn_tensor_dims(x)[1],
                     .places = effnn__count_dims(grid, 1, rank - 1),
                     .size = effnn__count_dims(x, 2, rank),
                     .dims = effnn_tensor_dims(x) + 2,
                     .x = effnn_tensor_data(x),
                     .grid = effnn_tensor_data(grid),
                     .y = effnn__tensor_data(call->outputs[0]) };

    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    if (job.size == 0)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "input 0 is empty: nothing to sample");
    return effnn__parallel_for(call->context, (size_t)effnn_tensor_dims(x)[0] * job.places,
                               GRAIN / job.channels + 1, grid_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const grid_attrs *attrs = call->attrs;
    const double taps = attrs->mode == MODE_NEAREST ? 1.0 : attrs->mode == MODE_LINEAR ? 2.0 : 4.0;

    out->flops = 2.0 * (double)effnn_tensor_count(call->outputs[0]) *
                 pow(taps, (double)effnn_tensor_rank(call->inputs[0]) - 2.0);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted) out->inputs = out->wanted & 2 ? 3 : 2;
}

/* Opset 16 names the modes after two axes. */
static effnn_status read_two_axes(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *mode = effnn__onnx_attr(reader, "mode");
    grid_attrs *attrs = reader->op_attrs;

    EFFNN_TRY(effnn__onnx_read_attrs(reader, (const char *const[]){ "mode", NULL }));
    if (!mode || (mode->s && strcmp(mode->s, "bilinear") == 0))
        attrs->mode = MODE_LINEAR;
    else if (mode->s && strcmp(mode->s, "bicubic") == 0)
        attrs->mode = MODE_CUBIC;
    else if (mode->s && strcmp(mode->s, "nearest") == 0)
        attrs->mode = MODE_NEAREST;
    else
        return effnn__onnx_read_fail(reader, EFFNN_E_UNSUPPORTED,
                                     "attribute 'mode' is none of bilinear, bicubic, nearest");
    return EFFNN_OK;
}

static effnn_status write_two_axes(effnn_onnx_writer *writer)
{
    static const char *const names[] = { "bilinear", "nearest", "bicubic" };
    const grid_attrs *attrs = writer->op_attrs;

    if (writer->input_rank(writer, 0) >= 0 && writer->input_rank(writer, 0) != 4)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "other than two axes need opset 20");
    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    EFFNN_TRY(effnn__onnx_write_attrs(writer, false, (const char *const[]){ "mode", NULL }));
    return effnn__onnx_set_string(writer, "mode", names[attrs->mode]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "GridSample", .since = 20 },
    { .name = "GridSample", .since = 16, .read = read_two_axes, .write = write_two_axes },
    { .name = "GridSample", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4,5]", "f32[2,3,2,2]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,4,5]", "f32[1,3,2,2]" },
      .attrs = "mode=cubic,padding_mode=reflection",
      .tolerance = 1e-5 },
    { .inputs = { "f32[1,2,4,5]", "f32[1,3,2,2]" },
      .attrs = "mode=nearest,padding_mode=border,align_corners=1" },
    { .inputs = { "f32[1,2,3,4,5]", "f32[1,2,1,2,3]" },
      .attrs = "padding_mode=reflection,align_corners=1",
      .tolerance = 1e-5 },
    { .inputs = { "f64[1,2,6]", "f32[1,7,1]" }, .attrs = "mode=cubic,padding_mode=border" },
    { .inputs = { "u8[1,1,4,5]", "f32[1,3,2,2]" }, .attrs = "padding_mode=border" },
    { .inputs = { "f16[1,1,4,5]", "f16[1,0,2,2]" } },
    { .inputs = { "f32[2,3,4,5]", "f32[1,3,2,2]" }, .refused = "2 is not 1" },
    { .inputs = { "f32[1,3,4,5]", "f32[1,3,2,3]" }, .refused = "3 is not 2" },
    { .inputs = { "f32[1,1,0,5]", "f32[1,3,2,2]" }, .refused = "is empty" },
    { .inputs = { "f32[1,1,1,1,1,5]", "f32[1,1,1,1,1,4]" }, .refused = "rank 6" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_grid_sample = {
    .name = "grid_sample",
    .summary = "values at places that a grid gives, interpolated",
    .attrs = attr_defs,
    .attrs_size = sizeof(grid_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
