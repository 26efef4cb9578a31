/* SPDX-License-Identifier: BSD-3-Clause */
/* Eager execution of one operator: make the inputs contiguous, infer with everything known,
 * allocate outputs and scratch, run. Slow by design (it allocates on every call), right by being
 * simple. */

#include "ops/op_run.h"

#include "base/alloc.h"
#include "ops/op_infer.h"
#include "tensor/dtype.h"

#include <stdio.h>

#define MAX_AUX           8
#define SCRATCH_ALIGNMENT 64

void effnn__value_info_of(effnn__value_info *out, const effnn_tensor *tensor)
{
    const effnn_dtype dtype = effnn_tensor_dtype(tensor);
    const int64_t *dims = effnn_tensor_dims(tensor);
    const size_t n = effnn_tensor_count(tensor);

    *out = (effnn__value_info){
        .has_dtype = true, .dtype = dtype, .has_shape = true, .rank = effnn_tensor_rank(tensor)
    };
    for (size_t i = 0; i < out->rank; i++) out->dims[i] = effnn__sym_constant(dims[i]);
    if (out->rank > 1 || n > EFFNN__MAX_CONTENT ||
        (dtype != EFFNN_I64 && dtype != EFFNN_I32 && dtype != EFFNN_BOOL))
        return;
    out->has_content = true;
    out->n_content = n;
    for (size_t i = 0; i < n; i++)
        out->content[i] = effnn__sym_constant(effnn__tensor_load_i64(tensor, i));
}

effnn_status effnn__value_info_shape(effnn__shape *out, const effnn__value_info *info,
                                     const char *what)
{
    effnn__shape shape = { .rank = info->rank };
    char text[EFFNN__SHAPE_TEXT];
    size_t count;

    if (!info->has_shape)
        return effnn__fail(EFFNN_E_SHAPE, "%s: the shape is not known before it is computed", what);
    for (size_t i = 0; i < info->rank; i++) {
        if (info->dims[i].symbol != 0)
            return effnn__fail(EFFNN_E_SHAPE,
                               "%s: dimension %zu is not known before it is computed", what, i);
        shape.dims[i] = info->dims[i].offset;
    }
    if (effnn__shape_count(&count, shape.rank, shape.dims) != EFFNN_OK)
        return effnn__fail(EFFNN_E_SHAPE, "%s: no tensor can have shape %s", what,
                           effnn__shape_print(text, sizeof text, shape.rank, shape.dims));
    *out = shape;
    return EFFNN_OK;
}

bool effnn__value_info_is_concrete(const effnn__value_info *info)
{
    if (!info->has_dtype || !info->has_shape) return false;
    for (size_t i = 0; i < info->rank; i++)
        if (!effnn__sym_is_constant(info->dims[i])) return false;
    return true;
}

static bool outside(size_t n, int min, int max)
{
    return n < (size_t)min || (max != EFFNN_ANY && n > (size_t)max);
}

effnn_status effnn__op_infer(effnn_op_infer *call)
{
    const effnn_op_def *def = call->def;

    if (outside(call->n_inputs, def->min_inputs, def->max_inputs))
        return effnn__infer_fail(call, EFFNN_E_ARG, "%zu inputs, but it takes %d to %d",
                                 call->n_inputs, def->min_inputs, def->max_inputs);
    if (outside(call->n_outputs, def->min_outputs, def->max_outputs))
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "%zu outputs, but it gives %d to %d",
                                 call->n_outputs, def->min_outputs, def->max_outputs);
    /* Of inputs without end each is one more operand: none of them is optional. */
    const size_t n_needed = def->max_inputs == EFFNN_ANY ? call->n_inputs : (size_t)def->min_inputs;
    for (size_t i = 0; i < n_needed; i++)
        if (!call->inputs[i]) return effnn__infer_fail(call, EFFNN_E_ARG, "input %zu is absent", i);
    for (size_t i = 0; i < call->n_outputs; i++) call->outputs[i] = (effnn__value_info){ 0 };
    return def->infer(call);
}

void effnn__op_cost(const effnn_op_call *call, effnn_op_cost *out)
{
    effnn_op_cost cost = { 0 };

    for (size_t i = 0; i < call->n_inputs; i++)
        if (call->inputs[i]) cost.read += (double)effnn_tensor_bytes(call->inputs[i]);
    for (size_t i = 0; i < call->n_outputs; i++)
        if (call->outputs[i]) cost.written += (double)effnn_tensor_bytes(call->outputs[i]);
    if (call->def->cost) call->def->cost(call, &cost);
    *out = cost;
}

/* Everything that one eager call holds; cleared as a whole. */
typedef struct eager {
    const effnn__op_request *request;
    effnn_tensor **inputs; /* contiguous; owned */
    effnn__value_info *infos;
    const effnn__value_info **info_pointers; /* NULL where absent */
    effnn__value_info *output_infos;
    effnn_tensor **outputs; /* owned */
    effnn__symbols *symbols;
    void *scratch;
} eager;

static void eager_clear(eager *self)
{
    for (size_t i = 0; self->inputs && i < self->request->n_inputs; i++)
        effnn_tensor_release(self->inputs[i]);
    for (size_t i = 0; self->outputs && i < self->request->n_outputs; i++)
        effnn_tensor_release(self->outputs[i]);
    effnn__free(self->inputs);
    effnn__free(self->infos);
    effnn__free(self->info_pointers);
    effnn__free(self->output_infos);
    effnn__free(self->outputs);
    effnn__symbols_destroy(self->symbols);
    effnn__free_aligned(self->scratch);
}

