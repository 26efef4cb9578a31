/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks of a picture as channels, in the order [block, block, c]. */

#include "ops/op_space.h"

#define FIELD(f) offsetof(effnn__space_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "blocksize", "height and width of a block; must be given", EFFNN_OPT_I64, FIELD(blocksize),
      .value = 1, .min = 1, .max = 32768 },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__space_infer(call, true);
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__space_run(call, true);
}

static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    return effnn__onnx_write_plain(writer, true);
}

static const effnn_onnx_row onnx[] = {
    { .name = "SpaceToDepth", .since = 1, .write = write_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4,6]" }, .attrs = "blocksize=2" },
    { .inputs = { "i8[1,2,6,3]" }, .attrs = "blocksize=3" },
    { .inputs = { "f64[1,0,2,2]" }, .attrs = "blocksize=2" },
    { .inputs = { "f32[1,2,3,4]" }, .attrs = "blocksize=2", .refused = "3 is no multiple of 2" },
    { .inputs = { "f32[4,2,2]" }, .attrs = "blocksize=2", .refused = "rank 4" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_space_to_depth = {
    .name = "space_to_depth",
    .summary = "blocks of a picture as channels",
    .attrs = attr_defs,
    .attrs_size = sizeof(effnn__space_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
