/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_MODEL_BATCH_READER_H
#define EFFNN_MODEL_BATCH_READER_H

/* Going through a dataset for a model, batch by batch, whatever batch the model takes. A model of
 * fixed batch gets just that: the last batch is filled up with copies of its last sample, and
 * `real` says how many samples count. */

#include "model/dataset.h"
#include "model/model.h"

typedef struct effnn__batch_reader {
    effnn_dataset *data;
    const effnn_model *model;
    size_t batch;
    bool fixed;
    uint64_t first, count; /* next sample, samples in all */
    effnn_batch current;   /* tensors of the samples that count */
    effnn_tensor **inputs; /* [inputs.n] in the model's order, filled up; borrowed or owned: */
    effnn_tensor **padded; /* [inputs.n] owned tensors behind `inputs`, or NULL entries */
    size_t real;           /* samples that count in this batch */
} effnn__batch_reader;

/* count: at most so many samples; 0: all. */
effnn_status effnn__batch_reader_open(effnn__batch_reader *self, effnn_dataset *data,
                                      const effnn_model *model, uint32_t batch, uint64_t count);

/* Read the next batch; real is 0 at the end. */
effnn_status effnn__batch_reader_next(effnn__batch_reader *self);

void effnn__batch_reader_close(effnn__batch_reader *self); /* a zeroed one is allowed */
#endif
