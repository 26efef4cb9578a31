/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a graph without a plan, node by node: each call infers from the values themselves and
 * makes its outputs, which go when their last reader has run. For graphs in which a shape depends
 * on data, and for the graphs that nodes hold. */

#include "base/alloc.h"
#include "base/clock.h"
#include "graph/plan_priv.h"
#include "graph/run.h"
#include "ops/op_run.h"

#include <string.h>

/* Values of one run, by value index. */
typedef struct values {
    effnn_tensor **tensors;      /* owned; constants are not among them */
    size_t *n_left;              /* readers to come, the graph's outputs among them */
    const effnn_tensor **inputs; /* of one call */
    effnn_tensor **outputs;
    bool *unwanted;
} values;

static void values_clear(values *self, const effnn__graph *graph)
{
    for (size_t i = 0; self->tensors && i < graph->values.n; i++)
        effnn_tensor_release(self->tensors[i]);
    effnn__free(self->tensors);
    effnn__free(self->n_left);
    effnn__free(self->inputs);
    effnn__free(self->outputs);
    effnn__free(self->unwanted);
}

static effnn_status values_open(values *self, const effnn__graph *graph,
                                const effnn_tensor *const *inputs)
{
    size_t n_in = 1, n_out = 1;

    for (size_t i = 0; i < graph->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(graph, i);
        if (node->n_inputs > n_in) n_in = node->n_inputs;
        if (node->n_outputs > n_out) n_out = node->n_outputs;
    }
    self->tensors = effnn__alloc_array(graph->values.n + 1, sizeof *self->tensors);
    self->n_left = effnn__alloc_array(graph->values.n + 1, sizeof *self->n_left);
    self->inputs = effnn__alloc_array(n_in, sizeof *self->inputs);
    self->outputs = effnn__alloc_array(n_out, sizeof *self->outputs);
    self->unwanted = effnn__alloc_array(n_out, sizeof *self->unwanted);
    if (!self->tensors || !self->n_left || !self->inputs || !self->outputs || !self->unwanted)
        return effnn__fail_nomem("run of a graph", graph->values.n * sizeof *self->tensors);
    for (size_t i = 0; i < graph->values.n; i++)
        self->n_left[i] = effnn__graph_value(graph, i)->n_uses;
    for (size_t i = 0; i < graph->outputs.n; i++)
        self->n_left[((const effnn__value *)graph->outputs.items[i])->index]++;
    for (size_t i = 0; i < graph->inputs.n; i++)
        if (inputs[i]) /* a share: nothing writes through it */
            self->tensors[((const effnn__value *)graph->inputs.items[i])->index] =
                effnn_tensor_retain((effnn_tensor *)(uintptr_t)inputs[i]);
    return EFFNN_OK;
}

/* The tensor of a value that is there. */
static const effnn_tensor *tensor_of(const values *self, const effnn__value *value)
{
    return !value ? NULL : value->constant ? value->constant : self->tensors[value->index];
}

static void drop_reader(values *self, const effnn__value *value)
{
    if (!value || --self->n_left[value->index]) return;
    effnn_tensor_release(self->tensors[value->index]);
    self->tensors[value->index] = NULL;
}

/* What a plan has had a node pack, whose constants may be gone since. */
static const void *packed_of(const effnn__graph *graph, const effnn__node *node)
{
    pthread_mutex_t *packing = (pthread_mutex_t *)(uintptr_t)&graph->packing;
    const void *data;

    if (!node->def->prepack) return NULL;
    pthread_mutex_lock(packing);
    data = node->packed.data;
    pthread_mutex_unlock(packing);
    return data;
}

/* plan: whose plans of graphs inside are used, or NULL. */
static effnn_status run_node(values *self, const effnn__graph *graph, const effnn__plan *plan,
                             const effnn__node *node, const effnn__run_options *options)
{
    const effnn__branches *branches = plan ? plan->nodes[node->index].branches : NULL;
    const effnn__op_request request = {
        .context = graph->context,
        .def = node->def,
        .attrs = node->attrs,
        .node = node->name,
        .packed = packed_of(graph, node),
        .subgraphs = branches ? effnn__branches_services(branches) : &node->services,
        .inputs = self->inputs,
        .n_inputs = node->n_inputs,
        .n_outputs = node->n_outputs,
        .unwanted = self->unwanted,
    };
    const double start = options->node_seconds ? effnn__seconds() : 0.0;

    EFFNN_TRY(effnn__progress_tell(options->progress, "run", node->index, graph->nodes.n));
    for (size_t i = 0; i < node->n_inputs; i++) self->inputs[i] = tensor_of(self, node->inputs[i]);
    for (size_t i = 0; i < node->n_outputs; i++) {
        self->unwanted[i] = !node->outputs[i];
        self->outputs[i] = NULL;
    }
    EFFNN_TRY(effnn__op_run_request(&request, self->outputs));
    for (size_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i]) self->tensors[node->outputs[i]->index] = self->outputs[i];
    if (options->node_seconds) options->node_seconds[node->index] += effnn__seconds() - start;
    if (options->tap) EFFNN_TRY(options->tap(options->tap_user, node, self->inputs, self->outputs));
    for (size_t i = 0; i < node->n_inputs; i++) drop_reader(self, node->inputs[i]);
    for (size_t i = 0; i < node->n_outputs; i++) {
        const effnn__value *value = node->outputs[i];
        if (!value || self->n_left[value->index]) continue;
        effnn_tensor_release(self->tensors[value->index]);
        self->tensors[value->index] = NULL;
    }
    return EFFNN_OK;
}

