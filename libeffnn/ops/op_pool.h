/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_POOL_H
#define EFFNN_OPS_OP_POOL_H

/* What the poolings share: shapes, the kernels' description, and a plain loop for the types and
 * numbers of axes that have no kernel. */

#include "kernels/kernels.h"
#include "ops/op_window.h"

/* infer: input 0 [n, c, …] of a kind in `kinds`; kernel_shape is demanded. */
effnn_status effnn__pool_infer(effnn_op_infer *call, const effnn__window *window, unsigned kinds);

/* The pooling as the kernels take it (count_include_pad left false), over one or two axes. */
effnn__pool2d effnn__pool_of(const effnn_op_call *call, const effnn__window *window);

/* The same for any number of axes. */
effnn__window_box effnn__pool_box(const effnn_op_call *call, const effnn__window *window);

/* Plain loop: the elements of each window that lie inside the input are folded from `start` on. An
 * average is divided by their number, or with count_include_pad by that inside the padded input;
 * `finish` (NULL: nothing) then has the last word. */
typedef struct effnn__pooling {
    double start, p;
    double (*fold)(double so_far, double x, double p);
    double (*finish)(double folded, double p);
    bool average, count_include_pad;
} effnn__pooling;
effnn_status effnn__pool_run(const effnn_op_call *call, const effnn__window *window,
                             const effnn__pooling *pooling);

/* Pooling over all axes behind the first two, which stay with size 1: infer, and the plain loop. */
effnn_status effnn__global_pool_infer(effnn_op_infer *call);
effnn_status effnn__global_pool_run(const effnn_op_call *call, const effnn__pooling *pooling);

/* What folds of several poolings are: so_far + x, the larger one (NaN wins), so_far + |x|^p and
 * what brings that to a norm. */
double effnn__pool_plus(double so_far, double x, double p);
double effnn__pool_larger(double so_far, double x, double p);
double effnn__pool_power(double so_far, double x, double p);
double effnn__pool_root(double folded, double p);

/* write for opsets before `since`, which brought dilations: refused with any other than 1. */
effnn_status effnn__pool_write_undilated(effnn_onnx_writer *writer, const effnn__window *window,
                                         int64_t since);

/* cost: one operation for each element of each window. */
void effnn__pool_cost(const effnn_op_call *call, const effnn__window *window, effnn_op_cost *out);

/* Taps [first, end) of output `out` along an axis that read elements of the input, the place of the
 * first; and how many lie in the padded input. */
typedef struct effnn__pool_span {
    size_t first, end, place, n_padded;
} effnn__pool_span;
effnn__pool_span effnn__pool_span_of(const effnn__window_axis *axis, size_t in, size_t out);
#endif
