/* SPDX-License-Identifier: BSD-3-Clause */
/* Pooling: windows over the last one to three axes of each plane. */

#include "ops/op_pool.h"

#include "base/pool.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <math.h>
#include <stdio.h>

effnn_status effnn__pool_infer(effnn_op_infer *call, const effnn__window *window, unsigned kinds)
{
    const effnn__value_info *x = call->inputs[0];
    effnn__sym dims[EFFNN_MAX_RANK];

    EFFNN_TRY(effnn__infer_dtype(call, 0, kinds));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 1));
    if (!x->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__window_check(call, window));
    if (window->kernel_shape.n == 0)
        return effnn__infer_fail(call, EFFNN_E_ARG, "kernel_shape is not given");
    for (size_t i = 0; i < x->rank; i++) {
        dims[i] = x->dims[i];
        if (i < 2) continue;
        EFFNN_TRY(effnn__window_infer(&dims[i], call, window, i - 2, x->dims[i],
                                      window->kernel_shape.items[i - 2]));
    }
    effnn__info_set_shape(&call->outputs[0], x->rank, dims);
    return EFFNN_OK;
}

effnn__pool2d effnn__pool_of(const effnn_op_call *call, const effnn__window *window)
{
    const int64_t *x = effnn_tensor_dims(call->inputs[0]);
    const int64_t *y = effnn_tensor_dims(call->outputs[0]);
    const size_t rank = effnn_tensor_rank(call->inputs[0]), last = rank - 1;
    const effnn__window_axis across =
        effnn__window_at(window, rank - 3, window->kernel_shape.items[rank - 3], x[last], y[last]);
    effnn__pool2d pool = { .planes = (size_t)(x[0] * x[1]),
                           .h = 1,
                           .w = (size_t)x[last],
                           .kernel_h = 1,
                           .kernel_w = across.kernel,
                           .out_h = 1,
                           .out_w = (size_t)y[last],
                           .stride_h = 1,
                           .stride_w = across.stride,
                           .dilation_h = 1,
                           .dilation_w = across.dilation,
                           .pad_left = across.pad_begin,
                           .pad_right = across.pad_end };

    if (rank == 4) {
        const effnn__window_axis down =
            effnn__window_at(window, 0, window->kernel_shape.items[0], x[2], y[2]);

        pool.h = (size_t)x[2];
        pool.kernel_h = down.kernel;
        pool.out_h = (size_t)y[2];
        pool.stride_h = down.stride;
        pool.dilation_h = down.dilation;
        pool.pad_top = down.pad_begin;
        pool.pad_bottom = down.pad_end;
    }
    return pool;
}

effnn__window_box effnn__pool_box(const effnn_op_call *call, const effnn__window *window)
{
    return effnn__window_box_of(window, window->kernel_shape.items, call->inputs[0],
                                call->outputs[0]);
}

typedef struct pool_job {
    effnn__window_box box;
    const effnn__pooling *pooling;
    const effnn__dtype_row *row;
    size_t positions, out_positions, taps;
    const void *x;
    void *y;
} pool_job;

/* Taps below `reach` when they begin at `at`, `dilation` apart, at most `n`. */
static size_t taps_below(size_t reach, size_t at, size_t dilation, size_t n)
{
    const size_t count = reach <= at ? 0 : (reach - at - 1) / dilation + 1;

    return count < n ? count : n;
}

effnn__pool_span effnn__pool_span_of(const effnn__window_axis *axis, size_t in, size_t out)
{
    const size_t at = out * axis->stride, pad = axis->pad_begin;
    effnn__pool_span span = { .first = taps_below(pad, at, axis->dilation, axis->kernel),
                              .end = taps_below(pad + in, at, axis->dilation, axis->kernel),
                              .n_padded = taps_below(pad + in + axis->pad_end, at, axis->dilation,
                                                     axis->kernel) };

    span.place = at + span.first * axis->dilation - pad;
    return span;
}

static double pool_element(const pool_job *job, size_t plane, size_t at)
{
    const effnn__window_box *b = &job->box;
    const effnn__pooling *by = job->pooling;
    const size_t out[] = { at / b->out[2] / b->out[1], at / b->out[2] % b->out[1], at % b->out[2] };
    double result = by->start;
    size_t inside = 1, in_padded = 1;
    effnn__pool_span span[EFFNN__WINDOW_AXES];

    for (size_t i = 0; i < EFFNN__WINDOW_AXES; i++) {
        span[i] = effnn__pool_span_of(&b->axes[i], b->in[i], out[i]);
        inside *= span[i].end - span[i].first;
        in_padded *= span[i].n_padded;
    }
    for (size_t k = span[0].first; k < span[0].end; k++) {
        const size_t z = span[0].place + (k - span[0].first) * b->axes[0].dilation;

        for (size_t j = span[1].first; j < span[1].end; j++) {
            const size_t y = span[1].place + (j - span[1].first) * b->axes[1].dilation;
            size_t from = plane * job->positions + (z * b->in[1] + y) * b->in[2] + span[2].place;

            for (size_t i = span[2].first; i < span[2].end; i++, from += b->axes[2].dilation)
                result = by->fold(result, job->row->load_f64(job->x, from), by->p);
        }
    }
    if (by->average) {
        const size_t n = by->count_include_pad ? in_padded : inside;

        result = n == 0 ? 0.0 : result / (double)n;
    }
    return by->finish ? by->finish(result, by->p) : result;
}

