/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a plan: check the caller's tensors, place the headers that lie in their memory, call the
 * nodes in order, copy the outputs that could not be written directly. Nothing is allocated, but
 * for contiguous copies of strided inputs. */

#include "graph/run.h"

#include "base/clock.h"
#include "graph/plan_priv.h"

#include <string.h>

effnn_status effnn__plan_check_tensor(const effnn__value *value, const char *what,
                                      const effnn_tensor *tensor, effnn_dtype dtype,
                                      const effnn__shape *shape)
{
    const effnn__shape given = effnn__tensor_shape(tensor);
    char wanted[128], got[128];

    if (effnn_tensor_dtype(tensor) != dtype)
        return effnn__fail(EFFNN_E_ARG, "%s '%s': %s is given, the model has %s", what, value->name,
                           effnn_dtype_name(effnn_tensor_dtype(tensor)), effnn_dtype_name(dtype));
    if (!effnn__shape_equal(shape, &given))
        return effnn__fail(EFFNN_E_SHAPE, "%s '%s': shape %s is given, %s is planned", what,
                           value->name, effnn__shape_print(got, sizeof got, given.rank, given.dims),
                           effnn__shape_print(wanted, sizeof wanted, shape->rank, shape->dims));
    return EFFNN_OK;
}

/* Whether a tensor has the dtype and shape that a value was planned with. */
static effnn_status check_tensor(const effnn__plan *self, const effnn__value *value,
                                 const effnn_tensor *tensor, const char *what)
{
    const effnn_tensor *planned = self->values[value->index].tensor;
    const effnn__shape shape = effnn__tensor_shape(planned);

    return effnn__plan_check_tensor(value, what, tensor, effnn_tensor_dtype(planned), &shape);
}

static effnn_status check_tensors(const effnn__plan *self, const effnn_tensor *const *inputs,
                                  effnn_tensor *const *outputs)
{
    for (size_t i = 0; i < self->graph->inputs.n; i++)
        EFFNN_TRY(check_tensor(self, self->graph->inputs.items[i], inputs[i], "input"));
    for (size_t i = 0; i < self->graph->outputs.n; i++) {
        const effnn__value *value = self->graph->outputs.items[i];
        EFFNN_TRY(check_tensor(self, value, outputs[i], "output"));
        if (!effnn_tensor_is_contiguous(outputs[i]))
            return effnn__fail(EFFNN_E_ARG, "output '%s': the tensor is not contiguous",
                               value->name);
    }
    return EFFNN_OK;
}

static void release_held(effnn__plan *self)
{
    for (size_t i = 0; i < self->graph->inputs.n; i++) {
        effnn_tensor_release(self->held[i]);
        self->held[i] = NULL;
    }
}

/* Place the headers that lie in the caller's memory. */
static effnn_status bind_caller(effnn__plan *self, const effnn_tensor *const *inputs,
                                effnn_tensor *const *outputs)
{
    for (size_t i = 0; i < self->graph->inputs.n; i++)
        if (!effnn_tensor_is_contiguous(inputs[i]))
            EFFNN_TRY(effnn__tensor_contiguous(&self->held[i], inputs[i]));
    for (size_t i = 0; i < self->n_rebound; i++) {
        const size_t value = self->rebound[i];
        const effnn__buffer *buffer = &self->buffers[self->values[value].buffer];
        const effnn_tensor *input;
        if (buffer->kind == EFFNN__BUFFER_OUTPUT) {
            effnn__plan_place(self, value, effnn__tensor_data(outputs[buffer->slot]));
            continue;
        }
        input = self->held[buffer->slot] ? self->held[buffer->slot] : inputs[buffer->slot];
        effnn__plan_place(self, value, (void *)effnn_tensor_data(input)); /* only ever read */
    }
    return EFFNN_OK;
}

static effnn_status run_node(const effnn__plan *self, size_t i, const effnn__run_options *options)
{
    const effnn__plan_node *node = &self->nodes[i];
    const double start = options->node_seconds ? effnn__seconds() : 0.0;

    EFFNN_TRY(effnn__progress_tell(options->progress, "run", i, self->graph->nodes.n));
    if (!node->is_view) EFFNN_TRY(node->call.def->forward(&node->call));
    if (options->node_seconds) options->node_seconds[i] += effnn__seconds() - start;
    if (node->is_tapped && options->tap)
        return options->tap(options->tap_user, effnn__graph_node(self->graph, i), node->call.inputs,
                            node->call.outputs);
    return EFFNN_OK;
}

static void copy_outputs(const effnn__plan *self, effnn_tensor *const *outputs)
{
    for (size_t i = 0; i < self->n_copied; i++) {
        const size_t slot = self->copied[i];
        const effnn__value *value = self->graph->outputs.items[slot];
        const effnn_tensor *from = self->values[value->index].tensor;
        if (effnn_tensor_count(from))
            memcpy(effnn__tensor_data(outputs[slot]), effnn_tensor_data(from),
                   effnn_tensor_bytes(from));
    }
}

effnn_status effnn__plan_run(effnn__plan *self, const effnn_tensor *const *inputs,
                             effnn_tensor **outputs, const effnn__run_options *options)
{
    static const effnn__run_options defaults;
    effnn_status status;

    if (!options) options = &defaults;
    if (self->is_dynamic) return effnn__plan_run_dynamic(self, inputs, outputs, options);
    EFFNN_TRY(check_tensors(self, inputs, outputs));
    status = bind_caller(self, inputs, outputs);
    for (size_t i = 0; i < self->graph->nodes.n && status == EFFNN_OK; i++)
        status = run_node(self, i, options);
    if (status == EFFNN_OK) copy_outputs(self, outputs);
    release_held(self);
    return status;
}
