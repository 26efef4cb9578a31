/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_MODEL_DATASET_H
#define EFFNN_MODEL_DATASET_H

/* The dataset interface inside: a table of functions. Readers of file formats (io) fill one in. */

#include "base/status.h"

#include <effnn/dataset.h>

typedef struct effnn__dataset_ops {
    /* Fill a batch whose inputs array is given (entries NULL); as effnn_dataset_read(). On failure
     * whatever was put into the batch is released by the caller. */
    effnn_status (*read)(void *state, uint64_t first, size_t n, effnn_batch *batch);
    void (*destroy)(void *state);
} effnn__dataset_ops;

/* Takes over `state` on success. names: [n_inputs] copied; NULL: by position. */
effnn_status effnn__dataset_new(effnn_dataset **out, effnn_context *context,
                                const effnn__dataset_ops *ops, void *state, uint64_t count,
                                size_t n_inputs, const char *const *names);

/* A slice or reordering of another dataset, which it takes over on success: sample i is sample
 * order[i] (order == NULL: first + i). */
effnn_status effnn__dataset_subset(effnn_dataset **out, effnn_dataset *inner, uint64_t first,
                                   uint64_t count, const uint64_t *order);

effnn_context *effnn__dataset_context(const effnn_dataset *self);

/* How the samples were made from raw values, as JSON for the model's metadata "effnn.preprocess"
 * ({"mean": […], "std": […], "scale": 255}); NULL: unknown. */
const char *effnn__dataset_preprocess(const effnn_dataset *self);
effnn_status effnn__dataset_set_preprocess(effnn_dataset *self, const char *text);

/* Inputs of a batch in the model's order: inputs[i] is borrowed from the batch. E_SHAPE or
 * E_NOTFOUND if the model's inputs are not all there or do not fit. */
effnn_status effnn__dataset_match(effnn_tensor **inputs, const effnn_dataset *self,
                                  const effnn_batch *batch, const effnn_model *model);
#endif
