/* SPDX-License-Identifier: BSD-3-Clause */
/* 2-D convolution as a matrix product by register tiles: for each image and group
 *     y [c_out / groups, positions] = weight [c_out / groups, taps] · columns [taps, positions]
 * The columns of im2col are never there as a whole: a piece of work (some positions by some output
 * channels of one image and group) makes a few taps of its own positions at a time, in scratch that
 * stays in the second cache, beside the weights that go with them. One filter a channel goes to the
 * direct loops. */

#include "kernels/conv/conv.h"
#include "kernels/conv/conv_pieces.h"
#include "kernels/conv/im2col.h"
#include "kernels/packed.h"

enum {
    POSITIONS = 256,         /* of a piece, at most */
    FLAT_POSITIONS = 1024,   /* where the picture itself is read */
    FEWEST_PANELS = 3,       /* of output channels of a piece, where there are more */
    STRIDE = POSITIONS + 16, /* of the columns: an odd number of cache lines */
};

typedef struct conv_job {
    const effnn__conv2d *conv;
    const effnn__tile *tile;
    const effnn__epilogue *after;
    const float *x, *weight;
    bool is_packed; /* the weights */
    bool is_flat;   /* the columns are the picture itself */
    float *y, *scratch;
    effnn__conv_pieces pieces;
    size_t columns; /* output positions of a piece */
} conv_job;

static const effnn__epilogue nothing;

static bool is_empty(const effnn__conv2d *v)
{
    return v->n == 0 || v->c_out == 0 || v->out_h == 0 || v->out_w == 0;
}

static void plan(conv_job *job, const effnn__conv2d *v)
{
    effnn__conv_pieces *pieces = &job->pieces;
    size_t across;

    job->conv = v;
    job->tile = effnn__tile_get();
    effnn__conv_pieces_open(pieces, v);
    job->is_flat = effnn__conv_is_flat(v);
    across = effnn__piece_count(pieces->positions, job->is_flat ? FLAT_POSITIONS : POSITIONS);
    job->columns =
        effnn__piece_count(effnn__piece_count(pieces->positions, across), job->tile->columns) *
        job->tile->columns;
    effnn__conv_pieces_cut(pieces, effnn__piece_count(pieces->positions, job->columns),
                           FEWEST_PANELS);
}

static size_t slot_floats(const conv_job *job)
{
    return (STRIDE + job->pieces.rows) * EFFNN__TILE_TERMS;
}

size_t effnn__conv2d_scratch_tiles(const effnn_context *context, const effnn__conv2d *conv)
{
    conv_job job = { 0 };

    if (is_empty(conv) || effnn__conv_is_depthwise(conv) || conv->c_in == 0) return 0;
    plan(&job, conv);
    const size_t bytes = effnn__slot_count(context, effnn__conv_piece_count(&job.pieces)) *
                         slot_floats(&job) * sizeof(float);
    const size_t slabs = effnn__conv2d_scratch_slabs(context, conv);
    const size_t lines = effnn__conv2d_scratch_lines(context, conv);
    const size_t most = slabs > lines ? slabs : lines;
    return bytes > most ? bytes : most;
}

/* ---- one piece ---- */

typedef struct piece {
    effnn__conv_piece at;
    size_t col, n_cols;
    const float *x; /* the group's first channel of the image */
    const float *columns;
    size_t stride; /* of the columns */
    float *own_columns, *weights;
} piece;

/* Terms [p, p + k) of n_rows rows of weights, `taps` apart, panel after panel; what is not there of
 * the last panel stays as it is. */
static void pack_rows(float *out, size_t panel, const float *weight, size_t n_rows, size_t taps,
                      size_t p, size_t k)
{
    for (size_t i = 0; i < n_rows; i += panel) {
        const size_t m = n_rows - i < panel ? n_rows - i : panel;

        for (size_t r = 0; r < m; r++) {
            const float *from = weight + (i + r) * taps + p;

            for (size_t t = 0; t < k; t++) out[t * panel + r] = from[t];
        }
        out += panel * k;
    }
}

size_t effnn__conv2d_pack_bytes_tiles(const effnn__conv2d *conv)
{
    effnn__conv_pieces pieces;

    if (conv->c_in == 0 || conv->c_out == 0 || conv->kernel_h == 0 || conv->kernel_w == 0 ||
        effnn__conv_is_depthwise(conv))
        return 0;
    effnn__conv_pieces_open(&pieces, conv);
    return conv->groups * effnn__conv_group_floats(&pieces) * sizeof(float);
}

void effnn__conv2d_pack_tiles(const effnn__conv2d *conv, const float *weight, float *packed)
{
    effnn__conv_pieces pieces;

    effnn__conv_pieces_open(&pieces, conv);
    for (size_t g = 0; g < conv->groups; g++)
        pack_rows(packed + g * effnn__conv_group_floats(&pieces), pieces.panel,
                  weight + g * pieces.group_out * pieces.taps, pieces.group_out, pieces.taps, 0,
                  pieces.taps);
}

