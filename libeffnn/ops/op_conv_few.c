/* SPDX-License-Identifier: BSD-3-Clause */
/* 2-D convolution of few output positions as a product with the weights on the right,
 *     y [positions, c_out / groups] = columnsᵀ [positions, taps] · weightᵀ [taps, c_out / groups]
 * over the positions of a few images at a time. The product gives channels side by side, which is
 * what y wants if there is one position; else they are turned behind it. */

#include "ops/op_conv_few.h"

#include "base/pool.h"
#include "kernels/packed.h"

enum {
    MOST_POSITIONS = 16,
    FEWEST_FILTERS = 16, /* of a group, where there are several: panels are filled up */
    GRAIN = 32768,       /* elements moved by one piece, about */
    ROWS = 48            /* of a product, about: positions of images that are worked on together */
};

typedef struct few {
    const effnn__conv2d *conv;
    const float *x;
    float *y;
    size_t area, depth, taps, filters, positions; /* depth, filters: channels of a group */
    size_t most, first, n;                        /* images at a time; those at work */
    size_t group;
    float *columns, *product; /* [taps, n · positions], [n · positions, c_out] */
} few;

static void open(few *self, const effnn__conv2d *v, float *scratch)
{
    *self = (few){ .conv = v,
                   .area = v->kernel_h * v->kernel_w,
                   .depth = v->c_in / v->groups,
                   .filters = v->c_out / v->groups,
                   .positions = v->out_h * v->out_w };
    self->taps = self->depth * self->area;
    self->most = effnn__piece_count(ROWS, self->positions);
    if (self->most > v->n) self->most = v->n;
    self->columns = scratch;
    if (scratch) self->product = scratch + self->taps * self->most * self->positions;
}

bool effnn__conv_few_fits(const effnn__conv2d *v)
{
    const size_t positions = v->out_h * v->out_w;

    return positions > 0 && positions <= MOST_POSITIONS && v->c_in > 0 && v->c_out > 0 &&
           v->kernel_h > 0 && v->kernel_w > 0 &&
           (v->groups == 1 || v->c_out / v->groups >= FEWEST_FILTERS);
}

size_t effnn__conv_few_pack_bytes(const effnn__conv2d *v)
{
    return v->groups *
           effnn__pack_bytes(v->c_in / v->groups * v->kernel_h * v->kernel_w, v->c_out / v->groups);
}

void effnn__conv_few_pack(const effnn__conv2d *v, const float *weight, float *packed)
{
    const size_t taps = v->c_in / v->groups * v->kernel_h * v->kernel_w;
    const size_t filters = v->c_out / v->groups;

    for (size_t g = 0; g < v->groups; g++) {
        effnn__pack_f32(packed, weight + g * filters * taps, 1, (int64_t)taps, taps, filters);
        packed += effnn__pack_bytes(taps, filters) / sizeof(float);
    }
}

size_t effnn__conv_few_scratch(const effnn__conv2d *v)
{
    few job;

    open(&job, v, NULL);
    return (job.taps + v->c_out) * job.most * job.positions * sizeof(float);
}

/* ---- operands ---- */

/* Whether an axis of one window or more lies inside the input. */
static bool is_inside(size_t in, size_t out, size_t kernel, size_t stride, size_t dilation,
                      size_t pad)
{
    return pad == 0 && (out - 1) * stride + (kernel - 1) * dilation < in;
}

/* Where the input itself is the left side: row (position) i, column (tap) p of it lie at
 * i · a_row + p · a_col. */
static bool find_direct(const few *self, effnn__packed_gemm *gemm)
{
    const effnn__conv2d *v = self->conv;
    const bool is_line =
        v->h == 1 && v->kernel_h == 1 && v->pad_top == 0 &&
        is_inside(v->w, v->out_w, v->kernel_w, v->stride_w, v->dilation_w, v->pad_left);

    gemm->a = self->x + (self->first * v->c_in + self->group * self->depth) * v->h * v->w;
    if (!is_line) return false;
    if (v->w == 1) { /* images are the rows */
        gemm->a_row = v->c_in;
        gemm->a_col = 1;
        return true;
    }
    if (self->n != 1 || (self->depth != 1 && v->kernel_w != 1)) return false;
    gemm->a_row = v->stride_w;
    gemm->a_col = self->depth == 1 ? v->dilation_w : v->w;
    return true;
}

