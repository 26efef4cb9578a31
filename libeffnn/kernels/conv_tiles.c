/* SPDX-License-Identifier: BSD-3-Clause */
/* 2-D convolution as a matrix product by register tiles: for each image and group
 *     y [c_out / groups, positions] = weight [c_out / groups, taps] · columns [taps, positions]
 * The columns of im2col are never there as a whole: a piece of work (some positions by some output
 * channels of one image and group) makes a few taps of its own positions at a time, in scratch that
 * stays in the second cache, beside the weights that go with them. Pieces are handed out by a
 * counter; each thread has a slot of scratch. One filter a channel goes to the direct loops. */

#include "base/pool.h"
#include "kernels/im2col.h"
#include "kernels/kernels_priv.h"
#include "kernels/packed.h"

#include <stdatomic.h>

enum {
    POSITIONS = 256,   /* of a piece, at most */
    ROW_TILES = 20,    /* output channels of a piece, in tiles, at most … */
    FEWEST_TILES = 10, /* … and at least, where there are more */
    FEWEST_PIECES = 8, /* so that threads find work, output channels are split down to these */
    STRIDE = POSITIONS + 16, /* of the columns: an odd number of cache lines */
};

typedef struct conv_job {
    const effnn__conv2d *conv;
    const effnn__tile *tile;
    const effnn__epilogue *after;
    const float *x, *weight;
    bool is_packed; /* the weights */
    float *y, *scratch;
    size_t taps, positions, group_out, height; /* height: rows of a tile here */
    size_t columns, rows;                      /* of a piece */
    size_t n_across, n_down, n_items;          /* pieces of an item; items are images and groups */
    atomic_size_t next;
} conv_job;

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static bool is_depthwise(const effnn__conv2d *v)
{
    return v->groups > 1 && v->groups == v->c_in && v->groups == v->c_out;
}

static bool is_empty(const effnn__conv2d *v)
{
    return v->n == 0 || v->c_out == 0 || v->out_h == 0 || v->out_w == 0;
}

/* What packed weights depend on. */
static void measure_weights(conv_job *job, const effnn__conv2d *v)
{
    job->conv = v;
    job->tile = effnn__tile_get();
    job->taps = v->c_in / v->groups * v->kernel_h * v->kernel_w;
    job->group_out = v->c_out / v->groups;
    job->height = effnn__tile_height(job->tile, job->group_out);
}

/* How a convolution falls into pieces: by its sizes alone. */
static void plan(conv_job *job, const effnn__conv2d *v)
{
    size_t row_tiles, pieces;

    measure_weights(job, v);
    job->positions = v->out_h * v->out_w;
    job->n_items = v->n * v->groups;
    job->n_across = ceil_div(job->positions, POSITIONS);
    job->columns =
        ceil_div(ceil_div(job->positions, job->n_across), job->tile->columns) * job->tile->columns;
    job->n_across = ceil_div(job->positions, job->columns);
    row_tiles = ceil_div(job->group_out, job->height);
    pieces = job->n_items * job->n_across;
    job->n_down = ceil_div(row_tiles, ROW_TILES);
    if (pieces * job->n_down < FEWEST_PIECES) {
        const size_t wanted = ceil_div(FEWEST_PIECES, pieces);
        const size_t most = ceil_div(row_tiles, FEWEST_TILES);

        job->n_down = wanted < most ? wanted : most;
    }
    job->rows = ceil_div(row_tiles, job->n_down) * job->height;
    job->n_down = ceil_div(job->group_out, job->rows);
}

static size_t slot_floats(const conv_job *job)
{
    return (STRIDE + job->rows) * EFFNN__TILE_TERMS;
}

static size_t slots_of(const effnn_context *context, const conv_job *job)
{
    const size_t threads = effnn_context_threads(context);
    const size_t pieces = job->n_items * job->n_across * job->n_down;

    return threads < pieces ? threads : pieces;
}

size_t effnn__conv2d_scratch_tiles(const effnn_context *context, const effnn__conv2d *conv)
{
    conv_job job = { 0 };

    if (is_empty(conv) || is_depthwise(conv) || conv->c_in == 0) return 0;
    plan(&job, conv);
    const size_t bytes = slots_of(context, &job) * slot_floats(&job) * sizeof(float);
    const size_t slabs = effnn__conv2d_scratch_slabs(context, conv);
    return bytes > slabs ? bytes : slabs;
}

/* ---- one piece ---- */

typedef struct piece {
    size_t item, row, n_rows, col, n_cols;
    const float *x; /* the group's first channel of the image */
    float *columns, *weights;
} piece;

/* Terms [p, p + k) of n_rows rows of weights, `taps` apart, tile after tile; a tile's rows that are
 * not there stay as they are. */
static void pack_rows(float *out, size_t height, const float *weight, size_t n_rows, size_t taps,
                      size_t p, size_t k)
{
    for (size_t i = 0; i < n_rows; i += height) {
        const size_t m = n_rows - i < height ? n_rows - i : height;

        for (size_t r = 0; r < m; r++) {
            const float *from = weight + (i + r) * taps + p;

            for (size_t t = 0; t < k; t++) out[t * height + r] = from[t];
        }
        out += height * k;
    }
}

/* A group's packed weights: whole tiles. */
static size_t group_floats(const conv_job *job)
{
    return ceil_div(job->group_out, job->height) * job->height * job->taps;
}

size_t effnn__conv2d_pack_bytes_tiles(const effnn__conv2d *conv)
{
    conv_job job = { 0 };

    if (conv->c_in == 0 || conv->c_out == 0 || conv->kernel_h == 0 || conv->kernel_w == 0 ||
        is_depthwise(conv))
        return 0;
    measure_weights(&job, conv);
    return conv->groups * group_floats(&job) * sizeof(float);
}

