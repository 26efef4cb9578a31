/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution of each channel with a kernel of its own over one axis, which looks back only; the
 * last k - 1 elements are handed on, so that a sequence can come in parts. Inputs: x [n, c,
 * length], weight [c, 1, k], bias [c] (optional), what came before [n, c, k - 1] (optional: zeros).
 * Outputs: y like x, with SiLU if asked for, and what comes next [n, c, k - 1]. */

#include "ops/op_infer.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <math.h>

enum { INPUT_X, INPUT_W, INPUT_BIAS, INPUT_PAST };
enum { ACTIVATION_NONE, ACTIVATION_SILU, ACTIVATION_SWISH };

typedef struct causal_attrs {
    int activation;
} causal_attrs;

static const char *const activations[] = { "none", "silu", "swish", NULL };

static const effnn_option_def attr_defs[] = {
    { "activation", "what the result goes through; swish is silu", EFFNN_OPT_ENUM,
      offsetof(causal_attrs, activation), .choices = activations },
    EFFNN_OPTIONS_END,
};

static effnn_status equal(const effnn_op_infer *call, const char *what, effnn__sym a, effnn__sym b)
{
    effnn__sym dim;

    return effnn__infer_equal_dims(&dim, call, what, a, b);
}

static effnn_status check_weight(const effnn_op_infer *call, effnn__sym *state)
{
    const effnn__value_info *x = call->inputs[INPUT_X], *w = call->inputs[INPUT_W];
    const effnn__value_info *bias = effnn__infer_input(call, INPUT_BIAS);

    EFFNN_TRY(equal(call, "channels of input and weight", x->dims[1], w->dims[0]));
    EFFNN_TRY(equal(call, "second size of the weight", w->dims[1], effnn__sym_constant(1)));
    if (w->dims[2].symbol == 0 && w->dims[2].offset < 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "kernel of size %lld",
                                 (long long)w->dims[2].offset);
    if (bias && bias->has_shape)
        EFFNN_TRY(equal(call, "channels and bias", x->dims[1], bias->dims[0]));
    return effnn__sym_sub(state, call->symbols, w->dims[2], effnn__sym_constant(1));
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[INPUT_X], *w = call->inputs[INPUT_W];
    const effnn__value_info *past = effnn__infer_input(call, INPUT_PAST);
    effnn__sym state[3];

    EFFNN_TRY(effnn__infer_same_floats(call));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_X, 3));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_W, 3));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_BIAS, 1));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_PAST, 3));
    if (call->n_outputs > 1) {
        call->outputs[1].has_dtype = call->outputs[0].has_dtype;
        call->outputs[1].dtype = call->outputs[0].dtype;
    }
    if (!x->has_shape || !w->has_shape) return EFFNN_OK;
    state[0] = x->dims[0];
    state[1] = x->dims[1];
    EFFNN_TRY(check_weight(call, &state[2]));
    for (size_t i = 0; past && past->has_shape && i < 3; i++)
        EFFNN_TRY(equal(call, "sizes of the state", state[i], past->dims[i]));
    if (call->n_outputs > 1) effnn__info_set_shape(&call->outputs[1], 3, state);
    return EFFNN_OK;
}

typedef struct causal_job {
    const effnn__dtype_row *row;
    size_t channels, length, k;
    bool silu;
    const void *x, *weight, *bias, *past;
    void *y, *present;
} causal_job;

/* Element `at` of a line with k - 1 elements in front of it. */
static double element(const causal_job *job, size_t line, size_t at)
{
    if (at >= job->k - 1) return job->row->load_f64(job->x, line * job->length + at - (job->k - 1));
    return job->past ? job->row->load_f64(job->past, line * (job->k - 1) + at) : 0.0;
}

/* Items are the channels of all samples. */
static effnn_status causal_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const causal_job *job = job_;

    (void)piece;
    for (size_t line = begin; line < end; line++) {
        const size_t channel = line % job->channels;

        for (size_t t = 0; t < job->length; t++) {
            double sum = job->bias ? job->row->load_f64(job->bias, channel) : 0.0;

            for (size_t i = 0; i < job->k; i++)
                sum += job->row->load_f64(job->weight, channel * job->k + i) *
                       element(job, line, t + i);
            if (job->silu) sum /= 1.0 + exp(-sum);
            job->row->store_f64(job->y, line * job->length + t, sum);
        }
        for (size_t i = 0; i + 1 < job->k && job->present; i++)
            job->row->store_f64(job->present, line * (job->k - 1) + i,
                                element(job, line, job->length + i));
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const causal_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[INPUT_X];
    const effnn_tensor *bias = effnn__call_input(call, INPUT_BIAS);
    const effnn_tensor *past = effnn__call_input(call, INPUT_PAST);
    const int64_t *dims = effnn_tensor_dims(x);
    effnn_tensor *present = call->n_outputs > 1 ? call->outputs[1] : NULL;
    causal_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                       .channels = (size_t)dims[1],
                       .length = (size_t)dims[2],
                       .k = (size_t)effnn_tensor_dims(call->inputs[INPUT_W])[2],
                       .silu = attrs->activation != ACTIVATION_NONE,
                       .x = effnn_tensor_data(x),
                       .weight = effnn_tensor_data(call->inputs[INPUT_W]),
                       .bias = bias ? effnn_tensor_data(bias) : NULL,
                       .past = past ? effnn_tensor_data(past) : NULL,
                       .y = call->outputs[0] ? effnn__tensor_data(call->outputs[0]) : NULL,
                       .present = present ? effnn__tensor_data(present) : NULL };

    if (!job.y) job.length = 0;
    if (effnn__call_is_idle(call)) return EFFNN_OK;
    return effnn__parallel_for(call->context, (size_t)dims[0] * (size_t)dims[1], 4, causal_piece,
                               &job);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->macs = (double)effnn_tensor_count(call->inputs[INPUT_X]) *
                (double)effnn_tensor_dims(call->inputs[INPUT_W])[2];
}

static const effnn_onnx_row onnx[] = {
    { .name = "CausalConvWithState", .since = 27 },
    { .name = "CausalConvWithState",
      .since = 1,
      .write = effnn__onnx_write_newer,
      .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,7]", "f32[3,1,4]", "f32[3]", "f32[2,3,3]" },
      .n_outputs = 2,
      .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,2]", "f32[3,1,4]" },
      .attrs = "activation=silu",
      .n_outputs = 2,
      .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,5]", "f32[3,1,1]" }, .attrs = "activation=swish", .tolerance = 1e-6 },
    { .inputs = { "f64[1,2,5]", "f64[2,1,3]" } },
    { .inputs = { "f16[1,2,5]", "f16[2,1,3]" } },
    { .inputs = { "f32[0,2,5]", "f32[2,1,3]" }, .n_outputs = 2 },
    { .inputs = { "f32[1,2,5]", "f32[3,1,3]" }, .refused = "2 is not 3" },
    { .inputs = { "f32[1,2,5]", "f32[2,1,0]" }, .refused = "kernel of size 0" },
    { .inputs = { "f32[1,2,5]", "f32[2,1,3]", "", "f32[1,2,3]" }, .refused = "2 is not 3" },
    { .inputs = { "i32[1,2,5]", "i32[2,1,3]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_causal_conv_with_state = {
    .name = "causal_conv_with_state",
    .summary = "convolution of each channel that looks back, its state handed on",
    .attrs = attr_defs,
    .attrs_size = sizeof(causal_attrs),
    .min_inputs = 2,
    .max_inputs = 4,
    .min_outputs = 1,
    .max_outputs = 2,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
