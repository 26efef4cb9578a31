/* SPDX-License-Identifier: BSD-3-Clause */
/* Standard normal inputs of a model's shapes, without targets; integer inputs are zero. A sample
 * depends on the context's seed and its own index only. */

#include "base/alloc.h"
#include "base/context.h"
#include "base/rng.h"
#include "io/dataset_files.h"
#include "model/model.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <string.h>

typedef struct random_inputs {
    effnn_context *context;
    size_t n;
    effnn_dtype *dtypes;
    effnn__shape *shapes; /* [n], without the sample dimension */
} random_inputs;

static void random_destroy(void *state)
{
    random_inputs *self = state;

    if (!self) return;
    effnn__free(self->dtypes);
    effnn__free(self->shapes);
    effnn__context_release(self->context);
    effnn__free(self);
}

static effnn_status fill(effnn_tensor *tensor, const effnn__rng *rng, uint64_t start)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(tensor));
    const size_t n = effnn_tensor_count(tensor);
    void *data = effnn__tensor_data(tensor);

    if (!effnn__dtype_is_float(effnn_tensor_dtype(tensor))) return EFFNN_OK;
    for (size_t i = 0; i < n; i++) row->store_f64(data, i, effnn__rng_normal(rng, start + i));
    return EFFNN_OK;
}

static effnn_status random_read(void *state, uint64_t first, size_t n, effnn_batch *batch)
{
    const random_inputs *self = state;

    for (size_t i = 0; i < self->n; i++) {
        const effnn__rng rng = { effnn_context_seed(self->context),
                                 effnn__rng_stream("random dataset", i) };
        const effnn__shape *shape = &self->shapes[i];
        int64_t dims[EFFNN_MAX_RANK] = { (int64_t)n };
        size_t count;

        memcpy(dims + 1, shape->dims, shape->rank * sizeof *dims);
        EFFNN_TRY(effnn__shape_count(&count, shape->rank, shape->dims));
        EFFNN_TRY(effnn_tensor_create(&batch->inputs[i], self->context, self->dtypes[i],
                                      shape->rank + 1, dims));
        EFFNN_TRY(fill(batch->inputs[i], &rng, first * count));
    }
    return EFFNN_OK;
}

static const effnn__dataset_ops ops = { .read = random_read, .destroy = random_destroy };

/* Shapes of the inputs with open dimensions 1, the first one (the samples) taken off. */
static effnn_status take_shapes(random_inputs *self, const effnn_model *model)
{
    self->dtypes = effnn__alloc_array(self->n, sizeof *self->dtypes);
    self->shapes = effnn__alloc_array(self->n, sizeof *self->shapes);
    if (!self->dtypes || !self->shapes) return effnn__fail_nomem("dataset", self->n);
    EFFNN_TRY(effnn__model_input_shapes(self->shapes, model, 1));
    for (size_t i = 0; i < self->n; i++) {
        const effnn__value *value = model->graph->inputs.items[i];

        if (self->shapes[i].rank == 0)
            return effnn__fail(EFFNN_E_SHAPE, "random: input '%s' has no sample dimension",
                               value->name);
        self->dtypes[i] = value->info.dtype;
        self->shapes[i].rank--;
        memmove(self->shapes[i].dims, self->shapes[i].dims + 1,
                self->shapes[i].rank * sizeof *self->shapes[i].dims);
    }
    return EFFNN_OK;
}

static effnn_status open_random(effnn_dataset **out, effnn_context *context,
                                const effnn__dataset_spec *spec)
{
    random_inputs *self;
    effnn_status status;

    if (!spec->model) return effnn__fail(EFFNN_E_ARG, "random: needs a model for the shapes");
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("dataset", sizeof *self);
    self->n = effnn_model_input_count(spec->model);
    self->context = effnn__context_retain(context);
    status = self->context ? take_shapes(self, spec->model) : EFFNN_E_NOMEM;
    if (status == EFFNN_OK)
        status = effnn__dataset_new(out, context, &ops, self, spec->count, self->n, NULL);
    if (status != EFFNN_OK) random_destroy(self);
    return status;
}

extern const effnn__dataset_kind effnn__dataset_kind_random;
const effnn__dataset_kind effnn__dataset_kind_random = {
    .name = "random",
    .summary = "standard normal inputs of the model's shapes: random:N",
    .open = open_random,
};
