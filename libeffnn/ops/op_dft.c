/* SPDX-License-Identifier: BSD-3-Clause */
/* Discrete Fourier transform along an axis. The last axis of the input holds one (real) or two
 * (real, imaginary) numbers. Inputs: x, the length (optional: the axis' size; x is cut or filled up
 * with zeros), the axis (optional: -2). One-sided: forward only the first length / 2 + 1 numbers
 * are given; inverse these are the input, their conjugates follow of themselves, the result is
 * real. Computed in double. */

#include "ops/op_cosine_window.h"
#include "ops/op_fourier.h"
#include "ops/op_move.h"

#include "tensor/dtype.h"

typedef struct dft_attrs {
    bool inverse, onesided;
} dft_attrs;

static const effnn_option_def attr_defs[] = {
    { "inverse", "the inverse transform", EFFNN_OPT_BOOL, offsetof(dft_attrs, inverse),
      .value = 0 },
    { "onesided", "half of the spectrum of real numbers", EFFNN_OPT_BOOL,
      offsetof(dft_attrs, onesided), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* Length of the transform of an axis of this size. */
static int64_t usual_length(const dft_attrs *attrs, int64_t size)
{
    return attrs->inverse && attrs->onesided ? 2 * (size - 1) : size;
}

static int64_t output_size(const dft_attrs *attrs, int64_t length)
{
    return attrs->onesided && !attrs->inverse ? length / 2 + 1 : length;
}

static effnn_status infer_axis_size(effnn__sym *out, const effnn_op_infer *call, effnn__sym size)
{
    const dft_attrs *attrs = call->attrs;
    const bool given = effnn__infer_input(call, 1) != NULL;
    int64_t length = 0;
    bool known = true;

    if (given) {
        EFFNN_TRY(effnn__infer_scalar(&length, &known, call, 1, 1));
    } else {
        if (!attrs->onesided) {
            *out = size;
            return EFFNN_OK;
        }
        known = size.symbol == 0;
        length = known ? usual_length(attrs, size.offset) : 0;
    }
    if (!known) return effnn__symbols_fresh(out, call->symbols);
    if (length < 1 || length > INT32_MAX)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "a transform of length %lld",
                                 (long long)length);
    *out = effnn__sym_constant(output_size(attrs, length));
    return EFFNN_OK;
}

static effnn_status check_last(const effnn_op_infer *call, effnn__sym last)
{
    const dft_attrs *attrs = call->attrs;

    if (last.symbol != 0) return EFFNN_OK;
    if (last.offset != 1 && last.offset != 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "the last axis has size %lld, not 1 or 2",
                                 (long long)last.offset);
    if (attrs->onesided && last.offset != (attrs->inverse ? 2 : 1))
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "one-sided %s of %s numbers",
                                 attrs->inverse ? "inverse" : "transform",
                                 last.offset == 2 ? "complex" : "real");
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const dft_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0];
    effnn__value_info *out = &call->outputs[0];
    int64_t given = -2;
    size_t axis = 0;
    bool known = true;

    EFFNN_TRY(effnn__infer_same_floats(call));
    if (effnn__infer_input(call, 2))
        EFFNN_TRY(effnn__infer_scalar(&given, &known, call, 2, INT64_MIN));
    if (!x->has_shape) return EFFNN_OK;
    if (x->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 has rank %zu, below 2", x->rank);
    EFFNN_TRY(check_last(call, x->dims[x->rank - 1]));
    out->dims[x->rank - 1] = effnn__sym_constant(attrs->inverse && attrs->onesided ? 1 : 2);
    if (!known) {
        for (size_t i = 0; i + 1 < x->rank; i++)
            EFFNN_TRY(effnn__symbols_fresh(&out->dims[i], call->symbols));
        return EFFNN_OK;
    }
    EFFNN_TRY(effnn__infer_axis(&axis, call, given, x->rank));
    if (axis + 1 == x->rank)
        return effnn__infer_fail(call, EFFNN_E_ARG, "axis %zu holds real and imaginary parts",
                                 axis);
    return infer_axis_size(&out->dims[axis], call, x->dims[axis]);
}

typedef struct dft_job {
    const dft_attrs *attrs;
    const effnn__dtype_row *row;
    effnn__axis from, to; /* of the axis; `inner` counts pairs or single numbers' places */
    size_t in_parts, out_parts;
    const void *x;
    void *y;
    size_t n;
} dft_job;

static void load(void *job_, size_t line, double *numbers)
{
    const dft_job *job = job_;
    const size_t inner = job->from.inner, size = job->from.axis;
    const size_t first = line / inner * size * inner + line % inner;
    const bool half = job->attrs->inverse && job->attrs->onesided;
    const size_t wanted = half ? job->n / 2 + 1 : job->n;

    for (size_t k = 0; k < 2 * job->n; k++) numbers[k] = 0.0;
    for (size_t k = 0; k < size && k < wanted; k++) {
        const size_t at = (first + k * inner) * job->in_parts;

        numbers[2 * k] = job->row->load_f64(job->x, at);
        if (job->in_parts == 2) numbers[2 * k + 1] = job->row->load_f64(job->x, at + 1);
    }
    for (size_t k = wanted; k < job->n && half; k++) {
        numbers[2 * k] = numbers[2 * (job->n - k)];
        numbers[2 * k + 1] = -numbers[2 * (job->n - k) + 1];
    }
}

static void store(void *job_, size_t line, const double *numbers)
{
    const dft_job *job = job_;
    const size_t inner = job->to.inner, size = job->to.axis;
    const size_t first = line / inner * size * inner + line % inner;

    for (size_t k = 0; k < size; k++)
        for (size_t part = 0; part < job->out_parts; part++)
            job->row->store_f64(job->y, (first + k * inner) * job->out_parts + part,
                                numbers[2 * k + part]);
}

