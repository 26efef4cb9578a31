/* SPDX-License-Identifier: BSD-3-Clause */
/* Datasets: a table of functions and a state behind one handle; sources over callbacks and tensors,
 * and slices of other datasets. */

#include "model/dataset.h"

#include "base/alloc.h"
#include "base/context.h"
#include "model/model.h"
#include "tensor/tensor.h"

#include <string.h>

struct effnn_dataset {
    effnn_context *context;
    const effnn__dataset_ops *ops;
    void *state;
    uint64_t count;
    size_t n_inputs;
    char **names; /* [n_inputs]; NULL: by position */
    char *preprocess;
};

static void free_names(effnn_dataset *self)
{
    for (size_t i = 0; self->names && i < self->n_inputs; i++) effnn__free(self->names[i]);
    effnn__free(self->names);
}

effnn_status effnn__dataset_new(effnn_dataset **out, effnn_context *context,
                                const effnn__dataset_ops *ops, void *state, uint64_t count,
                                size_t n_inputs, const char *const *names)
{
    effnn_dataset *self = effnn__zalloc(sizeof *self);
    effnn_status status = EFFNN_OK;

    if (!self) return effnn__fail_nomem("dataset", sizeof *self);
    self->context = effnn__context_retain(context);
    self->ops = ops;
    self->count = count;
    self->n_inputs = n_inputs;
    if (names) self->names = effnn__alloc_array(n_inputs + 1, sizeof *self->names);
    if (!self->context || (names && !self->names)) status = effnn__fail_nomem("dataset", n_inputs);
    for (size_t i = 0; names && i < n_inputs && status == EFFNN_OK; i++) {
        self->names[i] = names[i] ? effnn__strdup(names[i]) : NULL;
        if (!names[i])
            status = effnn__fail(EFFNN_E_ARG, "dataset: input %zu of %zu has no name", i, n_inputs);
        else if (!self->names[i])
            status = effnn__fail_nomem("dataset", strlen(names[i]));
    }
    if (status != EFFNN_OK) { /* the state stays the caller's */
        free_names(self);
        effnn__context_release(self->context);
        effnn__free(self);
        return status;
    }
    self->state = state;
    *out = self;
    return EFFNN_OK;
}

void effnn_dataset_destroy(effnn_dataset *self)
{
    if (!self) return;
    if (self->ops->destroy) self->ops->destroy(self->state);
    free_names(self);
    effnn__free(self->preprocess);
    effnn__context_release(self->context);
    effnn__free(self);
}

uint64_t effnn_dataset_count(const effnn_dataset *self)
{
    return self->count;
}

size_t effnn_dataset_input_count(const effnn_dataset *self)
{
    return self->n_inputs;
}

const char *effnn_dataset_input_name_at(const effnn_dataset *self, size_t i)
{
    return self->names && i < self->n_inputs ? self->names[i] : NULL;
}

effnn_context *effnn__dataset_context(const effnn_dataset *self)
{
    return self->context;
}

const char *effnn__dataset_preprocess(const effnn_dataset *self)
{
    return self->preprocess;
}

effnn_status effnn__dataset_set_preprocess(effnn_dataset *self, const char *text)
{
    char *copy = effnn__strdup(text);

    if (!copy) return effnn__fail_nomem("dataset", strlen(text));
    effnn__free(self->preprocess);
    self->preprocess = copy;
    return EFFNN_OK;
}

void effnn_batch_clear(effnn_batch *batch)
{
    if (!batch) return;
    for (size_t i = 0; batch->inputs && i < batch->n_inputs; i++) {
        effnn_tensor_release(batch->inputs[i]);
        batch->inputs[i] = NULL;
    }
    effnn_tensor_release(batch->targets);
    effnn_tensor_release(batch->mask);
    batch->targets = batch->mask = NULL;
}

