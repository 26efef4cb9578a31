/* SPDX-License-Identifier: BSD-3-Clause */
/* Of each class the boxes with the highest scores, leaving out those that overlap one already taken
 * by more than a threshold. Inputs: boxes [n, boxes, 4], scores [n, classes, boxes], the most boxes
 * of a class (default 0), the overlap and the score that must be exceeded. The result [taken, 3]
 * holds picture, class and box, pictures and classes in order, scores falling; of equal scores the
 * first box comes first.
 *
 * Overlaps are computed in f32, as everyone does: whether one equals the threshold depends on it.
 */

#include "base/pool.h"
#include "ops/op_infer.h"
#include "ops/op_order.h"

#include <math.h>

typedef struct nms_attrs {
    bool center_point_box;
} nms_attrs;

static const effnn_option_def attr_defs[] = {
    { "center_point_box", "boxes are [x, y, width, height] of their centre, else two corners",
      EFFNN_OPT_BOOL, offsetof(nms_attrs, center_point_box), .value = 0 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *boxes = call->inputs[0], *scores = call->inputs[1];
    effnn__value_info *out = &call->outputs[0];
    effnn__sym dims[2], dim;

    for (size_t i = 0; i < 5; i++)
        if (i != 2) EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, 2, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 2));
    EFFNN_TRY(effnn__infer_rank(call, 0, 3));
    EFFNN_TRY(effnn__infer_rank(call, 1, 3));
    out->has_dtype = true;
    out->dtype = EFFNN_I64;
    if (boxes->has_shape)
        EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "numbers of a box", boxes->dims[2],
                                          effnn__sym_constant(4)));
    if (boxes->has_shape && scores->has_shape) {
        EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "pictures of boxes and scores",
                                          boxes->dims[0], scores->dims[0]));
        EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "numbers of boxes and scores", boxes->dims[1],
                                          scores->dims[2]));
    }
    EFFNN_TRY(effnn__symbols_fresh(&dims[0], call->symbols));
    dims[1] = effnn__sym_constant(3);
    effnn__info_set_shape(out, 2, dims);
    return EFFNN_OK;
}

typedef struct nms_job {
    bool centred, has_threshold;
    size_t classes, n_boxes, most;
    float overlap;
    double threshold;
    const effnn__dtype_row *row; /* of boxes and scores */
    const void *boxes, *scores;
    int64_t *taken;  /* [pictures, classes, n_boxes] */
    int64_t *counts; /* [pictures, classes] */
} nms_job;

/* Lower and upper end of a box along one axis (0 and 1, in the order of its numbers). */
static void ends_of(const nms_job *job, size_t box, size_t axis, float *low, float *high)
{
    const float a = (float)job->row->load_f64(job->boxes, box * 4 + axis);
    const float b = (float)job->row->load_f64(job->boxes, box * 4 + axis + 2);

    *low = job->centred ? a - b / 2.0f : fminf(a, b);
    *high = job->centred ? a + b / 2.0f : fmaxf(a, b);
}

static bool overlap(const nms_job *job, size_t a, size_t b)
{
    float common = 1.0f, area_a = 1.0f, area_b = 1.0f;

    for (size_t axis = 0; axis < 2; axis++) {
        float a_low, a_high, b_low, b_high;

        ends_of(job, a, axis, &a_low, &a_high);
        ends_of(job, b, axis, &b_low, &b_high);
        const float low = fmaxf(a_low, b_low), high = fminf(a_high, b_high);
        if (!(high > low)) return false;
        common *= high - low;
        area_a *= a_high - a_low;
        area_b *= b_high - b_low;
    }
    const float all = area_a + area_b - common;

    return common > 0.0f && area_a > 0.0f && area_b > 0.0f && all > 0.0f &&
           common / all > job->overlap;
}

/* One class of one picture: its first score. */
typedef struct nms_class {
    const nms_job *job;
    size_t scores;
} nms_class;

/* Box a before box b. A NaN never comes before a number. */
static bool before(const void *user, int64_t a, int64_t b)
{
    const nms_class *self = user;
    const double x = self->job->row->load_f64(self->job->scores, self->scores + (size_t)a);
    const double y = self->job->row->load_f64(self->job->scores, self->scores + (size_t)b);

    if (isnan(x) || isnan(y)) return isnan(x) == isnan(y) ? a < b : isnan(y);
    return x > y || (x == y && a < b);
}

