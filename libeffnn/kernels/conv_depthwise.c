/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolution with one filter a channel: a matrix product with one row would move more memory than
 * it computes. A plane is done in bands that fit the first cache. The input under a band is copied
 * with its padding into phases, one for each remainder of rows and columns by the strides, all of
 * one width: then a tap of every output of the band is one run of neighbours, rows and all, output
 * (i, j) at i · width + j;   tap (r, c) of it at that place + r / stride · width + c / stride in
 * the phase (r mod stride, c mod stride), and BLOCK outputs at a time are vectors in registers,
 * whatever the width of the picture. The few places between rows are computed in vain. */

#include "base/pool.h"
#include "kernels/kernels_priv.h"

#include <string.h>

enum {
    BLOCK = 64,         /* outputs at a time */
    INPUT_ROOM = 6144,  /* floats of a band's phases */
    OUTPUT_ROOM = 2048, /* of its results, places between rows included */
    MOST_TAPS = 1024,
    MOST_STRIDE = 16, /* along rows */
};

typedef struct depthwise_job {
    const effnn__conv2d *conv;
    const float *x, *weight;
    const effnn__epilogue *after;
    float *y;
    size_t rows, cols, taps;     /* of a band, at most; of a filter */
    size_t height, width;        /* of a phase */
    uint32_t offsets[MOST_TAPS]; /* of the taps, in the phases */
} depthwise_job;

/* A part of one plane's output. */
typedef struct band {
    size_t row, col, n_rows, n_cols;
} band;

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Phases under a band of this size; false if they do not fit. */
static bool lay_out(depthwise_job *job, size_t rows, size_t cols)
{
    const effnn__conv2d *v = job->conv;
    const size_t n_phases = v->stride_h * v->stride_w;

    job->rows = rows;
    job->cols = cols;
    job->height =
        ceil_div((rows - 1) * v->stride_h + (v->kernel_h - 1) * v->dilation_h + 1, v->stride_h);
    job->width =
        ceil_div((cols - 1) * v->stride_w + (v->kernel_w - 1) * v->dilation_w + 1, v->stride_w);
    return n_phases <= INPUT_ROOM && job->height <= INPUT_ROOM && job->width <= INPUT_ROOM &&
           n_phases * job->height * job->width <= INPUT_ROOM - BLOCK &&
           rows * job->width <= OUTPUT_ROOM - BLOCK;
}

static void find_taps(depthwise_job *job)
{
    const effnn__conv2d *v = job->conv;
    const size_t size = job->height * job->width;

    for (size_t i = 0; i < job->taps; i++) {
        const size_t r = i / v->kernel_w * v->dilation_h, c = i % v->kernel_w * v->dilation_w;
        const size_t phase = r % v->stride_h * v->stride_w + c % v->stride_w;

        job->offsets[i] = (uint32_t)(phase * size + r / v->stride_h * job->width + c / v->stride_w);
    }
}

/* Whole rows, as many as fit; else one row in parts. False if not even one output fits. */
static bool plan(depthwise_job *job)
{
    const effnn__conv2d *v = job->conv;
    size_t rows = 1, cols = v->out_w;

    if (job->taps > MOST_TAPS || v->stride_w > MOST_STRIDE) return false;
    while (cols > 1 && !lay_out(job, 1, cols)) cols /= 2;
    if (!lay_out(job, 1, cols)) return false;
    while (cols == v->out_w && rows < v->out_h && lay_out(job, rows + 1, cols)) rows++;
    lay_out(job, rows, cols);
    find_taps(job);
    return true;
}

/* Where a phase's rows come from: places [begin, end) are input elements from, from + stride, …;
 * the others are padding. */
typedef struct edges {
    size_t begin, end, from;
} edges;

static edges edges_of(const depthwise_job *job, size_t col, size_t q)
{
    const effnn__conv2d *v = job->conv;
    const size_t at = col * v->stride_w + q, stride = v->stride_w;
    const size_t lead = at < v->pad_left ? ceil_div(v->pad_left - at, stride) : 0;
    const size_t begin = lead < job->width ? lead : job->width;
    const size_t from = at + begin * stride - v->pad_left;
    const size_t inside = begin < job->width && from < v->w ? ceil_div(v->w - from, stride) : 0;

    return (edges){ begin, begin + inside < job->width ? begin + inside : job->width, from };
}

static void copy_row(const float *restrict line, edges e, size_t stride, float *restrict out)
{
    const size_t n = e.end - e.begin;

    line += e.from;
    out += e.begin;
    if (stride == 1)
        memcpy(out, line, n * sizeof *out);
    else if (stride == 2)
        for (size_t i = 0; i < n; i++) out[i] = line[2 * i];
    else
        for (size_t i = 0; i < n; i++) out[i] = line[stride * i];
}

