/* SPDX-License-Identifier: BSD-3-Clause */
/* Which scale belongs to which element. x is seen as [outer, axis, inner]; along the axis it falls
 * into spans of `block` places that share scales, which lie at outer · scale_outer + span ·
 * scale_span: one for the whole span, or (step 1) one for each of the inner elements. */

#include "ops/op_quantize.h"

#include "base/pool.h"
#include "ops/op_move.h"

#define GRAIN_ELEMENTS 16384
#define ROUNDER        0x1.8p23f

const char *const effnn__quantize_dtypes[] = { "none", "f32",  "f64", "f16", "bf16", "i8",
                                               "i16",  "i32",  "i64", "u8",  "u16",  "u32",
                                               "u64",  "bool", "i4",  "u4",  NULL };

double effnn__round_as(const effnn__dtype_row *row, double value)
{
    double room;

    row->store_f64(&room, 0, value);
    return row->load_f64(&room, 0);
}

/* Limits first: then |q| is small enough for rounding by a number whose last place is 1. */
void effnn__quantize_bytes(void *y, bool is_signed, const float *x, size_t n, float scale,
                           int32_t zero)
{
    const float lowest = (float)((is_signed ? -128 : 0) - zero), highest = lowest + 255.0f;
    uint8_t *bytes = y;

    for (size_t i = 0; i < n; i++) {
        const float q = x[i] / scale, low = q > lowest ? q : lowest;
        const float limited = low < highest ? low : highest;

        bytes[i] = (uint8_t)((int32_t)(limited + ROUNDER - ROUNDER) + zero);
    }
}

/* ---- infer ---- */

static effnn_status check_blocks(const effnn_op_infer *call, size_t axis)
{
    const effnn__quantize_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *scale = call->inputs[1];
    const int64_t block = attrs->block_size;

    EFFNN_TRY(effnn__infer_rank(call, 1, x->rank));
    for (size_t i = 0; i < x->rank; i++) {
        effnn__sym size = x->dims[i];

        if (i == axis && size.symbol != 0) continue;
        if (i == axis) size.offset = size.offset / block + (size.offset % block != 0);
        EFFNN_TRY(effnn__infer_equal_dims(&size, call, "sizes of blocks and scales", size,
                                          scale->dims[i]));
    }
    return EFFNN_OK;
}

static bool is_one(const effnn__value_info *info)
{
    return info->rank == 0 ||
           (info->rank == 1 && effnn__sym_equal(info->dims[0], effnn__sym_constant(1)));
}

static effnn_status check_scale(const effnn_op_infer *call)
{
    const effnn__quantize_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[0], *scale = call->inputs[1];
    effnn__sym size;
    size_t axis = 0;
    char text[EFFNN__INFO_TEXT];

    if (!x->has_shape || !scale->has_shape) return EFFNN_OK;
    if (attrs->block_size == 0 && is_one(scale)) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_axis(&axis, call, attrs->axis, x->rank));
    if (attrs->block_size > 0) return check_blocks(call, axis);
    if (scale->rank != 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE,
                                 "scale is %s but without blocks must have rank 0 or 1",
                                 effnn__infer_print(text, call, scale));
    return effnn__infer_equal_dims(&size, call, "sizes of axis and scale", x->dims[axis],
                                   scale->dims[0]);
}

static effnn_status check_zero(const effnn_op_infer *call)
{
    const effnn__value_info *scale = call->inputs[1], *zero = effnn__infer_input(call, 2);
    effnn__sym size;

    if (!zero || !zero->has_shape || !scale->has_shape || (is_one(zero) && is_one(scale)))
        return EFFNN_OK;
    EFFNN_TRY(effnn__infer_rank(call, 2, scale->rank));
    for (size_t i = 0; i < scale->rank; i++)
        EFFNN_TRY(effnn__infer_equal_dims(&size, call, "sizes of scale and zero point",
                                          scale->dims[i], zero->dims[i]));
    return EFFNN_OK;
}

effnn_status effnn__quantize_infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[0];

    EFFNN_TRY(check_scale(call));
    EFFNN_TRY(check_zero(call));
    if (x->has_shape) effnn__info_set_shape(&call->outputs[0], x->rank, x->dims);
    return EFFNN_OK;
}

/* ---- forward ---- */

typedef struct layout {
    size_t outer, axis, inner, block, spans; /* spans of one outer place */
    size_t scale_outer, scale_span, step;
} layout;

static layout layout_of(const effnn_op_call *call)
{
    const effnn__quantize_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[0], *scale = call->inputs[1];
    layout l = { .outer = 1, .axis = effnn_tensor_count(x), .inner = 1, .block = GRAIN_ELEMENTS };

    if (attrs->block_size > 0 || effnn_tensor_count(scale) != 1) {
        const effnn__axis split =
            effnn__split_at(x, effnn__resolve_axis(attrs->axis, effnn_tensor_rank(x)));

        l.outer = split.outer;
        l.axis = split.axis;
        l.inner = split.inner;
        l.block = attrs->block_size > 0 ? (size_t)attrs->block_size : 1;
        if (attrs->block_size == 0 && l.inner == 1) { /* a row has one scale an element */
            l.inner = l.axis;
            l.axis = 1;
            l.step = 1;
        } else if (attrs->block_size == 0) {
            l.scale_span = 1;
        } else {
            l.scale_span = l.inner;
            l.step = l.inner > 1;
        }
    }
    l.spans = effnn__piece_count(l.axis, l.block);
    if (attrs->block_size > 0) l.scale_outer = l.spans * l.inner;
    return l;
}

