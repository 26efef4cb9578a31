/* SPDX-License-Identifier: BSD-3-Clause */
/* Making a plan: infer concrete shapes, place a tensor header for each value, put the calls of all
 * nodes together over these headers, decide where values lie (plan_memory.c), ask the operators for
 * scratch and prepacked constants, allocate, and point the headers into the arena. Until the last
 * step the headers have no data, constants apart: that is how `prepack` tells them from the rest.
 */

#include "graph/plan_priv.h"

#include "base/alloc.h"
#include "ops/op_run.h"
#include "tensor/dtype.h"

#include <stdalign.h>
#include <stddef.h>

void effnn__plan_destroy(effnn__plan *self)
{
    if (!self) return;
    for (size_t i = 0; self->values && i < self->graph->values.n; i++)
        effnn_tensor_release(self->values[i].owned);
    for (size_t i = 0; self->nodes && i < self->graph->nodes.n; i++)
        effnn__branches_destroy(self->nodes[i].branches);
    effnn__context_free(self->graph->context, self->arena);
    effnn__context_free(self->graph->context, self->scratch);
    effnn__free(self->input_shapes);
    effnn__free(self->nodes);
    effnn__free(self->values);
    effnn__free(self->buffers);
    effnn__free(self->inputs);
    effnn__free(self->outputs);
    effnn__free(self->no_aux);
    effnn__free(self->headers);
    effnn__free(self->rebound);
    effnn__free(self->copied);
    effnn__free(self->output_shapes);
    effnn__free(self->held);
    effnn__free(self);
}

/* ---- memory of the plan itself ---- */

/* effnn__alloc_array, counted in memory.headers; a failure is remembered in *ok. */
static void *plan_array(effnn__plan *self, bool *ok, size_t n, size_t size)
{
    void *array = effnn__alloc_array(n, size);

    if (!array) *ok = false;
    self->memory.headers += n * size;
    return array;
}

static effnn_status allocate_tables(effnn__plan *self)
{
    const effnn__graph *graph = self->graph;
    const size_t n_values = graph->values.n;
    size_t n_inputs = 0, n_outputs = 0, n_aux = 0;
    bool ok = true;

    for (size_t i = 0; i < graph->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(graph, i);
        n_inputs += node->n_inputs;
        n_outputs += node->n_outputs;
        if (node->def->n_aux > n_aux) n_aux = node->def->n_aux;
    }
    self->header_size = (effnn__tensor_size() + alignof(max_align_t) - 1) / alignof(max_align_t) *
                        alignof(max_align_t);
    self->nodes = plan_array(self, &ok, graph->nodes.n, sizeof *self->nodes);
    self->values = plan_array(self, &ok, n_values, sizeof *self->values);
    self->buffers = plan_array(self, &ok, n_values, sizeof *self->buffers);
    self->inputs = plan_array(self, &ok, n_inputs, sizeof *self->inputs);
    self->outputs = plan_array(self, &ok, n_outputs, sizeof *self->outputs);
    self->no_aux = plan_array(self, &ok, n_aux, sizeof *self->no_aux);
    self->headers = plan_array(self, &ok, n_values, self->header_size);
    self->rebound = plan_array(self, &ok, n_values, sizeof *self->rebound);
    self->copied = plan_array(self, &ok, graph->outputs.n, sizeof *self->copied);
    self->output_shapes = plan_array(self, &ok, graph->outputs.n, sizeof *self->output_shapes);
    self->held = plan_array(self, &ok, graph->inputs.n, sizeof *self->held);
    if (!ok) return effnn__fail_nomem("plan of a graph", self->memory.headers);
    return EFFNN_OK;
}

/* ---- headers and calls ---- */

void effnn__plan_place(const effnn__plan *self, size_t value, void *data)
{
    const effnn_tensor *tensor = self->values[value].tensor;
    const effnn__shape shape = effnn__tensor_shape(tensor);

    effnn__tensor_place(self->headers + value * self->header_size, data, effnn_tensor_dtype(tensor),
                        shape.rank, shape.dims);
}

