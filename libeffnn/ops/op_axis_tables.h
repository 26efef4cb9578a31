/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_AXIS_TABLES_H
#define EFFNN_OPS_OP_AXIS_TABLES_H

/* Output 0 made of elements of input 0, axis by axis: a table for each axis says which source index
 * every output index takes, or that a fill value stands there (padding, tiling, nearest
 * neighbours). The tables are the operator's scratch. */

#include "ops/op_infer.h"

/* Source index in [0, size) of output index `at` along an axis; -1: the fill value. */
typedef int64_t (*effnn__place_fn)(const void *user, size_t axis, int64_t at, int64_t size);

/* The row's `scratch`. */
size_t effnn__axis_tables_scratch(const effnn_op_call *call, effnn_op_phase phase);

/* Fill the tables and copy. fill: one element; NULL: zero. Ranks of input 0 and output 0 are equal.
 */
effnn_status effnn__axis_tables_run(const effnn_op_call *call, effnn__place_fn place,
                                    const void *user, const void *fill);
#endif
