/* SPDX-License-Identifier: BSD-3-Clause */
/* Instance normalisation (Ulyanov et al., 2016): each channel of each sample by itself brought to
 * mean 0 and variance 1 (the biased one, epsilon added), scaled and shifted. Inputs: x [n, c, …],
 * scale [c], bias [c]. */

#include "ops/op_group_norm.h"
#include "ops/op_saves.h"

typedef struct instance_attrs {
    double epsilon;
} instance_attrs;

static const effnn_option_def attr_defs[] = {
    { "epsilon", "added to the variance", EFFNN_OPT_F64, offsetof(instance_attrs, epsilon),
      .value = 1e-5 },
    EFFNN_OPTIONS_END,
};

static effnn__group_norm norm_of(const void *options)
{
    const instance_attrs *attrs = options;

    return (effnn__group_norm){ .epsilon = attrs->epsilon };
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__group_norm norm = norm_of(call->attrs);

    return effnn__group_norm_infer(call, &norm);
}

static effnn_status forward(const effnn_op_call *call)
{
    const effnn__group_norm norm = norm_of(call->attrs);

    return effnn__group_norm_run(call, &norm);
}

static size_t aux(const effnn_op_call *call, size_t index)
{
    const effnn__group_norm norm = norm_of(call->attrs);

    (void)index;
    return effnn__group_norm_aux(call, &norm);
}

static const effnn_onnx_row onnx[] = {
    { .name = "InstanceNormalization", .since = 6 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4,5]", "f32[3]", "f32[3]" }, .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,7]", "f32[3]", "f32[3]" }, .attrs = "epsilon=0.1", .tolerance = 1e-5 },
    { .inputs = { "f64[2,3,2,2,2]", "f64[3]", "f64[3]" } },
    { .inputs = { "f16[2,3,4]", "f16[3]", "f16[3]" } },
    { .inputs = { "f32[0,3,4]", "f32[3]", "f32[3]" } },
    { .inputs = { "f32[2,3,0]", "f32[3]", "f32[3]" } },
    { .inputs = { "f32[2,3,4]", "f32[4]", "f32[3]" }, .refused = "3 is not 4" },
    { .inputs = { "f32[3]", "f32[3]", "f32[3]" }, .refused = "rank 2 or more" },
    { .inputs = { "i32[2,3,4]", "i32[3]", "i32[3]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_instance_normalization = {
    .name = "instance_normalization",
    .summary = "channels of each sample brought to mean 0 and variance 1, then scaled and shifted",
    .attrs = attr_defs,
    .attrs_size = sizeof(instance_attrs),
    .min_inputs = 3,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .n_aux = 2, /* mean and 1 / deviation of each channel of each sample */
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_statistics,
    .aux = aux,
    .cost = effnn__group_norm_cost,
    .onnx = onnx,
    .samples = samples,
};
