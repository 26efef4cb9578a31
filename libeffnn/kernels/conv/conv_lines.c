/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolutions with output channels side by side in registers: a tile's rows are neighbours in one
 * line of the output, its columns a panel of channels. Positions need not fill whole registers
 * then, which pays where pictures are small, and a stride costs nothing. What a tile reads is the
 * picture itself, or where there is padding a slab: a copy of the lines that a piece of work needs,
 * padding written out. Every tap of every channel begins at an offset of a table. Results are
 * turned over on their way to the output. Sums run as in conv_tiles.c, to the same bits. */

#include "base/sizes.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/conv_pieces.h"
#include "kernels/packed.h"
#include "kernels/turn.h"

enum {
    POSITIONS = 192,      /* of a piece, about */
    LONGEST = 1024,       /* output line that is taken whole */
    SLAB_FLOATS = 160000, /* of a piece, at most, if it has more than one line */
    FEWEST_PANELS = 1,    /* of output channels of a piece, where that makes too few pieces */
};

typedef struct lines_job {
    const effnn__conv2d *conv;
    const effnn__tile *tile;
    const effnn__epilogue *after;
    const float *x, *packed;
    float *y;
    char *scratch;
    effnn__conv_pieces pieces;
    bool is_flat, has_slab;
    size_t channels;                  /* of a group of the input */
    size_t n_lines, length, height;   /* output lines of the whole, their positions, of a tile */
    size_t lines, slab_lines, width;  /* output and input lines of a piece, elements of one */
    size_t line_stride, plane_stride; /* of what tiles read: an input line, a channel */
    size_t slab_floats, sum_floats, slot_bytes;
} lines_job;

static void plan_flat(lines_job *job)
{
    const size_t all = job->pieces.positions, rows = job->tile->rows;
    const size_t tiles = effnn__piece_count(all, rows);
    const size_t pieces = effnn__piece_count(tiles, POSITIONS / rows);

    job->length = effnn__smaller(effnn__piece_count(tiles, pieces) * rows, all);
    job->n_lines = effnn__piece_count(all, job->length);
    job->lines = 1;
    job->line_stride = job->length;
    job->plane_stride = all;
}

static size_t lines_read(const effnn__conv2d *v, size_t lines)
{
    return (lines - 1) * v->stride_h + (v->kernel_h - 1) * v->dilation_h + 1;
}

static void plan_lines(lines_job *job, const effnn__conv2d *v)
{
    job->length = v->out_w;
    job->n_lines = v->out_h;
    job->lines = POSITIONS / v->out_w > 0 ? POSITIONS / v->out_w : 1;
    job->has_slab = effnn__conv_has_padding(v);
    job->width = (v->out_w - 1) * v->stride_w + (v->kernel_w - 1) * v->dilation_w + 1;
    while (job->has_slab && job->lines > 1 &&
           job->channels * lines_read(v, job->lines) * job->width > SLAB_FLOATS)
        job->lines = (job->lines + 1) / 2;
    job->lines = effnn__piece_count(v->out_h, effnn__piece_count(v->out_h, job->lines));
    job->slab_lines = lines_read(v, job->lines);
    job->line_stride = job->has_slab ? job->width : v->w;
    job->plane_stride = job->has_slab ? job->slab_lines * job->width : v->h * v->w;
    if (job->has_slab)
        job->slab_floats =
            effnn__round_up(job->channels * job->plane_stride + EFFNN__CONV_OVERRUN, 16);
}

static void plan(lines_job *job, const effnn__conv2d *v)
{
    job->conv = v;
    job->tile = effnn__tile_get();
    job->channels = v->c_in / v->groups;
    job->is_flat = effnn__conv_is_flat(v);
    effnn__conv_pieces_open(&job->pieces, v);
    if (job->is_flat)
        plan_flat(job);
    else
        plan_lines(job, v);
    job->height = effnn__tile_height(job->tile, job->length);
    effnn__conv_pieces_cut(&job->pieces, effnn__piece_count(job->n_lines, job->lines),
                           FEWEST_PANELS);
    job->sum_floats = job->lines * job->length * job->tile->columns;
    job->slot_bytes = (job->slab_floats + job->sum_floats) * sizeof(float) +
                      effnn__round_up(job->pieces.taps, 8) * sizeof(size_t);
}

/* Time of n results where registers have so many lanes, in terms of that of full registers. */
static double waste(size_t n, size_t lanes)
{
    return (double)(effnn__piece_count(n, lanes) * lanes) / (double)n;
}

bool effnn__conv2d_fits_lines(const effnn__conv2d *v)
{
    const effnn__tile *tile = effnn__tile_get();
    const size_t group_out = v->c_out / v->groups, positions = v->out_h * v->out_w;
    const size_t line = effnn__conv_is_flat(v) ? positions : v->out_w;
    const double taps = (double)(v->c_in / v->groups * v->kernel_h * v->kernel_w);
    /* Times as measured: turning a result over costs as much as six taps, and a tile of few rows
     * cannot hide how long a multiply-add takes. Slabs compute what lies behind each line, too;
     * other ways have to make columns unless the picture has them already. */
    const double lines = waste(group_out, tile->columns) * (1.0 + 6.0 / taps) *
                         (line < 4 ? 4.0 / (double)line : 1.0);
    const double others =
        effnn__conv2d_fits_slabs(v)
            ? waste(positions, tile->columns) * (1.0 + (double)(v->kernel_w - 1) / (double)v->out_w)
            : waste(positions, tile->columns) * (v->stride_w > 1 || v->kernel_w > 1 ? 1.3 : 1.03);

    if (group_out < tile->columns || v->c_in == 0 || v->kernel_h * v->kernel_w == 0) return false;
    if (line > LONGEST && !effnn__conv_is_flat(v)) return false;
    return lines < others;
}

