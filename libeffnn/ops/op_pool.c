/* SPDX-License-Identifier: BSD-3-Clause */
/* Pooling: windows over the last one or two axes of each plane. */

#include "ops/op_pool.h"

#include "base/pool.h"
#include "tensor/dtype.h"

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

typedef struct pool_job {
    const effnn__pool2d *pool;
    const effnn__dtype_row *row;
    double start;
    effnn__pool_fold fold;
    bool average;
    const void *x;
    void *y;
} pool_job;

static double pool_element(const pool_job *job, size_t plane, size_t out_y, size_t out_x)
{
    const effnn__pool2d *p = job->pool;
    double result = job->start;
    size_t inside = 0, in_padded = 0;

    for (size_t i = 0; i < p->kernel_h * p->kernel_w; i++) {
        /* Places in the padded input. */
        const size_t y = out_y * p->stride_h + i / p->kernel_w * p->dilation_h;
        const size_t x = out_x * p->stride_w + i % p->kernel_w * p->dilation_w;

        if (y < p->pad_top + p->h + p->pad_bottom && x < p->pad_left + p->w + p->pad_right)
            in_padded++;
        if (y < p->pad_top || y >= p->pad_top + p->h || x < p->pad_left || x >= p->pad_left + p->w)
            continue;
        inside++;
        result =
            job->fold(result, job->row->load_f64(job->x, (plane * p->h + y - p->pad_top) * p->w +
                                                             x - p->pad_left));
    }
    if (!job->average) return result;
    const size_t n = p->count_include_pad ? in_padded : inside;
    return n == 0 ? 0.0 : result / (double)n;
}

static effnn_status pool_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const pool_job *job = job_;
    const size_t width = job->pool->out_w, area = job->pool->out_h * width;

    (void)piece;
    for (size_t plane = begin; plane < end; plane++)
        for (size_t i = 0; i < area; i++)
            job->row->store_f64(job->y, plane * area + i,
                                pool_element(job, plane, i / width, i % width));
    return EFFNN_OK;
}

effnn_status effnn__pool_run(const effnn_op_call *call, const effnn__pool2d *pool, double start,
                             effnn__pool_fold fold, bool average)
{
    pool_job job = { .pool = pool,
                     .row = effnn__dtype_row_of(effnn_tensor_dtype(call->outputs[0])),
                     .start = start,
                     .fold = fold,
                     .average = average,
                     .x = effnn_tensor_data(call->inputs[0]),
                     .y = effnn__tensor_data(call->outputs[0]) };

    return effnn__parallel_for(call->context, pool->planes, 1, pool_piece, &job);
}