/* The header of a value that is computed or given, without data. */
static effnn_status place_header(effnn__plan *self, const effnn__value *value,
                                 const effnn__value_info *info)
{
    effnn__shape shape = { .rank = info->rank };
    size_t count, bytes;

    for (size_t i = 0; i < info->rank; i++) shape.dims[i] = info->dims[i].offset;
    EFFNN_TRY(effnn__shape_count(&count, shape.rank, shape.dims));
    if (!effnn__dtype_bytes(info->dtype, count, &bytes))
        return effnn__fail(EFFNN_E_SHAPE, "value '%s' would have %zu elements of %s", value->name,
                           count, effnn_dtype_name(info->dtype));
    self->values[value->index].tensor =
        effnn__tensor_place(self->headers + value->index * self->header_size, NULL, info->dtype,
                            shape.rank, shape.dims);
    return EFFNN_OK;
}

static effnn_status place_constant(effnn__plan *self, const effnn__value *value)
{
    effnn__plan_value *v = &self->values[value->index];

    v->tensor = value->constant;
    if (!effnn_tensor_is_contiguous(value->constant)) {
        EFFNN_TRY(effnn__tensor_contiguous(&v->owned, value->constant));
        v->tensor = v->owned;
    }
    if (value->n_uses && effnn_tensor_data(v->tensor))
        self->memory.constants += effnn_tensor_bytes(v->tensor);
    return EFFNN_OK;
}

static effnn_status place_values(effnn__plan *self, const effnn__value_info *infos)
{
    for (size_t i = 0; i < self->graph->values.n; i++) {
        const effnn__value *value = effnn__graph_value(self->graph, i);
        EFFNN_TRY(value->constant ? place_constant(self, value)
                                  : place_header(self, value, &infos[i]));
    }
    for (size_t i = 0; i < self->graph->outputs.n; i++) {
        const effnn__value *value = self->graph->outputs.items[i];
        self->output_shapes[i] = effnn__tensor_shape(self->values[value->index].tensor);
    }
    return EFFNN_OK;
}

static effnn_status make_branches(effnn__plan *self, bool prepack)
{
    for (size_t i = 0; i < self->graph->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(self->graph, i);
        if (node->subgraphs)
            EFFNN_TRY(effnn__branches_create(&self->nodes[i].branches, node, prepack));
    }
    return EFFNN_OK;
}

static void make_calls(effnn__plan *self)
{
    const effnn_tensor **inputs = self->inputs;
    effnn_tensor **outputs = self->outputs;

    for (size_t i = 0; i < self->graph->nodes.n; i++) {
        const effnn__node *node = effnn__graph_node(self->graph, i);
        for (size_t j = 0; j < node->n_inputs; j++)
            inputs[j] = node->inputs[j] ? self->values[node->inputs[j]->index].tensor : NULL;
        for (size_t j = 0; j < node->n_outputs; j++)
            outputs[j] = node->outputs[j] ? self->values[node->outputs[j]->index].tensor : NULL;
        self->nodes[i].call = (effnn_op_call){ .def = node->def,
                                               .attrs = node->attrs,
                                               .node = node->name,
                                               .context = self->graph->context,
                                               .mode = EFFNN_OP_INFERENCE,
                                               .inputs = inputs,
                                               .n_inputs = node->n_inputs,
                                               .outputs = outputs,
                                               .n_outputs = node->n_outputs,
                                               .aux = self->no_aux };
        if (self->nodes[i].branches)
            self->nodes[i].call.subgraphs = effnn__branches_services(self->nodes[i].branches);
        inputs += node->n_inputs;
        outputs += node->n_outputs;
    }
}

/* ---- what operators want ---- */

/* The most readers of a constant that are asked about it, since each of them asks all. */
#define MAX_READERS 64

/* Whether every reader of a constant has its elements in packed form. */
static bool is_packed(const effnn__value *value)
{
    if (!value || !value->constant || value->is_output || value->n_uses > MAX_READERS) return false;
    for (size_t i = 0; i < value->n_uses; i++) {
        const effnn__use *use = &value->uses[i];
        if (use->input >= 32 || !(use->node->packed.inputs >> use->input & 1)) return false;
    }
    return true;
}

