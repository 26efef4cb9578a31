/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_SAVES_H
#define EFFNN_OPS_OP_SAVES_H

/* The usual answers to what a backward needs; each is a row's `saves`. */

#include "ops/op.h"

void effnn__saves_input(const effnn_op_call *call, effnn_op_saves *out);  /* input 0 */
void effnn__saves_output(const effnn_op_call *call, effnn_op_saves *out); /* output 0 */
void effnn__saves_inputs(const effnn_op_call *call, effnn_op_saves *out); /* all inputs */

/* Input 0 and output 0, for input 0's gradient (extremes: where are they equal?). */
void effnn__saves_input_output(const effnn_op_call *call, effnn_op_saves *out);

/* For the gradient of input 0 or 1 the other one (products). */
void effnn__saves_partners(const effnn_op_call *call, effnn_op_saves *out);

/* All auxiliary results: for input 0's gradient beside the scale (input 1), for the scale's beside
 * input 0 (normalisations). */
void effnn__saves_statistics(const effnn_op_call *call, effnn_op_saves *out);

/* All auxiliary results, for input 0's gradient (masks, places of maxima). */
void effnn__saves_aux(const effnn_op_call *call, effnn_op_saves *out);
#endif
