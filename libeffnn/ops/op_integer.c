/* SPDX-License-Identifier: BSD-3-Clause */
/* 8-bit integers as floats, and back. */

#include "ops/op_integer.h"

#include "base/pool.h"
#include "ops/op_walk.h"
#include "tensor/dtype.h"

#include <string.h>

#define GRAIN   16384
#define EXACT   16777216 /* 2^24: integers up to it are f32 */
#define ROUNDER 0x1.8p23f

/* ---- infer ---- */

static bool is_byte(effnn_dtype dtype)
{
    return dtype == EFFNN_I8 || dtype == EFFNN_U8;
}

static bool is_one(const effnn__value_info *info)
{
    return info->rank == 0 ||
           (info->rank == 1 && effnn__sym_equal(info->dims[0], effnn__sym_constant(1)));
}

static effnn_status check_types(const effnn_op_infer *call, size_t x, size_t zero)
{
    const effnn__value_info *pair[] = { call->inputs[x], effnn__infer_input(call, zero) };

    for (size_t i = 0; i < 2; i++)
        if (pair[i] && pair[i]->has_dtype && !is_byte(pair[i]->dtype))
            return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED,
                                     "input %zu of type %s is not supported", i ? zero : x,
                                     effnn_dtype_name(pair[i]->dtype));
    if (!pair[1] || !pair[0]->has_dtype || !pair[1]->has_dtype || pair[0]->dtype == pair[1]->dtype)
        return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_ARG, "input %zu is %s but its zero point is %s", x,
                             effnn_dtype_name(pair[0]->dtype), effnn_dtype_name(pair[1]->dtype));
}

effnn_status effnn__integer_check(const effnn_op_infer *call, effnn__integer_zero at)
{
    const effnn__value_info *x = call->inputs[at.x], *zero = effnn__infer_input(call, at.zero);
    effnn__sym size;

    EFFNN_TRY(check_types(call, at.x, at.zero));
    if (!zero || !zero->has_shape || !x->has_shape || is_one(zero)) return EFFNN_OK;
    if (zero->rank == 1 && at.axis < x->rank)
        return effnn__infer_equal_dims(&size, call, "sizes of axis and zero point",
                                       x->dims[at.axis], zero->dims[0]);
    if (!at.stacked || zero->rank != x->rank) {
        char text[2][EFFNN__INFO_TEXT];

        return effnn__infer_fail(call, EFFNN_E_SHAPE, "zero point %s does not suit %s",
                                 effnn__infer_print(text[0], call, zero),
                                 effnn__infer_print(text[1], call, x));
    }
    for (size_t i = 0; i < x->rank; i++)
        EFFNN_TRY(effnn__infer_equal_dims(&size, call, "sizes of input and zero point",
                                          i == at.other ? effnn__sym_constant(1) : x->dims[i],
                                          zero->dims[i]));
    return EFFNN_OK;
}

effnn_status effnn__integer_check_scale(const effnn_op_infer *call, size_t scale, size_t zero)
{
    const effnn__value_info *s = call->inputs[scale], *z = call->inputs[zero];
    effnn__sym size;

    EFFNN_TRY(effnn__infer_dtype(call, scale, EFFNN__FLOATS));
    if (!s->has_shape || is_one(s) || !z->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_rank(call, scale, z->rank));
    for (size_t i = 0; i < s->rank; i++)
        EFFNN_TRY(effnn__infer_equal_dims(&size, call, "sizes of scale and zero point", s->dims[i],
                                          z->dims[i]));
    return EFFNN_OK;
}

effnn_status effnn__integer_infer_output(effnn_op_infer *call, size_t zero)
{
    const effnn__value_info *info = call->inputs[zero];

    EFFNN_TRY(check_types(call, zero, zero));
    call->outputs[0].has_dtype = info->has_dtype;
    call->outputs[0].dtype = info->dtype;
    return EFFNN_OK;
}

/* ---- widening ---- */

void effnn__integer_strides(int64_t *strides, size_t rank, const effnn_tensor *zero, size_t axis)
{
    const size_t n = effnn_tensor_rank(zero);
    int64_t own[EFFNN_MAX_RANK];

    for (size_t i = 0; i < rank; i++) strides[i] = 0;
    if (effnn_tensor_count(zero) == 1) return;
    if (n == 1) {
        strides[axis] = 1;
        return;
    }
    effnn__shape_strides(own, n, effnn_tensor_dims(zero));
    for (size_t i = 0; i < rank && i < n; i++)
        if (effnn_tensor_dims(zero)[i] != 1) strides[i] = own[i];
}

void effnn__integer_widen(float *out, bool is_signed, const void *x, size_t n, int32_t zero)
{
    const int8_t *s = x;
    const uint8_t *u = x;

    if (is_signed)
        for (size_t i = 0; i < n; i++) out[i] = (float)(s[i] - zero);
    else
        for (size_t i = 0; i < n; i++) out[i] = (float)(u[i] - zero);
}

typedef struct widen_job {
    const void *x, *zero;
    bool is_signed;
    float *out;
} widen_job;

