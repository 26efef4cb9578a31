/* SPDX-License-Identifier: BSD-3-Clause */
/* The way of a recurrent layer through time. What does not wait for the step before, x · wᵀ + b, is
 * one product over many steps; then step by step h · rᵀ is added for all sequences and the cells of
 * the sequences are worked out, each by itself.
 *
 * A sequence that has ended (sequence_lens) keeps its state, its y is 0; one of length 0 has final
 * states of 0. `clip` bounds what goes into the gates' activations (not the cell on its way to h).
 * In both points ONNX leaves room and this is what ONNX Runtime does. */

#include "ops/op_recurrent.h"

#include "base/pool.h"
#include "base/str.h"
#include "ops/op_move.h"
#include "tensor/dtype.h"

#include <stdio.h>
#include <string.h>

enum {
    PROJECTED_BYTES = 4 << 20, /* gates that are projected together */
    ALIGNMENT = 64
};

/* ---- memory ---- */

/* The next `bytes` of scratch; NULL while they are only counted. */
static void *take(char *scratch, size_t *used, size_t bytes)
{
    char *memory = scratch ? scratch + *used : NULL;

    *used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return memory;
}

/* Fill in sizes and places in scratch (NULL: count only); gives its size. */
static size_t layer_open(effnn__recurrent *self, const effnn_op_call *call,
                         const effnn__recurrent_kind *kind, char *scratch)
{
    const effnn_tensor *x = call->inputs[EFFNN__RECURRENT_X];
    const int64_t *dims = effnn_tensor_dims(x);
    const effnn_dtype dtype = effnn_tensor_dtype(x);
    size_t used = 0;

    self->call = call;
    self->attrs = call->attrs;
    self->kind = kind;
    self->reals = effnn__reals_of(dtype);
    self->n_steps = (size_t)dims[self->attrs->layout == 1];
    self->n_batch = (size_t)dims[self->attrs->layout != 1];
    self->n_in = (size_t)dims[2];
    self->n_hidden = (size_t)effnn_tensor_dims(call->inputs[EFFNN__RECURRENT_R])[2];
    self->n_directions = effnn__recurrent_direction_count(self->attrs);
    for (size_t i = 0; i < EFFNN__RECURRENT_INPUTS; i++) {
        const effnn_tensor *input = effnn__call_input(call, i);

        if (!input) continue;
        self->inputs[i] = effnn_tensor_data(input);
        if (i != EFFNN__RECURRENT_LENGTHS && dtype != self->reals->dtype)
            self->inputs[i] = take(scratch, &used, effnn_tensor_count(input) * self->reals->size);
    }
    const size_t size = self->reals->size, gates = kind->n_gates * self->n_hidden;
    const size_t step = self->n_batch * gates * size, state = self->n_batch * self->n_hidden * size;
    self->chunk = step == 0 ? 1 : PROJECTED_BYTES / step;
    if (self->chunk > self->n_steps) self->chunk = self->n_steps;
    if (self->chunk == 0) self->chunk = 1;
    self->all_gates = take(scratch, &used, self->chunk * step);
    self->bias_sum = take(scratch, &used, gates * size);
    self->h = take(scratch, &used, state);
    self->c = take(scratch, &used, state);
    self->extra = take(scratch, &used, state);
    self->offsets = take(scratch, &used, 2 * self->n_batch * sizeof *self->offsets);
    return used;
}

size_t effnn__recurrent_scratch(const effnn_op_call *call, const effnn__recurrent_kind *kind)
{
    effnn__recurrent layer = { 0 };

    return effnn__call_is_idle(call) ? 0 : layer_open(&layer, call, kind, NULL);
}

/* Halves as doubles. */
static void widen_inputs(const effnn__recurrent *self)
{
    for (size_t i = 0; i < EFFNN__RECURRENT_INPUTS; i++) {
        const effnn_tensor *input = effnn__call_input(self->call, i);
        double *to = (double *)self->inputs[i];

        if (!input || i == EFFNN__RECURRENT_LENGTHS ||
            effnn_tensor_dtype(input) == self->reals->dtype)
            continue;
        const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(input));
        for (size_t k = 0; k < effnn_tensor_count(input); k++)
            to[k] = row->load_f64(effnn_tensor_data(input), k);
    }
}

static double load_real(const effnn__recurrent *self, const void *array, size_t i)
{
    return self->reals->dtype == EFFNN_F32 ? (double)((const float *)array)[i]
                                           : ((const double *)array)[i];
}

static void store_real(const effnn__recurrent *self, void *array, size_t i, double value)
{
    if (self->reals->dtype == EFFNN_F32)
        ((float *)array)[i] = (float)value;
    else
        ((double *)array)[i] = value;
}