/* What every tensor of a batch must have: n samples in front. */
static effnn_status check_samples(const effnn_tensor *tensor, size_t n, const char *what, size_t i)
{
    const int64_t first = tensor && effnn_tensor_rank(tensor) ? effnn_tensor_dims(tensor)[0] : -1;

    if (!tensor) return effnn__fail(EFFNN_E_USER, "dataset: %s %zu was not given", what, i);
    if (first != (int64_t)n)
        return effnn__fail(EFFNN_E_SHAPE, "dataset: %s %zu holds %lld samples, %zu were asked for",
                           what, i, (long long)first, n);
    return EFFNN_OK;
}

static effnn_status check_batch(const effnn_batch *batch)
{
    for (size_t i = 0; i < batch->n_inputs; i++)
        EFFNN_TRY(check_samples(batch->inputs[i], batch->n, "input", i));
    if (batch->targets) EFFNN_TRY(check_samples(batch->targets, batch->n, "targets", 0));
    if (batch->mask) EFFNN_TRY(check_samples(batch->mask, batch->n, "mask", 0));
    return EFFNN_OK;
}

effnn_status effnn_dataset_read(effnn_batch *out, effnn_dataset *self, uint64_t first, size_t n)
{
    effnn_batch batch = { .version = 1, .n = n };
    effnn_status status;

    EFFNN_CHECK_ARG(out && out->version == 1 && out->inputs && self);
    if (first > self->count || n > self->count - first || n == 0)
        return effnn__fail(EFFNN_E_ARG, "dataset: %zu samples from %llu asked for, there are %llu",
                           n, (unsigned long long)first, (unsigned long long)self->count);
    batch.n_inputs = self->n_inputs;
    batch.inputs = effnn__alloc_array(self->n_inputs + 1, sizeof(effnn_tensor *));
    if (!batch.inputs) return effnn__fail_nomem("dataset", self->n_inputs);
    status = self->ops->read(self->state, first, n, &batch);
    if (status == EFFNN_OK) status = check_batch(&batch);
    if (status == EFFNN_OK) {
        memcpy(out->inputs, batch.inputs, self->n_inputs * sizeof *out->inputs);
        out->n = n;
        out->n_inputs = self->n_inputs;
        out->targets = batch.targets;
        out->mask = batch.mask;
    } else {
        effnn_batch_clear(&batch);
    }
    effnn__free(batch.inputs);
    return status;
}

/* ---- callbacks ---- */

static effnn_status callback_read(void *state, uint64_t first, size_t n, effnn_batch *batch)
{
    const effnn_dataset_source *source = state;
    effnn_batch given = *batch; /* the caller's own fields are out of the callback's reach */
    const int answer = source->read(source->user, first, n, &given);

    batch->targets = given.targets;
    batch->mask = given.mask;
    if (answer == 0 && given.n != n)
        return effnn__fail(EFFNN_E_SHAPE, "dataset: the read callback gave %zu samples, not %zu",
                           given.n, n);
    if (answer == 0) return EFFNN_OK;
    return effnn__fail(EFFNN_E_USER, "dataset: the read callback gave %d for samples %llu to %llu",
                       answer, (unsigned long long)first, (unsigned long long)(first + n - 1));
}

static void callback_destroy(void *state)
{
    effnn_dataset_source *source = state;

    if (source->destroy) source->destroy(source->user);
    effnn__free(source);
}

static const effnn__dataset_ops callback_ops = { callback_read, callback_destroy };

effnn_status effnn_dataset_create(effnn_dataset **out, effnn_context *context,
                                  const effnn_dataset_source *source)
{
    effnn_dataset_source *copy;
    effnn_status status;

    EFFNN_CHECK_ARG(out && source && source->version == 1 && source->read && source->n_inputs);
    copy = effnn__alloc(sizeof *copy);
    if (!copy) return effnn__fail_nomem("dataset", sizeof *copy);
    *copy = *source;
    copy->names = NULL; /* the dataset has copies of its own */
    status = effnn__dataset_new(out, context, &callback_ops, copy, source->count, source->n_inputs,
                                source->names);
    if (status != EFFNN_OK) effnn__free(copy);
    return status;
}

