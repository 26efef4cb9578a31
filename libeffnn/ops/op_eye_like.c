/* SPDX-License-Identifier: BSD-3-Clause */
/* Ones on a diagonal of a matrix with the shape of the input, zeros elsewhere. */

#include "ops/op_infer.h"
#include "tensor/dtype.h"

#include <string.h>

typedef struct eye_attrs {
    int64_t k;
    int dtype; /* 0: the input's, else effnn_dtype + 1 */
} eye_attrs;

static const char *const dtype_choices[] = { "same", "f32", "f64", "f16",  "bf16",
                                             "i8",   "i16", "i32", "i64",  "u8",
                                             "u16",  "u32", "u64", "bool", NULL };

#define FIELD(f) offsetof(eye_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "k", "which diagonal: above 0 to the right", EFFNN_OPT_I64, FIELD(k), .value = 0 },
    { "dtype", "element type of the result", EFFNN_OPT_ENUM, FIELD(dtype),
      .choices = dtype_choices },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const eye_attrs *attrs = call->attrs;
    effnn__value_info *out = &call->outputs[0];

    EFFNN_TRY(effnn__infer_rank(call, 0, 2));
    EFFNN_TRY(effnn__infer_same(call, EFFNN__UNPACKED));
    if (attrs->dtype > 0) {
        out->has_dtype = true;
        out->dtype = (effnn_dtype)(attrs->dtype - 1);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const eye_attrs *attrs = call->attrs;
    effnn_tensor *y = call->outputs[0];
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(y));
    const int64_t rows = effnn_tensor_dims(y)[0], columns = effnn_tensor_dims(y)[1];
    void *data = effnn__tensor_data(y);

    if (effnn_tensor_count(y) == 0) return EFFNN_OK;
    memset(data, 0, effnn_tensor_bytes(y));
    if (attrs->k >= columns || attrs->k <= -rows) return EFFNN_OK;
    for (int64_t i = attrs->k < 0 ? -attrs->k : 0; i < rows && i + attrs->k < columns; i++)
        row->store_i64(data, (size_t)(i * columns + i + attrs->k), 1);
    return EFFNN_OK;
}

static effnn_status read_onnx(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *attr = effnn__onnx_attr(reader, "dtype");

    EFFNN_TRY(effnn__onnx_read_attrs(reader, (const char *const[]){ "dtype", NULL }));
    if (!attr) return EFFNN_OK;
    const int dtype = effnn__dtype_from_onnx(attr->i);
    if (dtype < 0 || dtype > EFFNN_BOOL)
        return effnn__onnx_read_fail(reader, EFFNN_E_UNSUPPORTED,
                                     "attribute 'dtype' is no supported element type");
    ((eye_attrs *)reader->op_attrs)->dtype = dtype + 1;
    return EFFNN_OK;
}

static effnn_status write_onnx(effnn_onnx_writer *writer)
{
    const eye_attrs *attrs = writer->op_attrs;

    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    EFFNN_TRY(effnn__onnx_write_attrs(writer, false, (const char *const[]){ "dtype", NULL }));
    if (attrs->dtype == 0) return EFFNN_OK;
    return effnn__onnx_set_int(writer, "dtype",
                               effnn__dtype_to_onnx((effnn_dtype)(attrs->dtype - 1)));
}

static const effnn_onnx_row onnx[] = {
    { .name = "EyeLike", .since = 9, .read = read_onnx, .write = write_onnx },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[3,4]" } },
    { .inputs = { "f32[3,4]" }, .attrs = "k=2,dtype=i64" },
    { .inputs = { "i8[4,3]" }, .attrs = "k=-1" },
    { .inputs = { "f64[2,2]" }, .attrs = "k=5,dtype=bool" },
    { .inputs = { "f32[0,3]" }, .attrs = "dtype=f16" },
    { .inputs = { "f32[3]" }, .refused = "rank 2" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_eye_like = {
    .name = "eye_like",
    .summary = "ones on a diagonal, zeros elsewhere",
    .attrs = attr_defs,
    .attrs_size = sizeof(eye_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .onnx = onnx,
    .samples = samples,
};