static effnn_status pool_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const pool_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++)
        job->row->store_f64(job->y, i,
                            pool_element(job, i / job->out_positions, i % job->out_positions));
    return EFFNN_OK;
}

effnn_status effnn__pool_run(const effnn_op_call *call, const effnn__window *window,
                             const effnn__pooling *pooling)
{
    pool_job job = { .box = effnn__pool_box(call, window),
                     .pooling = pooling,
                     .row = effnn__dtype_row_of(effnn_tensor_dtype(call->outputs[0])),
                     .x = effnn_tensor_data(call->inputs[0]),
                     .y = effnn__tensor_data(call->outputs[0]) };

    job.positions = effnn__window_inputs(&job.box);
    job.out_positions = effnn__window_outputs(&job.box);
    job.taps = effnn__window_taps(&job.box);
    return effnn__parallel_for(call->context, effnn_tensor_count(call->outputs[0]),
                               8192 / (job.taps + 1) + 1, pool_piece, &job);
}

void effnn__pool_cost(const effnn_op_call *call, const effnn__window *window, effnn_op_cost *out)
{
    const effnn__window_box box = effnn__pool_box(call, window);

    out->flops = (double)effnn_tensor_count(call->outputs[0]) * (double)effnn__window_taps(&box);
}

/* ---- over whole planes ---- */

effnn_status effnn__global_pool_infer(effnn_op_infer *call)
{
    const effnn__value_info *in = call->inputs[0];
    char text[EFFNN__INFO_TEXT];

    EFFNN_TRY(effnn__infer_same(call, EFFNN__FLOATS));
    if (!in->has_shape) return EFFNN_OK;
    if (in->rank < 2)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 2 or more",
                                 effnn__infer_print(text, call, in));
    for (size_t i = 2; i < in->rank; i++) call->outputs[0].dims[i] = effnn__sym_constant(1);
    return EFFNN_OK;
}

static effnn_status plane_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const pool_job *job = job_;
    const effnn__pooling *by = job->pooling;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        double result = by->start;

        for (size_t k = 0; k < job->positions; k++)
            result = by->fold(result, job->row->load_f64(job->x, i * job->positions + k), by->p);
        if (by->average) result /= (double)job->positions;
        job->row->store_f64(job->y, i, by->finish ? by->finish(result, by->p) : result);
    }
    return EFFNN_OK;
}

effnn_status effnn__global_pool_run(const effnn_op_call *call, const effnn__pooling *pooling)
{
    const effnn_tensor *x = call->inputs[0];
    pool_job job = { .pooling = pooling,
                     .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                     .positions = effnn__count_dims(x, 2, effnn_tensor_rank(x)),
                     .x = effnn_tensor_data(x),
                     .y = effnn__tensor_data(call->outputs[0]) };

    return effnn__parallel_for(call->context, effnn_tensor_count(call->outputs[0]), 16, plane_piece,
                               &job);
}

/* ---- folds ---- */

double effnn__pool_plus(double so_far, double x, double p)
{
    (void)p;
    return so_far + x;
}

double effnn__pool_larger(double so_far, double x, double p)
{
    (void)p;
    return x > so_far || isnan(x) ? x : so_far;
}

double effnn__pool_power(double so_far, double x, double p)
{
    return so_far + (p == 2.0 ? x * x : pow(fabs(x), p));
}

double effnn__pool_root(double folded, double p)
{
    return p == 2.0 ? sqrt(folded) : pow(folded, 1.0 / p);
}

effnn_status effnn__pool_write_undilated(effnn_onnx_writer *writer, const effnn__window *window,
                                         int64_t since)
{
    char text[48];

    for (size_t i = 0; i < window->dilations.n; i++) {
        if (window->dilations.items[i] == 1) continue;
        snprintf(text, sizeof text, "dilations need opset %lld", (long long)since);
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, text);
    }
    EFFNN_TRY(effnn__onnx_begin_plain(writer));
    return effnn__onnx_write_attrs(writer, false, (const char *const[]){ "dilations", NULL });
}
