/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_WALK_H
#define EFFNN_OPS_OP_WALK_H

/* Walking an output in row-major order while operands follow by strides of their own: broadcasting,
 * permuting, slicing. A walk is made on the stack (init, then add operands, then run); neighbouring
 * dimensions that every operand crosses alike are merged, so that runs are as long as can be. */

#include "base/context.h"
#include "tensor/shape.h"

#define EFFNN__WALK_OPERANDS 3

typedef struct effnn__walk {
    size_t rank, n_operands, count;
    int64_t dims[EFFNN_MAX_RANK];
    struct {
        int64_t start;                   /* element of the first output element */
        int64_t strides[EFFNN_MAX_RANK]; /* in elements; 0: broadcast */
    } operands[EFFNN__WALK_OPERANDS];
} effnn__walk;

/* One run: output elements [at, at + n); operand k's elements begin at offsets[k], steps[k] apart.
 */
typedef void (*effnn__walk_fn)(void *user, size_t at, size_t n, const int64_t *offsets,
                               const int64_t *steps);

void effnn__walk_init(effnn__walk *self, size_t rank, const int64_t *dims);

/* Add an operand by strides of the output's rank. */
void effnn__walk_add(effnn__walk *self, int64_t start, const int64_t *strides);

/* Add a contiguous tensor's shape that broadcasts to the output's. */
void effnn__walk_add_broadcast(effnn__walk *self, size_t rank, const int64_t *dims);

/* Run in pieces of `grain` elements on the context's threads. */
effnn_status effnn__walk_run(effnn__walk *self, effnn_context *context, size_t grain,
                             effnn__walk_fn run, void *user);

/* out[i] = in[operand 0's element of i], elements of `size` bytes. */
effnn_status effnn__walk_copy(effnn__walk *self, effnn_context *context, void *out, const void *in,
                              size_t size);
#endif