/* One tap of all channels at one position of an image. */
static void fill_tap(const few *self, const float *image, size_t tap, size_t at, float *out)
{
    const effnn__conv2d *v = self->conv;
    const size_t y = /* wraps above */
        at / v->out_w * v->stride_h + tap / v->kernel_w * v->dilation_h - v->pad_top;
    const size_t x = at % v->out_w * v->stride_w + tap % v->kernel_w * v->dilation_w - v->pad_left;
    const size_t step = self->area * self->n * self->positions;
    const bool inside = y < v->h && x < v->w;
    const float *from = inside ? image + y * v->w + x : NULL;

    for (size_t c = 0; c < self->depth; c++) out[c * step] = inside ? from[c * v->h * v->w] : 0.0f;
}

static effnn_status fill_images(void *job_, size_t piece, size_t begin, size_t end)
{
    const few *self = job_;
    const effnn__conv2d *v = self->conv;
    const size_t rows = self->n * self->positions;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t plane = (self->first + i) * v->c_in + self->group * self->depth;

        for (size_t tap = 0; tap < self->area; tap++)
            for (size_t at = 0; at < self->positions; at++)
                fill_tap(self, self->x + plane * v->h * v->w, tap, at,
                         self->columns + tap * rows + i * self->positions + at);
    }
    return EFFNN_OK;
}

/* Products [positions, c_out] of images as y has them, [c_out, positions]. */
static effnn_status turn_images(void *job_, size_t piece, size_t begin, size_t end)
{
    const few *self = job_;
    const size_t channels = self->conv->c_out, positions = self->positions;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const float *from = self->product + i * positions * channels;
        float *to = self->y + (self->first + i) * channels * positions;

        for (size_t c = 0; c < channels; c++)
            for (size_t at = 0; at < positions; at++)
                to[c * positions + at] = from[at * channels + c];
    }
    return EFFNN_OK;
}

/* ---- all ---- */

static effnn_status run_group(effnn_context *context, few *self, const float *packed,
                              const effnn__epilogue *after)
{
    const size_t rows = self->n * self->positions, channel = self->group * self->filters;
    effnn__packed_gemm gemm = {
        .m = rows, .n = self->filters, .k = self->taps, .c_row = self->conv->c_out
    };

    if (after) gemm.after = *after;
    if (gemm.after.bias) gemm.after.bias += channel;
    gemm.b = packed + self->group * (effnn__pack_bytes(self->taps, self->filters) / sizeof *packed);
    gemm.c = (self->positions == 1 ? self->y + self->first * self->conv->c_out : self->product) +
             channel;
    if (!find_direct(self, &gemm)) {
        EFFNN_TRY(effnn__parallel_for(context, self->n, GRAIN / (self->taps * self->positions) + 1,
                                      fill_images, self));
        gemm.a = self->columns;
        gemm.a_row = 1;
        gemm.a_col = rows;
    }
    return effnn__gemm_f32_packed(context, &gemm);
}

effnn_status effnn__conv_few_f32(effnn_context *context, const effnn__conv2d *conv, const float *x,
                                 const float *packed, const effnn__epilogue *after, float *y,
                                 float *scratch)
{
    few job;

    if (conv->n == 0) return EFFNN_OK;
    open(&job, conv, scratch);
    job.x = x;
    job.y = y;
    for (; job.first < conv->n; job.first += job.n) {
        job.n = conv->n - job.first < job.most ? conv->n - job.first : job.most;
        for (job.group = 0; job.group < conv->groups; job.group++)
            EFFNN_TRY(run_group(context, &job, packed, after));
        if (job.positions > 1)
            EFFNN_TRY(effnn__parallel_for(context, job.n, GRAIN / (job.positions * conv->c_out) + 1,
                                          turn_images, &job));
    }
    return EFFNN_OK;
}
