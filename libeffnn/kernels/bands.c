/* SPDX-License-Identifier: BSD-3-Clause */
/* Bands and phases: how many outputs a band has, where its input comes from. */

#include "kernels/bands.h"

#include "base/sizes.h"

#include <string.h>

enum {
    BLOCK = EFFNN__BAND_BLOCK,
    ROWS = EFFNN__BAND_ROWS,
    LANES = EFFNN__BAND_LANES,
    INPUT_ROOM = 6144,  /* floats of a band's phases */
    OUTPUT_ROOM = 2048, /* of its results, places between rows included */
    MOST_STRIDE = 16,   /* along rows */
};

/* A part of one plane's output. */
typedef struct band {
    size_t row, col, n_rows, n_cols;
} band;

/* Distance of a band's rows in its results, where rows are whole vectors. */
static size_t pitch_of(size_t width)
{
    return effnn__round_up(width, LANES);
}

/* Phases under a band of this size; false if they do not fit. */
static bool lay_out(effnn__bands *self, size_t rows, size_t cols)
{
    const effnn__conv2d *v = self->conv;
    const size_t n_phases = v->stride_h * v->stride_w;

    self->rows = rows;
    self->cols = cols;
    self->height = effnn__ceil_div((rows - 1) * v->stride_h + (v->kernel_h - 1) * v->dilation_h + 1,
                                   v->stride_h);
    self->width = effnn__ceil_div((cols - 1) * v->stride_w + (v->kernel_w - 1) * v->dilation_w + 1,
                                  v->stride_w);
    return n_phases <= INPUT_ROOM && self->height <= INPUT_ROOM && self->width <= INPUT_ROOM &&
           n_phases * self->height * self->width <= INPUT_ROOM - BLOCK &&
           rows * pitch_of(self->width) <= OUTPUT_ROOM - BLOCK;
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
    const size_t lead = at < v->pad_left ? effnn__ceil_div(v->pad_left - at, stride) : 0;
    const size_t begin = lead < self->width ? lead : self->width;
    const size_t from = at + begin * stride - v->pad_left;
    const size_t inside =
        begin < self->width && from < v->w ? effnn__ceil_div(v->w - from, stride) : 0;

    return (edges){ begin, begin + inside < self->width ? begin + inside : self->width, from };
}

/* Short rows, as most are, take less time if a little too much of them is copied, where there is
 * room behind them, than by a call of memcpy. */
enum { STEP = 8 };

static inline void copy_steps(float *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i += STEP) memcpy(out + i, in + i, STEP * sizeof *out);
}

/* Every second element. */
static inline void copy_steps_2(float *restrict out, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i += STEP)
        for (size_t j = 0; j < STEP; j++) out[i + j] = in[2 * (i + j)];
}

/* One row of a phase; what lies up to STEP elements behind it is overwritten. */
static void fill_row(const effnn__bands *self, const float *line, const float *x_end, edges e,
                     float padding, float *out)
{
    const size_t n = e.end - e.begin, stride = self->conv->stride_w;
    const float *const in = line + e.from;
    float *const to = out + e.begin;
    const bool has_room = (size_t)(x_end - in) >= stride * (n + STEP);

    for (size_t i = 0; i < e.begin; i++) out[i] = padding;
    if (stride == 1 && has_room)
        copy_steps(to, in, n);
    else if (stride == 2 && has_room)
        copy_steps_2(to, in, n);
    else
        for (size_t i = 0; i < n; i++) to[i] = in[stride * i];
    for (size_t i = e.end; i < self->width; i++) out[i] = padding;
}

/* Phase (p, q) holds rows p, p + stride, … and columns q, q + stride, … under the band. In order of
 * memory, as every row writes over the beginning of the next. */