static void run_terms(const conv_job *job, const piece *p, size_t term, size_t k)
{
    const effnn__tile *tile = job->tile;
    const effnn__conv2d *v = job->conv;
    const effnn__conv_pieces *pieces = &job->pieces;
    const size_t group = p->at.item % v->groups, end = p->at.row + p->at.n_rows;
    const bool is_last = term + k == pieces->taps;
    /* Packed beforehand, a panel has all its taps one after another; else it has these terms. */
    const size_t first = job->is_packed ? 0 : p->at.row, taps = job->is_packed ? pieces->taps : k;
    const float *weights = job->is_packed ? job->weight + group * effnn__conv_group_floats(pieces) +
                                                term * pieces->panel
                                          : p->weights;
    float *y = job->y + (p->at.item * pieces->group_out * pieces->positions) + p->col;
    effnn__tile_job t = { .k = k,
                          .a_row = 1,
                          .a_col = pieces->panel,
                          .b_row = p->stride,
                          .c_row = pieces->positions,
                          .accumulate = term > 0,
                          .clamp = job->after->clamp && is_last,
                          .lo = job->after->lo,
                          .hi = job->after->hi };

    /* Row by row, so that the output is written in long runs, which memory is fast at. */
    for (size_t row = p->at.row; row < end; row += t.m) {
        t.m = effnn__conv_tile_rows(pieces, row, end);
        t.a = weights + effnn__conv_row_begin(pieces, row - first, taps);
        if (job->after->bias && is_last)
            t.bias_row = job->after->bias + group * pieces->group_out + row;
        for (size_t j = 0; j < p->n_cols; j += tile->columns) {
            t.b = p->columns + j;
            t.c = y + row * pieces->positions + j;
            t.n = p->n_cols - j < tile->columns ? p->n_cols - j : tile->columns;
            /* with whatever the scratch holds; behind the picture there may be nothing */
            t.b_padded = t.n == tile->columns || !job->is_flat;
            tile->run(&t);
        }
    }
}

static void run_piece(void *job_, size_t slot, size_t number)
{
    const conv_job *job = job_;
    const effnn__conv2d *v = job->conv;
    const effnn__conv_pieces *pieces = &job->pieces;
    piece p = { .at = effnn__conv_piece_at(pieces, number),
                .own_columns = job->scratch + slot * slot_floats(job) };
    const size_t first = p.at.item % v->groups * pieces->group_out + p.at.row;

    p.weights = p.own_columns + STRIDE * EFFNN__TILE_TERMS;
    p.stride = job->is_flat ? pieces->positions : STRIDE;
    p.col = p.at.across * job->columns;
    p.n_cols = pieces->positions - p.col < job->columns ? pieces->positions - p.col : job->columns;
    p.x = job->x + p.at.item * (v->c_in / v->groups) * v->h * v->w;
    for (size_t term = 0; term < pieces->taps; term += EFFNN__TILE_TERMS) {
        const size_t left = pieces->taps - term;
        const size_t k = left < EFFNN__TILE_TERMS ? left : EFFNN__TILE_TERMS;

        p.columns = job->is_flat ? p.x + term * pieces->positions + p.col : p.own_columns;
        if (!job->is_flat)
            effnn__im2col_f32(
                v, p.x,
                &(effnn__im2col_block){
                    .row = term, .n_rows = k, .col = p.col, .n_cols = p.n_cols, .stride = STRIDE },
                p.own_columns);
        if (!job->is_packed)
            pack_rows(p.weights, pieces->panel, job->weight + first * pieces->taps, p.at.n_rows,
                      pieces->taps, term, k);
        run_terms(job, &p, term, k);
    }
}

static effnn_status run(effnn_context *context, conv_job *job, const effnn__conv2d *conv)
{
    plan(job, conv);
    return effnn__parallel_items(context, effnn__conv_piece_count(&job->pieces), run_piece, job);
}

effnn_status effnn__conv2d_f32_tiles(effnn_context *context, const effnn__conv2d *conv,
                                     const float *x, const float *weight,
                                     const effnn__epilogue *after, float *y, void *scratch)
{
    conv_job job = { .x = x, .weight = weight, .y = y, .scratch = scratch };

    job.after = after ? after : &nothing;
    if (is_empty(conv)) return EFFNN_OK;
    if (effnn__conv_is_depthwise(conv))
        return effnn__kernels_get()->depthwise2d_f32(context, conv, x, weight, job.after, y);
    if (conv->c_in == 0 || conv->kernel_h == 0 || conv->kernel_w == 0)
        return effnn__conv2d_f32_ref(context, conv, x, weight, job.after, y, NULL);
    return run(context, &job, conv);
}

effnn_status effnn__conv2d_packed_f32_tiles(effnn_context *context, const effnn__conv2d *conv,
                                            const float *x, const float *packed,
                                            const effnn__epilogue *after, float *y, void *scratch)
{
    conv_job job = { .x = x, .weight = packed, .y = y, .scratch = scratch };

    job.after = after ? after : &nothing;
    if (is_empty(conv)) return EFFNN_OK;
    if (effnn__conv2d_fits_lines(conv))
        return effnn__conv2d_f32_lines(context, conv, x, packed, job.after, y, scratch);
    if (effnn__conv2d_fits_slabs(conv))
        return effnn__conv2d_f32_slabs(context, conv, x, packed, job.after, y, scratch);
    job.is_packed = true;
    return run(context, &job, conv);
}
