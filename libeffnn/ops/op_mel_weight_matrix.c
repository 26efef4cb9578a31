/* SPDX-License-Identifier: BSD-3-Clause */
/* The matrix [length / 2 + 1, bands] that brings a one-sided spectrum to bands of the mel scale,
 * m = 2595 log10(1 + f / 700): triangles of height 1 whose corners are the bins at bands + 2 evenly
 * spaced places from the lower edge on (ONNX divides the span by bands + 2). Inputs: bands, length
 * of the transform, sample rate, lower and upper edge in hertz. */

#include "ops/op_cosine_window.h"
#include "ops/op_elementwise.h"

#include <math.h>

enum { INPUT_BANDS, INPUT_LENGTH, INPUT_RATE, INPUT_LOWER, INPUT_UPPER };

typedef struct mel_attrs {
    int64_t output_datatype;
} mel_attrs;

static const effnn_option_def attr_defs[] = {
    { "output_datatype", "ONNX's number of the output's type", EFFNN_OPT_I64,
      offsetof(mel_attrs, output_datatype), .value = 1, .min = 1, .max = 64 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const mel_attrs *attrs = call->attrs;
    effnn__value_info *out = &call->outputs[0];
    int64_t sizes[3] = { 0 };
    effnn__sym dims[2];
    bool known[3];

    EFFNN_TRY(effnn__infer_onnx_type(&out->dtype, call, attrs->output_datatype));
    out->has_dtype = true;
    for (size_t i = 0; i < 3; i++)
        EFFNN_TRY(effnn__infer_scalar(&sizes[i], &known[i], call, i, i == INPUT_BANDS ? 0 : 1));
    EFFNN_TRY(effnn__infer_dtype(call, INPUT_LOWER, EFFNN__FLOATS));
    EFFNN_TRY(effnn__infer_dtype(call, INPUT_UPPER, EFFNN__FLOATS));
    for (size_t i = 0; i < 2; i++) EFFNN_TRY(effnn__symbols_fresh(&dims[i], call->symbols));
    if (known[INPUT_LENGTH]) dims[0] = effnn__sym_constant(sizes[INPUT_LENGTH] / 2 + 1);
    if (known[INPUT_BANDS]) dims[1] = effnn__sym_constant(sizes[INPUT_BANDS]);
    effnn__info_set_shape(out, 2, dims);
    return EFFNN_OK;
}

static double mel_of(double hertz)
{
    return 2595.0 * log10(1.0 + hertz / 700.0);
}

typedef struct mel_job {
    const effnn__dtype_row *row;
    size_t bins, bands;
    double length, rate, low, step;
    void *y;
} mel_job;

/* The bin of corner i. */
static double corner(const mel_job *job, size_t i)
{
    const double hertz = 700.0 * (pow(10.0, (job->low + (double)i * job->step) / 2595.0) - 1.0);

    return floor((job->length + 1.0) * hertz / job->rate);
}

static void put(const mel_job *job, size_t bin, size_t band, double value)
{
    if (job->row->kind == EFFNN__KIND_FLOAT)
        job->row->store_f64(job->y, bin * job->bands + band, value);
    else
        effnn__store_truncated(job->row, job->y, bin * job->bands + band, value);
}

/* Height of the triangle with these corners over a bin. */
static double height(double bin, double left, double top, double right)
{
    if (bin < left || (bin >= right && bin > top)) return 0.0;
    if (bin == top) return 1.0;
    if (bin < top) return (bin - left) / (top - left);
    return (right - bin) / (right - top);
}

static effnn_status forward(const effnn_op_call *call)
{
    effnn_tensor *y = call->outputs[0];
    mel_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(y)),
                    .bins = (size_t)effnn_tensor_dims(y)[0],
                    .bands = (size_t)effnn_tensor_dims(y)[1],
                    .length = effnn__tensor_load_f64(call->inputs[INPUT_LENGTH], 0),
                    .rate = effnn__tensor_load_f64(call->inputs[INPUT_RATE], 0),
                    .low = mel_of(effnn__tensor_load_f64(call->inputs[INPUT_LOWER], 0)),
                    .y = effnn__tensor_data(y) };
    const double high = mel_of(effnn__tensor_load_f64(call->inputs[INPUT_UPPER], 0));

    job.step = (high - job.low) / ((double)job.bands + 2.0);
    for (size_t band = 0; band < job.bands; band++) {
        const double left = corner(&job, band), top = corner(&job, band + 1);
        const double right = corner(&job, band + 2);

        for (size_t bin = 0; bin < job.bins; bin++)
            put(&job, bin, band, height((double)bin, left, top, right));
    }
    return EFFNN_OK;
}

static const effnn_onnx_row onnx[] = {
    { .name = "MelWeightMatrix", .since = 17 },
    { .name = "MelWeightMatrix", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "i64:4", "i64:64", "i64:8000", "f32:0", "f32:4000" }, .tolerance = 1e-6 },
    { .inputs = { "i32:6", "i32:33", "i32:16000", "f32:300", "f32:5000" },
      .attrs = "output_datatype=11" },
    { .inputs = { "i64:0", "i64:64", "i64:8000", "f32:0", "f32:4000" } },
    { .inputs = { "i64:4", "i64:0", "i64:8000", "f32:0", "f32:4000" }, .refused = "below 1" },
    { .inputs = { "f32:4", "i64:8", "i64:8000", "f32:0", "f32:4000" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_mel_weight_matrix = {
    .name = "mel_weight_matrix",
    .summary = "weights that bring a spectrum to bands of the mel scale",
    .attrs = attr_defs,
    .attrs_size = sizeof(mel_attrs),
    .min_inputs = 5,
    .max_inputs = 5,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
