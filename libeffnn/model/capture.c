/* SPDX-License-Identifier: BSD-3-Clause */
/* One pass over calibration data through the canonical graph, with taps on chosen nodes. */

#include "model/capture.h"

#include "base/alloc.h"
#include "graph/run.h"
#include "model/batch_reader.h"

#include <string.h>

typedef struct capture {
    const effnn_model *model;
    effnn__node *const *nodes;
    size_t n_nodes;
    const effnn__capture_options *options;
    effnn__capture_fn consume;
    void *user;
    effnn__batch_reader reader;
    effnn__plan *plan;
    effnn__shape *shapes;   /* [inputs.n] that the plan is for */
    effnn_tensor **outputs; /* [outputs.n] of the graph */
} capture;

/* The sample of the first element that is not finite. */
static effnn_status check_finite(const capture *self, size_t tap, const effnn_tensor *tensor)
{
    const char *const *names = self->options->names;
    const uint64_t first = self->reader.first - self->reader.real;

    if (!tensor || effnn__tensor_is_finite(tensor)) return EFFNN_OK;
    return effnn__fail(
        EFFNN_E_NUMERIC, "%s '%s': an operand is not finite for samples %llu to %llu",
        names ? "site" : "node", names ? names[tap] : self->nodes[tap]->name,
        (unsigned long long)first, (unsigned long long)(first + self->reader.real - 1));
}

static effnn_status on_tap(void *user, const effnn__node *node, const effnn_tensor *const *inputs,
                           effnn_tensor *const *outputs)
{
    const capture *self = user;
    effnn__capture_event event = {
        .node = node,
        .inputs = inputs,
        .outputs = outputs,
        .n = self->reader.real,
        .batch = (size_t)effnn_tensor_dims(self->reader.inputs[0])[0],
        .first = self->reader.first - self->reader.real,
        .mask = self->reader.current.mask,
    };

    while (self->nodes[event.tap] != node) event.tap++;
    EFFNN_TRY(check_finite(self, event.tap, inputs[0]));
    EFFNN_TRY(check_finite(self, event.tap, outputs[0]));
    return self->consume(self->user, &event);
}

static void drop_outputs(capture *self)
{
    for (size_t i = 0; self->outputs && i < self->model->graph->outputs.n; i++) {
        effnn_tensor_release(self->outputs[i]);
        self->outputs[i] = NULL;
    }
}

static void drop_plan(capture *self)
{
    drop_outputs(self);
    effnn__plan_destroy(self->plan);
    self->plan = NULL;
}

/* Have a plan for the batch at hand. */
static effnn_status need_plan(capture *self)
{
    const effnn__graph *graph = self->model->graph;
    const effnn__plan_options options = {
        .tapped = (const effnn__node *const *)self->nodes,
        .n_tapped = self->n_nodes,
    };
    bool same = self->plan != NULL;

    for (size_t i = 0; i < graph->inputs.n; i++) {
        const effnn__shape shape = effnn__tensor_shape(self->reader.inputs[i]);

        same = same && effnn__shape_equal(&shape, &self->shapes[i]);
        self->shapes[i] = shape;
    }
    if (same) return EFFNN_OK;
    drop_plan(self);
    EFFNN_TRY(effnn__plan_create(&self->plan, self->model->graph, self->shapes, &options));
    if (effnn__plan_is_dynamic(self->plan)) return EFFNN_OK; /* each run makes its outputs */
    for (size_t i = 0; i < graph->outputs.n; i++) {
        const effnn__shape *shape = effnn__plan_output_shape(self->plan, i);
        const effnn__value *value = graph->outputs.items[i];

        EFFNN_TRY(effnn_tensor_create(&self->outputs[i], self->model->context, value->info.dtype,
                                      shape->rank, shape->dims));
    }
    return EFFNN_OK;
}

static effnn_status run_batches(capture *self)
{
    const effnn__run_options options = { .tap = on_tap, .tap_user = self };

    for (;;) {
        EFFNN_TRY(effnn__progress_tell(self->options->progress, self->options->stage,
                                       self->reader.first, self->reader.count));
        EFFNN_TRY(effnn__batch_reader_next(&self->reader));
        if (self->reader.real == 0) return EFFNN_OK;
        EFFNN_TRY(need_plan(self));
        EFFNN_TRY(effnn__plan_run(self->plan, (const effnn_tensor *const *)self->reader.inputs,
                                  self->outputs, &options));
        if (effnn__plan_is_dynamic(self->plan)) drop_outputs(self);
    }
}

effnn_status effnn__capture_run(const effnn_model *model, effnn_dataset *data,
                                effnn__node *const *nodes, size_t n_nodes,
                                const effnn__capture_options *options, effnn__capture_fn consume,
                                void *user)
{
    capture self = { .model = model,
                     .nodes = nodes,
                     .n_nodes = n_nodes,
                     .options = options,
                     .consume = consume,
                     .user = user };
    effnn_status status;

    self.shapes = effnn__alloc_array(model->graph->inputs.n + 1, sizeof *self.shapes);
    self.outputs = effnn__alloc_array(model->graph->outputs.n + 1, sizeof *self.outputs);
    status = self.shapes && self.outputs ? effnn__batch_reader_open(&self.reader, data, model,
                                                                    options->batch, options->count)
                                         : effnn__fail_nomem("calibration", sizeof *self.shapes);
    if (status == EFFNN_OK) status = run_batches(&self);
    drop_plan(&self);
    effnn__batch_reader_close(&self.reader);
    effnn__free(self.shapes);
    effnn__free(self.outputs);
    return status;
}
