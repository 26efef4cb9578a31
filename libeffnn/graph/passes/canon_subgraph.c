/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs that nodes hold: a branch whose condition is known takes the place of its `if`; constants
 * and what became known of shapes go in; inputs that nothing reads go; and each graph is made
 * canonical (or lowered) itself. */

#include "graph/lower.h"
#include "graph/passes/passes.h"
#include "graph/subgraph.h"

/* ---- what goes in ---- */

/* Let what reads input i of a graph read a constant instead. */
static effnn_status put_constant(effnn__graph *inner, size_t i, effnn_tensor *tensor)
{
    effnn__value *input = inner->inputs.items[i], *constant = NULL;

    EFFNN_TRY(effnn__graph_add_constant(&constant, inner, input->name, false, tensor));
    for (size_t k = input->n_uses; k-- > 0;) {
        const effnn__use use = input->uses[k];
        EFFNN_TRY(effnn__graph_set_input(inner, use.node, use.input, constant));
    }
    return EFFNN_OK;
}

/* Whether what is known of an input grew: more of it is there now than before. */
static bool is_news(const effnn__value_info *have, const effnn__value_info *now)
{
    if (now->has_dtype && !have->has_dtype) return true;
    if (now->has_shape && !have->has_shape) return true;
    for (size_t d = 0; now->has_shape && d < now->rank; d++)
        if (effnn__sym_is_constant(now->dims[d]) &&
            !(d < have->rank && effnn__sym_equal(now->dims[d], have->dims[d])))
            return true;
    return false;
}

static effnn_status tell_input(effnn__graph *inner, size_t i, const effnn__value *outer,
                               size_t *changes)
{
    effnn__value *input = inner->inputs.items[i];

    if (!outer) return EFFNN_OK;
    if (outer->constant && input->n_uses) {
        EFFNN_TRY(put_constant(inner, i, outer->constant));
        ++*changes;
    }
    if (!is_news(&input->info, &outer->info)) return EFFNN_OK;
    EFFNN_TRY(effnn__subgraph_info(&input->info, inner, &outer->info));
    ++*changes;
    return EFFNN_OK;
}

/* ---- what goes out ---- */

static bool is_read(const effnn__node *node, size_t i)
{
    for (size_t g = 0; g < effnn__op_subgraph_count(node->def); g++) {
        const effnn__value *input = node->subgraphs[g]->inputs.items[i];
        if (input->n_uses || input->is_output) return true;
    }
    return false;
}

static void drop_unread_inputs(effnn__node *node, size_t *changes)
{
    const size_t first = effnn__node_first_capture(node);

    for (size_t i = node->n_inputs; i-- > first;) {
        if (is_read(node, i - first)) continue;
        for (size_t g = 0; g < effnn__op_subgraph_count(node->def); g++)
            effnn__subgraph_remove_input(node->subgraphs[g], i - first);
        effnn__graph_remove_input(node, i);
        ++*changes;
    }
}

/* ---- the passes ---- */

/* The graph that a node with a known condition runs; false: not known. */
static bool is_decided(const effnn__node *node, size_t *index)
{
    const effnn__value *condition = node->inputs[0];
    const effnn__value_info *info = &condition->info;

    if (!effnn__match_is(node, "if") || !info->has_content || info->n_content != 1 ||
        !effnn__sym_is_constant(info->content[0]))
        return false;
    *index = info->content[0].offset ? 0 : 1;
    return true;
}

/* Run passes over a graph that a node holds; what they change shows in its number of nodes. A graph
 * that does not fit the shapes that come in is left alone: exporters write branches that are never
 * taken with such shapes, and one that is taken tells its failure when it runs. */
static effnn_status run_inside(effnn__graph *inner, effnn_status (*passes)(effnn__graph *graph),
                               size_t *changes)
{
    const size_t n = inner->nodes.n;
    const effnn_status status = passes(inner);

    if (status == EFFNN_E_NOMEM) return status;
    if (inner->nodes.n != n) ++*changes;
    return EFFNN_OK;
}

static effnn_status visit(effnn__graph *graph, effnn__node *node, size_t *changes)
{
    const size_t first = effnn__node_first_capture(node);
    size_t index = 0;

    if (is_decided(node, &index)) {
        ++*changes;
        return effnn__subgraph_inline(graph, node, index);
    }
    for (size_t g = 0; g < effnn__op_subgraph_count(node->def); g++) {
        for (size_t i = first; i < node->n_inputs; i++)
            EFFNN_TRY(tell_input(node->subgraphs[g], i - first, node->inputs[i], changes));
        EFFNN_TRY(run_inside(node->subgraphs[g], effnn__canonicalise, changes));
    }
    drop_unread_inputs(node, changes);
    return EFFNN_OK;
}

static effnn_status canonicalise(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        if (!node->subgraphs || effnn__canon_is_dead(node)) continue;
        EFFNN_TRY(visit(graph, node, changes));
        i = node->index; /* inlined nodes lie in front of it */
    }
    return EFFNN_OK;
}

static effnn_status lower(effnn__graph *graph, size_t *changes)
{
    size_t inside = 0; /* what changes in a graph inside changes nothing around it */

    (void)changes;
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        for (size_t g = 0; node->subgraphs && g < effnn__op_subgraph_count(node->def); g++)
            EFFNN_TRY(run_inside(node->subgraphs[g], effnn__lower, &inside));
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_subgraphs = { .name = "subgraphs", .run = canonicalise };
const effnn__pass effnn__pass_lower_subgraphs = { .name = "lower_subgraphs", .run = lower };
