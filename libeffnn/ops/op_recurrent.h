/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_RECURRENT_H
#define EFFNN_OPS_OP_RECURRENT_H

/* What the recurrent layers lstm, gru and rnn share: attributes, shapes, the way through time, and
 * ONNX. An operator gives its kind: how many gates it has and how one time step goes. Inputs, with
 * T steps, B sequences, D directions, G gates: x [T, B, I], w [D, G·H, I], r [D, G·H, H], b
 * [D, 2·G·H], sequence_lens [B], initial_h [D, B, H], and for a layer with a cell initial_c
 * [D, B, H] and peepholes [D, 3·H]; outputs y [T, D, B, H], y_h and y_c [D, B, H]. With layout 1
 * the batch comes first. All outputs are optional. */

#include "ops/op_infer.h"

#include <effnn/option.h>

enum {
    EFFNN__RECURRENT_X,
    EFFNN__RECURRENT_W,
    EFFNN__RECURRENT_R,
    EFFNN__RECURRENT_B,
    EFFNN__RECURRENT_LENGTHS,
    EFFNN__RECURRENT_H,
    EFFNN__RECURRENT_C,
    EFFNN__RECURRENT_P,
    EFFNN__RECURRENT_INPUTS
};

typedef struct effnn__recurrent_attrs {
    effnn_string_list activations, activation_alpha, activation_beta;
    double clip; /* 0: none */
    int direction;
    int64_t hidden_size, layout; /* 0: as the weights have it; 1: batch first */
    bool input_forget, linear_before_reset;
} effnn__recurrent_attrs;

/* Rows of the option tables that all three have. */
extern const char *const effnn__recurrent_directions[];

/* ---- arithmetic in f32 or f64 on arrays of n elements ---- */

typedef struct effnn__activation_row effnn__activation_row;
typedef struct effnn__activation {
    const effnn__activation_row *row;
    double alpha, beta;
} effnn__activation;

typedef struct effnn__reals {
    effnn_dtype dtype;
    size_t size;                                                           /* of an element */
    void (*multiply)(void *y, const void *a, const void *b, size_t n);     /* a·b */
    void (*multiply_add)(void *y, const void *a, const void *b, size_t n); /* y + a·b */
    void (*blend)(void *y, const void *z, const void *a, const void *b, size_t n); /* (1-z)a+zb */
    void (*complement)(void *y, const void *a, size_t n);                          /* 1 - a */
    void (*clip)(void *y, size_t n, double limit);                                 /* to ±limit */
    void (*activate)(void *y, const void *x, size_t n, const effnn__activation *by); /* may alias */
} effnn__reals;

/* Halves are computed in f64. */
const effnn__reals *effnn__reals_of(effnn_dtype dtype);

/* The row of a name, whatever its case, or NULL; alpha and beta are its defaults. */
const effnn__activation_row *effnn__activation_find(const char *name, double *alpha, double *beta);
/* How many of alpha, beta it has. */
size_t effnn__activation_parameters(const effnn__activation_row *row);

/* ---- a layer at work ---- */

#define EFFNN__RECURRENT_ACTIVATIONS 3 /* of one direction, at most */

typedef struct effnn__recurrent effnn__recurrent;

typedef struct effnn__recurrent_kind {
    size_t n_gates, n_activations;
    bool has_cell;
    const char *activations[EFFNN__RECURRENT_ACTIVATIONS]; /* defaults */
    bool separate_bias; /* the recurrent bias of the last gate may stay apart (linear_before_reset)
                         */
    effnn_status (*step)(effnn__recurrent *layer);
} effnn__recurrent_kind;

/* Of the attributes: directions; the activations of all of them, parameters going to those that
 * have some, in order. */
size_t effnn__recurrent_direction_count(const effnn__recurrent_attrs *attrs);
effnn_status effnn__recurrent_activations_of(effnn__activation out[2][EFFNN__RECURRENT_ACTIVATIONS],
                                             const effnn__recurrent_attrs *attrs,
                                             const effnn__recurrent_kind *kind);

/* One direction at one time step. Rows are of one sequence: gates [B, G·H], h, c, extra [B, H]. */
struct effnn__recurrent {
    const effnn_op_call *call;
    const effnn__recurrent_attrs *attrs;
    const effnn__recurrent_kind *kind;
    const effnn__reals *reals;
    size_t n_steps, n_batch, n_in, n_hidden, n_directions;
    const void *inputs[8]; /* as reals, but the lengths; NULL: absent */
    effnn__activation activations[2][EFFNN__RECURRENT_ACTIVATIONS];

    size_t direction, t;
    const char *w, *r, *peepholes, *bias; /* of this direction; bias: [2, G·H] */
    char *gates, *h, *c, *extra;          /* gates: of this step */

    size_t chunk; /* steps whose gates are projected together */
    char *all_gates, *bias_sum;
    size_t *offsets; /* [2, B] */
};

/* Simple steps of one piece of work. */
#define EFFNN__RECURRENT_GRAIN 32768

/* Gates of steps [first, first + n), n ≤ chunk: x · wᵀ + bias_sum into all_gates [n, B, G·H]. */
effnn_status effnn__recurrent_project(effnn__recurrent *layer, size_t first, size_t n);

/* to [B, stride] += from [B, H] · rᵀ for gates [first, first + n). */
effnn_status effnn__recurrent_product(effnn__recurrent *layer, const void *from, size_t first,
                                      size_t n, void *to, size_t stride);

/* Run a cell on each sequence that has not ended at this step. The last call of a step hands the
 * new h on to the outputs. */
typedef void (*effnn__recurrent_cell)(effnn__recurrent *layer, size_t sequence);
effnn_status effnn__recurrent_rows(effnn__recurrent *layer, effnn__recurrent_cell cell, bool last);

/* Clip (as the attribute says) and activate one gate. */
void effnn__recurrent_activate(const effnn__recurrent *layer, void *gate, size_t activation);

effnn_status effnn__recurrent_infer(effnn_op_infer *call, const effnn__recurrent_kind *kind);
effnn_status effnn__recurrent_run(const effnn_op_call *call, const effnn__recurrent_kind *kind);
effnn_status effnn__recurrent_prepack(const effnn_op_call *call, const effnn__recurrent_kind *kind,
                                      effnn_op_packed *out);
size_t effnn__recurrent_scratch(const effnn_op_call *call, const effnn__recurrent_kind *kind);
void effnn__recurrent_cost(const effnn_op_call *call, const effnn__recurrent_kind *kind,
                           effnn_op_cost *out);

/* All inputs and auxiliary results: 0 is the gates of every step [D, T, B, G·H], 1 the cells or
 * what `extra` held [D, T, B, H]. */
void effnn__recurrent_saves(const effnn_op_call *call, effnn_op_saves *out);
size_t effnn__recurrent_aux(const effnn_op_call *call, const effnn__recurrent_kind *kind,
                            size_t index);

/* ONNX rows: since 14 / since 7, when there was no layout. */
effnn_status effnn__recurrent_read(effnn_onnx_reader *reader);
effnn_status effnn__recurrent_write(effnn_onnx_writer *writer);
effnn_status effnn__recurrent_write_older(effnn_onnx_writer *writer);
#endif