void effnn__conv2d_pack_tiles(const effnn__conv2d *conv, const float *weight, float *packed)
{
    conv_job job = { 0 };

    measure_weights(&job, conv);
    for (size_t g = 0; g < conv->groups; g++)
        pack_rows(packed + g * group_floats(&job), job.height,
                  weight + g * job.group_out * job.taps, job.group_out, job.taps, 0, job.taps);
}

static void run_terms(const conv_job *job, const piece *at, size_t p, size_t k)
{
    const effnn__tile *tile = job->tile;
    const effnn__conv2d *v = job->conv;
    const size_t channel = at->item % v->groups * job->group_out + at->row;
    float *y = job->y + ((at->item / v->groups * v->c_out + channel) * job->positions) + at->col;
    effnn__tile_job t = { .k = k,
                          .a_row = 1,
                          .a_col = job->height,
                          .b_row = STRIDE,
                          .c_row = job->positions,
                          .accumulate = p > 0,
                          .clamp = job->after->clamp && p + k == job->taps,
                          .b_padded = true, /* with whatever the scratch holds */
                          .lo = job->after->lo,
                          .hi = job->after->hi };

    /* Packed beforehand, a tile has all its terms one after another. */
    const size_t stride = job->is_packed ? job->taps : k;
    const float *weights = job->is_packed ? job->weight + at->item % v->groups * group_floats(job) +
                                                at->row * job->taps + p * job->height
                                          : at->weights;

    for (size_t j = 0; j < at->n_cols; j += tile->columns) {
        t.b = at->columns + j;
        t.n = at->n_cols - j < tile->columns ? at->n_cols - j : tile->columns;
        for (size_t i = 0; i < at->n_rows; i += job->height) {
            t.m = at->n_rows - i < job->height ? at->n_rows - i : job->height;
            t.a = weights + i * stride;
            t.c = y + i * job->positions + j;
            if (job->after->bias && p + k == job->taps) t.bias_row = job->after->bias + channel + i;
            tile->run(&t);
        }
    }
}

static void run_piece(const conv_job *job, size_t number, float *scratch)
{
    const effnn__conv2d *v = job->conv;
    const size_t down = number % job->n_down, across = number / job->n_down % job->n_across;
    piece at = { .item = number / job->n_down / job->n_across,
                 .row = down * job->rows,
                 .col = across * job->columns,
                 .columns = scratch,
                 .weights = scratch + STRIDE * EFFNN__TILE_TERMS };

    at.n_rows = job->group_out - at.row < job->rows ? job->group_out - at.row : job->rows;
    at.n_cols = job->positions - at.col < job->columns ? job->positions - at.col : job->columns;
    at.x = job->x + at.item * (v->c_in / v->groups) * v->h * v->w;
    for (size_t p = 0; p < job->taps; p += EFFNN__TILE_TERMS) {
        const size_t k = job->taps - p < EFFNN__TILE_TERMS ? job->taps - p : EFFNN__TILE_TERMS;

        effnn__im2col_f32(
            v, at.x,
            &(effnn__im2col_block){
                .row = p, .n_rows = k, .col = at.col, .n_cols = at.n_cols, .stride = STRIDE },
            at.columns);
        if (!job->is_packed)
            pack_rows(at.weights, job->height,
                      job->weight + (at.item % v->groups * job->group_out + at.row) * job->taps,
                      at.n_rows, job->taps, p, k);
        run_terms(job, &at, p, k);
    }
}

static effnn_status run_slot(void *job_, size_t slot, size_t begin, size_t end)
{
    conv_job *const job = job_;
    const size_t n = job->n_items * job->n_across * job->n_down;
    size_t number;

    (void)begin;
    (void)end;
    while ((number = atomic_fetch_add(&job->next, 1)) < n)
        run_piece(job, number, job->scratch + slot * slot_floats(job));
    return EFFNN_OK;
}

static effnn_status run(effnn_context *context, conv_job *job, const effnn__conv2d *conv)
{
    plan(job, conv);
    atomic_init(&job->next, 0);
    return effnn__parallel_for(context, slots_of(context, job), 1, run_slot, job);
}

effnn_status effnn__conv2d_f32_tiles(effnn_context *context, const effnn__conv2d *conv,
                                     const float *x, const float *weight,
                                     const effnn__epilogue *after, float *y, void *scratch)
{
    static const effnn__epilogue nothing;
    conv_job job = { .x = x, .weight = weight, .y = y, .scratch = scratch };

    job.after = after ? after : &nothing;
    if (is_empty(conv)) return EFFNN_OK;
    if (is_depthwise(conv))
        return effnn__kernels_get()->depthwise2d_f32(context, conv, x, weight, job.after, y);
    if (conv->c_in == 0 || conv->kernel_h == 0 || conv->kernel_w == 0)
        return effnn__conv2d_f32_ref(context, conv, x, weight, job.after, y, NULL);
    return run(context, &job, conv);
}

effnn_status effnn__conv2d_packed_f32_tiles(effnn_context *context, const effnn__conv2d *conv,
                                            const float *x, const float *packed,
                                            const effnn__epilogue *after, float *y, void *scratch)
{
    conv_job job = { .after = after, .x = x, .weight = packed, .y = y, .scratch = scratch };

    if (is_empty(conv)) return EFFNN_OK;
    if (effnn__conv2d_fits_slabs(conv))
        return effnn__conv2d_f32_slabs(context, conv, x, packed, job.after, y, scratch);
    job.is_packed = true;
    return run(context, &job, conv);
}
