/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_EINSUM_H
#define EFFNN_OPS_OP_EINSUM_H

/* The equation of an Einstein sum: "bij,bjk->bik". */

#include "base/status.h"

#include <effnn/tensor.h>
#include <stdbool.h>

#define EFFNN__EINSUM_INPUTS 8
#define EFFNN__EINSUM_LABELS (52 + EFFNN_MAX_RANK) /* letters, and the axes of an ellipsis */

/* Labels of the axes of one operand or of the result. */
typedef struct effnn__einsum_term {
    size_t n;
    unsigned char labels[EFFNN_MAX_RANK];
} effnn__einsum_term;

typedef struct effnn__einsum {
    size_t n_inputs;
    effnn__einsum_term inputs[EFFNN__EINSUM_INPUTS], output;
} effnn__einsum;

/* Parse an equation for operands of these ranks. On failure *why says what is wrong with it: E_ARG,
 * or E_UNSUPPORTED for a result of too high a rank. */
effnn_status effnn__einsum_parse(effnn__einsum *out, const char *equation, size_t n_inputs,
                                 const size_t *ranks, const char **why);

/* True if the term has this label. */
bool effnn__einsum_has(const effnn__einsum_term *term, unsigned label);
#endif
