/* SPDX-License-Identifier: BSD-3-Clause */
/* The largest element of each window over the last one to three axes. Pads never win; a NaN in a
 * window gives NaN. Output 1 (optional) says where each was found: its place in the whole input,
 * within a plane counted along the last axis first or (storage_order) along the first; -1 where a
 * window holds pads alone. */

#include "ops/op_pool.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <math.h>

typedef struct max_pool_attrs {
    effnn__window window;
    int64_t storage_order;
} max_pool_attrs;

#define FIELD(f) offsetof(max_pool_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "auto_pad", "padding by rule instead of by pads", EFFNN_OPT_ENUM, FIELD(window.auto_pad),
      .choices = effnn__auto_pad_names },
    { "ceil_mode", "keep a last window that is only partly inside", EFFNN_OPT_BOOL,
      FIELD(window.ceil_mode), .value = 0 },
    { "dilations", "distance of neighbouring elements of a window; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.dilations), .min = 1, .max = INT32_MAX },
    { "kernel_shape", "size of the window", EFFNN_OPT_INTS, FIELD(window.kernel_shape), .min = 1,
      .max = INT32_MAX },
    { "pads", "pads in front along each axis, then behind; empty: 0", EFFNN_OPT_INTS,
      FIELD(window.pads), .min = 0, .max = INT32_MAX },
    { "storage_order", "places count 0: the last axis first; 1: the first", EFFNN_OPT_I64,
      FIELD(storage_order), .value = 0, .min = 0, .max = 1 },
    { "strides", "distance of neighbouring windows; empty: 1", EFFNN_OPT_INTS,
      FIELD(window.strides), .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const max_pool_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0];

    if (x->has_dtype && !effnn__dtype_is_float(x->dtype) && effnn_dtype_bits(x->dtype) == 64)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "input 0 of type %s is not supported",
                                 effnn_dtype_name(x->dtype));
    EFFNN_TRY(effnn__pool_infer(call, &attrs->window, EFFNN__NUMBERS));
    if (call->n_outputs < 2) return EFFNN_OK;
    call->outputs[1] = call->outputs[0];
    call->outputs[1].has_dtype = true;
    call->outputs[1].dtype = EFFNN_I64;
    return EFFNN_OK;
}

typedef struct max_job {
    effnn__window_box box;
    const effnn__dtype_row *row;
    size_t positions, out_positions, taps;
    const void *x;
    void *y;
    int64_t *places; /* in each plane; NULL: not wanted */
} max_job;

/* The largest of a line of taps so far. */
static void max_line(const max_job *job, size_t plane, size_t at, const effnn__pool_span *span,
                     double *largest, int64_t *where)
{
    at += span->place;
    for (size_t i = span->first; i < span->end; i++, at += job->box.axes[2].dilation) {
        const double value = job->row->load_f64(job->x, plane * job->positions + at);

        if (isnan(*largest) || (*where >= 0 && !(value > *largest) && !isnan(value))) continue;
        *largest = value;
        *where = (int64_t)at;
    }
}

static void max_element(const max_job *job, size_t plane, size_t at)
{
    const effnn__window_box *b = &job->box;
    const size_t out[] = { at / b->out[2] / b->out[1], at / b->out[2] % b->out[1], at % b->out[2] };
    effnn__pool_span span[EFFNN__WINDOW_AXES];
    double largest = -INFINITY;
    int64_t where = -1;

    for (size_t i = 0; i < EFFNN__WINDOW_AXES; i++)
        span[i] = effnn__pool_span_of(&b->axes[i], b->in[i], out[i]);
    for (size_t k = span[0].first; k < span[0].end; k++) {
        const size_t z = span[0].place + (k - span[0].first) * b->axes[0].dilation;

        for (size_t j = span[1].first; j < span[1].end; j++) {
            const size_t y = span[1].place + (j - span[1].first) * b->axes[1].dilation;

            max_line(job, plane, (z * b->in[1] + y) * b->in[2], &span[2], &largest, &where);
        }
    }
    job->row->store_f64(job->y, plane * job->out_positions + at, largest);
    if (job->places) job->places[plane * job->out_positions + at] = where;
}

static effnn_status max_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const max_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++)
        max_element(job, i / job->out_positions, i % job->out_positions);
    return EFFNN_OK;
}

static effnn_status run_plain(const effnn_op_call *call, int64_t *places)
{
    const max_pool_attrs *attrs = call->attrs;
    max_job job = { .box = effnn__pool_box(call, &attrs->window),
                    .row = effnn__dtype_row_of(effnn_tensor_dtype(call->outputs[0])),
                    .x = effnn_tensor_data(call->inputs[0]),
                    .y = effnn__tensor_data(call->outputs[0]),
                    .places = places };

    job.positions = effnn__window_inputs(&job.box);
    job.out_positions = effnn__window_outputs(&job.box);
    job.taps = effnn__window_taps(&job.box);
    return effnn__parallel_for(call->context, effnn_tensor_count(call->outputs[0]),
                               8192 / (job.taps + 1) + 1, max_piece, &job);
}

