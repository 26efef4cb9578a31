/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_CONV_PIECES_H
#define EFFNN_KERNELS_CONV_PIECES_H

/* How a convolution by register tiles falls into pieces of work: an item is one image and group;
 * its output positions are cut across, as the way of computing wants, its output channels down. By
 * the sizes alone, so that no bit depends on threads.
 *
 * Packed weights: for each group its output channels in panels as wide as a tile (or the group),
 * the last filled up with zeros, and in a panel tap after tap. So a panel is the right side of a
 * product whose rows are positions, and some of its columns the left side of one whose rows are
 * channels. */

#include "base/pool.h"
#include "kernels/kernels.h"
#include "kernels/tile.h"

typedef struct effnn__conv_pieces {
    size_t taps, positions;           /* of one filter; of one output plane */
    size_t group_out, panel, rows;    /* output channels of a group, of a panel, of a piece */
    size_t height;                    /* of a tile whose rows are channels */
    size_t n_items, n_across, n_down; /* pieces: the product of all three */
} effnn__conv_pieces;

/* What a piece number stands for. */
typedef struct effnn__conv_piece {
    size_t item, across, row, n_rows; /* rows: output channels of the group */
} effnn__conv_piece;

static inline bool effnn__conv_is_depthwise(const effnn__conv2d *v)
{
    return v->groups > 1 && v->groups == v->c_in && v->groups == v->c_out;
}

/* Whether a window reaches beyond the picture. */
static inline bool effnn__conv_has_padding(const effnn__conv2d *v)
{
    return v->pad_top || v->pad_left ||
           (v->out_h - 1) * v->stride_h + (v->kernel_h - 1) * v->dilation_h >= v->h ||
           (v->out_w - 1) * v->stride_w + (v->kernel_w - 1) * v->dilation_w >= v->w;
}

/* One tap, and every position of the picture is one of the output: lines do not matter. */
static inline bool effnn__conv_is_flat(const effnn__conv2d *v)
{
    return v->kernel_h * v->kernel_w == 1 && v->out_h == v->h && v->out_w == v->w &&
           v->stride_h == 1 && v->stride_w == 1 && !effnn__conv_has_padding(v);
}

/* The sizes that packed weights depend on. */
static inline void effnn__conv_pieces_open(effnn__conv_pieces *self, const effnn__conv2d *v)
{
    self->taps = v->c_in / v->groups * v->kernel_h * v->kernel_w;
    self->positions = v->out_h * v->out_w;
    self->group_out = v->c_out / v->groups;
    self->panel = effnn__tile_get()->columns;
    if (self->group_out < self->panel) self->panel = self->group_out;
    self->height = effnn__tile_height(effnn__tile_get(), self->panel);
    self->n_items = v->n * v->groups;
}

/* Elements of a group's packed weights. */
static inline size_t effnn__conv_group_floats(const effnn__conv_pieces *self)
{
    return effnn__piece_count(self->group_out, self->panel) * self->panel * self->taps;
}

/* Where channel `row` of a packed matrix with so many taps begins; its taps are a panel apart. */
static inline size_t effnn__conv_row_begin(const effnn__conv_pieces *self, size_t row, size_t taps)
{
    return row / self->panel * self->panel * taps + row % self->panel;
}

/* Channels from `row` on that one tile may take, before row `end`. */
static inline size_t effnn__conv_tile_rows(const effnn__conv_pieces *self, size_t row, size_t end)
{
    const size_t of_panel = self->panel - row % self->panel;
    const size_t here = of_panel < self->height ? of_panel : self->height;

    return end - row < here ? end - row : here;
}

/* Cut the channels, down to `fewest` panels a piece where there would be less work than threads
 * like. */
static inline void effnn__conv_pieces_cut(effnn__conv_pieces *self, size_t n_across, size_t fewest)
{
    enum { MOST_PANELS = 8, FEWEST_PIECES = 8 };
    const size_t panels = effnn__piece_count(self->group_out, self->panel);
    const size_t pieces = self->n_items * n_across;

    self->n_across = n_across;
    self->n_down = effnn__piece_count(panels, MOST_PANELS);
    if (pieces * self->n_down < FEWEST_PIECES) {
        const size_t wanted = effnn__piece_count(FEWEST_PIECES, pieces);
        const size_t most = effnn__piece_count(panels, fewest);

        if (self->n_down < most) self->n_down = wanted < most ? wanted : most;
    }
    self->rows = effnn__piece_count(panels, self->n_down) * self->panel;
    self->n_down = effnn__piece_count(self->group_out, self->rows);
}

static inline size_t effnn__conv_piece_count(const effnn__conv_pieces *self)
{
    return self->n_items * self->n_across * self->n_down;
}

static inline effnn__conv_piece effnn__conv_piece_at(const effnn__conv_pieces *self, size_t number)
{
    const size_t row = number % self->n_down * self->rows, rest = self->group_out - row;

    return (effnn__conv_piece){ .item = number / self->n_down / self->n_across,
                                .across = number / self->n_down % self->n_across,
                                .row = row,
                                .n_rows = rest < self->rows ? rest : self->rows };
}

/* A slab: lines of the padded picture, padding written out. */
typedef struct effnn__conv_slab {
    const effnn__conv2d *conv;
    const float *x, *x_end;        /* the first channel wanted; the end of the whole input */
    size_t channels, lines, width; /* of the slab */
    size_t first;                  /* line, counted from the top of the padding */
} effnn__conv_slab;

/* Elements behind a slab that filling it writes as well. */
enum { EFFNN__CONV_OVERRUN = 8 };

/* out: [channels, lines, width] and EFFNN__CONV_OVERRUN more. */
void effnn__conv_fill_slab(const effnn__conv_slab *slab, float *out);
#endif
