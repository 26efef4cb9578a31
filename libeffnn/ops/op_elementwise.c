/* SPDX-License-Identifier: BSD-3-Clause */
/* Running scalar functions over tensors. f32 goes through array loops; a broadcast scalar is first
 * spread over a small block, so that every operator needs one loop only. All other types are
 * widened element by element through the dtype table: exact, and rounded or wrapped once at the
 * end. */

#include "ops/op_elementwise.h"

#include "base/pool.h"
#include "ops/op_move.h"
#include "ops/op_walk.h"
#include "tensor/dtype.h"

#include <math.h>
#include <string.h>

#define GRAIN 8192
#define BLOCK 256

void effnn__store_wrapped(const effnn__dtype_row *row, void *data, size_t i, int64_t value)
{
    const uint64_t bits = (uint64_t)value;

    if (row->kind == EFFNN__KIND_BOOL) {
        row->store_i64(data, i, value != 0);
    } else if (row->bits == 64) {
        memcpy((char *)data + 8 * i, &bits, 8);
    } else {
        const uint64_t range = (uint64_t)1 << row->bits, low = bits & (range - 1);
        const bool negative = row->kind == EFFNN__KIND_SIGNED && low >= range / 2;

        row->store_i64(data, i, negative ? (int64_t)low - (int64_t)range : (int64_t)low);
    }
}

void effnn__store_truncated(const effnn__dtype_row *row, void *data, size_t i, double value)
{
    if (row->kind == EFFNN__KIND_BOOL)
        row->store_i64(data, i, value != 0.0);
    else
        row->store_f64(data, i, isnan(value) ? 0.0 : trunc(value));
}

/* ---- one operand ---- */

typedef struct unary_job {
    const effnn__unary *fns; /* one of the two */
    const effnn__unary_with *with;
    const effnn__dtype_row *row, *y_row;
    bool is_f32;
    void *y;
    const void *x;
} unary_job;

static double unary_f64(const unary_job *job, double x)
{
    return job->with ? job->with->f64(x, job->with->p) : job->fns->f64(x);
}

static void unary_f32(const unary_job *job, size_t begin, size_t n)
{
    float *y = (float *)job->y + begin;
    const float *x = (const float *)job->x + begin;

    if (job->with && job->with->f32)
        job->with->f32(y, x, n, job->with->p);
    else if (job->fns && job->fns->f32)
        job->fns->f32(y, x, n);
    else
        for (size_t i = 0; i < n; i++) y[i] = (float)unary_f64(job, x[i]);
}

static effnn_status unary_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const unary_job *job = job_;
    const effnn__dtype_row *row = job->row;

    (void)piece;
    if (job->is_f32) {
        unary_f32(job, begin, end - begin);
    } else if (row->kind == EFFNN__KIND_FLOAT) {
        for (size_t i = begin; i < end; i++)
            job->y_row->store_f64(job->y, i, unary_f64(job, row->load_f64(job->x, i)));
    } else if (job->with) {
        for (size_t i = begin; i < end; i++)
            effnn__store_truncated(row, job->y, i, unary_f64(job, row->load_f64(job->x, i)));
    } else {
        for (size_t i = begin; i < end; i++)
            effnn__store_wrapped(row, job->y, i, job->fns->i64(row->load_i64(job->x, i)));
    }
    return EFFNN_OK;
}

static effnn_status unary_run(const effnn_op_call *call, const effnn__unary *fns,
                              const effnn__unary_with *with)
{
    const effnn_tensor *x = call->inputs[0];
    const effnn_dtype from = effnn_tensor_dtype(x), to = effnn_tensor_dtype(call->outputs[0]);
    unary_job job = { .fns = fns,
                      .with = with,
                      .row = effnn__dtype_row_of(from),
                      .y_row = effnn__dtype_row_of(to),
                      .is_f32 = from == EFFNN_F32 && to == EFFNN_F32,
                      .y = effnn__tensor_data(call->outputs[0]),
                      .x = effnn_tensor_data(x) };

    EFFNN_ASSERT(job.row->kind == EFFNN__KIND_FLOAT || with || fns->i64);
    return effnn__parallel_for(call->context, effnn_tensor_count(x), GRAIN, unary_piece, &job);
}

