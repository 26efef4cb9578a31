/* SPDX-License-Identifier: BSD-3-Clause */
/* A session is a lowered copy of a model's graph and the plans of the last few input shapes. The
 * copy shares the parameters' storage, which is immutable while it is shared, so the model may
 * change or go. Finding a plan and running it allocates nothing. */

#include "base/alloc.h"
#include "graph/cost.h"
#include "graph/lower.h"
#include "graph/run.h"
#include "kernels/kernels.h"
#include "model/model.h"

#include <effnn/session.h>
#include <string.h>

#define MAX_PLANS 64

typedef struct planned {
    effnn__plan *plan;
    effnn__shape *shapes; /* [inputs.n] */
    uint64_t used;        /* clock of the last use */
} planned;

struct effnn_session {
    effnn_context *context;
    effnn__graph *graph;
    effnn_session_options options;
    size_t n_plans;
    planned plans[MAX_PLANS];
    const planned *last;
    uint64_t clock;
    double *seconds;      /* [nodes.n] with profile */
    effnn_op_cost *costs; /* [nodes.n] with profile, for the shapes of `last` */
    unsigned char *made;  /* [outputs.n]: outputs that this run has made */
};

static effnn_status check_options(const effnn_session_options *options)
{
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "session options: version %u, this library knows 1",
                           options->version);
    if (options->plans < 1 || options->plans > MAX_PLANS)
        return effnn__fail(EFFNN_E_ARG, "session options: %u plans, 1 to %d are possible",
                           options->plans, MAX_PLANS);
    return EFFNN_OK;
}

static effnn_status fill(effnn_session *self, const effnn_model *model)
{
    self->context = effnn__context_retain(model->context);
    effnn__log(self->context, EFFNN_LOG_INFO, "kernels: %s", effnn__kernels_describe());
    EFFNN_TRY(effnn__graph_clone(&self->graph, model->graph));
    if (!self->options.keep_written) EFFNN_TRY(effnn__lower(self->graph));
    self->made = effnn__zalloc(self->graph->outputs.n);
    if (!self->made) return effnn__fail_nomem("session", self->graph->outputs.n);
    if (!self->options.profile) return EFFNN_OK;
    self->seconds = effnn__alloc_array(self->graph->nodes.n + 1, sizeof *self->seconds);
    self->costs = effnn__alloc_array(self->graph->nodes.n + 1, sizeof *self->costs);
    if (self->seconds && self->costs) return EFFNN_OK;
    return effnn__fail_nomem("session", self->graph->nodes.n * sizeof *self->costs);
}

