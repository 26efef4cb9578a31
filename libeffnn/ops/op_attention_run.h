/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_ATTENTION_RUN_H
#define EFFNN_OPS_OP_ATTENTION_RUN_H

/* An attention at work, for its two ways of computing: f32 by blocks of queries
 * (op_attention_run.c), other types one query at a time (op_attention_plain.c). */

#include "ops/op_attention.h"

/* Rows of one head: element of the first, distance. */
typedef struct effnn__attention_rows {
    size_t begin, stride;
} effnn__attention_rows;

typedef struct effnn__attention_job {
    const effnn_op_call *call;
    const effnn__attention_attrs *attrs;
    effnn__attention a;
    bool is_f32;
    size_t block, n_blocks, n_items, slot_bytes;
    size_t keys_at; /* byte of a slot where packed keys begin, behind the scores */
    const effnn_tensor *mask;
    size_t mask_strides[3], mask_len; /* of batch, head, query; keys it speaks of */
    effnn_tensor *scores;             /* output 3, or NULL */
} effnn__attention_job;

typedef struct effnn__attention_item {
    size_t batch, head, first, n; /* queries */
} effnn__attention_item;

/* Rows of one head of [batch, len, n_heads · size] if `flat`, else of [batch, n_heads, len, size].
 */
effnn__attention_rows effnn__attention_rows_of(bool flat, size_t batch, size_t head, size_t n_heads,
                                               size_t len, size_t size);

/* Where an item's queries, outputs, past and new keys or values (of this size) lie. */
effnn__attention_rows effnn__attention_queries(const effnn__attention_job *job,
                                               const effnn__attention_item *i);
effnn__attention_rows effnn__attention_outputs(const effnn__attention_job *job,
                                               const effnn__attention_item *i);
effnn__attention_rows effnn__attention_past(const effnn__attention_job *job,
                                            const effnn__attention_item *i, size_t size);
effnn__attention_rows effnn__attention_new(const effnn__attention_job *job,
                                           const effnn__attention_item *i, size_t size);

/* Element of the mask where a query's row begins. */
size_t effnn__attention_mask(const effnn__attention_job *job, const effnn__attention_item *i,
                             size_t query);

/* Keys [*begin, *end) that a query may see, but for the mask's contents. */
void effnn__attention_visible(const effnn__attention_job *job, const effnn__attention_item *i,
                              size_t query, size_t *begin, size_t *end);

/* One query in double; scores: [total_len]. */
void effnn__attention_query(const effnn__attention_job *job, const effnn__attention_item *i,
                            size_t query, double *scores);
#endif
