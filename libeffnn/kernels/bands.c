/* SPDX-License-Identifier: BSD-3-Clause */
/* Bands and phases: how many outputs a band has, where its input comes from. */

#include "kernels/bands.h"

#include <string.h>

enum {
    BLOCK = EFFNN__BAND_BLOCK,
    INPUT_ROOM = 6144,  /* floats of a band's phases */
    OUTPUT_ROOM = 2048, /* of its results, places between rows included */
    MOST_STRIDE = 16,   /* along rows */
};

/* A part of one plane's output. */
typedef struct band {
    size_t row, col, n_rows, n_cols;
} band;

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Phases under a band of this size; false if they do not fit. */
static bool lay_out(effnn__bands *self, size_t rows, size_t cols)
{
    const effnn__conv2d *v = self->conv;
    const size_t n_phases = v->stride_h * v->stride_w;

    self->rows = rows;
    self->cols = cols;
    self->height =
        ceil_div((rows - 1) * v->stride_h + (v->kernel_h - 1) * v->dilation_h + 1, v->stride_h);
    self->width =
        ceil_div((cols - 1) * v->stride_w + (v->kernel_w - 1) * v->dilation_w + 1, v->stride_w);
    return n_phases <= INPUT_ROOM && self->height <= INPUT_ROOM && self->width <= INPUT_ROOM &&
           n_phases * self->height * self->width <= INPUT_ROOM - BLOCK &&
           rows * self->width <= OUTPUT_ROOM - BLOCK;
}

static void find_taps(effnn__bands *self)
{
    const effnn__conv2d *v = self->conv;
    const size_t size = self->height * self->width;

    for (size_t i = 0; i < self->taps; i++) {
        const size_t r = i / v->kernel_w * v->dilation_h, c = i % v->kernel_w * v->dilation_w;
        const size_t phase = r % v->stride_h * v->stride_w + c % v->stride_w;

        self->offsets[i] =
            (uint32_t)(phase * size + r / v->stride_h * self->width + c / v->stride_w);
    }
}

/* Whole rows, as many as fit; else one row in parts. False if not even one output fits. */
bool effnn__bands_plan(effnn__bands *self, const effnn__conv2d *v)
{
    size_t rows = 1, cols = v->out_w;

    self->conv = v;
    self->taps = v->kernel_h * v->kernel_w;
    if (self->taps == 0) return false;
    if (self->taps > EFFNN__BAND_TAPS || v->stride_w > MOST_STRIDE) return false;
    while (cols > 1 && !lay_out(self, 1, cols)) cols /= 2;
    if (!lay_out(self, 1, cols)) return false;
    while (cols == v->out_w && rows < v->out_h && lay_out(self, rows + 1, cols)) rows++;
    lay_out(self, rows, cols);
    find_taps(self);
    return true;
}

/* Where a phase's rows come from: places [begin, end) are input elements from, from + stride, …;
 * the others are padding. */
typedef struct edges {
    size_t begin, end, from;
} edges;

static edges edges_of(const effnn__bands *self, size_t col, size_t q)
{
    const effnn__conv2d *v = self->conv;
    const size_t at = col * v->stride_w + q, stride = v->stride_w;
    const size_t lead = at < v->pad_left ? ceil_div(v->pad_left - at, stride) : 0;
    const size_t begin = lead < self->width ? lead : self->width;
    const size_t from = at + begin * stride - v->pad_left;
    const size_t inside = begin < self->width && from < v->w ? ceil_div(v->w - from, stride) : 0;

    return (edges){ begin, begin + inside < self->width ? begin + inside : self->width, from };
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
static void fill_phases(const effnn__bands *self, const band *b, const float *x, float padding,
                        float *phases)
{
    const effnn__conv2d *v = self->conv;
    const size_t size = self->height * self->width;
    const size_t under = (b->n_rows - 1) * v->stride_h + (v->kernel_h - 1) * v->dilation_h + 1;
    edges of[MOST_STRIDE];

    for (size_t q = 0; q < v->stride_w; q++) of[q] = edges_of(self, b->col, q);
    for (size_t i = 0; i < v->stride_h * v->stride_w * size + BLOCK; i++) phases[i] = padding;
    for (size_t p = 0; p < v->stride_h; p++) {
        for (size_t i = 0; i * v->stride_h + p < under; i++) {
            const size_t iy = (b->row + i) * v->stride_h + p - v->pad_top; /* may wrap */

            if (iy >= v->h) continue;
            for (size_t q = 0; q < v->stride_w; q++)
                copy_row(x + iy * v->w, of[q], v->stride_w,
                         phases + (p * v->stride_w + q) * size + i * self->width);
        }
    }
}

void effnn__bands_run(const effnn__bands *self, const float *x, float padding,
                      effnn__band_block block, const void *user, float *y)
{
    const effnn__conv2d *v = self->conv;
    float phases[INPUT_ROOM], results[OUTPUT_ROOM];

    for (size_t row = 0; row < v->out_h; row += self->rows) {
        for (size_t col = 0; col < v->out_w; col += self->cols) {
            const band b = { .row = row,
                             .col = col,
                             .n_rows = v->out_h - row < self->rows ? v->out_h - row : self->rows,
                             .n_cols = v->out_w - col < self->cols ? v->out_w - col : self->cols };
            const size_t n = (b.n_rows - 1) * self->width + b.n_cols;

            fill_phases(self, &b, x, padding, phases);
            for (size_t at = 0; at < n; at += BLOCK) block(self, user, phases + at, results + at);
            for (size_t i = 0; i < b.n_rows; i++)
                memcpy(y + (row + i) * v->out_w + col, results + i * self->width,
                       b.n_cols * sizeof *y);
        }
    }
}