/* n reals into output `output` from element `at` on, in its own type; from NULL: zeros. */
static void put(const effnn__recurrent *self, size_t output, size_t at, const void *from, size_t n)
{
    effnn_tensor *y = output < self->call->n_outputs ? self->call->outputs[output] : NULL;

    if (!y) return;
    char *to = effnn__tensor_data(y);
    const size_t size = effnn__element_size(y);
    if (!from) {
        memset(to + at * size, 0, n * size);
    } else if (effnn_tensor_dtype(y) == self->reals->dtype) {
        memcpy(to + at * size, from, n * size);
    } else {
        const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(y));

        for (size_t i = 0; i < n; i++) row->store_f64(to, at + i, load_real(self, from, i));
    }
}

/* ---- time ---- */

static size_t length_of(const effnn__recurrent *self, size_t sequence)
{
    const effnn_tensor *lengths = effnn__call_input(self->call, EFFNN__RECURRENT_LENGTHS);

    return lengths ? (size_t)effnn__tensor_load_i64(lengths, sequence) : self->n_steps;
}

static effnn_status check_lengths(const effnn__recurrent *self)
{
    const effnn_tensor *lengths = effnn__call_input(self->call, EFFNN__RECURRENT_LENGTHS);

    for (size_t i = 0; lengths && i < self->n_batch; i++) {
        const int64_t length = effnn__tensor_load_i64(lengths, i);

        if (length < 0 || length > (int64_t)self->n_steps)
            return effnn__call_fail(self->call, EFFNN_E_ARG, "sequence %zu has length %lld of %zu",
                                    i, (long long)length, self->n_steps);
    }
    return EFFNN_OK;
}

/* Element of a state tensor [D, B, H] (or [B, D, H]) where a sequence's row begins. */
static size_t state_at(const effnn__recurrent *self, size_t sequence)
{
    const size_t row = self->attrs->layout == 1 ? sequence * self->n_directions + self->direction
                                                : self->direction * self->n_batch + sequence;

    return row * self->n_hidden;
}

static void load_states(effnn__recurrent *self)
{
    const size_t bytes = self->n_hidden * self->reals->size;

    for (size_t b = 0; b < self->n_batch; b++) {
        const size_t at = state_at(self, b) * self->reals->size;
        const char *h = self->inputs[EFFNN__RECURRENT_H], *c = self->inputs[EFFNN__RECURRENT_C];

        memset(self->h + b * bytes, 0, bytes);
        memset(self->c + b * bytes, 0, bytes);
        if (length_of(self, b) == 0 && self->n_steps > 0) continue;
        if (h) memcpy(self->h + b * bytes, h + at, bytes);
        if (c) memcpy(self->c + b * bytes, c + at, bytes);
    }
}

static void hand_on_states(effnn__recurrent *self)
{
    const size_t bytes = self->n_hidden * self->reals->size;

    for (size_t b = 0; b < self->n_batch; b++) {
        put(self, 1, state_at(self, b), self->h + b * bytes, self->n_hidden);
        put(self, 2, state_at(self, b), self->c + b * bytes, self->n_hidden);
    }
}

/* Both biases of each gate together; of the last one only the input's, if the kind keeps the
 * recurrent one apart. */
static void sum_biases(effnn__recurrent *self)
{
    const size_t n = self->kind->n_gates * self->n_hidden;
    const bool apart = self->kind->separate_bias && self->attrs->linear_before_reset;

    for (size_t i = 0; i < n; i++) {
        double sum = self->bias ? load_real(self, self->bias, i) : 0.0;

        if (self->bias && !(apart && i >= n - self->n_hidden))
            sum += load_real(self, self->bias, n + i);
        store_real(self, self->bias_sum, i, sum);
    }
}

void effnn__recurrent_activate(const effnn__recurrent *self, void *gate, size_t activation)
{
    if (self->attrs->clip > 0.0) self->reals->clip(gate, self->n_hidden, self->attrs->clip);
    self->reals->activate(gate, gate, self->n_hidden,
                          &self->activations[self->direction][activation]);
}

/* What the backward needs of a sequence's step. */
static void keep_aux(const effnn__recurrent *self, size_t sequence, bool ended)
{
    const size_t bytes = self->n_hidden * self->reals->size, all = self->kind->n_gates * bytes;
    const size_t row = (self->direction * self->n_steps + self->t) * self->n_batch + sequence;
    const char *second = self->kind->has_cell ? self->c : self->extra;
    void *const *aux = self->call->aux;

    if (aux && aux[0]) {
        if (ended)
            memset((char *)aux[0] + row * all, 0, all);
        else
            memcpy((char *)aux[0] + row * all, self->gates + sequence * all, all);
    }
    if (aux && self->call->def->n_aux > 1 && aux[1]) {
        if (ended)
            memset((char *)aux[1] + row * bytes, 0, bytes);
        else
            memcpy((char *)aux[1] + row * bytes, second + sequence * bytes, bytes);
    }
}

