/* SPDX-License-Identifier: BSD-3-Clause */
/* Bits of an integer moved left or right by as many places as the other says, broadcast. To the
 * right the sign of signed types is repeated (ONNX has them since opset 28); a distance that is
 * negative or not below the width leaves nothing else. */

#include "ops/op_elementwise.h"

enum { RIGHT, LEFT };

typedef struct bit_shift_attrs {
    int direction;
} bit_shift_attrs;

static const char *const direction_names[] = { "RIGHT", "LEFT", NULL };
static const effnn_option_def attr_defs[] = {
    { "direction", "where the bits move", EFFNN_OPT_ENUM, offsetof(bit_shift_attrs, direction),
      .choices = direction_names },
    EFFNN_OPTIONS_END,
};

/* What lies above a narrower type's width is cut off by whoever stores it. */
static int64_t left_i64(int64_t a, int64_t b)
{
    return b < 0 || b > 63 ? 0 : (int64_t)((uint64_t)a << b);
}

static int64_t right_i64(int64_t a, int64_t b)
{
    if (b < 0 || b > 63) return a < 0 ? -1 : 0;
    return a < 0 ? ~(~a >> b) : a >> b;
}

static uint64_t left_u64(uint64_t a, uint64_t b)
{
    return b > 63 ? 0 : a << b;
}

static uint64_t right_u64(uint64_t a, uint64_t b)
{
    return b > 63 ? 0 : a >> b;
}

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__binary_infer(call, EFFNN__INTEGERS);
}

static effnn_status forward(const effnn_op_call *call)
{
    const bit_shift_attrs *attrs = call->attrs;
    const effnn__binary left = { .i64 = left_i64, .u64 = left_u64 };
    const effnn__binary right = { .i64 = right_i64, .u64 = right_u64 };

    return effnn__binary_run(call, attrs->direction == LEFT ? &left : &right);
}

/* The attribute has no default in ONNX. */
static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    return effnn__onnx_write_plain(writer, true);
}

static const effnn_onnx_row onnx[] = {
    { .name = "BitShift", .since = 11, .write = write_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "u8{16,4,1}", "u8{1,2,9}" } },
    { .inputs = { "u8{16,4,1}", "u8{1,2,9}" }, .attrs = "direction=LEFT" },
    { .inputs = { "u64{18446744073709551615}", "u64{63,64,1}" } },
    { .inputs = { "i32{-16,16}", "i32{2,-1}" } },
    { .inputs = { "i8{-16,17}", "i8{3,8}" }, .attrs = "direction=LEFT" },
    { .inputs = { "u32[0]", "u32[1]" } },
    { .inputs = { "f32[2]", "f32[2]" }, .refused = "f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_bit_shift = {
    .name = "bit_shift",
    .summary = "bits moved left or right",
    .attrs = attr_defs,
    .attrs_size = sizeof(bit_shift_attrs),
    .min_inputs = 2,
    .max_inputs = 2,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .cost = effnn__elementwise_cost,
    .onnx = onnx,
    .samples = samples,
};