size_t effnn__conv2d_scratch_lines(const effnn_context *context, const effnn__conv2d *conv)
{
    lines_job job = { 0 };

    if (!effnn__conv2d_fits_lines(conv)) return 0;
    plan(&job, conv);
    return effnn__slot_count(context, effnn__conv_piece_count(&job.pieces)) * job.slot_bytes;
}

/* ---- one piece ---- */

typedef struct piece {
    effnn__conv_piece at;
    size_t line, n_lines, n_positions;
    const float *from; /* first element of what tiles read */
    float *sums;       /* [n_positions, columns of a tile] */
    size_t *offsets;   /* [taps] */
} piece;

static void fill_offsets(const lines_job *job, size_t *out)
{
    const effnn__conv2d *v = job->conv;

    for (size_t c = 0; c < job->channels; c++)
        for (size_t ky = 0; ky < v->kernel_h; ky++)
            for (size_t kx = 0; kx < v->kernel_w; kx++)
                *out++ = c * job->plane_stride + ky * v->dilation_h * job->line_stride +
                         kx * v->dilation_w;
}

/* Terms [term, term + k) of a panel for all positions of the piece. */
static void run_terms(const lines_job *job, const piece *p, effnn__tile_job t, size_t term)
{
    const size_t columns = job->tile->columns, step = job->conv->stride_w;
    const size_t line_step = job->conv->stride_h * job->line_stride;

    t.a_offset = p->offsets + term;
    for (size_t line = 0; line < p->n_lines; line++)
        for (size_t i = 0; i < job->length; i += job->height) {
            const size_t at = line * job->length + i;

            if (at >= p->n_positions) break;
            t.m = effnn__smaller(job->height, effnn__smaller(job->length - i, p->n_positions - at));
            t.a = p->from + line * line_step + i * step;
            t.c = p->sums + at * columns;
            job->tile->run(&t);
        }
}

static void run_panel(const lines_job *job, const piece *p, size_t row)
{
    const effnn__conv_pieces *pieces = &job->pieces;
    const size_t group = p->at.item % job->conv->groups, columns = job->tile->columns;
    const float *packed = job->packed + group * effnn__conv_group_floats(pieces);
    const float *bias =
        job->after->bias ? job->after->bias + group * pieces->group_out + row : NULL;
    effnn__tile_job t = { .n = effnn__smaller(columns, pieces->group_out - row),
                          .a_row = job->conv->stride_w,
                          .b_row = columns,
                          .c_row = columns,
                          .b_padded = true,
                          .lo = job->after->lo,
                          .hi = job->after->hi };

    for (size_t term = 0; term < pieces->taps; term += t.k) {
        t.k = effnn__smaller(EFFNN__TILE_TERMS, pieces->taps - term);
        t.b = packed + row * pieces->taps + term * columns;
        t.accumulate = term > 0;
        t.bias_column = term + t.k == pieces->taps ? bias : NULL;
        t.clamp = term + t.k == pieces->taps && job->after->clamp;
        run_terms(job, p, t, term);
    }
    effnn__turn_f32(job->y + (p->at.item * pieces->group_out + row) * pieces->positions +
                        p->line * job->length,
                    pieces->positions, p->sums, columns, p->n_positions, t.n);
}

static void run_piece(void *job_, size_t slot, size_t number)
{
    const lines_job *job = job_;
    const effnn__conv2d *v = job->conv;
    piece p = { .at = effnn__conv_piece_at(&job->pieces, number) };
    float *slab = (float *)(void *)(job->scratch + slot * job->slot_bytes);
    const float *x = job->x + p.at.item * job->channels * v->h * v->w;

    p.sums = slab + job->slab_floats;
    p.offsets = (size_t *)(void *)(p.sums + job->sum_floats);
    p.line = p.at.across * job->lines;
    p.n_lines = effnn__smaller(job->lines, job->n_lines - p.line);
    p.n_positions =
        effnn__smaller(p.n_lines * job->length, job->pieces.positions - p.line * job->length);
    p.from = job->has_slab  ? slab
             : job->is_flat ? x + p.line * job->length
                            : x + p.line * v->stride_h * v->w;
    if (job->has_slab)
        effnn__conv_fill_slab(&(effnn__conv_slab){ .conv = v,
                                                   .x = x,
                                                   .x_end = job->x + v->n * v->c_in * v->h * v->w,
                                                   .channels = job->channels,
                                                   .lines = job->slab_lines,
                                                   .width = job->width,
                                                   .first = p.line * v->stride_h },
                              slab);
    fill_offsets(job, p.offsets);
    for (size_t row = p.at.row; row < p.at.row + p.at.n_rows; row += job->pieces.panel)
        run_panel(job, &p, row);
}

effnn_status effnn__conv2d_f32_lines(effnn_context *context, const effnn__conv2d *conv,
                                     const float *x, const float *packed,
                                     const effnn__epilogue *after, float *y, void *scratch)
{
    lines_job job = { .after = after, .x = x, .packed = packed, .y = y, .scratch = scratch };

    plan(&job, conv);
    return effnn__parallel_items(context, effnn__conv_piece_count(&job.pieces), run_piece, &job);
}
