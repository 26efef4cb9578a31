/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices and reorderings of datasets, and the matching of a batch's tensors with a model's inputs.
 */

#include "base/alloc.h"
#include "model/dataset.h"
#include "model/model.h"
#include "tensor/tensor.h"

#include <string.h>

typedef struct subset {
    effnn_dataset *inner;
    uint64_t first;
    uint64_t *order; /* NULL: first, first + 1, … */
} subset;

static void subset_destroy(void *state)
{
    subset *self = state;

    effnn_dataset_destroy(self->inner);
    effnn__free(self->order);
    effnn__free(self);
}

/* Copy sample 0 of `from` to place i of `to`, which is made at the first sample with room for n. */
static effnn_status put(effnn_tensor **to, effnn_tensor *from, size_t i, size_t n)
{
    effnn__shape shape, all;
    effnn_tensor *source = NULL;
    effnn_status status;
    size_t bytes;

    if (!from && !*to) return EFFNN_OK;
    if (!from || (!*to && i > 0))
        return effnn__fail(EFFNN_E_SHAPE, "dataset: some samples of a batch lack targets or mask");
    shape = effnn__tensor_shape(from);
    shape.dims[0] = (int64_t)n;
    if (!*to)
        EFFNN_TRY(effnn_tensor_create(to, effnn__tensor_context(from), effnn_tensor_dtype(from),
                                      shape.rank, shape.dims));
    all = effnn__tensor_shape(*to);
    if (!effnn__shape_equal(&shape, &all) || effnn_tensor_dtype(from) != effnn_tensor_dtype(*to))
        return effnn__fail(EFFNN_E_SHAPE, "dataset: samples of different sizes in one batch");
    bytes = effnn_tensor_bytes(from);
    status = effnn__tensor_contiguous(&source, from);
    if (status != EFFNN_OK) return status;
    memcpy((char *)effnn__tensor_data(*to) + i * bytes, effnn_tensor_data(source), bytes);
    effnn_tensor_release(source);
    return EFFNN_OK;
}

static effnn_status read_scattered(const subset *self, uint64_t first, size_t n, effnn_batch *batch)
{
    effnn_batch one = { .version = 1 };
    effnn_status status = EFFNN_OK;

    one.n_inputs = batch->n_inputs;
    one.inputs = effnn__alloc_array(batch->n_inputs, sizeof *one.inputs);
    if (!one.inputs) return effnn__fail_nomem("dataset", batch->n_inputs * sizeof *one.inputs);
    for (size_t i = 0; i < n && status == EFFNN_OK; i++) {
        status = effnn_dataset_read(&one, self->inner, self->order[first + i], 1);
        for (size_t k = 0; k < batch->n_inputs && status == EFFNN_OK; k++)
            status = put(&batch->inputs[k], one.inputs[k], i, n);
        if (status == EFFNN_OK) status = put(&batch->targets, one.targets, i, n);
        if (status == EFFNN_OK) status = put(&batch->mask, one.mask, i, n);
        effnn_batch_clear(&one);
    }
    effnn__free(one.inputs);
    return status;
}

static effnn_status subset_read(void *state, uint64_t first, size_t n, effnn_batch *batch)
{
    const subset *self = state;

    if (self->order) return read_scattered(self, first, n, batch);
    return effnn_dataset_read(batch, self->inner, self->first + first, n);
}

static const effnn__dataset_ops ops = { subset_read, subset_destroy };

/* Names of the inner dataset, or NULL; the array is the caller's. */
static effnn_status names_of(const char ***out, const effnn_dataset *inner)
{
    const size_t n = effnn_dataset_input_count(inner);

    *out = NULL;
    if (!effnn_dataset_input_name_at(inner, 0)) return EFFNN_OK;
    *out = effnn__alloc_array(n, sizeof **out);
    if (!*out) return effnn__fail_nomem("dataset", n * sizeof **out);
    for (size_t i = 0; i < n; i++) (*out)[i] = effnn_dataset_input_name_at(inner, i);
    return EFFNN_OK;
}

effnn_status effnn__dataset_subset(effnn_dataset **out, effnn_dataset *inner, uint64_t first,
                                   uint64_t count, const uint64_t *order)
{
    subset *self = effnn__zalloc(sizeof *self);
    const char **names = NULL;
    effnn_dataset *made = NULL;
    effnn_status status;

    if (!self) return effnn__fail_nomem("dataset", sizeof *self);
    self->first = first;
    status = names_of(&names, inner);
    if (order && status == EFFNN_OK) {
        self->order = effnn__alloc_array((size_t)count + 1, sizeof *order);
        if (self->order)
            memcpy(self->order, order, (size_t)count * sizeof *order);
        else
            status = effnn__fail_nomem("dataset", (size_t)count * sizeof *order);
    }
    if (status == EFFNN_OK)
        status = effnn__dataset_new(&made, effnn__dataset_context(inner), &ops, self, count,
                                    effnn_dataset_input_count(inner), names);
    effnn__free(names);
    if (!made) {
        effnn__free(self->order);
        effnn__free(self);
        return status;
    }
    if (effnn__dataset_preprocess(inner))
        status = effnn__dataset_set_preprocess(made, effnn__dataset_preprocess(inner));
    if (status != EFFNN_OK) { /* `inner` stays the caller's */
        effnn_dataset_destroy(made);
        return status;
    }
    self->inner = inner;
    *out = made;
    return EFFNN_OK;
}

/* Place in the dataset of a model's input, or -1. */
static int place_of(const effnn_dataset *self, const char *name, size_t position)
{
    if (!effnn_dataset_input_name_at(self, 0))
        return position < effnn_dataset_input_count(self) ? (int)position : -1;
    for (size_t i = 0; i < effnn_dataset_input_count(self); i++)
        if (strcmp(effnn_dataset_input_name_at(self, i), name) == 0) return (int)i;
    return -1;
}

effnn_status effnn__dataset_match(effnn_tensor **inputs, const effnn_dataset *self,
                                  const effnn_batch *batch, const effnn_model *model)
{
    const size_t n = model->graph->inputs.n;

    if (!effnn_dataset_input_name_at(self, 0) && effnn_dataset_input_count(self) != n)
        return effnn__fail(EFFNN_E_SHAPE, "the model has %zu inputs, the dataset gives %zu", n,
                           effnn_dataset_input_count(self));
    for (size_t i = 0; i < n; i++) {
        const effnn__value *value = model->graph->inputs.items[i];
        const int place = place_of(self, value->name, i);

        if (place < 0)
            return effnn__fail(EFFNN_E_NOTFOUND, "the dataset has no input '%s'", value->name);
        inputs[i] = batch->inputs[place];
    }
    return EFFNN_OK;
}