static void fill_phases(const effnn__bands *self, const effnn__band_kernel *kernel, const band *b,
                        const float *x, float *phases)
{
    const effnn__conv2d *v = self->conv;
    const float padding = kernel->padding;
    edges of[MOST_STRIDE];
    float *out = phases;

    for (size_t q = 0; q < v->stride_w; q++) of[q] = edges_of(self, b->col, q);
    for (size_t p = 0; p < v->stride_h; p++)
        for (size_t q = 0; q < v->stride_w; q++)
            for (size_t i = 0; i < self->height; i++, out += self->width) {
                const size_t iy = (b->row + i) * v->stride_h + p - v->pad_top; /* may wrap */

                if (iy < v->h)
                    fill_row(self, x + iy * v->w, kernel->x_end, of[q], padding, out);
                else
                    for (size_t k = 0; k < self->width; k++) out[k] = padding;
            }
    for (size_t i = 0; i < BLOCK; i++) out[i] = padding;
}

/* Results, rows `pitch` apart, to the output: only the plane's last row may not be written beyond
 * its end. */
static void deliver(const effnn__bands *self, const band *b, const float *results, size_t pitch,
                    float *y)
{
    const size_t out_w = self->conv->out_w;
    const bool has_room = b->n_cols == out_w && out_w >= STEP;

    for (size_t i = 0; i < b->n_rows; i++, results += pitch) {
        float *to = y + (b->row + i) * out_w + b->col;

        if (has_room && b->row + i + 1 < self->conv->out_h)
            copy_steps(to, results, b->n_cols);
        else
            memcpy(to, results, b->n_cols * sizeof *to);
    }
}

/* Whether taking rows side by side computes fewer places than one line of all rows does, whose
 * places cost twice as much. */
static bool pays_by_rows(const effnn__bands *self, const band *b)
{
    const size_t line = (b->n_rows - 1) * self->width + b->n_cols;
    const size_t groups = effnn__round_up(b->n_rows, ROWS);

    return b->n_rows >= ROWS &&
           effnn__round_up(b->n_cols, LANES) * groups < 2 * effnn__round_up(line, BLOCK);
}

/* The last rows may be computed twice, to the same values. */
static void run_rows(const effnn__bands *self, const effnn__band_kernel *kernel, const band *b,
                     const float *phases, float *results, size_t pitch)
{
    for (size_t row = 0; row < b->n_rows; row += ROWS) {
        const size_t first = b->n_rows - row < ROWS ? b->n_rows - ROWS : row;

        for (size_t col = 0; col < b->n_cols; col += LANES)
            kernel->rows(self, kernel->user, phases + first * self->width + col,
                         results + first * pitch + col, pitch);
    }
}

static void run_band(const effnn__bands *self, const effnn__band_kernel *kernel, const band *b,
                     const float *x, float *y)
{
    const size_t line = (b->n_rows - 1) * self->width + b->n_cols;
    const size_t pitch = pitch_of(self->width);
    float phases[INPUT_ROOM], results[OUTPUT_ROOM];

    fill_phases(self, kernel, b, x, phases);
    if (kernel->rows && pays_by_rows(self, b)) {
        run_rows(self, kernel, b, phases, results, pitch);
        deliver(self, b, results, pitch, y);
        return;
    }
    for (size_t at = 0; at < line; at += BLOCK)
        kernel->block(self, kernel->user, phases + at, results + at);
    deliver(self, b, results, self->width, y);
}

void effnn__bands_run(const effnn__bands *self, const effnn__band_kernel *kernel, const float *x,
                      float *y)
{
    const effnn__conv2d *v = self->conv;

    for (size_t row = 0; row < v->out_h; row += self->rows)
        for (size_t col = 0; col < v->out_w; col += self->cols) {
            const band b = { .row = row,
                             .col = col,
                             .n_rows = v->out_h - row < self->rows ? v->out_h - row : self->rows,
                             .n_cols = v->out_w - col < self->cols ? v->out_w - col : self->cols };

            run_band(self, kernel, &b, x, y);
        }
}