/* Items are the classes of all pictures. */
static effnn_status nms_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const nms_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const nms_class class = { .job = job, .scores = i * job->n_boxes };
        const size_t boxes = i / job->classes * job->n_boxes;
        int64_t *list = job->taken + i * job->n_boxes;
        size_t n = 0, taken = 0;

        for (size_t k = 0; k < job->n_boxes; k++)
            if (!job->has_threshold ||
                job->row->load_f64(job->scores, class.scores + k) > job->threshold)
                list[n++] = (int64_t)k;
        effnn__sort(list, n, before, &class);
        for (size_t k = 0; k < n && taken < job->most; k++) {
            bool keep = true;

            for (size_t t = 0; t < taken && keep; t++)
                keep = !overlap(job, boxes + (size_t)list[k], boxes + (size_t)list[t]);
            if (keep) list[taken++] = list[k];
        }
        job->counts[i] = (int64_t)taken;
    }
    return EFFNN_OK;
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const int64_t *dims = effnn_tensor_dims(call->inputs[1]);

    (void)phase;
    return (size_t)(dims[0] * dims[1] * (dims[2] + 1)) * sizeof(int64_t);
}

/* The one element of an optional input, or `absent`. */
static effnn_status scalar_at(const effnn_op_call *call, size_t i, double absent, double *out)
{
    const effnn_tensor *tensor = effnn__call_input(call, i);

    *out = absent;
    if (!tensor || effnn_tensor_count(tensor) == 0) return EFFNN_OK;
    if (effnn_tensor_count(tensor) != 1)
        return effnn__call_fail(call, EFFNN_E_SHAPE, "input %zu has %zu elements, not 1", i,
                                effnn_tensor_count(tensor));
    *out = effnn__tensor_load_f64(tensor, 0);
    return EFFNN_OK;
}

static effnn_status forward_alloc(const effnn_op_call *call, effnn_tensor **outputs)
{
    const nms_attrs *attrs = call->attrs;
    const int64_t *dims = effnn_tensor_dims(call->inputs[1]);
    const size_t lists = (size_t)(dims[0] * dims[1]);
    double most, overlap_limit, threshold;
    nms_job job = { .centred = attrs->center_point_box,
                    .classes = (size_t)dims[1],
                    .n_boxes = (size_t)dims[2],
                    .row = effnn__dtype_row_of(effnn_tensor_dtype(call->inputs[0])),
                    .boxes = effnn_tensor_data(call->inputs[0]),
                    .scores = effnn_tensor_data(call->inputs[1]),
                    .taken = call->scratch };
    size_t n = 0;

    EFFNN_TRY(scalar_at(call, 2, 0.0, &most));
    EFFNN_TRY(scalar_at(call, 3, 0.0, &overlap_limit));
    EFFNN_TRY(scalar_at(call, 4, NAN, &threshold));
    job.most = most < 0.0 ? 0 : most < (double)job.n_boxes ? (size_t)most : job.n_boxes;
    job.overlap = (float)overlap_limit;
    job.has_threshold = !isnan(threshold);
    job.threshold = threshold;
    if (lists > 0) {
        job.counts = job.taken + lists * job.n_boxes;
        EFFNN_TRY(effnn__parallel_for(call->context, lists, 1, nms_piece, &job));
    }
    for (size_t i = 0; i < lists; i++) n += (size_t)job.counts[i];
    EFFNN_TRY(effnn_tensor_create(&outputs[0], call->context, EFFNN_I64, 2,
                                  (int64_t[]){ (int64_t)n, 3 }));
    int64_t *y = effnn__tensor_data(outputs[0]);
    for (size_t i = 0; i < lists; i++)
        for (int64_t k = 0; k < job.counts[i]; k++) {
            *y++ = (int64_t)(i / job.classes);
            *y++ = (int64_t)(i % job.classes);
            *y++ = job.taken[i * job.n_boxes + (size_t)k];
        }
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "NonMaxSuppression", .since = 10 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32{0,0,1,1,0,0.1,1,1.1,0,-0.1,1,0.9,0,10,1,11}[1,4,4]",
                  "f32{0.9,0.75,0.6,0.95}[1,1,4]", "i64{3}", "f32{0.5}", "f32{0}" } },
    { .inputs = { "f32[2,9,4]>0", "f32[2,3,9]", "i64:4", "f32:0.3" },
      .attrs = "center_point_box=1" },
    { .inputs = { "f32[1,3,4]", "f32[1,1,3]" } },
    { .inputs = { "f32[1,0,4]", "f32[1,2,0]", "i64:4" } },
    { .inputs = { "f32[1,3,5]", "f32[1,1,3]" }, .refused = "5 is not 4" },
    { .inputs = { "f32[1,3,4]", "f32[1,1,2]" }, .refused = "3 is not 2" },
    { .inputs = { "f32[1,3,4]", "f32[1,1,3]", "i64{1,2}" }, .refused = "2 elements" },
    { .inputs = { "f64[1,3,4]", "f32[1,1,3]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_non_max_suppression = {
    .name = "non_max_suppression",
    .summary = "boxes of high score that do not overlap",
    .attrs = attr_defs,
    .attrs_size = sizeof(nms_attrs),
    .min_inputs = 2,
    .max_inputs = 5,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_DYNAMIC_SHAPE,
    .infer = infer,
    .forward_alloc = forward_alloc,
    .scratch = scratch,
    .onnx = onnx,
    .samples = samples,
};
