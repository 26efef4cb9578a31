/* SPDX-License-Identifier: BSD-3-Clause */
/* Conversion to another element type. To a float: nearest even. A float to an integer: toward zero,
 * saturated, NaN to 0; to a packed one the low bits (ONNX leaves all of it open). Between integers:
 * the low bits, as ONNX demands. To bool: nonzero. The packed 4-bit types are converted too. */

#include "ops/op_cast.h"

#include "base/pool.h"
#include "ops/op_elementwise.h"

#include <string.h>

#define GRAIN 16384 /* even, so that no two pieces write one byte of a packed type */

const effnn_option_def effnn__cast_attr_defs[] = {
    { "to", "element type of the result", EFFNN_OPT_ENUM, offsetof(effnn__cast_attrs, to),
      .choices = effnn__dtype_choices },
    EFFNN_OPTIONS_END,
};

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__cast_attrs *attrs = call->attrs;

    EFFNN_TRY(effnn__infer_same(call, EFFNN__ALL_TYPES));
    call->outputs[0].has_dtype = true;
    call->outputs[0].dtype = (effnn_dtype)attrs->to;
    /* A symbol cast to bool is not followed: it need not be nonzero. */
    if (attrs->to != EFFNN_BOOL) effnn__infer_pass_content(call);
    return EFFNN_OK;
}

typedef struct cast_job {
    const effnn__dtype_row *from, *to;
    bool to_f32;
    void *y;
    const void *x;
} cast_job;

static void cast_from_float(const cast_job *job, size_t begin, size_t end)
{
    const bool to_float = job->to->kind == EFFNN__KIND_FLOAT, packed = job->to->bits < 8;

    for (size_t i = begin; i < end; i++) {
        const double x = job->from->load_f64(job->x, i);

        if (to_float)
            job->to->store_f64(job->y, i, x);
        else if (packed)
            effnn__store_wrapped(job->to, job->y, i, job->from->load_i64(job->x, i));
        else
            effnn__store_truncated(job->to, job->y, i, x);
    }
}

static void cast_from_integer(const cast_job *job, size_t begin, size_t end)
{
    const bool to_float = job->to->kind == EFFNN__KIND_FLOAT;
    const bool is_u64 = job->from->kind == EFFNN__KIND_UNSIGNED && job->from->bits == 64;

    for (size_t i = begin; i < end; i++) {
        const int64_t x = job->from->load_i64(job->x, i);

        if (!to_float)
            effnn__store_wrapped(job->to, job->y, i, x);
        else if (job->to_f32) /* rounded once, not by way of double */
            ((float *)job->y)[i] = is_u64 ? (float)(uint64_t)x : (float)x;
        else
            job->to->store_f64(job->y, i, is_u64 ? (double)(uint64_t)x : (double)x);
    }
}

/* Between f32 and the 16-bit floats by kernels; false: other types. */
static bool cast_halves(const cast_job *job, size_t begin, size_t n)
{
    const effnn__kernels *kernels = effnn__kernels_get();
    const effnn__dtype_row *f16 = effnn__dtype_row_of(EFFNN_F16);
    const effnn__dtype_row *bf16 = effnn__dtype_row_of(EFFNN_BF16);
    const effnn__dtype_row *f32 = effnn__dtype_row_of(EFFNN_F32);

    if (job->from == f32 && job->to == f16)
        kernels->f16_from_f32((uint16_t *)job->y + begin, (const float *)job->x + begin, n);
    else if (job->from == f16 && job->to == f32)
        kernels->f32_from_f16((float *)job->y + begin, (const uint16_t *)job->x + begin, n);
    else if (job->from == f32 && job->to == bf16)
        kernels->bf16_from_f32((uint16_t *)job->y + begin, (const float *)job->x + begin, n);
    else if (job->from == bf16 && job->to == f32)
        kernels->f32_from_bf16((float *)job->y + begin, (const uint16_t *)job->x + begin, n);
    else
        return false;
    return true;
}

static effnn_status cast_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const cast_job *job = job_;

    (void)piece;
    if (cast_halves(job, begin, end - begin)) return EFFNN_OK;
    if (job->from->kind == EFFNN__KIND_FLOAT)
        cast_from_float(job, begin, end);
    else
        cast_from_integer(job, begin, end);
    return EFFNN_OK;
}

effnn_status effnn__cast_run(const effnn_op_call *call)
{
    const effnn_tensor *x = call->inputs[0];
    effnn_tensor *y = call->outputs[0];
    const effnn_dtype from = effnn_tensor_dtype(x), to = effnn_tensor_dtype(y);
    cast_job job = { .from = effnn__dtype_row_of(from),
                     .to = effnn__dtype_row_of(to),
                     .to_f32 = to == EFFNN_F32,
                     .y = effnn__tensor_data(y),
                     .x = effnn_tensor_data(x) };

    if (from == to) {
        if (effnn_tensor_count(x) > 0) memcpy(job.y, job.x, effnn_tensor_bytes(x));
        return EFFNN_OK;
    }
    return effnn__parallel_for(call->context, effnn_tensor_count(x), GRAIN, cast_piece, &job);
}

/* The attribute is a TensorProto.DataType; rules for 8-bit floats do not concern our types. */
effnn_status effnn__cast_read(effnn_onnx_reader *reader)
{
    const effnn_onnx_attr *to = effnn__onnx_attr(reader, "to");
    const int dtype = to ? effnn__dtype_from_onnx(to->i) : -1;

    if (dtype < 0)
        return effnn__onnx_read_fail(reader, EFFNN_E_UNSUPPORTED,
                                     "attribute 'to' is no supported element type");
    ((effnn__cast_attrs *)reader->op_attrs)->to = dtype;
    return effnn__onnx_read_attrs(reader,
                                  (const char *const[]){ "to", "saturate", "round_mode", NULL });
}

effnn_status effnn__cast_write(effnn_onnx_writer *writer)
{
    const effnn__cast_attrs *attrs = writer->op_attrs;

    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    return effnn__onnx_set_int(writer, "to", effnn__dtype_to_onnx((effnn_dtype)attrs->to));
}

static const effnn_onnx_row onnx[] = {
    { .name = "Cast", .since = 6, .read = effnn__cast_read, .write = effnn__cast_write },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3]" }, .attrs = "to=i64" },
    { .inputs = { "f32[2,3]" }, .attrs = "to=f64" },
    { .inputs = { "f32[2,3]" }, .attrs = "to=bool" },
    { .inputs = { "f32[0,3]" }, .attrs = "to=i8" },
    { .inputs = { "i64{1,2,300}" }, .attrs = "to=u8" },
    { .inputs = { "i64{1,2,300}" }, .attrs = "to=f32" },
    { .inputs = { "bool[3]" }, .attrs = "to=f16" },
    { .inputs = { "i8[5]" }, .attrs = "to=i4" },
    { .inputs = { "f32{-9,7.5,8,17}" }, .attrs = "to=i4" },
    { .inputs = { "f32[3]" }, .attrs = "to=f32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_cast = {
    .name = "cast",
    .summary = "convert to another element type",
    .attrs = effnn__cast_attr_defs,
    .attrs_size = sizeof(effnn__cast_attrs),
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = effnn__cast_run,
    .onnx = onnx,
    .samples = samples,
};
