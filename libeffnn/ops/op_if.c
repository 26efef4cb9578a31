/* SPDX-License-Identifier: BSD-3-Clause */
/* If: one of two graphs by a condition. What they read from around them are the further inputs, the
 * same for both (graph/subgraph.h). Their results may differ in shape and even in rank; where they
 * do, the shape depends on data. */

#include "ops/op_infer.h"

#include <math.h>
#include <string.h>

enum { THEN_BRANCH, ELSE_BRANCH, FIRST_CAPTURE = 1, MAX_RESULTS = 32 };

static const char *const branches[] = { "then_branch", "else_branch", NULL };

static effnn_status check_condition(const effnn_op_infer *call)
{
    const effnn__value_info *condition = effnn__infer_input(call, 0);
    effnn__sym n;

    if (condition->has_dtype && condition->dtype != EFFNN_BOOL)
        return effnn__infer_fail(call, EFFNN_E_ARG, "the condition is %s, not bool",
                                 effnn_dtype_name(condition->dtype));
    if (!condition->has_shape) return EFFNN_OK;
    EFFNN_TRY(effnn__infer_count(&n, call, condition, 0, condition->rank));
    if (effnn__sym_is_constant(n) && n.offset != 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "the condition has %lld elements, not 1",
                                 (long long)n.offset);
    return EFFNN_OK;
}

/* What holds of a value that is one of two: sizes that differ become unknown ones. */
static effnn_status join(effnn__value_info *out, const effnn_op_infer *call, size_t i,
                         const effnn__value_info *a, const effnn__value_info *b)
{
    if (a->has_dtype && b->has_dtype && a->dtype != b->dtype)
        return effnn__infer_fail(call, EFFNN_E_ARG,
                                 "output %zu is %s in one branch, %s in the other", i,
                                 effnn_dtype_name(a->dtype), effnn_dtype_name(b->dtype));
    out->has_dtype = a->has_dtype || b->has_dtype;
    out->dtype = a->has_dtype ? a->dtype : b->dtype;
    out->has_shape = a->has_shape && b->has_shape && a->rank == b->rank;
    out->rank = out->has_shape ? a->rank : 0;
    for (size_t d = 0; d < out->rank; d++) {
        out->dims[d] = a->dims[d];
        if (!effnn__sym_equal(a->dims[d], b->dims[d]))
            EFFNN_TRY(effnn__symbols_fresh(&out->dims[d], call->symbols));
    }
    return EFFNN_OK;
}

static effnn_status infer_branch(const effnn_op_infer *call, size_t index, effnn__value_info *out)
{
    return call->subgraphs->infer(call->subgraphs, index, call, FIRST_CAPTURE, out);
}

/* A branch that does not fit the shapes is one that is not taken: then the other says what comes
 * out. Exporters write such branches, with a condition that looks at the shapes. */
static effnn_status infer_both(effnn_op_infer *call)
{
    effnn__value_info results[2][MAX_RESULTS];
    effnn_status status[2];

    memset(results, 0, sizeof results);
    for (size_t i = 0; i < 2; i++) {
        status[i] = infer_branch(call, i, results[i]);
        if (status[i] == EFFNN_E_NOMEM) return status[i];
    }
    if (status[0] != EFFNN_OK && status[1] != EFFNN_OK) return status[1];
    for (size_t i = 0; i < call->n_outputs; i++) {
        if (status[0] != EFFNN_OK || status[1] != EFFNN_OK)
            call->outputs[i] = results[status[0] != EFFNN_OK][i];
        else
            EFFNN_TRY(join(&call->outputs[i], call, i, &results[0][i], &results[1][i]));
    }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    effnn__sym condition[EFFNN__MAX_CONTENT];
    size_t n = 0;

    EFFNN_TRY(check_condition(call));
    if (call->n_outputs > MAX_RESULTS)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "%zu outputs, at most %d",
                                 call->n_outputs, MAX_RESULTS);
    if (effnn__infer_content(call, 0, &n, condition) && n == 1 &&
        effnn__sym_is_constant(condition[0]))
        return infer_branch(call, condition[0].offset ? THEN_BRANCH : ELSE_BRANCH, call->outputs);
    return infer_both(call);
}

static effnn_status forward_alloc(const effnn_op_call *call, effnn_tensor **outputs)
{
    const bool condition = *(const uint8_t *)effnn_tensor_data(call->inputs[0]) != 0;

    return call->subgraphs->run(call->subgraphs, condition ? THEN_BRANCH : ELSE_BRANCH, call,
                                FIRST_CAPTURE, outputs);
}

static effnn_status forward(const effnn_op_call *call)
{
    effnn_tensor *results[MAX_RESULTS];
    effnn_status status;

    for (size_t i = 0; i < call->n_outputs; i++) results[i] = call->outputs[i];
    status = forward_alloc(call, results);
    for (size_t i = 0; i < call->n_outputs; i++)
        if (!call->outputs[i]) effnn_tensor_release(results[i]);
    return status;
}

/* What runs depends on the condition. */
static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    (void)call;
    out->macs = out->flops = NAN;
}

static const effnn_onnx_row onnx[] = {
    { .name = "If", .since = 1 },
    EFFNN_ONNX_END,
};

/* Its graphs need more than text: tests/graph/test_subgraph.c runs it. */
static const effnn_op_sample samples[] = { EFFNN_SAMPLES_END };

const effnn_op_def effnn__op_if = {
    .name = "if",
    .summary = "one of two graphs, by a condition",
    .subgraphs = branches,
    .min_inputs = 1,
    .max_inputs = EFFNN_ANY,
    .min_outputs = 1,
    .max_outputs = EFFNN_ANY,
    .flags = EFFNN_OP_DYNAMIC_SHAPE,
    .infer = infer,
    .forward = forward,
    .forward_alloc = forward_alloc,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