/* Dimensions as [before, axis, between axis and the last]. */
static effnn__axis lines_of(const effnn_tensor *tensor, size_t axis)
{
    return (effnn__axis){ .outer = effnn__count_dims(tensor, 0, axis),
                          .axis = (size_t)effnn_tensor_dims(tensor)[axis],
                          .inner =
                              effnn__count_dims(tensor, axis + 1, effnn_tensor_rank(tensor) - 1) };
}

static effnn_status forward(const effnn_op_call *call)
{
    const dft_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *length = effnn__call_input(call, 1);
    const effnn_tensor *given = effnn__call_input(call, 2);
    const size_t rank = effnn_tensor_rank(x);
    const size_t axis = effnn__resolve_axis(given ? effnn__tensor_load_i64(given, 0) : -2, rank);
    dft_job job = { .attrs = attrs,
                    .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                    .from = lines_of(x, axis),
                    .to = lines_of(call->outputs[0], axis),
                    .in_parts = (size_t)effnn_tensor_dims(x)[rank - 1],
                    .out_parts = (size_t)effnn_tensor_dims(call->outputs[0])[rank - 1],
                    .x = effnn_tensor_data(x),
                    .y = effnn__tensor_data(call->outputs[0]) };
    effnn__fourier lines = { .n_lines = job.to.outer * job.to.inner,
                             .inverse = attrs->inverse,
                             .load = load,
                             .store = store,
                             .user = &job };

    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    job.n = (size_t)(length ? effnn__tensor_load_i64(length, 0)
                            : usual_length(attrs, (int64_t)job.from.axis));
    lines.n = job.n;
    return effnn__fourier_run(call->context, &lines, call->scratch);
}

/* The axis may not be known here: room for the longest. A one-sided size d is of at most 2d - 1. */
static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const effnn_tensor *y = call->outputs[0];
    size_t longest = 0;

    (void)phase;
    if (effnn_tensor_count(y) == 0) return 0;
    for (size_t i = 0; i + 1 < effnn_tensor_rank(y); i++)
        if ((size_t)effnn_tensor_dims(y)[i] > longest) longest = (size_t)effnn_tensor_dims(y)[i];
    return effnn__fourier_scratch(call->context, 2 * longest);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 50.0 * (double)effnn_tensor_count(call->outputs[0]);
}

/* Before opset 20 the axis is an attribute, 1 if it is not given. */
static effnn_status read_attribute(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *axis = effnn__onnx_attr(reader, "axis");
    const effnn_onnx_value *value = NULL;
    effnn_tensor *tensor = NULL;

    EFFNN_TRY(effnn__onnx_read_attrs(reader, (const char *const[]){ "axis", NULL }));
    EFFNN_TRY(effnn_tensor_create(&tensor, NULL, EFFNN_I64, 0, NULL));
    effnn_status status =
        effnn_tensor_set_f64(tensor, (int64_t[]){ 0 }, axis ? (double)axis->i : 1.0);
    if (status == EFFNN_OK) status = reader->add_constant(reader, &value, tensor);
    effnn_tensor_release(tensor);
    return status == EFFNN_OK ? effnn__onnx_set_input(reader, 2, value) : status;
}

static effnn_status write_attribute(effnn_onnx_writer *writer)
{
    const bool given = writer->n_inputs > 2 && writer->inputs[2];
    const effnn_tensor *axis = given ? writer->constant(writer, 2) : NULL;

    if (given && !axis)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "an axis that is not constant needs opset 20");
    EFFNN_TRY(writer->begin(writer, "DFT", NULL, writer->inputs,
                            writer->n_inputs < 2 ? writer->n_inputs : 2, writer->outputs, 1));
    EFFNN_TRY(effnn__onnx_set_int(writer, "axis", axis ? effnn__tensor_load_i64(axis, 0) : -2));
    return effnn__onnx_write_attrs(writer, false, NULL);
}

static const effnn_onnx_row onnx[] = {
    { .name = "DFT", .since = 20 },
    { .name = "DFT", .since = 17, .read = read_attribute, .write = write_attribute },
    { .name = "DFT", .since = 1, .write = effnn__onnx_write_newer, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,12,1]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,10,3,2]", "i64:7", "i64:1" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,5,2]", "i64:8" }, .attrs = "inverse=1", .tolerance = 1e-5 },
    { .inputs = { "f32[2,9,1]" }, .attrs = "onesided=1", .tolerance = 1e-5 },
    { .inputs = { "f32[2,5,2]" }, .attrs = "onesided=1,inverse=1", .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,2]", "i64:9", "i64:-2" },
      .attrs = "onesided=1,inverse=1",
      .tolerance = 1e-5 },
    { .inputs = { "f64[6,3,1]", "", "i64:0" } },
    { .inputs = { "f16[1,4,1]" } },
    { .inputs = { "f32[0,4,1]" } },
    { .inputs = { "f32[2,4,3]" }, .refused = "size 3, not 1 or 2" },
    { .inputs = { "f32[2,4,2]" }, .attrs = "onesided=1", .refused = "complex numbers" },
    { .inputs = { "f32[2,4,2]", "", "i64:2" }, .refused = "axis 2" },
    { .inputs = { "f32[2,4,2]", "i64:0" }, .refused = "below 1" },
    { .inputs = { "i32[2,4,1]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_dft = {
    .name = "dft",
    .summary = "discrete Fourier transform along an axis",
    .attrs = attr_defs,
    .attrs_size = sizeof(dft_attrs),
    .min_inputs = 1,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