typedef struct rows_job {
    effnn__recurrent *layer;
    effnn__recurrent_cell cell;
    bool last;
} rows_job;

static effnn_status rows_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const rows_job *job = job_;
    effnn__recurrent *self = job->layer;
    const size_t n = self->n_hidden;

    (void)piece;
    for (size_t b = begin; b < end; b++) {
        const bool ended = self->t >= length_of(self, b);
        const size_t row =
            self->attrs->layout == 1
                ? (b * self->n_steps + self->t) * self->n_directions + self->direction
                : (self->t * self->n_directions + self->direction) * self->n_batch + b;

        if (!ended) job->cell(self, b);
        if (!job->last) continue;
        put(self, 0, row * n, ended ? NULL : self->h + b * n * self->reals->size, n);
        keep_aux(self, b, ended);
    }
    return EFFNN_OK;
}

effnn_status effnn__recurrent_rows(effnn__recurrent *self, effnn__recurrent_cell cell, bool last)
{
    rows_job job = { self, cell, last };

    return effnn__parallel_for(self->call->context, self->n_batch,
                               EFFNN__RECURRENT_GRAIN / (8 * self->n_hidden + 1) + 1, rows_piece,
                               &job);
}

static effnn_status run_direction(effnn__recurrent *self)
{
    const bool backward = self->attrs->direction == 1 || self->direction == 1;
    const size_t step = self->n_batch * self->kind->n_gates * self->n_hidden * self->reals->size;

    sum_biases(self);
    load_states(self);
    for (size_t done = 0; done < self->n_steps;) {
        const size_t rest = self->n_steps - done;
        const size_t n = rest < self->chunk ? rest : self->chunk;
        const size_t first = backward ? rest - n : done;

        EFFNN_TRY(effnn__recurrent_project(self, first, n));
        for (size_t i = 0; i < n; i++) {
            const size_t at = backward ? n - 1 - i : i;

            self->t = first + at;
            self->gates = self->all_gates + at * step;
            EFFNN_TRY(self->kind->step(self));
        }
        done += n;
    }
    hand_on_states(self);
    return EFFNN_OK;
}

effnn_status effnn__recurrent_run(const effnn_op_call *call, const effnn__recurrent_kind *kind)
{
    effnn__recurrent layer = { 0 };

    if (effnn__call_is_idle(call)) return EFFNN_OK;
    layer_open(&layer, call, kind, call->scratch);
    EFFNN_TRY(check_lengths(&layer));
    EFFNN_TRY(effnn__recurrent_activations_of(layer.activations, layer.attrs, kind));
    widen_inputs(&layer);
    for (size_t d = 0; d < layer.n_directions; d++) {
        const size_t size = layer.reals->size, gates = kind->n_gates * layer.n_hidden;

        layer.direction = d;
        layer.w = (const char *)layer.inputs[EFFNN__RECURRENT_W] + d * gates * layer.n_in * size;
        layer.r =
            (const char *)layer.inputs[EFFNN__RECURRENT_R] + d * gates * layer.n_hidden * size;
        layer.bias = layer.inputs[EFFNN__RECURRENT_B];
        if (layer.bias) layer.bias += d * 2 * gates * size;
        layer.peepholes = layer.inputs[EFFNN__RECURRENT_P];
        if (layer.peepholes) layer.peepholes += d * 3 * layer.n_hidden * size;
        EFFNN_TRY(run_direction(&layer));
    }
    return EFFNN_OK;
}

/* ---- what a plan asks ---- */

void effnn__recurrent_cost(const effnn_op_call *call, const effnn__recurrent_kind *kind,
                           effnn_op_cost *out)
{
    effnn__recurrent layer = { 0 };

    layer_open(&layer, call, kind, NULL);
    const double rows = (double)layer.n_directions * (double)layer.n_steps * (double)layer.n_batch;
    const double gates = (double)kind->n_gates * (double)layer.n_hidden;
    out->macs = rows * gates * ((double)layer.n_in + (double)layer.n_hidden);
    out->flops = 3.0 * rows * gates;
}

void effnn__recurrent_saves(const effnn_op_call *call, effnn_op_saves *out)
{
    if (!out->wanted) return;
    for (size_t i = 0; i < call->n_inputs; i++) out->inputs |= (uint32_t)1 << i;
    for (size_t i = 0; i < call->def->n_aux; i++) out->aux |= (uint32_t)1 << i;
}

size_t effnn__recurrent_aux(const effnn_op_call *call, const effnn__recurrent_kind *kind,
                            size_t index)
{
    effnn__recurrent layer = { 0 };

    layer_open(&layer, call, kind, NULL);
    return layer.n_directions * layer.n_steps * layer.n_batch * layer.n_hidden *
           (index == 0 ? kind->n_gates : 1) * layer.reals->size;
}