typedef struct apply_job {
    const effnn__quantize_job *job;
    layout layout;
} apply_job;

static effnn_status apply_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const apply_job *job = job_;
    const layout *l = &job->layout;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t outer = i / l->spans, first = i % l->spans * l->block;
        const size_t rows = l->axis - first < l->block ? l->axis - first : l->block;
        effnn__quantize_run run = {
            .begin = (outer * l->axis + first) * l->inner,
            .n = l->step == 0 ? rows * l->inner : l->inner,
            .scale = outer * l->scale_outer + i % l->spans * l->scale_span,
            .step = l->step,
        };

        for (size_t done = 0; done < rows * l->inner; done += run.n, run.begin += run.n)
            job->job->run(job->job, &run);
    }
    return EFFNN_OK;
}

effnn_status effnn__quantize_apply(const effnn_op_call *call, effnn__quantize_job *job)
{
    const effnn_tensor *x = call->inputs[0], *scale = call->inputs[1];
    const effnn_tensor *zero = effnn__call_input(call, 2);
    apply_job apply = { .job = job };

    job->x_dtype = effnn_tensor_dtype(x);
    job->y_dtype = effnn_tensor_dtype(call->outputs[0]);
    job->scale_dtype = effnn_tensor_dtype(scale);
    job->x_row = effnn__dtype_row_of(job->x_dtype);
    job->y_row = effnn__dtype_row_of(job->y_dtype);
    job->scale_row = effnn__dtype_row_of(job->scale_dtype);
    job->zero_row = zero ? effnn__dtype_row_of(effnn_tensor_dtype(zero)) : NULL;
    job->x = effnn_tensor_data(x);
    job->scale = effnn_tensor_data(scale);
    job->zero = zero ? effnn_tensor_data(zero) : NULL;
    job->y = effnn__tensor_data(call->outputs[0]);
    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    apply.layout = layout_of(call);
    const size_t n = apply.layout.outer * apply.layout.spans;
    const size_t span = apply.layout.block * apply.layout.inner;
    /* Spans may meet in one byte of a packed output. */
    const size_t grain = job->y_row->bits < 8     ? n
                         : span >= GRAIN_ELEMENTS ? 1
                                                  : GRAIN_ELEMENTS / span;
    return effnn__parallel_for(call->context, n, grain, apply_piece, &apply);
}

double effnn__quantize_scale(const effnn__quantize_job *job, size_t at)
{
    return job->scale_row->load_f64(job->scale, at);
}

int64_t effnn__quantize_zero(const effnn__quantize_job *job, size_t at)
{
    return job->zero ? job->zero_row->load_i64(job->zero, at) : 0;
}

/* ---- ONNX ---- */

/* A TensorProto.DataType, 0 for none, into an option. */
static effnn_status read_dtype(const effnn_onnx_reader *reader, const char *name, int *out)
{
    const effnn_onnx_attr *attr = effnn__onnx_attr(reader, name);

    if (!attr || attr->i == 0) return EFFNN_OK;
    const int dtype = effnn__dtype_from_onnx(attr->i);
    if (dtype < 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "%s '%s' at opset %lld: attribute '%s' is %lld, no supported element "
                           "type",
                           reader->op_type, reader->node ? reader->node : "",
                           (long long)reader->opset, name, (long long)attr->i);
    *out = dtype + 1;
    return EFFNN_OK;
}

effnn_status effnn__quantize_read(effnn_onnx_reader *reader)
{
    effnn__quantize_attrs *attrs = reader->op_attrs;

    EFFNN_TRY(read_dtype(reader, "output_dtype", &attrs->output_dtype));
    EFFNN_TRY(read_dtype(reader, "precision", &attrs->precision));
    return effnn__onnx_read_attrs(
        reader, (const char *const[]){ "output_dtype", "precision", "saturate", NULL });
}

effnn_status effnn__quantize_write(effnn_onnx_writer *writer)
{
    const effnn__quantize_attrs *attrs = writer->op_attrs;

    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    EFFNN_TRY(effnn__onnx_write_attrs(writer, false,
                                      (const char *const[]){ "output_dtype", "precision", NULL }));
    if (attrs->output_dtype)
        EFFNN_TRY(effnn__onnx_set_int(
            writer, "output_dtype", effnn__dtype_to_onnx((effnn_dtype)(attrs->output_dtype - 1))));
    if (!attrs->precision) return EFFNN_OK;
    return effnn__onnx_set_int(writer, "precision",
                               effnn__dtype_to_onnx((effnn_dtype)(attrs->precision - 1)));
}

effnn_status effnn__quantize_write_old(effnn_onnx_writer *writer, size_t low)
{
    const effnn__quantize_attrs *attrs = writer->op_attrs;
    const int dtype = low < writer->n_inputs ? writer->input_dtype(writer, low) : -1;
    const bool narrow = dtype < 0 || dtype == EFFNN_I8 || dtype == EFFNN_U8 || dtype == EFFNN_I32;

    if (attrs->block_size > 0)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "blocks of scales need opset 21");
    if (attrs->output_dtype || attrs->precision)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "output_dtype and precision need opset 23");
    if (!narrow)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "quantised types other than 8 bits need opset 21");
    return effnn__onnx_write_plain(writer, false);
}