/* Let go of a node's constants that are there in packed form: at once, so that a model's weights
 * are not all in memory twice while its first plan is made. */
static void let_go_of_packed(effnn__plan *self, const effnn__node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++) {
        effnn__value *value = node->inputs[i];
        effnn__plan_value *v;
        if (!is_packed(value) || !effnn_tensor_data(value->constant)) continue;
        v = &self->values[value->index];
        self->memory.constants -= effnn_tensor_bytes(v->tensor);
        effnn__graph_let_go(self->graph, value);
        if (v->owned) effnn__tensor_let_go(v->owned);
    }
}

/* What the operator made of its constants, now or for an earlier plan. */
static effnn_status pack_node(effnn__plan *self, size_t i, bool let_go)
{
    effnn__plan_node *node = &self->nodes[i];
    effnn_op_packed *packed = &effnn__graph_node(self->graph, i)->packed;
    effnn_status status = EFFNN_OK;

    if (!node->call.def->prepack) return EFFNN_OK;
    pthread_mutex_lock(&self->graph->packing);
    if (!packed->data) status = node->call.def->prepack(&node->call, packed);
    node->call.packed = packed->data;
    self->memory.packed += packed->bytes;
    pthread_mutex_unlock(&self->graph->packing);
    if (status == EFFNN_OK && let_go) let_go_of_packed(self, effnn__graph_node(self->graph, i));
    return status;
}

static effnn_status prepack(effnn__plan *self, bool let_go)
{
    for (size_t i = 0; i < self->graph->nodes.n; i++) EFFNN_TRY(pack_node(self, i, let_go));
    return EFFNN_OK;
}

static void measure_scratch(effnn__plan *self)
{
    for (size_t i = 0; i < self->graph->nodes.n; i++) {
        const effnn__plan_node *node = &self->nodes[i];
        size_t bytes;
        if (!node->call.def->scratch || node->is_view) continue;
        bytes = node->call.def->scratch(&node->call, EFFNN_OP_FORWARD);
        if (bytes > self->memory.scratch) self->memory.scratch = bytes;
    }
}

static effnn_status allocate_blocks(effnn__plan *self)
{
    effnn_context *context = self->graph->context;

    if (self->memory.arena) {
        self->arena = effnn__context_alloc(context, self->memory.arena);
        if (!self->arena) return effnn__fail_nomem("arena of a plan", self->memory.arena);
    }
    if (self->memory.scratch) {
        self->scratch = effnn__context_alloc(context, self->memory.scratch);
        if (!self->scratch) return effnn__fail_nomem("scratch of a plan", self->memory.scratch);
    }
    return EFFNN_OK;
}

/* Point the headers at their memory, and list what a run has to do about the rest. */
static void bind_values(effnn__plan *self)
{
    const effnn__graph *graph = self->graph;

    for (size_t i = 0; i < graph->nodes.n; i++) self->nodes[i].call.scratch = self->scratch;
    for (size_t i = 0; i < graph->values.n; i++) {
        const effnn__buffer *buffer = &self->buffers[self->values[i].buffer];
        if (effnn__graph_value(graph, i)->constant) continue;
        if (buffer->kind == EFFNN__BUFFER_ARENA && self->arena)
            effnn__plan_place(self, i, self->arena + buffer->offset);
        else if (buffer->kind == EFFNN__BUFFER_CONSTANT)
            effnn__plan_place(self, i, (void *)buffer->data); /* only ever read */
        else if (buffer->kind != EFFNN__BUFFER_ARENA)
            self->rebound[self->n_rebound++] = i;
    }
    for (size_t i = 0; i < graph->outputs.n; i++) {
        const effnn__value *value = graph->outputs.items[i];
        const effnn__buffer *buffer = &self->buffers[self->values[value->index].buffer];
        if (buffer->kind != EFFNN__BUFFER_OUTPUT || buffer->slot != i)
            self->copied[self->n_copied++] = i;
    }
}