effnn_status effnn__unary_run(const effnn_op_call *call, const effnn__unary *fns)
{
    return unary_run(call, fns, NULL);
}

effnn_status effnn__unary_run_with(const effnn_op_call *call, const effnn__unary_with *fns)
{
    return unary_run(call, NULL, fns);
}

/* ---- two operands ---- */

typedef enum arithmetic { ARITHMETIC_F64, ARITHMETIC_I64, ARITHMETIC_U64 } arithmetic;

typedef struct binary_job {
    const effnn__binary *fns;
    const effnn__dtype_row *y_row, *a_row, *b_row;
    arithmetic arithmetic;
    void *y;
    const void *a, *b;
} binary_job;

/* Fill a block with one element, if the operand is a broadcast one. */
static void spread(float *block, const float *x, int64_t step, size_t n)
{
    if (step == 0) effnn__kernels_get()->fill_f32(block, n < BLOCK ? n : BLOCK, *x);
}

static void run_block(const binary_job *job, size_t at, const float *a, const float *b, size_t n)
{
    if (job->y_row->kind == EFFNN__KIND_BOOL)
        job->fns->test_f32((uint8_t *)job->y + at, a, b, n);
    else
        job->fns->f32((float *)job->y + at, a, b, n);
}

static void binary_run_f32(void *user, size_t at, size_t n, const int64_t *offsets,
                           const int64_t *steps)
{
    const binary_job *job = user;
    const float *a = (const float *)job->a + offsets[0];
    const float *b = (const float *)job->b + offsets[1];
    float a_block[BLOCK], b_block[BLOCK];

    if (steps[0] != 0 && steps[1] != 0) {
        run_block(job, at, a, b, n);
        return;
    }
    spread(a_block, a, steps[0], n);
    spread(b_block, b, steps[1], n);
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t m = n - i < BLOCK ? n - i : BLOCK;

        run_block(job, at + i, steps[0] != 0 ? a + i : a_block, steps[1] != 0 ? b + i : b_block, m);
    }
}

static void binary_run_any(void *user, size_t at, size_t n, const int64_t *offsets,
                           const int64_t *steps)
{
    const binary_job *job = user;
    const bool to_float = job->y_row->kind == EFFNN__KIND_FLOAT;

    for (size_t i = 0; i < n; i++) {
        const size_t a = (size_t)(offsets[0] + (int64_t)i * steps[0]);
        const size_t b = (size_t)(offsets[1] + (int64_t)i * steps[1]);

        if (job->arithmetic == ARITHMETIC_F64) {
            const double y =
                job->fns->f64(job->a_row->load_f64(job->a, a), job->b_row->load_f64(job->b, b));

            if (to_float)
                job->y_row->store_f64(job->y, at + i, y);
            else
                effnn__store_truncated(job->y_row, job->y, at + i, y);
            continue;
        }
        const int64_t left = job->a_row->load_i64(job->a, a);
        const int64_t right = job->b_row->load_i64(job->b, b);
        const int64_t y = job->arithmetic == ARITHMETIC_U64
                              ? (int64_t)job->fns->u64((uint64_t)left, (uint64_t)right)
                              : job->fns->i64(left, right);

        effnn__store_wrapped(job->y_row, job->y, at + i, y);
    }
}

effnn_status effnn__binary_apply(const effnn_op_call *call, const effnn__binary *fns,
                                 effnn_tensor *y, const effnn_tensor *a, const effnn_tensor *b)
{
    const effnn_dtype types[] = { effnn_tensor_dtype(y), effnn_tensor_dtype(a),
                                  effnn_tensor_dtype(b) };
    const bool is_f32 =
        types[1] == EFFNN_F32 && types[2] == EFFNN_F32 &&
        ((fns->f32 && types[0] == EFFNN_F32) || (fns->test_f32 && types[0] == EFFNN_BOOL));
    binary_job job = { .fns = fns,
                       .y_row = effnn__dtype_row_of(types[0]),
                       .a_row = effnn__dtype_row_of(types[1]),
                       .b_row = effnn__dtype_row_of(types[2]),
                       .arithmetic = ARITHMETIC_I64,
                       .y = effnn__tensor_data(y),
                       .a = effnn_tensor_data(a),
                       .b = effnn_tensor_data(b) };
    effnn__walk walk;

    if (effnn__dtype_is_float(types[1]) || effnn__dtype_is_float(types[2]))
        job.arithmetic = ARITHMETIC_F64;
    else if (types[1] == EFFNN_U64 && fns->u64)
        job.arithmetic = ARITHMETIC_U64;
    effnn__walk_init(&walk, effnn_tensor_rank(y), effnn_tensor_dims(y));
    effnn__walk_add_broadcast(&walk, effnn_tensor_rank(a), effnn_tensor_dims(a));
    effnn__walk_add_broadcast(&walk, effnn_tensor_rank(b), effnn_tensor_dims(b));
    return effnn__walk_run(&walk, call->context, GRAIN, is_f32 ? binary_run_f32 : binary_run_any,
                           &job);
}