/* ---- tensors ---- */

typedef struct tensor_source {
    size_t n_inputs;
    effnn_tensor **inputs;
    effnn_tensor *targets, *mask;
} tensor_source;

static effnn_status rows(effnn_tensor **out, effnn_tensor *all, uint64_t first, size_t n)
{
    return all ? effnn_tensor_view_slice(out, all, 0, (int64_t)first, (int64_t)n, 1) : EFFNN_OK;
}

static effnn_status tensors_read(void *state, uint64_t first, size_t n, effnn_batch *batch)
{
    const tensor_source *self = state;

    for (size_t i = 0; i < self->n_inputs; i++)
        EFFNN_TRY(rows(&batch->inputs[i], self->inputs[i], first, n));
    EFFNN_TRY(rows(&batch->targets, self->targets, first, n));
    return rows(&batch->mask, self->mask, first, n);
}

static void tensors_destroy(void *state)
{
    tensor_source *self = state;

    for (size_t i = 0; self->inputs && i < self->n_inputs; i++)
        effnn_tensor_release(self->inputs[i]);
    effnn__free(self->inputs);
    effnn_tensor_release(self->targets);
    effnn_tensor_release(self->mask);
    effnn__free(self);
}

static const effnn__dataset_ops tensor_ops = { tensors_read, tensors_destroy };

static effnn_status share(effnn_tensor **out, const effnn_tensor *tensor, int64_t *count,
                          const char *what, size_t i)
{
    const int64_t n = effnn_tensor_rank(tensor) ? effnn_tensor_dims(tensor)[0] : -1;

    if (n < 0)
        return effnn__fail(EFFNN_E_SHAPE, "dataset: %s %zu is a scalar, not samples", what, i);
    if (*count >= 0 && n != *count)
        return effnn__fail(EFFNN_E_SHAPE, "dataset: %s %zu holds %lld samples, input 0 holds %lld",
                           what, i, (long long)n, (long long)*count);
    *count = n;
    return effnn__tensor_share(out, tensor);
}

static effnn_status fill_tensors(tensor_source *self, int64_t *count, effnn_tensor *const *inputs,
                                 effnn_tensor *targets, effnn_tensor *mask)
{
    *count = -1;
    for (size_t i = 0; i < self->n_inputs; i++) {
        if (!inputs[i]) return effnn__fail(EFFNN_E_ARG, "dataset: input %zu is NULL", i);
        EFFNN_TRY(share(&self->inputs[i], inputs[i], count, "input", i));
    }
    if (targets) EFFNN_TRY(share(&self->targets, targets, count, "targets", 0));
    if (mask) EFFNN_TRY(share(&self->mask, mask, count, "mask", 0));
    return EFFNN_OK;
}

effnn_status effnn_dataset_create_from_tensors(effnn_dataset **out, effnn_context *context,
                                               const char *const *names,
                                               effnn_tensor *const *inputs, size_t n_inputs,
                                               effnn_tensor *targets, effnn_tensor *mask)
{
    tensor_source *self;
    int64_t count = 0;
    effnn_status status;

    EFFNN_CHECK_ARG(out && inputs && n_inputs);
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("dataset", sizeof *self);
    self->n_inputs = n_inputs;
    self->inputs = effnn__alloc_array(n_inputs, sizeof *self->inputs);
    status = self->inputs ? fill_tensors(self, &count, inputs, targets, mask)
                          : effnn__fail_nomem("dataset", n_inputs * sizeof *self->inputs);
    if (status == EFFNN_OK)
        status =
            effnn__dataset_new(out, context, &tensor_ops, self, (uint64_t)count, n_inputs, names);
    if (status != EFFNN_OK) tensors_destroy(self);
    return status;
}
