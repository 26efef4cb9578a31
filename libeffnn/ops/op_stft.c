/* SPDX-License-Identifier: BSD-3-Clause */
/* Short-time Fourier transform: frames of a signal [batch, length, 1 or 2], each times a window, as
 * spectra [batch, frames, numbers, 2]. Inputs: signal, step from frame to frame, window (optional:
 * ones), frame length (optional: the window's, else the signal's). One-sided, the first
 * length / 2 + 1 numbers of each spectrum are given. Computed in double. */

#include "ops/op_cosine_window.h"
#include "ops/op_fourier.h"
#include "ops/op_infer.h"

#include "tensor/dtype.h"

enum { INPUT_SIGNAL, INPUT_STEP, INPUT_WINDOW, INPUT_LENGTH };

typedef struct stft_attrs {
    bool onesided;
} stft_attrs;

static const effnn_option_def attr_defs[] = {
    { "onesided", "half of each spectrum", EFFNN_OPT_BOOL, offsetof(stft_attrs, onesided),
      .value = 1 },
    EFFNN_OPTIONS_END,
};

static effnn_status frame_length(int64_t *out, bool *known, const effnn_op_infer *call)
{
    const effnn__value_info *window = effnn__infer_input(call, INPUT_WINDOW);
    effnn__sym length = call->inputs[INPUT_SIGNAL]->dims[1];

    EFFNN_TRY(effnn__infer_rank(call, INPUT_WINDOW, 1));
    *known = true;
    if (effnn__infer_input(call, INPUT_LENGTH)) {
        EFFNN_TRY(effnn__infer_scalar(out, known, call, INPUT_LENGTH, 1));
        length = effnn__sym_constant(*known ? *out : 0);
        if (*known && window && window->has_shape)
            EFFNN_TRY(effnn__infer_equal_dims(&length, call, "sizes of frame and window", length,
                                              window->dims[0]));
        return EFFNN_OK;
    }
    if (window) {
        *known = window->has_shape && window->dims[0].symbol == 0;
        if (*known) *out = window->dims[0].offset;
        return EFFNN_OK;
    }
    *known = length.symbol == 0;
    *out = length.offset;
    return EFFNN_OK;
}

static effnn_status infer_frames(effnn_op_infer *call, effnn__sym *dims)
{
    const stft_attrs *attrs = call->attrs;
    const effnn__sym signal = call->inputs[INPUT_SIGNAL]->dims[1];
    int64_t step = 1, length = 1;
    bool known_step, known_length;

    EFFNN_TRY(effnn__infer_scalar(&step, &known_step, call, INPUT_STEP, 1));
    EFFNN_TRY(frame_length(&length, &known_length, call));
    for (size_t i = 1; i < 3; i++) EFFNN_TRY(effnn__symbols_fresh(&dims[i], call->symbols));
    if (!known_length) return EFFNN_OK;
    if (length < 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "frames of length %lld", (long long)length);
    dims[2] = effnn__sym_constant(attrs->onesided ? length / 2 + 1 : length);
    if (!known_step || signal.symbol != 0) return EFFNN_OK;
    if (signal.offset < length)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "frames of %lld in a signal of %lld",
                                 (long long)length, (long long)signal.offset);
    dims[1] = effnn__sym_constant((signal.offset - length) / step + 1);
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[INPUT_SIGNAL];
    const effnn__value_info *window = effnn__infer_input(call, INPUT_WINDOW);
    effnn__sym dims[4];

    EFFNN_TRY(effnn__infer_dtype(call, INPUT_SIGNAL, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_same_dtype(call, INPUT_SIGNAL, INPUT_SIGNAL + 1));
    if (window) EFFNN_TRY(effnn__infer_same_dtype(call, INPUT_WINDOW, INPUT_WINDOW + 1));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_SIGNAL, 3));
    if (!x->has_shape) return EFFNN_OK;
    if (x->dims[2].symbol == 0 && x->dims[2].offset != 1 && x->dims[2].offset != 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "the last axis has size %lld, not 1 or 2",
                                 (long long)x->dims[2].offset);
    dims[0] = x->dims[0];
    EFFNN_TRY(infer_frames(call, dims));
    dims[3] = effnn__sym_constant(2);
    effnn__info_set_shape(&call->outputs[0], 4, dims);
    return EFFNN_OK;
}