effnn_status effnn__binary_run(const effnn_op_call *call, const effnn__binary *fns)
{
    return effnn__binary_apply(call, fns, call->outputs[0], call->inputs[0], call->inputs[1]);
}

effnn_status effnn__check_divisor(const effnn_op_call *call)
{
    const effnn_tensor *b = call->inputs[1];

    if (effnn__dtype_is_float(effnn_tensor_dtype(b)) || effnn_tensor_count(call->outputs[0]) == 0)
        return EFFNN_OK;
    for (size_t i = 0; i < effnn_tensor_count(b); i++)
        if (effnn__tensor_load_i64(b, i) == 0)
            return effnn__call_fail(call, EFFNN_E_NUMERIC, "divisor %zu is 0", i);
    return EFFNN_OK;
}

effnn_status effnn__variadic_run(const effnn_op_call *call, const effnn__binary *fns)
{
    effnn_tensor *y = call->outputs[0];

    if (call->n_inputs == 1) return effnn__copy_through(call);
    EFFNN_TRY(effnn__binary_apply(call, fns, y, call->inputs[0], call->inputs[1]));
    for (size_t i = 2; i < call->n_inputs; i++)
        EFFNN_TRY(effnn__binary_apply(call, fns, y, y, call->inputs[i]));
    return EFFNN_OK;
}

/* ---- infer, cost ---- */

effnn_status effnn__binary_infer(effnn_op_infer *call, unsigned kinds)
{
    for (size_t i = 0; i < call->n_inputs; i++) EFFNN_TRY(effnn__infer_dtype(call, i, kinds));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    return effnn__infer_broadcast(call, 0, call->n_inputs);
}

effnn_status effnn__compare_infer(effnn_op_infer *call, unsigned kinds)
{
    EFFNN_TRY(effnn__binary_infer(call, kinds));
    call->outputs[0].has_dtype = true;
    call->outputs[0].dtype = EFFNN_BOOL;
    return EFFNN_OK;
}

effnn_status effnn__test_infer(effnn_op_infer *call)
{
    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    call->outputs[0].has_dtype = true;
    call->outputs[0].dtype = EFFNN_BOOL;
    return EFFNN_OK;
}

effnn_status effnn__content_infer(effnn_op_infer *call, effnn__sym_fn f)
{
    effnn__sym a[EFFNN__MAX_CONTENT], b[EFFNN__MAX_CONTENT], y[EFFNN__MAX_CONTENT];
    size_t n_a, n_b;

    if (!effnn__infer_content(call, 0, &n_a, a) || !effnn__infer_content(call, 1, &n_b, b))
        return EFFNN_OK;
    const size_t n = n_a == 0 || n_b == 0 ? 0 : n_a > n_b ? n_a : n_b;
    for (size_t i = 0; i < n; i++) {
        const effnn_status status =
            f(&y[i], call->symbols, a[n_a == 1 ? 0 : i], b[n_b == 1 ? 0 : i]);

        if (status == EFFNN_E_NOMEM) return status;
        if (status != EFFNN_OK) return EFFNN_OK;
    }
    effnn__infer_set_content(call, n, y);
    return EFFNN_OK;
}

effnn_status effnn__arithmetic_infer(effnn_op_infer *call, effnn__sym_fn f)
{
    EFFNN_TRY(effnn__binary_infer(call, EFFNN__NUMBERS));
    return effnn__content_infer(call, f);
}

void effnn__elementwise_cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = (double)effnn_tensor_count(call->outputs[0]);
}
