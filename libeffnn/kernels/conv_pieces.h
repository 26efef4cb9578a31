/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_CONV_PIECES_H
#define EFFNN_KERNELS_CONV_PIECES_H

/* How a convolution by register tiles falls into pieces of work: an item is one image and group;
 * its output positions are cut across, as the way of computing wants, its output channels down. By
 * the sizes alone, so that no bit depends on threads. */

#include "base/pool.h"
#include "kernels/kernels.h"
#include "kernels/tile.h"

typedef struct effnn__conv_pieces {
    size_t taps, positions;           /* of one filter; of one output plane */
    size_t group_out, height, rows;   /* output channels of a group, of a tile, of a piece */
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

/* The sizes that packed weights depend on. */
static inline void effnn__conv_pieces_open(effnn__conv_pieces *self, const effnn__conv2d *v)
{
    self->taps = v->c_in / v->groups * v->kernel_h * v->kernel_w;
    self->positions = v->out_h * v->out_w;
    self->group_out = v->c_out / v->groups;
    self->height = effnn__tile_height(effnn__tile_get(), self->group_out);
    self->n_items = v->n * v->groups;
}

/* Elements of a group's packed weights: whole tiles, each with all its terms. */
static inline size_t effnn__conv_group_floats(const effnn__conv_pieces *self)
{
    return effnn__piece_count(self->group_out, self->height) * self->height * self->taps;
}

/* Cut the channels: at most MOST_TILES tiles a piece, and down to `fewest` of them where there
 * would be less work than threads like. */
static inline void effnn__conv_pieces_cut(effnn__conv_pieces *self, size_t n_across, size_t fewest)
{
    enum { MOST_TILES = 20, FEWEST_PIECES = 8 };
    const size_t tiles = effnn__piece_count(self->group_out, self->height);
    const size_t pieces = self->n_items * n_across;

    self->n_across = n_across;
    self->n_down = effnn__piece_count(tiles, MOST_TILES);
    if (pieces * self->n_down < FEWEST_PIECES) {
        const size_t wanted = effnn__piece_count(FEWEST_PIECES, pieces);
        const size_t most = effnn__piece_count(tiles, fewest);

        self->n_down = wanted < most ? wanted : most;
    }
    self->rows = effnn__piece_count(tiles, self->n_down) * self->height;
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
#endif
