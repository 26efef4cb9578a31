/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches for a model, of its own fixed size if it has one. */

#include "model/batch_reader.h"

#include "base/alloc.h"
#include "tensor/tensor.h"

#include <string.h>

effnn_status effnn__batch_reader_open(effnn__batch_reader *self, effnn_dataset *data,
                                      const effnn_model *model, uint32_t batch, uint64_t count)
{
    const int64_t fixed = effnn__model_fixed_batch(model);
    const uint64_t total = effnn_dataset_count(data);
    const size_t n = model->graph->inputs.n;

    memset(self, 0, sizeof *self);
    if (batch == 0) return effnn__fail(EFFNN_E_ARG, "batch: 0 samples at once");
    self->data = data;
    self->model = model;
    self->fixed = fixed > 0;
    self->batch = fixed > 0 ? (size_t)fixed : batch;
    self->count = count && count < total ? count : total;
    self->current.version = 1;
    self->current.n_inputs = effnn_dataset_input_count(data);
    self->current.inputs = effnn__alloc_array(self->current.n_inputs + 1, sizeof(effnn_tensor *));
    self->inputs = effnn__alloc_array(n + 1, sizeof *self->inputs);
    self->padded = effnn__alloc_array(n + 1, sizeof *self->padded);
    if (self->current.inputs && self->inputs && self->padded) return EFFNN_OK;
    effnn__batch_reader_close(self);
    return effnn__fail_nomem("batch", n * sizeof *self->inputs);
}

static void clear(effnn__batch_reader *self)
{
    effnn_batch_clear(&self->current);
    for (size_t i = 0; self->padded && i < self->model->graph->inputs.n; i++) {
        effnn_tensor_release(self->padded[i]);
        self->padded[i] = NULL;
    }
}

void effnn__batch_reader_close(effnn__batch_reader *self)
{
    if (!self->model) return;
    clear(self);
    effnn__free(self->current.inputs);
    effnn__free(self->inputs);
    effnn__free(self->padded);
    memset(self, 0, sizeof *self);
}

/* [real, …] to [batch, …], the last sample repeated. */
static effnn_status fill_up(effnn_tensor **out, effnn_tensor *from, size_t batch)
{
    int64_t dims[EFFNN_MAX_RANK];
    effnn_tensor *source = NULL, *made = NULL;
    const size_t real = (size_t)effnn_tensor_dims(from)[0];
    effnn_status status = effnn__tensor_contiguous(&source, from);

    if (status != EFFNN_OK) return status;
    memcpy(dims, effnn_tensor_dims(from), effnn_tensor_rank(from) * sizeof *dims);
    dims[0] = (int64_t)batch;
    status = effnn_tensor_create(&made, effnn__tensor_context(from), effnn_tensor_dtype(from),
                                 effnn_tensor_rank(from), dims);
    if (status == EFFNN_OK) {
        const size_t size = effnn_tensor_bytes(from) / real;
        const char *samples = effnn_tensor_data(source);
        char *to = effnn__tensor_data(made);

        for (size_t i = 0; i < batch; i++)
            memcpy(to + i * size, samples + (i < real ? i : real - 1) * size, size);
        *out = made;
    }
    effnn_tensor_release(source);
    return status;
}

effnn_status effnn__batch_reader_next(effnn__batch_reader *self)
{
    const uint64_t left = self->count - self->first;

    clear(self);
    self->real = left < self->batch ? (size_t)left : self->batch;
    if (self->real == 0) return EFFNN_OK;
    EFFNN_TRY(effnn_dataset_read(&self->current, self->data, self->first, self->real));
    self->first += self->real;
    EFFNN_TRY(effnn__dataset_match(self->inputs, self->data, &self->current, self->model));
    for (size_t i = 0; self->fixed && self->real < self->batch && i < self->model->graph->inputs.n;
         i++) {
        EFFNN_TRY(fill_up(&self->padded[i], self->inputs[i], self->batch));
        self->inputs[i] = self->padded[i];
    }
    return EFFNN_OK;
}
