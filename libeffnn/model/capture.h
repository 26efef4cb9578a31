/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_MODEL_CAPTURE_H
#define EFFNN_MODEL_CAPTURE_H

/* Calibration: one pass over a dataset that streams the operands of chosen nodes to a consumer, in
 * bounded memory (one batch at a time), through the canonical graph as it is. */

#include "base/progress.h"
#include "model/site.h"

#include <effnn/dataset.h>

/* One batch at one tapped node. Rows that a mask marks as padding are listed, not removed. */
typedef struct effnn__capture_event {
    size_t tap; /* place in the list of nodes */
    const effnn__node *node;
    const effnn_tensor *const *inputs; /* of the node, borrowed during the call */
    effnn_tensor *const *outputs;
    size_t n;                 /* samples of this batch that count */
    size_t batch;             /* samples that the tensors hold; above n in a filled-up batch */
    uint64_t first;           /* index of the first of them */
    const effnn_tensor *mask; /* [n, tokens] or NULL */
} effnn__capture_event;

typedef effnn_status (*effnn__capture_fn)(void *user, const effnn__capture_event *event);

typedef struct effnn__capture_options {
    uint32_t batch;
    uint64_t count; /* at most so many samples; 0: all */
    const effnn__progress *progress;
    const char *stage;        /* for progress */
    const char *const *names; /* of the tapped nodes, for messages; NULL: the nodes' own */
} effnn__capture_options;

/* Run the model over the data; `consume` is called on the calling thread. E_NUMERIC if an operand
 * of a tapped node is not finite (names node and sample). */
effnn_status effnn__capture_run(const effnn_model *model, effnn_dataset *data,
                                effnn__node *const *nodes, size_t n_nodes,
                                const effnn__capture_options *options, effnn__capture_fn consume,
                                void *user);

/* Rows that a linear site's product gives for sample s of an event, without the bias, as floats
 * [rows, out] of one group; and the rows of its input [rows, in] (patches for a convolution).
 * `*rows` is the number; buffers are the caller's, sized by effnn__capture_rows(). Rows masked out
 * are left away. A sample's rows lie together: the batch, or the batch times tokens or windows, is
 * the first dimension. effnn__capture_rows() is 0 where that cannot be, for what comes in is no
 * multiple of the batch. */
size_t effnn__capture_rows(const effnn__site *site, const effnn__capture_event *event);
effnn_status effnn__capture_output(float *out, size_t *rows, const effnn__site *site, int64_t group,
                                   const effnn__capture_event *event, size_t sample);
effnn_status effnn__capture_input(float *out, size_t *rows, const effnn__site *site, int64_t group,
                                  const effnn__capture_event *event, size_t sample);
#endif
