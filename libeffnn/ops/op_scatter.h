/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_SCATTER_H
#define EFFNN_OPS_OP_SCATTER_H

/* What the operators share that write updates into a copy of their data by index: the option, the
 * checks, and putting one element in its place. */

#include "ops/op_index.h"
#include "ops/op_move.h"

enum {
    EFFNN__SCATTER_NONE, /* the last update of an element counts */
    EFFNN__SCATTER_ADD,
    EFFNN__SCATTER_MUL,
    EFFNN__SCATTER_MAX,
    EFFNN__SCATTER_MIN
};
extern const char *const effnn__scatter_names[];

/* infer: data and updates of one dtype, indices integers; output 0 like the data. */
effnn_status effnn__scatter_infer(effnn_op_infer *call);

/* Updates into the data, elements of one type. */
typedef struct effnn__scatter {
    const effnn__dtype_row *row;
    size_t size; /* bytes of an element */
    int reduction;
    void *y;
    const void *updates;
} effnn__scatter;

/* Output 0 = the data, and what is needed to put updates (input 2) there. */
effnn_status effnn__scatter_open(effnn__scatter *out, const effnn_op_call *call, int reduction);

/* Put updates [from, from + n) to elements [at, at + n). */
void effnn__scatter_put(const effnn__scatter *self, size_t at, size_t from, size_t n);

/* saves: the indices, for either gradient. */
void effnn__scatter_saves(const effnn_op_call *call, effnn_op_saves *out);

/* write: reductions came with opset 16, the extremes with opset 18; `since` newer forms. */
effnn_status effnn__scatter_write(effnn_onnx_writer *writer, int reduction);
#endif