effnn_status effnn_session_create(effnn_session **out, const effnn_model *model,
                                  const effnn_session_options *options)
{
    const effnn_session_options defaults = EFFNN_SESSION_OPTIONS_INIT;
    effnn_session *self;
    effnn_status status;

    EFFNN_CHECK_ARG(out && model);
    if (!options) options = &defaults;
    EFFNN_TRY(check_options(options));
    if (model->graph->outputs.n == 0)
        return effnn__fail(EFFNN_E_STATE, "the model has no outputs to compute");
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("session", sizeof *self);
    self->options = *options;
    status = fill(self, model);
    if (status != EFFNN_OK) {
        effnn_session_destroy(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

static void drop(planned *p)
{
    effnn__plan_destroy(p->plan);
    effnn__free(p->shapes);
    *p = (planned){ 0 };
}

void effnn_session_destroy(effnn_session *self)
{
    if (!self) return;
    for (size_t i = 0; i < self->n_plans; i++) drop(&self->plans[i]);
    effnn__graph_destroy(self->graph);
    effnn__free(self->seconds);
    effnn__free(self->costs);
    effnn__free(self->made);
    effnn__context_release(self->context);
    effnn__free(self);
}

size_t effnn_session_input_count(const effnn_session *self)
{
    return self->graph->inputs.n;
}

size_t effnn_session_output_count(const effnn_session *self)
{
    return self->graph->outputs.n;
}

static int find(const effnn__vec *values, const char *name)
{
    for (size_t i = 0; i < values->n; i++)
        if (strcmp(((const effnn__value *)values->items[i])->name, name) == 0) return (int)i;
    return -1;
}

int effnn_session_find_input(const effnn_session *self, const char *name)
{
    return find(&self->graph->inputs, name);
}

int effnn_session_find_output(const effnn_session *self, const char *name)
{
    return find(&self->graph->outputs, name);
}

/* ---- running ---- */

static effnn_status check_input(const effnn__value *value, const effnn_tensor *tensor)
{
    const effnn__value_info *info = &value->info;
    const effnn__shape given = effnn__tensor_shape(tensor);
    char text[128];
    bool fits = !info->has_shape || given.rank == info->rank;

    if (effnn_tensor_dtype(tensor) != info->dtype)
        return effnn__fail(EFFNN_E_ARG, "input '%s' is %s, not %s", value->name,
                           effnn_dtype_name(info->dtype),
                           effnn_dtype_name(effnn_tensor_dtype(tensor)));
    for (size_t d = 0; fits && info->has_shape && d < given.rank; d++)
        fits = !effnn__sym_is_constant(info->dims[d]) || info->dims[d].offset == given.dims[d];
    if (fits) return EFFNN_OK;
    effnn__shape wanted = { .rank = info->rank };

    for (size_t d = 0; d < info->rank; d++)
        wanted.dims[d] = effnn__sym_is_constant(info->dims[d]) ? info->dims[d].offset : -1;
    char want[128];

    return effnn__fail(EFFNN_E_SHAPE, "input '%s' is %s (-1: open), not %s", value->name,
                       effnn__shape_print(want, sizeof want, wanted.rank, wanted.dims),
                       effnn__shape_print(text, sizeof text, given.rank, given.dims));
}

/* True if a plan is for these inputs' shapes. */
static bool fits(const planned *p, effnn_tensor *const *inputs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const effnn__shape shape = effnn__tensor_shape(inputs[i]);

        if (!effnn__shape_equal(&shape, &p->shapes[i])) return false;
    }
    return true;
}

/* With profile, the costs of the nodes for a plan's shapes; zero where shapes depend on data. */
static effnn_status find_costs(effnn_session *self, const planned *p)
{
    if (!self->costs) return EFFNN_OK;
    for (size_t i = 0; i < self->graph->nodes.n; i++) self->costs[i] = (effnn_op_cost){ 0 };
    if (effnn__plan_is_dynamic(p->plan)) return EFFNN_OK;
    EFFNN_TRY(effnn__graph_cost(self->costs, self->graph, p->shapes));
    for (size_t i = 0; i < self->graph->nodes.n; i++)
        if (effnn__plan_is_view(p->plan, i)) self->costs[i].read = self->costs[i].written = 0.0;
    return EFFNN_OK;
}

static effnn_status make_plan(planned *out, effnn_session *self, effnn_tensor *const *inputs)
{
    const effnn__plan_options options = { .prepack = !self->options.keep_written, .let_go = true };
    const size_t n = self->graph->inputs.n;
    planned p = { .shapes = effnn__alloc_array(n + 1, sizeof *p.shapes) };
    effnn_status status;

    if (!p.shapes) return effnn__fail_nomem("session", n * sizeof *p.shapes);
    for (size_t i = 0; i < n; i++) p.shapes[i] = effnn__tensor_shape(inputs[i]);
    status = effnn__plan_create(&p.plan, self->graph, p.shapes, &options);
    if (status == EFFNN_OK) status = find_costs(self, &p);
    if (status != EFFNN_OK) {
        drop(&p);
        return status;
    }
    *out = p;
    return EFFNN_OK;
}

/* The plan for these inputs: one that is there, or a new one in place of the one used longest ago.
 */
static effnn_status find_plan(planned **out, effnn_session *self, effnn_tensor *const *inputs)
{
    planned made, *slot = &self->plans[0];

    for (size_t i = 0; i < self->n_plans; i++) {
        planned *p = &self->plans[i];

        if (fits(p, inputs, self->graph->inputs.n)) {
            if (p != self->last) EFFNN_TRY(find_costs(self, p));
            *out = p;
            return EFFNN_OK;
        }
        if (p->used < slot->used) slot = p;
    }
    EFFNN_TRY(make_plan(&made, self, inputs));
    if (self->n_plans < self->options.plans) slot = &self->plans[self->n_plans++];
    drop(slot);
    *slot = made;
    *out = slot;
    return EFFNN_OK;
}

static effnn_status check_output(const effnn__value *value, const effnn__shape *shape,
                                 const effnn_tensor *tensor)
{
    const effnn__shape given = effnn__tensor_shape(tensor);
    char want[128], have[128];

    if (effnn_tensor_dtype(tensor) != value->info.dtype)
        return effnn__fail(EFFNN_E_ARG, "output '%s' is %s, not %s", value->name,
                           effnn_dtype_name(value->info.dtype),
                           effnn_dtype_name(effnn_tensor_dtype(tensor)));
    if (!effnn__shape_equal(&given, shape))
        return effnn__fail(EFFNN_E_SHAPE, "output '%s' is %s, not %s", value->name,
                           effnn__shape_print(want, sizeof want, shape->rank, shape->dims),
                           effnn__shape_print(have, sizeof have, given.rank, given.dims));
    if (!effnn_tensor_is_contiguous(tensor))
        return effnn__fail(EFFNN_E_ARG, "output '%s': the tensor given is not contiguous",
                           value->name);
    return EFFNN_OK;
}

/* Output i of the caller is written while inputs and other outputs are in use: it must be none of
 * them. Other tensors over the same storage do no harm, for make_unique parts them. */
static effnn_status check_alone(const effnn_session *self, effnn_tensor *const *inputs,
                                effnn_tensor *const *outputs, size_t i)
{
    const effnn__value *value = self->graph->outputs.items[i], *other = NULL;

    for (size_t k = 0; k < self->graph->inputs.n && outputs[i]; k++)
        if (inputs[k] == outputs[i]) other = self->graph->inputs.items[k];
    for (size_t k = 0; k < i && outputs[i]; k++)
        if (outputs[k] == outputs[i]) other = self->graph->outputs.items[k];
    if (!other) return EFFNN_OK;
    return effnn__fail(EFFNN_E_ARG, "output '%s': the tensor given is that of '%s', too",
                       value->name, other->name);
}

static effnn_status prepare_output(effnn_session *self, const planned *p, size_t i,
                                   effnn_tensor **outputs)
{
    const effnn__value *value = self->graph->outputs.items[i];
    const effnn__shape *shape;

    self->made[i] = 0;
    if (effnn__plan_is_dynamic(p->plan)) { /* made, or held against what comes out, by the run */
        self->made[i] = !outputs[i];
        return outputs[i] ? effnn__tensor_make_unique(outputs[i]) : EFFNN_OK;
    }
    shape = effnn__plan_output_shape(p->plan, i);
    if (outputs[i]) {
        EFFNN_TRY(check_output(value, shape, outputs[i]));
        return effnn__tensor_make_unique(outputs[i]);
    }
    EFFNN_TRY(effnn_tensor_create(&outputs[i], self->context, value->info.dtype, shape->rank,
                                  shape->dims));
    self->made[i] = 1;
    return EFFNN_OK;
}

static effnn_status run(effnn_session *self, planned *p, effnn_tensor *const *inputs,
                        effnn_tensor **outputs, const effnn_run_options *options)
{
    const effnn__progress progress = { options->progress, options->progress_user };
    const effnn__run_options how = { .progress = &progress, .node_seconds = self->seconds };
    const size_t n = self->graph->outputs.n;
    effnn_status status = EFFNN_OK;

    memset(self->made, 0, n);
    for (size_t i = 0; i < n && status == EFFNN_OK; i++)
        status = prepare_output(self, p, i, outputs);
    if (status == EFFNN_OK)
        status = effnn__plan_run(p->plan, (const effnn_tensor *const *)inputs, outputs, &how);
    for (size_t i = 0; i < n && status != EFFNN_OK; i++) {
        if (!self->made[i]) continue;
        effnn_tensor_release(outputs[i]);
        outputs[i] = NULL;
    }
    return status;
}

effnn_status effnn_session_run(effnn_session *self, effnn_tensor *const *inputs,
                               effnn_tensor **outputs, const effnn_run_options *options)
{
    const effnn_run_options defaults = EFFNN_RUN_OPTIONS_INIT;
    planned *p;

    EFFNN_CHECK_ARG(self && outputs && (inputs || self->graph->inputs.n == 0));
    if (!options) options = &defaults;
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "run options: version %u, this library knows 1",
                           options->version);
    for (size_t i = 0; i < self->graph->inputs.n; i++) {
        const effnn__value *value = self->graph->inputs.items[i];

        if (!inputs[i]) return effnn__fail(EFFNN_E_ARG, "input '%s' is missing", value->name);
        EFFNN_TRY(check_input(value, inputs[i]));
    }
    for (size_t i = 0; i < self->graph->outputs.n; i++)
        EFFNN_TRY(check_alone(self, inputs, outputs, i));
    EFFNN_TRY(find_plan(&p, self, inputs));
    self->last = p;
    p->used = ++self->clock;
    return run(self, p, inputs, outputs, options);
}

effnn_status effnn_session_get_memory(effnn_session_memory *out, const effnn_session *self)
{
    effnn__plan_memory memory;

    EFFNN_CHECK_ARG(out && out->version == 1 && self);
    if (!self->last) return effnn__fail(EFFNN_E_STATE, "the session has not run yet");
    memory = effnn__plan_memory_of(self->last->plan);
    *out = (effnn_session_memory){ .version = 1,
                                   .arena = memory.arena,
                                   .scratch = memory.scratch,
                                   .packed = memory.packed,
                                   .constants = memory.constants };
    return EFFNN_OK;
}

size_t effnn_session_node_count(const effnn_session *self)
{
    return self->graph->nodes.n;
}

effnn_status effnn_session_profile_at(effnn_node_profile *out, const effnn_session *self, size_t i)
{
    const effnn__node *node;

    EFFNN_CHECK_ARG(out && (out->version == 1 || out->version == 2) && self);
    if (!self->seconds) return effnn__fail(EFFNN_E_STATE, "the session was made without profile");
    if (i >= self->graph->nodes.n)
        return effnn__fail(EFFNN_E_ARG, "node %zu: there are %zu", i, self->graph->nodes.n);
    node = effnn__graph_node(self->graph, i);
    out->name = node->name;
    out->op = node->def->name;
    out->seconds = self->seconds[i];
    out->macs = self->costs[i].macs;
    out->runs = self->clock;
    if (out->version < 2) return EFFNN_OK;
    out->flops = self->costs[i].flops;
    out->bytes = self->costs[i].read + self->costs[i].written;
    return EFFNN_OK;
}