static int32_t byte_at(const void *data, bool is_signed, int64_t i)
{
    return is_signed ? ((const int8_t *)data)[i] : ((const uint8_t *)data)[i];
}

/* Operand 0 is x itself, operand 1 the zero point. */
static void widen_run(void *user, size_t at, size_t n, const int64_t *offsets, const int64_t *steps)
{
    const widen_job *job = user;
    const uint8_t *x = (const uint8_t *)job->x + offsets[0];

    if (steps[1] == 0) {
        effnn__integer_widen(job->out + at, job->is_signed, x, n,
                             byte_at(job->zero, job->is_signed, offsets[1]));
        return;
    }
    for (size_t i = 0; i < n; i++)
        job->out[at + i] =
            (float)(byte_at(x, job->is_signed, (int64_t)i * steps[0]) -
                    byte_at(job->zero, job->is_signed, offsets[1] + (int64_t)i * steps[1]));
}

effnn_status effnn__integer_widen_tensor(effnn_context *context, float *out, const effnn_tensor *x,
                                         const effnn_tensor *zero, size_t axis)
{
    static const uint8_t none = 0;
    const size_t rank = effnn_tensor_rank(x);
    int64_t strides[EFFNN_MAX_RANK];
    widen_job job = { .x = effnn_tensor_data(x),
                      .zero = zero ? effnn_tensor_data(zero) : &none,
                      .is_signed = effnn_tensor_dtype(x) == EFFNN_I8,
                      .out = out };
    effnn__walk walk;

    effnn__walk_init(&walk, rank, effnn_tensor_dims(x));
    effnn__walk_add_broadcast(&walk, rank, effnn_tensor_dims(x));
    memset(strides, 0, sizeof strides);
    if (zero) effnn__integer_strides(strides, rank, zero, axis);
    effnn__walk_add(&walk, 0, strides);
    return effnn__walk_run(&walk, context, GRAIN, widen_run, &job);
}

/* ---- sums ---- */

const size_t effnn__integer_depths[3] = { EXACT / (128 * 128), EXACT / (128 * 255),
                                          EXACT / (255 * 255) };

/* The largest |x - zero| that can be is 128 or less. */
static bool is_centred(const effnn_tensor *x, const effnn_tensor *zero)
{
    const int64_t lowest = effnn_tensor_dtype(x) == EFFNN_I8 ? -128 : 0;

    if (!zero) return lowest < 0;
    for (size_t i = 0; i < effnn_tensor_count(zero); i++) {
        const int64_t z = effnn__tensor_load_i64(zero, i);

        if (z - lowest > 128 || lowest + 255 - z > 128) return false;
    }
    return true;
}

size_t effnn__integer_depth(const effnn_tensor *a, const effnn_tensor *a_zero,
                            const effnn_tensor *b, const effnn_tensor *b_zero)
{
    return effnn__integer_depths[!is_centred(a, a_zero) + !is_centred(b, b_zero)];
}

typedef struct add_job {
    int32_t *sums;
    const float *part;
    bool first;
} add_job;

static effnn_status add_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const add_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const uint32_t old = job->first ? 0 : (uint32_t)job->sums[i];

        job->sums[i] = (int32_t)(old + (uint32_t)(int32_t)job->part[i]);
    }
    return EFFNN_OK;
}

effnn_status effnn__integer_add(effnn_context *context, int32_t *sums, const float *part, size_t n,
                                bool first)
{
    add_job job = { .sums = sums, .part = part, .first = first };

    return effnn__parallel_for(context, n, GRAIN, add_piece, &job);
}

effnn_status effnn__integer_product(effnn_context *context, const effnn__gemm *gemm, size_t depth,
                                    float *part, int32_t *sums)
{
    const size_t n = gemm->n_batch * gemm->m * gemm->n;
    effnn__gemm g = *gemm;

    if (n == 0) return EFFNN_OK;
    if (gemm->k == 0) memset(sums, 0, n * sizeof *sums);
    g.c = part;
    for (size_t k = 0; k < gemm->k; k += depth) {
        g.k = gemm->k - k < depth ? gemm->k - k : depth;
        g.a = (const float *)gemm->a + (int64_t)k * gemm->a_col;
        g.b = (const float *)gemm->b + (int64_t)k * gemm->b_row;
        EFFNN_TRY(effnn__kernels_get()->gemm_f32(context, &g));
        EFFNN_TRY(effnn__integer_add(context, sums, part, n, k == 0));
    }
    return EFFNN_OK;
}

/* Limits first: then |q| is small enough for rounding by a number whose last place is 1. */
void effnn__integer_requantize(void *y, bool is_signed, const int32_t *sums, size_t n, float factor,
                               int32_t zero)
{
    const float lowest = (float)((is_signed ? -128 : 0) - zero), highest = lowest + 255.0f;
    uint8_t *bytes = y;

    for (size_t i = 0; i < n; i++) {
        const float q = (float)sums[i] * factor, low = q > lowest ? q : lowest;
        const float limited = low < highest ? low : highest;

        bytes[i] = (uint8_t)((int32_t)(limited + ROUNDER - ROUNDER) + zero);
    }
}
