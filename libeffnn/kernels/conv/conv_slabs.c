/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolutions of stride 1 without columns: a piece of work copies the rows of the picture that it
 * reads, padding written out, into scratch (a slab), and takes the output positions of its rows as
 * one line as wide as the padded picture. Then every tap of every channel is the slab itself from
 * another element on, which a tile reads by a table of offsets. The few positions of the line that
 * lie beyond an output row are computed and left out. Sums run as in conv_tiles.c, to the same
 * bits. */

#include "base/sizes.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/conv_pieces.h"

#include <string.h>

enum {
    LINE = 288,        /* positions of a piece, about */
    FEWEST_PANELS = 2, /* of output channels of a piece, where there are more */
    SLACK = 64,        /* elements that a tile may read behind a slab */
};

typedef struct slab_job {
    const effnn__conv2d *conv;
    const effnn__tile *tile;
    const effnn__epilogue *after;
    const float *x, *packed;
    float *y;
    char *scratch;
    effnn__conv_pieces pieces;
    size_t channels;                 /* of a group of the input */
    size_t width, lines, slab_lines; /* of the padded picture; output and slab rows of a piece */
    size_t pitch;                    /* of a channel's results */
    size_t slab_floats, slot_bytes;
} slab_job;

bool effnn__conv2d_fits_slabs(const effnn__conv2d *v)
{
    const size_t more = (v->kernel_w - 1) * v->dilation_w;

    if (v->stride_h != 1 || v->stride_w != 1 || v->kernel_h * v->kernel_w < 2) return false;
    if (effnn__conv_is_depthwise(v)) return false;
    return v->c_in > 0 && v->out_w >= 2 * more && v->out_h > 0;
}

static void plan(slab_job *job, const effnn__conv2d *v)
{
    size_t across;

    job->conv = v;
    job->tile = effnn__tile_get();
    effnn__conv_pieces_open(&job->pieces, v);
    job->channels = v->c_in / v->groups;
    job->width = v->out_w + (v->kernel_w - 1) * v->dilation_w;
    job->lines = LINE / job->width > 0 ? LINE / job->width : 1;
    across = effnn__piece_count(v->out_h, job->lines);
    job->lines = effnn__piece_count(v->out_h, across);
    effnn__conv_pieces_cut(&job->pieces, effnn__piece_count(v->out_h, job->lines), FEWEST_PANELS);
    job->slab_lines = job->lines + (v->kernel_h - 1) * v->dilation_h;
    job->slab_floats = effnn__round_up(job->channels * job->slab_lines * job->width + SLACK, 16);
    job->pitch = effnn__round_up(job->lines * job->width, 16);
    job->slot_bytes = (job->slab_floats + job->pieces.height * job->pitch) * sizeof(float) +
                      effnn__round_up(job->pieces.taps, 8) * sizeof(size_t);
}

size_t effnn__conv2d_scratch_slabs(const effnn_context *context, const effnn__conv2d *conv)
{
    slab_job job = { 0 };

    if (conv->n == 0 || conv->c_out == 0 || conv->out_w == 0) return 0;
    if (!effnn__conv2d_fits_slabs(conv)) return 0;
    plan(&job, conv);
    return effnn__slot_count(context, effnn__conv_piece_count(&job.pieces)) * job.slot_bytes;
}

/* ---- one piece ---- */

typedef struct piece {
    effnn__conv_piece at;
    size_t line, n_lines;  /* output rows */
    float *slab, *results; /* results: [rows of a tile, pitch] */
    size_t *offsets;
} piece;

/* One line; `in`: the picture's, NULL in the padding. Lines are short as a rule, and a call of
 * memcpy for each would take longer than to copy a little too much, where there is something
 * behind. */
static void fill_line(const effnn__conv_slab *slab, float *out, const float *in)
{
    enum { STEP = EFFNN__CONV_OVERRUN };
    const effnn__conv2d *v = slab->conv;
    const size_t width = slab->width;
    const size_t left = in ? (v->pad_left < width ? v->pad_left : width) : width;
    const size_t rest = width - left, middle = rest < v->w ? rest : v->w;

    for (size_t i = 0; i < left; i++) out[i] = 0.0f;
    if (!in) return;
    if ((size_t)(slab->x_end - in) < middle + STEP)
        memcpy(out + left, in, middle * sizeof *out);
    else
        for (size_t i = 0; i < middle; i += STEP)
            memcpy(out + left + i, in + i, STEP * sizeof *out);
    for (size_t i = left + middle; i < width; i++) out[i] = 0.0f;
}

