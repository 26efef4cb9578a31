/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels laid out as blocks of a larger picture. Mode DCR takes the channels as [block, block,
 * c], CRD as [c, block, block] (PyTorch's pixel shuffle). */

#include "ops/op_space.h"

#define FIELD(f) offsetof(effnn__space_attrs, f)
static const char *const mode_names[] = { "DCR", "CRD", NULL };
static const effnn_option_def attr_defs[] = {
    { "blocksize", "height and width of a block; must be given", EFFNN_OPT_I64, FIELD(blocksize),
      .value = 1, .min = 1, .max = 32768 },
    { "mode", "order of the channels", EFFNN_OPT_ENUM, FIELD(mode), .choices = mode_names },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__space_infer(call, false);
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__space_run(call, false);
}

static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    return effnn__onnx_write_plain(writer, true);
}

static const effnn_onnx_row onnx[] = {
    { .name = "DepthToSpace", .since = 1, .write = write_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,12,2,3]" }, .attrs = "blocksize=2" },
    { .inputs = { "f32[1,18,2,3]" }, .attrs = "blocksize=3,mode=CRD" },
    { .inputs = { "u8[1,4,2,1]" }, .attrs = "blocksize=2" },
    { .inputs = { "f64[0,4,2,1]" }, .attrs = "blocksize=2" },
    { .inputs = { "f32[1,6,2,2]" }, .attrs = "blocksize=2", .refused = "6 is no multiple of 4" },
    { .inputs = { "f32[4,2,2]" }, .attrs = "blocksize=2", .refused = "rank 4" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_depth_to_space = {
    .name = "depth_to_space",
    .summary = "channels laid out as blocks of a larger picture",
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
