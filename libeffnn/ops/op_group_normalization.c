/* SPDX-License-Identifier: BSD-3-Clause */
/* Group normalisation (Wu and He, 2018): groups of channels of each sample brought to mean 0 and
 * variance 1 (the biased one, epsilon added), scaled and shifted by parameters of the channels, or,
 * as ONNX had it from opset 18 to 20, of the groups. Inputs: x [n, c, …], scale, bias. Elsewhere it
 * is written as exporters do: groups as the channels of an InstanceNormalization. */

#include "ops/op_group_norm.h"
#include "ops/op_saves.h"

typedef struct group_attrs {
    double epsilon;
    int64_t num_groups, stash_type;
    bool scale_per_group;
} group_attrs;

#define FIELD(f) offsetof(group_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "epsilon", "added to the variance", EFFNN_OPT_F64, FIELD(epsilon), .value = 1e-5 },
    { "num_groups", "number of groups of channels", EFFNN_OPT_I64, FIELD(num_groups), .value = 1,
      .min = 1, .max = INT32_MAX },
    { "scale_per_group", "scale and bias are of groups, not of channels", EFFNN_OPT_BOOL,
      FIELD(scale_per_group), .value = 0 },
    { "stash_type", "ONNX's type of the statistics: computed in f32 or better", EFFNN_OPT_I64,
      FIELD(stash_type), .value = 1, .min = 1, .max = 16 },
    EFFNN_OPTIONS_END,
};

static effnn__group_norm norm_of(const void *options)
{
    const group_attrs *attrs = options;

    return (effnn__group_norm){ .groups = (size_t)attrs->num_groups,
                                .epsilon = attrs->epsilon,
                                .per_group = attrs->scale_per_group };
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

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return effnn__group_norm_scratch(call);
}

/* ---- ONNX ---- */

static effnn_status read_per_group(effnn_onnx_reader *reader)
{
    group_attrs *attrs = reader->op_attrs;

    attrs->scale_per_group = true;
    return effnn__onnx_read_attrs(reader, NULL);
}

/* num_groups times the same number, of the input's type. */
static effnn_status filled(effnn_onnx_writer *writer, const char **out, double value)
{
    const group_attrs *attrs = writer->op_attrs;
    const char *one = NULL;

    EFFNN_TRY(effnn__onnx_constant_like(writer, &one, "parameter", 0, value));
    return effnn__onnx_add_ints(writer, out, "Expand", one, 1, &attrs->num_groups);
}

/* A channel's parameters [c] against [n, c, …]. */
static effnn_status raised(effnn_onnx_writer *writer, const char **out, size_t input)
{
    int64_t shape[EFFNN_MAX_RANK] = { -1 };
    const int rank = writer->input_rank(writer, 0);

    for (int i = 1; i + 1 < rank; i++) shape[i] = 1;
    return effnn__onnx_add_ints(writer, out, "Reshape", writer->inputs[input], (size_t)rank - 1,
                                shape);
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const group_attrs *attrs = writer->op_attrs;
    const char *inputs[3] = { NULL, NULL, NULL }, *y = writer->outputs[0];
    const char *rows = NULL, *shape = NULL, *unit = NULL, *scale = NULL, *bias = NULL;
    const char *scaled = NULL;

    if (writer->input_rank(writer, 0) < 2)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "an input of unknown rank needs opset 21");
    EFFNN_TRY(effnn__onnx_add_ints(writer, &inputs[0], "Reshape", writer->inputs[0], 3,
                                   (const int64_t[]){ 0, attrs->num_groups, -1 }));
    if (attrs->scale_per_group) {
        inputs[1] = writer->inputs[1];
        inputs[2] = writer->inputs[2];
        unit = y;
    } else {
        EFFNN_TRY(filled(writer, &inputs[1], 1.0));
        EFFNN_TRY(filled(writer, &inputs[2], 0.0));
    }
    EFFNN_TRY(writer->fresh_name(writer, &rows, "groups"));
    EFFNN_TRY(writer->begin(writer, "InstanceNormalization", NULL, inputs, 3, &rows, 1));
    EFFNN_TRY(effnn__onnx_set_float(writer, "epsilon", attrs->epsilon));
    EFFNN_TRY(effnn__onnx_add(writer, &shape, "Shape", writer->inputs[0], NULL));
    EFFNN_TRY(effnn__onnx_add(writer, &unit, "Reshape", rows, shape));
    if (attrs->scale_per_group) return EFFNN_OK;
    EFFNN_TRY(raised(writer, &scale, 1));
    EFFNN_TRY(raised(writer, &bias, 2));
    EFFNN_TRY(effnn__onnx_add(writer, &scaled, "Mul", unit, scale));
    return effnn__onnx_add(writer, &y, "Add", scaled, bias);
}

static effnn_status write_plain(effnn_onnx_writer *writer, const char *const *omitted)
{
    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    EFFNN_TRY(effnn__onnx_set_int(writer, "num_groups",
                                  ((const group_attrs *)writer->op_attrs)->num_groups));
    return effnn__onnx_write_attrs(writer, false, omitted);
}

static effnn_status write_per_channel(effnn_onnx_writer *writer)
{
    const group_attrs *attrs = writer->op_attrs;

    if (attrs->scale_per_group) return write_expanded(writer);
    return write_plain(writer, (const char *const[]){ "num_groups", NULL });
}

static effnn_status write_per_group(effnn_onnx_writer *writer)
{
    static const char *const omitted[] = { "num_groups", "scale_per_group", "stash_type", NULL };
    const group_attrs *attrs = writer->op_attrs;

    if (!attrs->scale_per_group) return write_expanded(writer);
    return write_plain(writer, omitted);
}

static const effnn_onnx_row onnx[] = {
    { .name = "GroupNormalization", .since = 21, .write = write_per_channel },
    { .name = "GroupNormalization", .since = 18, .read = read_per_group, .write = write_per_group },
    { .name = "GroupNormalization", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,6,4,5]", "f32[6]", "f32[6]" },
      .attrs = "num_groups=3",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,6,7]", "f32[2]", "f32[2]" },
      .attrs = "num_groups=2,scale_per_group=1,epsilon=0.1",
      .tolerance = 1e-5 },
    { .inputs = { "f64[2,4,2,2,2]", "f64[4]", "f64[4]" } },
    { .inputs = { "f16[2,4,3]", "f16[4]", "f16[4]" }, .attrs = "num_groups=2", .tolerance = 4e-3 },
    { .inputs = { "f32[2,4,0]", "f32[4]", "f32[4]" } },
    { .inputs = { "f32[2,5,4]", "f32[5]", "f32[5]" },
      .attrs = "num_groups=2",
      .refused = "5 channels in 2 groups" },
    { .inputs = { "f32[2,4,4]", "f32[2]", "f32[4]" },
      .attrs = "num_groups=2",
      .refused = "4 is not 2" },
    { .inputs = { "i32[2,3,4]", "i32[3]", "i32[3]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_group_normalization = {
    .name = "group_normalization",
    .summary = "groups of channels brought to mean 0 and variance 1, then scaled and shifted",
    .attrs = attr_defs,
    .attrs_size = sizeof(group_attrs),
    .min_inputs = 3,
    .max_inputs = 3,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .n_aux = 2, /* mean and 1 / deviation of each group of each sample */
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_statistics,
    .aux = aux,
    .scratch = scratch,
    .cost = effnn__group_norm_cost,
    .onnx = onnx,
    .samples = samples,
};