void effnn__conv_fill_slab(const effnn__conv_slab *slab, float *out)
{
    const effnn__conv2d *v = slab->conv;
    const float *x = slab->x;

    for (size_t c = 0; c < slab->channels; c++, x += v->h * v->w)
        for (size_t i = 0; i < slab->lines; i++, out += slab->width) {
            const size_t y = slab->first + i - v->pad_top; /* wraps above */

            fill_line(slab, out, y < v->h ? x + y * v->w : NULL);
        }
}

static void fill_offsets(const slab_job *job, const piece *p)
{
    const effnn__conv2d *v = job->conv;
    size_t *out = p->offsets;

    for (size_t c = 0; c < job->channels; c++)
        for (size_t ky = 0; ky < v->kernel_h; ky++)
            for (size_t kx = 0; kx < v->kernel_w; kx++)
                *out++ =
                    (c * job->slab_lines + ky * v->dilation_h) * job->width + kx * v->dilation_w;
}

/* Rows of results [m, pitch] to the output: within the piece a line may be written a little too
 * far, since the next one follows. */
static void deliver(const slab_job *job, const piece *p, size_t m, float *y)
{
    enum { STEP = 8 };
    const size_t out_w = job->conv->out_w;

    for (size_t i = 0; i < m; i++, y += job->pieces.positions)
        for (size_t line = 0; line < p->n_lines; line++) {
            const float *from = p->results + i * job->pitch + line * job->width;
            float *to = y + (p->line + line) * out_w;

            if (line + 1 == p->n_lines || out_w < STEP)
                memcpy(to, from, out_w * sizeof *to);
            else
                for (size_t j = 0; j < out_w; j += STEP)
                    memcpy(to + j, from + j, STEP * sizeof *to);
        }
}

static void run_tiles(const slab_job *job, const piece *p)
{
    const effnn__conv_pieces *pieces = &job->pieces;
    const size_t group = p->at.item % job->conv->groups, end = p->at.row + p->at.n_rows;
    const size_t length = (p->n_lines - 1) * job->width + job->conv->out_w;
    const size_t columns = job->tile->columns;
    const float *packed = job->packed + group * effnn__conv_group_floats(pieces);
    float *y = job->y + p->at.item * pieces->group_out * pieces->positions;
    effnn__tile_job t = { .k = pieces->taps,
                          .b_offset = p->offsets,
                          .a_row = 1,
                          .a_col = pieces->panel,
                          .c_row = job->pitch,
                          .clamp = job->after->clamp,
                          .b_padded = true,
                          .lo = job->after->lo,
                          .hi = job->after->hi };

    for (size_t row = p->at.row; row < end; row += t.m) {
        t.m = effnn__conv_tile_rows(pieces, row, end);
        t.a = packed + effnn__conv_row_begin(pieces, row, pieces->taps);
        if (job->after->bias) t.bias_row = job->after->bias + group * pieces->group_out + row;
        for (size_t from = 0; from < length; from += columns) {
            t.n = length - from < columns ? length - from : columns;
            t.b = p->slab + from;
            t.c = p->results + from;
            job->tile->run(&t);
        }
        deliver(job, p, t.m, y + row * pieces->positions);
    }
}

static void run_piece(void *job_, size_t slot, size_t number)
{
    const slab_job *job = job_;
    const effnn__conv2d *v = job->conv;
    piece p = { .at = effnn__conv_piece_at(&job->pieces, number),
                .slab = (float *)(void *)(job->scratch + slot * job->slot_bytes) };

    p.results = p.slab + job->slab_floats;
    p.offsets = (size_t *)(void *)(p.results + job->pieces.height * job->pitch);
    p.line = p.at.across * job->lines;
    p.n_lines = v->out_h - p.line < job->lines ? v->out_h - p.line : job->lines;
    effnn__conv_fill_slab(
        &(effnn__conv_slab){ .conv = v,
                             .x = job->x + p.at.item * job->channels * v->h * v->w,
                             .x_end = job->x + v->n * v->c_in * v->h * v->w,
                             .channels = job->channels,
                             .lines = job->slab_lines,
                             .width = job->width,
                             .first = p.line },
        p.slab);
    fill_offsets(job, &p);
    run_tiles(job, &p);
}

effnn_status effnn__conv2d_f32_slabs(effnn_context *context, const effnn__conv2d *conv,
                                     const float *x, const float *packed,
                                     const effnn__epilogue *after, float *y, void *scratch)
{
    slab_job job = { .after = after, .x = x, .packed = packed, .y = y, .scratch = scratch };

    plan(&job, conv);
    return effnn__parallel_items(context, effnn__conv_piece_count(&job.pieces), run_piece, &job);
}