/* Whether dtype or shape of a value is not known before it is computed. */
static bool has_open_values(const effnn__plan *self, const effnn__value_info *infos)
{
    for (size_t i = 0; i < self->graph->values.n; i++)
        if (!effnn__value_info_is_concrete(&infos[i])) return true;
    return false;
}

/* A plan without arena and calls: only what its run looks at. */
static effnn_status fill_dynamic(effnn__plan *self, const effnn__shape *input_shapes,
                                 const effnn__plan_options *options)
{
    const size_t n = self->graph->inputs.n;

    self->is_dynamic = true;
    self->input_shapes = effnn__alloc_array(n + 1, sizeof *self->input_shapes);
    if (!self->input_shapes)
        return effnn__fail_nomem("plan of a graph", n * sizeof *self->input_shapes);
    for (size_t i = 0; i < n; i++) self->input_shapes[i] = input_shapes[i];
    for (size_t i = 0; i < options->n_tapped; i++)
        self->nodes[options->tapped[i]->index].is_tapped = true;
    return EFFNN_OK;
}

static effnn_status fill_plan(effnn__plan *self, const effnn__shape *input_shapes,
                              const effnn__plan_options *options)
{
    effnn__value_info *infos = NULL;
    effnn_status status;

    EFFNN_TRY(allocate_tables(self));
    EFFNN_TRY(make_branches(self, options->prepack));
    EFFNN_TRY(effnn__graph_infer_bound(&infos, self->graph, input_shapes));
    if (has_open_values(self, infos)) {
        effnn__free(infos);
        return fill_dynamic(self, input_shapes, options);
    }
    status = place_values(self, infos);
    effnn__free(infos);
    if (status != EFFNN_OK) return status;
    make_calls(self);
    for (size_t i = 0; i < options->n_tapped; i++)
        self->nodes[options->tapped[i]->index].is_tapped = true;
    if (options->prepack && !options->keep_all) effnn__plan_fuse(self);
    effnn__plan_assign_buffers(self, options);
    EFFNN_TRY(effnn__plan_lay_out(self, options->keep_all));
    if (options->prepack) EFFNN_TRY(prepack(self, options->let_go));
    measure_scratch(self);
    EFFNN_TRY(allocate_blocks(self));
    bind_values(self);
    return EFFNN_OK;
}

effnn_status effnn__plan_create(effnn__plan **out, effnn__graph *graph,
                                const effnn__shape *input_shapes,
                                const effnn__plan_options *options)
{
    static const effnn__plan_options defaults;
    effnn__plan *self = effnn__zalloc(sizeof *self);
    effnn_status status;

    if (!self) return effnn__fail_nomem("plan of a graph", sizeof *self);
    self->graph = graph;
    status = fill_plan(self, input_shapes, options ? options : &defaults);
    if (status != EFFNN_OK) {
        effnn__plan_destroy(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

/* ---- questions ---- */

bool effnn__plan_is_dynamic(const effnn__plan *self)
{
    return self->is_dynamic;
}

effnn__plan_memory effnn__plan_memory_of(const effnn__plan *self)
{
    effnn__plan_memory sum = self->memory;

    for (size_t i = 0; i < self->graph->nodes.n; i++)
        if (self->nodes[i].branches) effnn__branches_add_memory(&sum, self->nodes[i].branches);
    return sum;
}

const effnn__shape *effnn__plan_output_shape(const effnn__plan *self, size_t i)
{
    return &self->output_shapes[i];
}

effnn_dtype effnn__plan_output_dtype(const effnn__plan *self, size_t i)
{
    const effnn__value *value = self->graph->outputs.items[i];

    return effnn_tensor_dtype(self->values[value->index].tensor);
}

const effnn_op_call *effnn__plan_call(const effnn__plan *self, size_t i)
{
    return &self->nodes[i].call;
}

bool effnn__plan_is_view(const effnn__plan *self, size_t i)
{
    return self->nodes[i].is_view;
}