/* Places in planes as places in the whole input, in the order asked for; may be the same array. */
static void number_places(const effnn_op_call *call, int64_t *to, const int64_t *from)
{
    const max_pool_attrs *attrs = call->attrs;
    const effnn__window_box box = effnn__pool_box(call, &attrs->window);
    const int64_t in[] = { (int64_t)box.in[0], (int64_t)box.in[1], (int64_t)box.in[2] };
    const int64_t positions = in[0] * in[1] * in[2];
    const size_t out_positions = effnn__window_outputs(&box);

    for (size_t i = 0; i < effnn_tensor_count(call->outputs[0]); i++) {
        int64_t place = from[i];

        if (place >= 0 && attrs->storage_order == 1) {
            const int64_t x = place % in[2], y = place / in[2] % in[1], z = place / in[2] / in[1];

            place = (x * in[1] + y) * in[0] + z;
        }
        to[i] = place < 0 ? -1 : place + (int64_t)(i / out_positions) * positions;
    }
}

static effnn_status forward(const effnn_op_call *call)
{
    const max_pool_attrs *attrs = call->attrs;
    effnn_tensor *y = call->outputs[0];
    effnn_tensor *indices = call->n_outputs > 1 ? call->outputs[1] : NULL;
    int64_t *numbered = indices ? effnn__tensor_data(indices) : NULL;
    int64_t *places = call->aux && call->aux[0] ? call->aux[0] : numbered;

    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(y) != EFFNN_F32 || effnn_tensor_rank(y) > 4) {
        EFFNN_TRY(run_plain(call, places));
    } else {
        const effnn__pool2d pool = effnn__pool_of(call, &attrs->window);

        EFFNN_TRY(effnn__kernels_get()->max_pool2d_f32(call->context, &pool,
                                                       effnn_tensor_data(call->inputs[0]),
                                                       effnn__tensor_data(y), places));
    }
    if (numbered) number_places(call, numbered, places);
    return EFFNN_OK;
}

static size_t aux(const effnn_op_call *call, size_t index)
{
    (void)index;
    return effnn_tensor_count(call->outputs[0]) * sizeof(int64_t);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const max_pool_attrs *attrs = call->attrs;

    effnn__pool_cost(call, &attrs->window, out);
}

static const effnn_onnx_row onnx[] = {
    { .name = "MaxPool", .since = 8 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,7,6]" }, .attrs = "kernel_shape=2:3" },
    { .inputs = { "f32[2,3,7,6]" }, .attrs = "kernel_shape=3:3,strides=2:2,pads=1:1:1:1" },
    { .inputs = { "f32[1,2,7,8]" }, .attrs = "kernel_shape=3:2,strides=2:3,ceil_mode=1" },
    { .inputs = { "f32[1,2,7,8]" }, .attrs = "kernel_shape=2:2,dilations=2:3" },
    { .inputs = { "f32[1,2,7,8]" }, .attrs = "kernel_shape=3:3,strides=2:2,auto_pad=SAME_UPPER" },
    { .inputs = { "f32[2,3,9]" }, .attrs = "kernel_shape=3,strides=2" },
    { .inputs = { "f32[2,3,7,6]" },
      .attrs = "kernel_shape=3:3,strides=2:2,pads=1:1:1:1",
      .n_outputs = 2 },
    { .inputs = { "f64[2,3,7,6]" },
      .attrs = "kernel_shape=3:3,strides=2:2,storage_order=1",
      .n_outputs = 2 },
    { .inputs = { "f32[1,2,4,5,6]" },
      .attrs = "kernel_shape=2:3:2,strides=2:1:3,pads=0:1:1:1:1:0,storage_order=1",
      .n_outputs = 2 },
    { .inputs = { "u8[2,2,9]" }, .attrs = "kernel_shape=3,dilations=2", .n_outputs = 2 },
    { .inputs = { "f64[1,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "i8[1,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[0,2,5,5]" }, .attrs = "kernel_shape=2:2" },
    { .inputs = { "f32[1,2,0,5]" }, .attrs = "kernel_shape=2:2,pads=1:1:1:1" },
    { .inputs = { "f32[1,2,5,5]" }, .refused = "kernel_shape" },
    { .inputs = { "f32[1,2,5,5]" }, .attrs = "kernel_shape=2", .refused = "kernel_shape has 1" },
    { .inputs = { "f32[1,2,2,5]" }, .attrs = "kernel_shape=3:3", .refused = "exceeds" },
    { .inputs = { "bool[1,2,5,5]" }, .attrs = "kernel_shape=2:2", .refused = "bool" },
    { .inputs = { "i64[1,2,5,5]" }, .attrs = "kernel_shape=2:2", .refused = "i64" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_max_pool = {
    .name = "max_pool",
    .summary = "largest element of each window",
    .attrs = attr_defs,
    .attrs_size = sizeof(max_pool_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 2,
    .n_aux = 1, /* place of each maximum in its plane, i64 */
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_aux,
    .aux = aux,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
