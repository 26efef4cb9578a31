/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_QUANTIZE_H
#define EFFNN_OPS_OP_QUANTIZE_H

/* What quantize_linear and dequantize_linear share: inputs x, scale and zero point (optional), one
 * scale for all of x, or for each place along an axis, or for each block of places along it. */

#include "ops/op_infer.h"
#include "tensor/dtype.h"

typedef struct effnn__quantize_attrs {
    int64_t axis, block_size;    /* 0: no blocks */
    int output_dtype, precision; /* an effnn_dtype + 1; 0: none given */
} effnn__quantize_attrs;

/* "none" and the names of all dtypes: choices of the two options. */
extern const char *const effnn__quantize_dtypes[];

/* A number rounded to a type of at most 64 bits. */
double effnn__round_as(const effnn__dtype_row *row, double value);

/* y[i] = x[i] / scale to the nearest integer, plus zero, saturated to u8 or i8; NaN: the lowest. */
void effnn__quantize_bytes(void *y, bool is_signed, const float *x, size_t n, float scale,
                           int32_t zero);

/* Shape of output 0, and that scale and zero point fit x. */
effnn_status effnn__quantize_infer(effnn_op_infer *call);

/* Elements [begin, begin + n) of x; element i's scale and zero point are number
 * scale + (i - begin) · step, step being 0 or 1. */
typedef struct effnn__quantize_run {
    size_t begin, n, scale, step;
} effnn__quantize_run;

typedef struct effnn__quantize_job effnn__quantize_job;
typedef void (*effnn__quantize_fn)(const effnn__quantize_job *job, const effnn__quantize_run *run);
struct effnn__quantize_job {
    effnn__quantize_fn run;
    const effnn__dtype_row *x_row, *y_row, *scale_row;
    effnn_dtype x_dtype, y_dtype, scale_dtype;
    const effnn__dtype_row *precision; /* of the quotient */
    bool rounds_operands;              /* to the precision, before dividing */
    const void *x, *scale, *zero;      /* zero: NULL if there is none */
    const effnn__dtype_row *zero_row;
    void *y;
};

/* Fill the rest of a job from a call and run `run` over all of x, in parallel. */
effnn_status effnn__quantize_apply(const effnn_op_call *call, effnn__quantize_job *job);

/* Of scale and zero point `at`. */
double effnn__quantize_scale(const effnn__quantize_job *job, size_t at);
int64_t effnn__quantize_zero(const effnn__quantize_job *job, size_t at);

/* ONNX: attributes of the newest form; `saturate` concerns types that are not ours. */
effnn_status effnn__quantize_read(effnn_onnx_reader *reader);

/* write of the forms since 21 and since 10. `low`: the input that has the low-precision type. */
effnn_status effnn__quantize_write(effnn_onnx_writer *writer);
effnn_status effnn__quantize_write_old(effnn_onnx_writer *writer, size_t low);
#endif
