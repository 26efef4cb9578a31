/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans of the graphs that a planned node holds, made when a graph is taken for the first time with
 * shapes that no plan is there for: a branch that is never taken may not even fit them. They belong
 * to the plan around, so that each thread has its own; what they pack is kept at the nodes inside,
 * as for any plan. */

#include "graph/plan_priv.h"

#include "base/alloc.h"

#include <string.h>

/* Plans of one node's graphs. Where the plan around knows its shapes there is one a graph. */
#define MAX_KEPT 8

typedef struct kept {
    const effnn__graph *graph;
    effnn__plan *plan;
    effnn__shape *shapes; /* [inputs.n] */
    bool *made;           /* [outputs.n]: outputs that this run has made */
    uint64_t used;        /* clock of the last use */
} kept;

struct effnn__branches {
    const effnn__node *node;
    effnn_op_subgraphs services; /* what the node's calls get: these plans */
    bool prepack;
    size_t n;
    kept plans[MAX_KEPT];
    uint64_t clock;
};

static void drop(kept *self)
{
    effnn__plan_destroy(self->plan);
    effnn__free(self->shapes);
    effnn__free(self->made);
    *self = (kept){ 0 };
}

void effnn__branches_destroy(effnn__branches *self)
{
    if (!self) return;
    for (size_t i = 0; i < self->n; i++) drop(&self->plans[i]);
    effnn__free(self);
}

/* Whether all inputs are there and of what the graph says before it runs. */
static bool can_plan(const effnn__graph *graph, const effnn_tensor *const *inputs)
{
    for (size_t i = 0; i < graph->inputs.n; i++) {
        const effnn__value_info *info = &((const effnn__value *)graph->inputs.items[i])->info;
        if (!inputs[i] || !info->has_dtype || !info->has_shape ||
            info->dtype != effnn_tensor_dtype(inputs[i]))
            return false;
    }
    return true;
}

static bool fits(const kept *self, const effnn__graph *graph, const effnn_tensor *const *inputs)
{
    if (self->graph != graph) return false;
    for (size_t i = 0; i < graph->inputs.n; i++) {
        const effnn__shape shape = effnn__tensor_shape(inputs[i]);
        if (!effnn__shape_equal(&shape, &self->shapes[i])) return false;
    }
    return true;
}

static effnn_status make(kept *out, effnn__graph *graph, const effnn_tensor *const *inputs,
                         bool prepack)
{
    const effnn__plan_options options = { .prepack = prepack };
    kept made = { .graph = graph,
                  .shapes = effnn__alloc_array(graph->inputs.n + 1, sizeof *made.shapes),
                  .made = effnn__alloc_array(graph->outputs.n + 1, sizeof *made.made) };
    effnn_status status = EFFNN_OK;

    if (!made.shapes || !made.made)
        status = effnn__fail_nomem("plan of a graph", graph->inputs.n * sizeof *made.shapes);
    for (size_t i = 0; i < graph->inputs.n && status == EFFNN_OK; i++)
        made.shapes[i] = effnn__tensor_shape(inputs[i]);
    if (status == EFFNN_OK) status = effnn__plan_create(&made.plan, graph, made.shapes, &options);
    if (status != EFFNN_OK) {
        drop(&made);
        return status;
    }
    *out = made;
    return EFFNN_OK;
}

/* A plan that is there, or a new one in place of the one used longest ago. */
static effnn_status find(kept **out, effnn__branches *self, effnn__graph *graph,
                         const effnn_tensor *const *inputs)
{
    kept made, *slot = &self->plans[0];

    for (size_t i = 0; i < self->n; i++) {
        if (fits(&self->plans[i], graph, inputs)) {
            *out = &self->plans[i];
            return EFFNN_OK;
        }
        if (self->plans[i].used < slot->used) slot = &self->plans[i];
    }
    EFFNN_TRY(make(&made, graph, inputs, self->prepack));
    if (self->n < MAX_KEPT) slot = &self->plans[self->n++];
    drop(slot);
    *slot = made;
    *out = slot;
    return EFFNN_OK;
}

static effnn_status prepare_output(kept *self, size_t i, effnn_tensor **outputs)
{
    const effnn__shape *shape;

    self->made[i] = !outputs[i];
    if (outputs[i] || effnn__plan_is_dynamic(self->plan)) return EFFNN_OK;
    shape = effnn__plan_output_shape(self->plan, i);
    return effnn_tensor_create(&outputs[i], self->graph->context,
                               effnn__plan_output_dtype(self->plan, i), shape->rank, shape->dims);
}

static effnn_status run_plan(kept *self, const effnn_tensor *const *inputs, effnn_tensor **outputs)
{
    const size_t n = self->graph->outputs.n;
    effnn_status status = EFFNN_OK;

    memset(self->made, 0, n * sizeof *self->made);
    for (size_t i = 0; i < n && status == EFFNN_OK; i++) status = prepare_output(self, i, outputs);
    if (status == EFFNN_OK) status = effnn__plan_run(self->plan, inputs, outputs, NULL);
    for (size_t i = 0; i < n && status != EFFNN_OK; i++) {
        if (!self->made[i]) continue;
        effnn_tensor_release(outputs[i]);
        outputs[i] = NULL;
    }
    return status;
}

/* ---- the services ---- */

static effnn_status infer(const effnn_op_subgraphs *services, size_t index,
                          const effnn_op_infer *call, size_t first, effnn__value_info *outputs)
{
    const effnn__branches *self = services->host;

    return self->node->services.infer(&self->node->services, index, call, first, outputs);
}

/* What cannot be planned runs without a plan, which tells why if that fails, too. */
static effnn_status run(const effnn_op_subgraphs *services, size_t index, const effnn_op_call *call,
                        size_t first, effnn_tensor **outputs)
{
    effnn__branches *self = services->host;
    const effnn_op_subgraphs *plain = &self->node->services;
    effnn__graph *graph = self->node->subgraphs[index];
    kept *plan = NULL;
    effnn_status status = EFFNN_E_UNSUPPORTED;

    if (graph->inputs.n == call->n_inputs - first && graph->outputs.n == call->n_outputs &&
        can_plan(graph, call->inputs + first))
        status = find(&plan, self, graph, call->inputs + first);
    if (status == EFFNN_E_NOMEM) return status;
    if (status != EFFNN_OK) return plain->run(plain, index, call, first, outputs);
    plan->used = ++self->clock;
    return run_plan(plan, call->inputs + first, outputs);
}

effnn_status effnn__branches_create(effnn__branches **out, const effnn__node *node, bool prepack)
{
    effnn__branches *self = effnn__zalloc(sizeof *self);

    if (!self) return effnn__fail_nomem(node->name, sizeof *self);
    self->node = node;
    self->prepack = prepack;
    self->services = (effnn_op_subgraphs){ .host = self, .infer = infer, .run = run };
    *out = self;
    return EFFNN_OK;
}

const effnn_op_subgraphs *effnn__branches_services(const effnn__branches *self)
{
    return &self->services;
}

void effnn__branches_add_memory(effnn__plan_memory *sum, const effnn__branches *self)
{
    for (size_t i = 0; i < self->n; i++) {
        const effnn__plan_memory memory = effnn__plan_memory_of(self->plans[i].plan);
        sum->arena += memory.arena;
        sum->scratch += memory.scratch;
        sum->packed += memory.packed;
        sum->constants += memory.constants;
        sum->headers += memory.headers;
    }
}
