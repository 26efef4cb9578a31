/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop that runs passes until they settle, and what the canonical passes share. Each round
 * begins by inferring shapes anew, because a pass may have made more of them known. */

#include "graph/canon.h"

#include "graph/graph_priv.h"
#include "graph/passes/passes.h"

/* More rounds than any graph needs: each round but the last makes a pattern smaller. */
#define MAX_ROUNDS 1000

effnn_status effnn__canonicalise(effnn__graph *graph)
{
    static const effnn__pass *const passes[] = {
#define X(pass) &effnn__pass_##pass,
        EFFNN__CANON_PASSES(X) NULL
#undef X
    };

    return effnn__passes_run(graph, passes);
}

effnn_status effnn__passes_run(effnn__graph *graph, const effnn__pass *const *passes)
{
    for (size_t round = 0; round < MAX_ROUNDS; round++) {
        size_t changes = 0;
        EFFNN_TRY(effnn__graph_infer(graph));
        for (size_t i = 0; passes[i]; i++) {
            size_t n = 0;
            EFFNN_TRY(passes[i]->run(graph, &n));
            effnn__graph_sweep(graph);
            if (n)
                effnn__log(graph->context, EFFNN_LOG_DEBUG, "pass %s: %zu changes", passes[i]->name,
                           n);
            changes += n;
        }
        if (!changes) return EFFNN_OK;
    }
    return effnn__fail(EFFNN_E_STATE, "passes over a graph do not settle in %d rounds", MAX_ROUNDS);
}

/* ---- what passes share ---- */

bool effnn__canon_is_dead(const effnn__node *node)
{
    for (size_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i] && (node->outputs[i]->n_uses || node->outputs[i]->is_output))
            return false;
    return true;
}

int64_t effnn__canon_attr(const effnn__node *node, const char *key, int64_t otherwise)
{
    int64_t value;

    if (!effnn__option_find(node->def->attrs, key)) return otherwise;
    return effnn__options_get_i64(node->def->attrs, node->attrs, key, &value) == EFFNN_OK
               ? value
               : otherwise;
}

const effnn_int_list *effnn__canon_ints(const effnn__node *node, const char *key)
{
    const effnn_option_def *def = effnn__option_find(node->def->attrs, key);

    if (!def || def->type != EFFNN_OPT_INTS) return NULL;
    return (const effnn_int_list *)((const char *)node->attrs + def->offset);
}

bool effnn__canon_same_kind(const effnn__value *a, const effnn__value *b)
{
    const effnn__value_info *x = &a->info, *y = &b->info;

    if (!x->has_dtype || !y->has_dtype || x->dtype != y->dtype) return false;
    if (!x->has_shape || !y->has_shape || x->rank != y->rank) return false;
    for (size_t i = 0; i < x->rank; i++)
        if (!effnn__sym_equal(x->dims[i], y->dims[i])) return false;
    return true;
}

bool effnn__canon_integers(const effnn__value *value, int64_t *out, size_t *n, size_t capacity)
{
    if (!value || !value->constant || effnn_tensor_rank(value->constant) > 1) return false;
    if (!effnn__dtype_is_integer(effnn_tensor_dtype(value->constant))) return false;
    *n = effnn_tensor_count(value->constant);
    if (*n > capacity) return false;
    for (size_t i = 0; i < *n; i++) out[i] = effnn__tensor_load_i64(value->constant, i);
    return true;
}

effnn_status effnn__canon_turn(effnn__graph *graph, effnn__node *node, const char *op,
                               const char *attrs, effnn__value *const *inputs, size_t n_inputs,
                               size_t *changes)
{
    effnn__node_spec spec = { .def = effnn__op_find(op), .inputs = inputs, .n_inputs = n_inputs };
    void *parsed = NULL;
    effnn_status status;

    EFFNN_ASSERT(spec.def);
    EFFNN_TRY(effnn__attrs_parse(&parsed, spec.def, attrs));
    spec.attrs = parsed;
    status = effnn__graph_change_node(graph, node, &spec);
    effnn__attrs_free(spec.def, parsed);
    if (status == EFFNN_OK) ++*changes;
    return status == EFFNN_E_NOMEM ? status : EFFNN_OK; /* a refusal is no failure */
}

effnn_status effnn__canon_bypass(effnn__graph *graph, effnn__node *node, effnn__value *value,
                                 size_t *changes)
{
    effnn__value *old = node->outputs[0];

    if (old->is_output && (value->is_input || value->is_output || value->constant)) {
        if (effnn__match_is(node, "identity") || node->n_outputs != 1) return EFFNN_OK;
        return effnn__canon_turn(graph, node, "identity", NULL, &value, 1, changes);
    }
    EFFNN_TRY(effnn__graph_replace_value(graph, old, value));
    ++*changes;
    return EFFNN_OK;
}

effnn_status effnn__canon_add_i64(effnn__value **out, effnn__graph *graph, const char *hint,
                                  size_t n, const int64_t *items)
{
    effnn_tensor *tensor = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__tensor_from_i64(&tensor, graph->context, n, items));
    status = effnn__graph_add_constant(out, graph, hint, false, tensor);
    effnn_tensor_release(tensor);
    return status;
}

/* The axes of a reduction that keeps its dimensions, as flags; false if they are not known. */
static bool reduced_axes(const effnn__node *node, bool *is_reduced, size_t *rank)
{
    int64_t axes[EFFNN_MAX_RANK];
    size_t n;

    if (effnn__canon_attr(node, "keepdims", 0) != 1 || node->n_inputs != 2) return false;
    if (!node->inputs[0] || !node->inputs[0]->info.has_shape) return false;
    if (!effnn__canon_integers(node->inputs[1], axes, &n, EFFNN_MAX_RANK) || n == 0) return false;
    *rank = node->inputs[0]->info.rank;
    for (size_t i = 0; i < *rank; i++) is_reduced[i] = false;
    for (size_t i = 0; i < n; i++) {
        const int64_t axis = axes[i] < 0 ? axes[i] + (int64_t)*rank : axes[i];
        if (axis < 0 || axis >= (int64_t)*rank) return false;
        is_reduced[axis] = true;
    }
    return true;
}

bool effnn__canon_reduces_last(const effnn__node *node, size_t *n)
{
    bool is_reduced[EFFNN_MAX_RANK];
    size_t rank, first;

    if (!node || !reduced_axes(node, is_reduced, &rank)) return false;
    for (first = rank; first > 0 && is_reduced[first - 1];) first--;
    *n = rank - first;
    for (size_t i = 0; i < first; i++)
        if (is_reduced[i]) return false;
    return *n > 0;
}

bool effnn__canon_reduces_one(const effnn__node *node, size_t *axis)
{
    bool is_reduced[EFFNN_MAX_RANK];
    size_t rank, n = 0;

    if (!node || !reduced_axes(node, is_reduced, &rank)) return false;
    for (size_t i = 0; i < rank; i++) {
        if (!is_reduced[i]) continue;
        *axis = i;
        n++;
    }
    return n == 1;
}
