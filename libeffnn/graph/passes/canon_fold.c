/* SPDX-License-Identifier: BSD-3-Clause */
/* Constant folding: a node whose inputs are all constant is run once and its outputs become
 * constants under their own names. Left alone are random operators; results that would be large
 * though their inputs are small (they are cheaper to compute than to store); and whatever would
 * multiply a parameter: repeating its elements, or copying it while other nodes read it as it is. A
 * parameter of which each reader folds a part of its own is cut up, for nothing is there twice then
 * (exporters write the gates of a recurrent layer in another order so). An operator that fails
 * stays, so that the failure is told where it belongs, at run time. */

#include "base/alloc.h"
#include "graph/passes/passes.h"
#include "ops/op_run.h"

/* Results up to this many bytes are always stored. */
#define SMALL_BYTES ((size_t)1 << 16)

static bool is_parameter(const effnn__value *value)
{
    return effnn__dtype_is_float(effnn_tensor_dtype(value->constant)) &&
           effnn_tensor_count(value->constant) > 1;
}

/* Whether a node whose inputs are constant may be run beforehand. */
static bool is_foldable(const effnn__node *node)
{
    return !(node->def->flags & EFFNN_OP_RANDOM) && !node->subgraphs && !effnn__canon_is_dead(node);
}

/* Elements and bytes of all that a node gives; false if they are not known. */
static bool measure_results(const effnn__node *node, size_t *n_out, size_t *bytes_out)
{
    *n_out = *bytes_out = 0;
    for (size_t i = 0; i < node->n_outputs; i++) {
        effnn__shape shape;
        size_t n;
        if (!node->outputs[i]) continue;
        if (effnn__value_info_shape(&shape, &node->outputs[i]->info, node->name) != EFFNN_OK ||
            effnn__shape_count(&n, shape.rank, shape.dims) != EFFNN_OK)
            return false;
        *n_out += n;
        *bytes_out += n * effnn_dtype_bits(node->outputs[i]->info.dtype) / 8;
    }
    return true;
}

/* Whether a node can be folded and reads one parameter, once. */
static bool takes_one_parameter(const effnn__node *node)
{
    size_t n_parameters = 0;

    for (size_t i = 0; i < node->n_inputs; i++) {
        if (!node->inputs[i]) continue;
        if (!node->inputs[i]->constant) return false;
        n_parameters += is_parameter(node->inputs[i]);
    }
    return n_parameters == 1 && is_foldable(node);
}

/* Whether all readers of a parameter fold what they make of it and store no more than it holds. */
static bool is_cut_up(const effnn__value *value)
{
    size_t total = 0;

    for (size_t i = 0; i < value->n_uses; i++) {
        const effnn__node *node = value->uses[i].node;
        size_t n, bytes;
        if (effnn__canon_is_dead(node)) continue;
        if (!takes_one_parameter(node) || !measure_results(node, &n, &bytes)) return false;
        total += bytes;
    }
    return total <= effnn_tensor_bytes(value->constant);
}

/* Whether all inputs are constant and none is a parameter that stays for others. */
static bool has_foldable_inputs(const effnn__node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++) {
        const effnn__value *value = node->inputs[i];
        if (!value) continue;
        if (!value->constant) return false;
        if (is_parameter(value) && (value->is_output || (value->n_uses > 1 && !is_cut_up(value))))
            return false;
    }
    return true;
}

/* Whether results of this size may be stored in the place of the inputs. */
static bool is_worth_storing(const effnn__node *node)
{
    size_t bytes_in = 0, bytes_out = 0, n_parameters = 0, n_out = 0;

    for (size_t i = 0; i < node->n_inputs; i++) {
        if (!node->inputs[i]) continue;
        bytes_in += effnn_tensor_bytes(node->inputs[i]->constant);
        if (is_parameter(node->inputs[i]))
            n_parameters += effnn_tensor_count(node->inputs[i]->constant);
    }
    if (!measure_results(node, &n_out, &bytes_out)) return false;
    if (n_parameters && n_out > n_parameters) return false;
    return bytes_out <= SMALL_BYTES || bytes_out <= bytes_in;
}

/* Run the node into outputs; NULL entries if the operator fails, which is no failure here. */
static effnn_status run_node(const effnn__graph *graph, const effnn__node *node,
                             effnn_tensor **outputs)
{
    const effnn_tensor **inputs = effnn__alloc_array(node->n_inputs, sizeof *inputs);
    effnn_status status;

    if (!inputs) return effnn__fail_nomem(node->name, node->n_inputs * sizeof *inputs);
    for (size_t i = 0; i < node->n_inputs; i++)
        inputs[i] = node->inputs[i] ? node->inputs[i]->constant : NULL;
    status = effnn__op_run(graph->context, node->def, node->attrs, node->name, inputs,
                           node->n_inputs, outputs, node->n_outputs);
    effnn__free(inputs);
    return status == EFFNN_E_NOMEM ? status : EFFNN_OK;
}

static bool has_living_reader(const effnn__value *value)
{
    for (size_t i = 0; i < value->n_uses; i++)
        if (!effnn__canon_is_dead(value->uses[i].node)) return true;
    return value->is_output;
}

/* Parameters that only folded nodes have read: the sweep behind the pass removes them, but a model
 * all of whose weights are folded must not be in memory twice until then. */
static void let_go_of_parameters(effnn__graph *graph, const effnn__node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] && is_parameter(node->inputs[i]) && !has_living_reader(node->inputs[i]))
            effnn__graph_let_go(graph, node->inputs[i]);
}

static effnn_status fold_node(effnn__graph *graph, effnn__node *node, size_t *changes)
{
    effnn_tensor **outputs = effnn__alloc_array(node->n_outputs, sizeof *outputs);
    effnn_status status;

    if (!outputs) return effnn__fail_nomem(node->name, node->n_outputs * sizeof *outputs);
    status = run_node(graph, node, outputs);
    for (size_t i = 0; i < node->n_outputs && status == EFFNN_OK; i++) {
        if (!outputs[i] || !node->outputs[i]) continue;
        status = effnn__graph_make_constant(graph, node->outputs[i], outputs[i]);
        ++*changes;
    }
    if (status == EFFNN_OK && effnn__canon_is_dead(node)) let_go_of_parameters(graph, node);
    for (size_t i = 0; i < node->n_outputs; i++) effnn_tensor_release(outputs[i]);
    effnn__free(outputs);
    return status;
}

static effnn_status fold(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        if (!is_foldable(node) || !has_foldable_inputs(node) || !is_worth_storing(node)) continue;
        EFFNN_TRY(fold_node(graph, node, changes));
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_fold = { .name = "fold", .run = fold };
