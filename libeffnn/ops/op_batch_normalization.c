/* SPDX-License-Identifier: BSD-3-Clause */
/* Batch normalisation (Ioffe and Szegedy, 2015) with the running statistics:
 * (x - mean) / √(variance + epsilon) · scale + bias for each channel (axis 1). Inputs: x, scale,
 * bias, mean, variance. f32 first brings the four to one factor and one offset a channel, in
 * double. */

#include "ops/op_move.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <math.h>

#define GRAIN_ELEMENTS 16384

typedef struct batch_norm_attrs {
    double epsilon, momentum;
} batch_norm_attrs;

#define FIELD(f) offsetof(batch_norm_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "epsilon", "added to the variance", EFFNN_OPT_F64, FIELD(epsilon), .value = 1e-5 },
    { "momentum", "share of the old running statistics kept in training", EFFNN_OPT_F64,
      FIELD(momentum), .value = 0.9 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0];
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    if (x->has_shape && x->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 2 or more",
                                 effnn__infer_print(text, call, x));
    for (size_t i = 1; i < call->n_inputs; i++) {
        const effnn__value_info *info = call->inputs[i];
        effnn__sym channels;

        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__FLOATS));
        EFFNN_TRY(effnn__infer_rank(call, i, 1));
        if (x->has_shape && info->has_shape)
            EFFNN_TRY(effnn__infer_equal_dims(&channels, call, "channels of input and parameters",
                                              x->dims[1], info->dims[0]));
    }
    return EFFNN_OK;
}

/* Factor and offset of a channel, [channels] each. */
static void channel_affine(const effnn_op_call *call, size_t channel, double *factor,
                           double *offset)
{
    const batch_norm_attrs *attrs = call->attrs;
    double p[4];

    for (size_t i = 0; i < 4; i++) p[i] = effnn__tensor_load_f64(call->inputs[i + 1], channel);
    *factor = p[0] / sqrt(p[3] + attrs->epsilon);
    *offset = p[1] - p[2] * *factor;
}

typedef struct batch_norm_job {
    const effnn_op_call *call;
    const effnn__dtype_row *row;
    size_t channels, inner;
    const void *x;
    void *y;
} batch_norm_job;

/* Items are planes. */
static effnn_status batch_norm_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const batch_norm_job *job = job_;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++) {
        double factor, offset;

        channel_affine(job->call, plane % job->channels, &factor, &offset);
        for (size_t i = plane * job->inner; i < (plane + 1) * job->inner; i++)
            job->row->store_f64(job->y, i, job->row->load_f64(job->x, i) * factor + offset);
    }
    return EFFNN_OK;
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return 2 * (size_t)effnn_tensor_dims(call->inputs[0])[1] * sizeof(float);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    const int64_t *dims = effnn_tensor_dims(x);
    batch_norm_job job = { .call = call,
                           .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                           .channels = (size_t)dims[1],
                           .inner = effnn__count_dims(x, 2, effnn_tensor_rank(x)),
                           .x = effnn_tensor_data(x),
                           .y = effnn__tensor_data(call->outputs[0]) };

    if (call->mode == EFFNN_OP_TRAINING)
        return effnn__call_fail(call, EFFNN_E_UNSUPPORTED, "training is not supported");
    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    if (effnn_tensor_dtype(x) != EFFNN_F32)
        return effnn__parallel_for(call->context, (size_t)dims[0] * job.channels,
                                   GRAIN_ELEMENTS / (job.inner + 1) + 1, batch_norm_piece, &job);
    float *factors = call->scratch, *offsets = factors + job.channels;
    for (size_t i = 0; i < job.channels; i++) {
        double factor, offset;

        channel_affine(call, i, &factor, &offset);
        factors[i] = (float)factor;
        offsets[i] = (float)offset;
    }
    return effnn__kernels_get()->channel_affine_f32(call->context, (size_t)dims[0], job.channels,
                                                    job.inner, job.x, factors, offsets, job.y);
}

static size_t aux(const effnn_op_call *call, size_t index)
{
    (void)index;
    return (size_t)effnn_tensor_dims(call->inputs[0])[1] * sizeof(double);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 2.0 * (double)effnn_tensor_count(call->inputs[0]);
}

/* A node in training mode would compute something else. `spatial` at its default means what every
 * later opset means. */
static effnn_status read_onnx(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *training = effnn__onnx_attr(reader, "training_mode");
    const effnn_onnx_attr *spatial = effnn__onnx_attr(reader, "spatial");

    if (training && training->i != 0)
        return effnn__onnx_read_fail(reader, EFFNN_E_UNSUPPORTED,
                                     "attribute 'training_mode' other than 0 is not supported");
    if (spatial && spatial->i != 1)
        return effnn__onnx_read_fail(reader, EFFNN_E_UNSUPPORTED,
                                     "attribute 'spatial' other than 1 is not supported");
    return effnn__onnx_read_attrs(reader,
                                  (const char *const[]){ "training_mode", "spatial", NULL });
}

static const effnn_onnx_row onnx[] = {
    { .name = "BatchNormalization", .since = 7, .read = read_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4,5]", "f32[3]", "f32[3]", "f32[3]", "f32[3]>0" }, .tolerance = 1e-5 },
    { .inputs = { "f32[4,3]", "f32[3]", "f32[3]", "f32[3]", "f32[3]>0" },
      .attrs = "epsilon=0.1",
      .tolerance = 1e-5 },
    { .inputs = { "f32[0,3,4]", "f32[3]", "f32[3]", "f32[3]", "f32[3]>0" } },
    { .inputs = { "f64[2,3,4]", "f64[3]", "f64[3]", "f64[3]", "f64[3]>0" } },
    { .inputs = { "f16[2,3,4]", "f32[3]", "f32[3]", "f32[3]", "f32[3]>0" } },
    { .inputs = { "f32[2,3,4]", "f32[3]", "f32[4]", "f32[3]", "f32[3]" }, .refused = "3 is not 4" },
    { .inputs = { "f32[3]", "f32[3]", "f32[3]", "f32[3]", "f32[3]" }, .refused = "rank 2 or more" },
    { .inputs = { "i32[2,3]", "f32[3]", "f32[3]", "f32[3]", "f32[3]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_batch_normalization = {
    .name = "batch_normalization",
    .summary = "channels normalised by running statistics, scaled and shifted",
    .attrs = attr_defs,
    .attrs_size = sizeof(batch_norm_attrs),
    .min_inputs = 5,
    .max_inputs = 5,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE | EFFNN_OP_TRAINING_DIFFERS,
    .n_aux = 2, /* mean and 1 / deviation of each channel of the batch, in double */
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_statistics,
    .aux = aux,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
