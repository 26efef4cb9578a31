/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolutions of stride 1 without columns: a piece of work copies the rows of the picture that it
 * reads, padding written out, into scratch (a slab), and takes the output positions of its rows as
 * one line as wide as the padded picture. Then every tap of every channel is the slab itself from
 * another element on, which a tile reads by a table of offsets. The few positions of the line that
 * lie beyond an output row are computed and left out. Sums run as in conv_tiles.c, to the same
 * bits. */

#include "base/pool.h"
#include "kernels/kernels_priv.h"
#include "kernels/packed.h"

#include <stdatomic.h>
#include <string.h>

enum {
    LINE = 384,          /* positions of a piece, about */
    ROW_TILES = 20,      /* output channels of a piece, in tiles, at most … */
    FEWEST_TILES = 5,    /* … and at least, where there are more */
    FEWEST_PIECES = 8,   /* so that threads find work, output channels are split down to these */
    MOST_TILE = 16 * 64, /* elements of any tile */
    SLACK = 64,          /* elements that a tile may read behind a slab */
};

typedef struct slab_job {
    const effnn__conv2d *conv;
    const effnn__tile *tile;
    const effnn__epilogue *after;
    const float *x, *packed;
    float *y;
    char *scratch;
    size_t channels, taps, positions, group_out, height;
    size_t width, lines, slab_lines; /* of the padded picture; output and slab rows of a piece */
    size_t rows, n_across, n_down, n_items;
    size_t slab_floats, slot_bytes;
    atomic_size_t next;
} slab_job;

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

bool effnn__conv2d_fits_slabs(const effnn__conv2d *v)
{
    const size_t more = (v->kernel_w - 1) * v->dilation_w;

    if (v->stride_h != 1 || v->stride_w != 1 || v->kernel_h * v->kernel_w < 2) return false;
    if (v->groups == v->c_in && v->groups == v->c_out && v->groups > 1) return false;
    return v->c_in > 0 && v->out_w >= 2 * more && v->out_h > 0;
}

static void plan(slab_job *job, const effnn__conv2d *v)
{
    size_t row_tiles, pieces, group;

    job->conv = v;
    job->tile = effnn__tile_get();
    job->channels = v->c_in / v->groups;
    job->taps = job->channels * v->kernel_h * v->kernel_w;
    job->positions = v->out_h * v->out_w;
    job->group_out = v->c_out / v->groups;
    job->height = effnn__tile_height(job->tile, job->group_out);
    job->n_items = v->n * v->groups;
    job->width = v->out_w + (v->kernel_w - 1) * v->dilation_w;
    job->lines = LINE / job->width > 0 ? LINE / job->width : 1;
    job->n_across = ceil_div(v->out_h, job->lines);
    job->lines = ceil_div(v->out_h, job->n_across);
    job->n_across = ceil_div(v->out_h, job->lines);
    job->slab_lines = job->lines + (v->kernel_h - 1) * v->dilation_h;
    row_tiles = ceil_div(job->group_out, job->height);
    pieces = job->n_items * job->n_across;
    job->n_down = ceil_div(row_tiles, ROW_TILES);
    if (pieces * job->n_down < FEWEST_PIECES) {
        const size_t wanted = ceil_div(FEWEST_PIECES, pieces);
        const size_t most = ceil_div(row_tiles, FEWEST_TILES);

        job->n_down = wanted < most ? wanted : most;
    }
    group = ceil_div(row_tiles, job->n_down);
    job->rows = group * job->height;
    job->n_down = ceil_div(row_tiles, group);
    job->slab_floats = job->channels * job->slab_lines * job->width + SLACK;
    job->slab_floats = ceil_div(job->slab_floats, 16) * 16;
    job->slot_bytes = (job->slab_floats + MOST_TILE) * sizeof(float) +
                      ceil_div(job->taps, 8) * 8 * sizeof(size_t);
}

static size_t slots_of(const effnn_context *context, const slab_job *job)
{
    const size_t threads = effnn_context_threads(context);
    const size_t pieces = job->n_items * job->n_across * job->n_down;

    return threads < pieces ? threads : pieces;
}

size_t effnn__conv2d_scratch_slabs(const effnn_context *context, const effnn__conv2d *conv)
{
    slab_job job = { 0 };

    if (conv->n == 0 || conv->c_out == 0 || conv->out_w == 0) return 0;
    if (!effnn__conv2d_fits_slabs(conv)) return 0;
    plan(&job, conv);
    return slots_of(context, &job) * job.slot_bytes;
}

/* ---- one piece ---- */

typedef struct piece {
    size_t item, row, n_rows, line, n_lines;
    float *slab, *tile;
    size_t *offsets;
} piece;

/* One row of the padded picture; `in`: the picture's row, NULL in the padding. */
static void copy_line(const effnn__conv2d *v, float *out, const float *in, size_t width)
{
    const size_t left = in ? (v->pad_left < width ? v->pad_left : width) : width;
    const size_t rest = width - left, middle = rest < v->w ? rest : v->w;

    for (size_t i = 0; i < left; i++) out[i] = 0.0f;
    if (!in) return;
    memcpy(out + left, in, middle * sizeof *out);
    for (size_t i = left + middle; i < width; i++) out[i] = 0.0f;
}