typedef struct stft_job {
    const effnn__dtype_row *row;
    size_t n, step, length, parts, frames, numbers; /* of a spectrum */
    const void *x, *window;
    void *y;
} stft_job;

static void load(void *job_, size_t line, double *numbers)
{
    const stft_job *job = job_;
    const size_t first = line / job->frames * job->length + line % job->frames * job->step;

    for (size_t k = 0; k < job->n; k++) {
        const double weight = job->window ? job->row->load_f64(job->window, k) : 1.0;
        const size_t at = (first + k) * job->parts;

        numbers[2 * k] = weight * job->row->load_f64(job->x, at);
        numbers[2 * k + 1] = job->parts == 2 ? weight * job->row->load_f64(job->x, at + 1) : 0.0;
    }
}

static void store(void *job_, size_t line, const double *numbers)
{
    const stft_job *job = job_;

    for (size_t k = 0; k < 2 * job->numbers; k++)
        job->row->store_f64(job->y, line * 2 * job->numbers + k, numbers[k]);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[INPUT_SIGNAL], *y = call->outputs[0];
    const effnn_tensor *window = effnn__call_input(call, INPUT_WINDOW);
    const effnn_tensor *length = effnn__call_input(call, INPUT_LENGTH);
    const int64_t *dims = effnn_tensor_dims(x);
    stft_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                     .step = (size_t)effnn__tensor_load_i64(call->inputs[INPUT_STEP], 0),
                     .length = (size_t)dims[1],
                     .parts = (size_t)dims[2],
                     .frames = (size_t)effnn_tensor_dims(y)[1],
                     .numbers = (size_t)effnn_tensor_dims(y)[2],
                     .x = effnn_tensor_data(x),
                     .window = window ? effnn_tensor_data(window) : NULL,
                     .y = effnn__tensor_data(call->outputs[0]) };
    effnn__fourier lines = {
        .n_lines = (size_t)dims[0] * job.frames, .load = load, .store = store, .user = &job
    };

    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    job.n = length   ? (size_t)effnn__tensor_load_i64(length, 0)
            : window ? effnn_tensor_count(window)
                     : job.length;
    lines.n = job.n;
    return effnn__fourier_run(call->context, &lines, call->scratch);
}

/* A one-sided spectrum of d numbers is one of at most 2d - 1. */
static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    if (effnn_tensor_count(call->outputs[0]) == 0) return 0;
    return effnn__fourier_scratch(call->context,
                                  2 * (size_t)effnn_tensor_dims(call->outputs[0])[2]);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 50.0 * (double)effnn_tensor_count(call->outputs[0]);
}

static const effnn_onnx_row onnx[] = {
    { .name = "STFT", .since = 17 },
    { .name = "STFT", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,20,1]", "i64:3", "f32[8]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[1,16,2]", "i64:4", "", "i64:6" }, .attrs = "onesided=0", .tolerance = 1e-5 },
    { .inputs = { "f64[1,9,1]", "i64:1" } },
    { .inputs = { "f32[0,20,1]", "i64:3", "f32[8]" } },
    { .inputs = { "f32[1,6,1]", "i64:3", "f32[8]" }, .refused = "frames of 8 in a signal of 6" },
    { .inputs = { "f32[1,20,1]", "i64:0", "f32[8]" }, .refused = "below 1" },
    { .inputs = { "f32[1,20,1]", "i64:2", "f32[8]", "i64:7" }, .refused = "7 is not 8" },
    { .inputs = { "f32[1,20,3]", "i64:2", "f32[8]" }, .refused = "size 3, not 1 or 2" },
    { .inputs = { "i32[1,20,1]", "i64:2" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_stft = {
    .name = "stft",
    .summary = "Fourier transforms of the frames of a signal",
    .attrs = attr_defs,
    .attrs_size = sizeof(stft_attrs),
    .min_inputs = 2,
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