/* The results of a run; one that is an input, a constant or another output is a share. */
static effnn_status take_results(values *self, const effnn__graph *graph, effnn_tensor **results)
{
    for (size_t i = 0; i < graph->outputs.n; i++)
        EFFNN_TRY(effnn__tensor_contiguous(&results[i], tensor_of(self, graph->outputs.items[i])));
    return EFFNN_OK;
}

static effnn_status copy_into(effnn_tensor *to, const effnn__value *value, const effnn_tensor *from)
{
    const effnn__shape shape = effnn__tensor_shape(from);

    EFFNN_TRY(effnn__plan_check_tensor(value, "output", to, effnn_tensor_dtype(from), &shape));
    if (!effnn_tensor_is_contiguous(to))
        return effnn__fail(EFFNN_E_ARG, "output '%s': the tensor is not contiguous", value->name);
    if (effnn_tensor_count(from))
        memcpy(effnn__tensor_data(to), effnn_tensor_data(from), effnn_tensor_bytes(from));
    return EFFNN_OK;
}

/* Copy results where tensors are given, then hand over the others. */
static effnn_status deliver(const effnn__graph *graph, effnn_tensor **results,
                            effnn_tensor **outputs)
{
    for (size_t i = 0; i < graph->outputs.n; i++)
        if (outputs[i]) EFFNN_TRY(copy_into(outputs[i], graph->outputs.items[i], results[i]));
    for (size_t i = 0; i < graph->outputs.n; i++) {
        if (outputs[i]) continue;
        outputs[i] = results[i];
        results[i] = NULL;
    }
    return EFFNN_OK;
}

static effnn_status run_nodes(const effnn__graph *graph, const effnn__plan *plan,
                              const effnn_tensor *const *inputs, effnn_tensor **outputs,
                              const effnn__run_options *options)
{
    values self = { 0 };
    effnn_tensor **results = effnn__alloc_array(graph->outputs.n + 1, sizeof(effnn_tensor *));
    effnn_status status =
        results ? values_open(&self, graph, inputs)
                : effnn__fail_nomem("run of a graph", graph->outputs.n * sizeof(effnn_tensor *));

    for (size_t i = 0; i < graph->nodes.n && status == EFFNN_OK; i++)
        status = run_node(&self, graph, plan, effnn__graph_node(graph, i), options);
    if (status == EFFNN_OK) status = take_results(&self, graph, results);
    if (status == EFFNN_OK) status = deliver(graph, results, outputs);
    for (size_t i = 0; results && i < graph->outputs.n; i++) effnn_tensor_release(results[i]);
    effnn__free(results);
    values_clear(&self, graph);
    return status;
}

effnn_status effnn__graph_run(const effnn__graph *graph, const effnn_tensor *const *inputs,
                              effnn_tensor **outputs, const effnn__run_options *options)
{
    static const effnn__run_options defaults;

    return run_nodes(graph, NULL, inputs, outputs, options ? options : &defaults);
}

/* ---- a plan without an arena ---- */

/* What the tap of a plan's caller wants to see: nodes of a list. */
typedef struct tapping {
    const effnn__plan *plan;
    const effnn__run_options *options;
} tapping;

static effnn_status tap_listed(void *user, const effnn__node *node,
                               const effnn_tensor *const *inputs, effnn_tensor *const *outputs)
{
    const tapping *self = user;

    if (!self->plan->nodes[node->index].is_tapped) return EFFNN_OK;
    return self->options->tap(self->options->tap_user, node, inputs, outputs);
}

effnn_status effnn__plan_run_dynamic(effnn__plan *self, const effnn_tensor *const *inputs,
                                     effnn_tensor **outputs, const effnn__run_options *options)
{
    const effnn__graph *graph = self->graph;
    tapping tapped = { .plan = self, .options = options };
    effnn__run_options own = *options;

    for (size_t i = 0; i < graph->inputs.n; i++) {
        const effnn__value *value = graph->inputs.items[i];
        EFFNN_TRY(effnn__plan_check_tensor(value, "input", inputs[i], value->info.dtype,
                                           &self->input_shapes[i]));
    }
    if (own.tap) {
        own.tap = tap_listed;
        own.tap_user = &tapped;
    }
    return run_nodes(graph, self, inputs, outputs, &own);
}