static effnn_status eager_open(eager *self)
{
    const effnn__op_request *request = self->request;
    const size_t n_inputs = request->n_inputs, n_outputs = request->n_outputs;

    self->inputs = effnn__alloc_array(n_inputs + 1, sizeof *self->inputs);
    self->infos = effnn__alloc_array(n_inputs + 1, sizeof *self->infos);
    self->info_pointers = effnn__alloc_array(n_inputs + 1, sizeof *self->info_pointers);
    self->output_infos = effnn__alloc_array(n_outputs, sizeof *self->output_infos);
    self->outputs = effnn__alloc_array(n_outputs, sizeof *self->outputs);
    if (!self->inputs || !self->infos || !self->info_pointers || !self->output_infos ||
        !self->outputs)
        return effnn__fail_nomem("call of an operator", n_inputs + n_outputs);
    EFFNN_TRY(effnn__symbols_create(&self->symbols));
    for (size_t i = 0; i < n_inputs; i++) {
        if (!request->inputs[i]) continue;
        EFFNN_TRY(effnn__tensor_contiguous(&self->inputs[i], request->inputs[i]));
        effnn__value_info_of(&self->infos[i], request->inputs[i]);
        self->info_pointers[i] = &self->infos[i];
    }
    return EFFNN_OK;
}

static effnn_status eager_infer(const eager *self)
{
    const effnn__op_request *request = self->request;

    return effnn__op_infer(&(effnn_op_infer){
        .def = request->def,
        .attrs = request->attrs,
        .node = request->node,
        .symbols = self->symbols,
        .inputs = self->info_pointers,
        .constants = (const effnn_tensor *const *)self->inputs,
        .n_inputs = request->n_inputs,
        .outputs = self->output_infos,
        .n_outputs = request->n_outputs,
        .subgraphs = request->subgraphs,
    });
}

static bool is_wanted(const effnn__op_request *request, size_t i)
{
    return !request->unwanted || !request->unwanted[i];
}

/* Whether every wanted output has a dtype and a shape now that all inputs are known. */
static bool has_known_outputs(const eager *self)
{
    for (size_t i = 0; i < self->request->n_outputs; i++) {
        const effnn__value_info *info = &self->output_infos[i];
        if (is_wanted(self->request, i) && !effnn__value_info_is_concrete(info)) return false;
    }
    return true;
}

static effnn_status make_outputs(eager *self)
{
    const effnn__op_request *request = self->request;

    for (size_t i = 0; i < request->n_outputs; i++) {
        const effnn__value_info *info = &self->output_infos[i];
        effnn__shape shape;
        char what[96];

        if (!is_wanted(request, i)) continue;
        snprintf(what, sizeof what, "%s '%s'", request->def->name,
                 request->node ? request->node : "");
        EFFNN_TRY(effnn__value_info_shape(&shape, info, what));
        if (!info->has_dtype)
            return effnn__fail(EFFNN_E_UNSUPPORTED, "%s: output %zu has no known type", what, i);
        EFFNN_TRY(effnn_tensor_create(&self->outputs[i], request->context, info->dtype, shape.rank,
                                      shape.dims));
    }
    return EFFNN_OK;
}

/* Call one of the two forward functions. */
static effnn_status eager_forward(eager *self, bool makes_outputs)
{
    const effnn__op_request *request = self->request;
    const effnn_op_def *def = request->def;
    void *const aux[MAX_AUX] = { NULL };
    effnn_op_call call = { .def = def,
                           .attrs = request->attrs,
                           .node = request->node,
                           .context = request->context,
                           .mode = EFFNN_OP_INFERENCE,
                           .inputs = (const effnn_tensor *const *)self->inputs,
                           .n_inputs = request->n_inputs,
                           .outputs = self->outputs,
                           .n_outputs = request->n_outputs,
                           .aux = aux,
                           .packed = request->packed,
                           .subgraphs = request->subgraphs };

    EFFNN_ASSERT(def->n_aux <= MAX_AUX);
    const size_t bytes = def->scratch ? def->scratch(&call, EFFNN_OP_FORWARD) : 0;
    if (bytes > 0) {
        self->scratch = effnn__alloc_aligned(bytes, SCRATCH_ALIGNMENT);
        if (!self->scratch) return effnn__fail_nomem("scratch of an operator", bytes);
        call.scratch = self->scratch;
    }
    return makes_outputs ? def->forward_alloc(&call, self->outputs) : def->forward(&call);
}

static effnn_status eager_run(eager *self)
{
    const effnn_op_def *def = self->request->def;

    EFFNN_TRY(eager_open(self));
    EFFNN_TRY(eager_infer(self));
    if (def->forward_alloc && (!def->forward || !has_known_outputs(self)))
        return eager_forward(self, true);
    EFFNN_TRY(make_outputs(self));
    return eager_forward(self, false);
}

effnn_status effnn__op_run_request(const effnn__op_request *request, effnn_tensor **outputs)
{
    eager run = { .request = request };
    const effnn_status status = eager_run(&run);

    for (size_t i = 0; i < request->n_outputs && status == EFFNN_OK; i++) {
        if (!is_wanted(request, i)) continue;
        outputs[i] = run.outputs[i];
        run.outputs[i] = NULL;
    }
    eager_clear(&run);
    return status;
}

effnn_status effnn__op_run(effnn_context *context, const effnn_op_def *def, const void *attrs,
                           const char *node, const effnn_tensor *const *inputs, size_t n_inputs,
                           effnn_tensor **outputs, size_t n_outputs)
{
    return effnn__op_run_request(&(effnn__op_request){ .context = context,
                                                       .def = def,
                                                       .attrs = attrs,
                                                       .node = node,
                                                       .inputs = inputs,
                                                       .n_inputs = n_inputs,
                                                       .n_outputs = n_outputs },
                                 outputs);
}