/* Phase (p, q) holds rows p, p + stride, … and columns q, q + stride, … under the band. */
static void fill_phases(const depthwise_job *job, const band *b, const float *x, float *phases)
{
    const effnn__conv2d *v = job->conv;
    const size_t size = job->height * job->width;
    const size_t under = (b->n_rows - 1) * v->stride_h + (v->kernel_h - 1) * v->dilation_h + 1;
    edges of[MOST_STRIDE];

    for (size_t q = 0; q < v->stride_w; q++) of[q] = edges_of(job, b->col, q);
    memset(phases, 0, (v->stride_h * v->stride_w * size + BLOCK) * sizeof *phases);
    for (size_t p = 0; p < v->stride_h; p++) {
        for (size_t i = 0; i * v->stride_h + p < under; i++) {
            const size_t iy = (b->row + i) * v->stride_h + p - v->pad_top; /* may wrap */

            if (iy >= v->h) continue;
            for (size_t q = 0; q < v->stride_w; q++)
                copy_row(x + iy * v->w, of[q], v->stride_w,
                         phases + (p * v->stride_w + q) * size + i * job->width);
        }
    }
}

/* BLOCK outputs from place `at` on. */
static void run_block(const depthwise_job *job, const float *phases, const float *weight,
                      float bias, float *out)
{
    float sum[BLOCK];

    for (size_t j = 0; j < BLOCK; j++) sum[j] = bias;
    for (size_t i = 0; i < job->taps; i++) {
        const float *tap = phases + job->offsets[i];
        const float w = weight[i];

        for (size_t j = 0; j < BLOCK; j++) sum[j] += w * tap[j];
    }
    for (size_t j = 0; j < BLOCK; j++) out[j] = sum[j];
}

static void write_row(const effnn__epilogue *after, const float *from, size_t n, float *y)
{
    const float lo = after->lo, hi = after->hi;

    if (!after->clamp) {
        memcpy(y, from, n * sizeof *y);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const float above = from[i] < lo ? lo : from[i];

        y[i] = above > hi ? hi : above;
    }
}

static void run_plane(const depthwise_job *job, size_t plane)
{
    const effnn__conv2d *v = job->conv;
    const size_t channel = plane % v->c_out;
    const float *x = job->x + plane * v->h * v->w;
    const float *weight = job->weight + channel * v->kernel_h * v->kernel_w;
    const float bias = job->after->bias ? job->after->bias[channel] : 0.0f;
    float *y = job->y + plane * v->out_h * v->out_w;
    float phases[INPUT_ROOM], results[OUTPUT_ROOM];

    for (size_t row = 0; row < v->out_h; row += job->rows) {
        for (size_t col = 0; col < v->out_w; col += job->cols) {
            const band b = { .row = row,
                             .col = col,
                             .n_rows = v->out_h - row < job->rows ? v->out_h - row : job->rows,
                             .n_cols = v->out_w - col < job->cols ? v->out_w - col : job->cols };
            const size_t n = (b.n_rows - 1) * job->width + b.n_cols;

            fill_phases(job, &b, x, phases);
            for (size_t at = 0; at < n; at += BLOCK)
                run_block(job, phases + at, weight, bias, results + at);
            for (size_t i = 0; i < b.n_rows; i++)
                write_row(job->after, results + i * job->width, b.n_cols,
                          y + (row + i) * v->out_w + col);
        }
    }
}

static effnn_status run_planes(void *arg, size_t piece, size_t begin, size_t end)
{
    (void)piece;
    for (size_t plane = begin; plane < end; plane++) run_plane(arg, plane);
    return EFFNN_OK;
}

effnn_status effnn__conv2d_f32_depthwise(effnn_context *context, const effnn__conv2d *conv,
                                         const float *x, const float *weight,
                                         const effnn__epilogue *after, float *y)
{
    const size_t work = conv->out_h * conv->out_w * conv->kernel_h * conv->kernel_w;
    depthwise_job job = { .conv = conv, .x = x, .weight = weight, .after = after, .y = y };

    job.taps = conv->kernel_h * conv->kernel_w;
    if (conv->out_h == 0 || conv->out_w == 0) return EFFNN_OK;
    if (job.taps == 0 || !plan(&job))
        return effnn__conv2d_f32_ref(context, conv, x, weight, after, y, NULL);
    return effnn__parallel_for(context, conv->n * conv->c_out, effnn__grain(work), run_planes,
                               &job);
}