static void fill_slab(const slab_job *job, const piece *at)
{
    const effnn__conv2d *v = job->conv;
    const float *x = job->x + at->item * job->channels * v->h * v->w;
    float *out = at->slab;

    for (size_t c = 0; c < job->channels; c++, x += v->h * v->w)
        for (size_t i = 0; i < job->slab_lines; i++, out += job->width) {
            const size_t y = at->line + i - v->pad_top; /* wraps above */

            copy_line(v, out, y < v->h ? x + y * v->w : NULL, job->width);
        }
}

static void fill_offsets(const slab_job *job, const piece *at)
{
    const effnn__conv2d *v = job->conv;
    size_t *out = at->offsets;

    for (size_t c = 0; c < job->channels; c++)
        for (size_t ky = 0; ky < v->kernel_h; ky++)
            for (size_t kx = 0; kx < v->kernel_w; kx++)
                *out++ =
                    (c * job->slab_lines + ky * v->dilation_h) * job->width + kx * v->dilation_w;
}

/* Copy what a tile has computed for places [from, from + n) of the line to the output rows. */
static void deliver(const slab_job *job, const piece *at, const effnn__tile_job *t, float *y,
                    size_t from)
{
    const size_t out_w = job->conv->out_w;

    for (size_t i = 0; i < t->m; i++, y += job->positions)
        for (size_t j = 0; j < t->n;) {
            const size_t line = (from + j) / job->width, x = (from + j) % job->width;
            const size_t left = t->n - j, here = job->width - x < left ? job->width - x : left;
            const size_t real = x >= out_w ? 0 : out_w - x < here ? out_w - x : here;

            if (real)
                memcpy(y + (at->line + line) * out_w + x, at->tile + i * t->c_row + j,
                       real * sizeof *y);
            j += here;
        }
}

static void run_tiles(const slab_job *job, const piece *at, size_t from, size_t n)
{
    const effnn__conv2d *v = job->conv;
    const size_t group = at->item % v->groups;
    const size_t channel = group * job->group_out + at->row;
    const size_t tiles = ceil_div(job->group_out, job->height);
    const float *packed = job->packed + (group * tiles * job->height + at->row) * job->taps;
    float *y = job->y + (at->item / v->groups * v->c_out + channel) * job->positions;
    effnn__tile_job t = { .n = n,
                          .k = job->taps,
                          .b = at->slab + from,
                          .b_offset = at->offsets,
                          .c = at->tile,
                          .a_row = 1,
                          .a_col = job->height,
                          .c_row = job->tile->columns,
                          .clamp = job->after->clamp,
                          .b_padded = true,
                          .lo = job->after->lo,
                          .hi = job->after->hi };

    for (size_t i = 0; i < at->n_rows; i += job->height) {
        t.m = at->n_rows - i < job->height ? at->n_rows - i : job->height;
        t.a = packed + i * job->taps;
        if (job->after->bias) t.bias_row = job->after->bias + channel + i;
        job->tile->run(&t);
        deliver(job, at, &t, y + i * job->positions, from);
    }
}

static void run_piece(const slab_job *job, size_t number, char *scratch)
{
    const effnn__conv2d *v = job->conv;
    const size_t down = number % job->n_down, across = number / job->n_down % job->n_across;
    piece at = { .item = number / job->n_down / job->n_across,
                 .row = down * job->rows,
                 .line = across * job->lines,
                 .slab = (float *)(void *)scratch };
    size_t length;

    at.tile = at.slab + job->slab_floats;
    at.offsets = (size_t *)(void *)(at.tile + MOST_TILE);
    at.n_rows = job->group_out - at.row < job->rows ? job->group_out - at.row : job->rows;
    at.n_lines = v->out_h - at.line < job->lines ? v->out_h - at.line : job->lines;
    fill_slab(job, &at);
    fill_offsets(job, &at);
    length = (at.n_lines - 1) * job->width + v->out_w;
    for (size_t from = 0; from < length; from += job->tile->columns)
        run_tiles(job, &at, from,
                  length - from < job->tile->columns ? length - from : job->tile->columns);
}

static effnn_status run_slot(void *job_, size_t slot, size_t begin, size_t end)
{
    slab_job *const job = job_;
    const size_t n = job->n_items * job->n_across * job->n_down;
    size_t number;

    (void)begin;
    (void)end;
    while ((number = atomic_fetch_add(&job->next, 1)) < n)
        run_piece(job, number, job->scratch + slot * job->slot_bytes);
    return EFFNN_OK;
}

effnn_status effnn__conv2d_f32_slabs(effnn_context *context, const effnn__conv2d *conv,
                                     const float *x, const float *packed,
                                     const effnn__epilogue *after, float *y, void *scratch)
{
    static const effnn__epilogue nothing;
    slab_job job = { .x = x, .packed = packed, .y = y, .scratch = scratch };

    job.after = after ? after : &nothing;
    plan(&job, conv);
    atomic_init(&job.next, 0);
    return effnn__parallel_for(context, slots_of(context, &job), 1, run_slot, &job);
}
