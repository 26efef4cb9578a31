/* SPDX-License-Identifier: BSD-3-Clause */
/* Local response normalisation (Krizhevsky et al., 2012): x / (bias + alpha / size · Σ x²)^beta,
 * the sum over `size` neighbouring channels (axis 1) at the same place, the odd one behind. */

#include "ops/op_move.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <math.h>

typedef struct lrn_attrs {
    double alpha, beta, bias;
    int64_t size;
} lrn_attrs;

#define FIELD(f) offsetof(lrn_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "alpha", "factor of the mean square", EFFNN_OPT_F64, FIELD(alpha), .value = 1e-4 },
    { "beta", "exponent", EFFNN_OPT_F64, FIELD(beta), .value = 0.75 },
    { "bias", "added to the scaled mean square", EFFNN_OPT_F64, FIELD(bias), .value = 1.0 },
    { "size", "number of channels that are summed", EFFNN_OPT_I64, FIELD(size), .value = 1,
      .min = 1, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0];
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_same_floats(call));
    if (x->has_shape && x->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 2 or more",
                                 effnn__infer_print(text, call, x));
    return EFFNN_OK;
}

typedef struct lrn_job {
    const lrn_attrs *attrs;
    const effnn__dtype_row *row;
    size_t channels, inner;
    const void *x;
    void *y;
} lrn_job;

/* The usual exponent by roots, several times faster. */
static double power(double x, double exponent)
{
    const double root = sqrt(x);

    return exponent == 0.75 ? root * sqrt(root) : pow(x, exponent);
}

/* Items are planes. */
static effnn_status lrn_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const lrn_job *job = job_;
    const size_t size = (size_t)job->attrs->size;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        const size_t channel = plane % job->channels, sample = plane - channel;
        const size_t low = channel < (size - 1) / 2 ? 0 : channel - (size - 1) / 2;
        const size_t high =
            channel + size / 2 < job->channels ? channel + size / 2 : job->channels - 1;

        for (size_t i = 0; i < job->inner; i++) {
            double sum = 0.0;

            for (size_t c = low; c <= high; c++) {
                const double x = job->row->load_f64(job->x, (sample + c) * job->inner + i);

                sum += x * x;
            }
            const double divisor =
                power(job->attrs->bias + job->attrs->alpha / (double)size * sum, job->attrs->beta);
            const size_t at = plane * job->inner + i;
            job->row->store_f64(job->y, at, job->row->load_f64(job->x, at) / divisor);
        }
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    lrn_job job = { .attrs = call->attrs,
                    .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                    .channels = (size_t)effnn_tensor_dims(x)[1],
                    .inner = effnn__count_dims(x, 2, effnn_tensor_rank(x)),
                    .x = effnn_tensor_data(x),
                    .y = effnn__tensor_data(call->outputs[0]) };

    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    return effnn__parallel_for(call->context, effnn__count_dims(x, 0, 2), 1, lrn_piece, &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    const lrn_attrs *attrs = call->attrs;

    out->flops = (2.0 * (double)attrs->size + 4.0) * (double)effnn_tensor_count(call->inputs[0]);
}

/* ONNX has no default for the size. */
static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    const lrn_attrs *attrs = writer->op_attrs;

    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    EFFNN_TRY(effnn__onnx_set_int(writer, "size", attrs->size));
    return effnn__onnx_write_attrs(writer, false, (const char *const[]){ "size", NULL });
}

static const effnn_onnx_row onnx[] = {
    { .name = "LRN", .since = 1, .write = write_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,5,3,4]" }, .attrs = "size=3", .tolerance = 1e-6 },
    { .inputs = { "f32[2,5,3]" }, .attrs = "size=4,alpha=0.5,beta=0.6,bias=2", .tolerance = 1e-6 },
    { .inputs = { "f64[2,2,2]" }, .attrs = "size=9" },
    { .inputs = { "f32[0,5,3]" }, .attrs = "size=3" },
    { .inputs = { "f32[5]" }, .refused = "rank 2 or more" },
    { .inputs = { "i32[2,3,4]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_lrn = {
    .name = "lrn",
    .summary = "elements divided by a power of their neighbouring channels' mean square",
    .attrs = attr_defs,
    .attrs_size = sizeof(lrn_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_input,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
