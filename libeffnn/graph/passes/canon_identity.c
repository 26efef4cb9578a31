/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes that pass their first input on unchanged, to the bit: identities and dropout outside
 * training, casts to the type it has, permutations that permute nothing, expansions and reshapes to
 * the shape it has (also of a view of a view, when the shape comes back), sums with nothing and
 * products with one. Chains of permutations become one, chains of reshapes skip the views before
 * them. */

#include "base/str.h"
#include "graph/passes/passes.h"

#include <math.h>

/* Operands that change nothing. A float keeps the sign of its zero only with x + (-0) and x - 0. */
static const struct neutral {
    const char *op;
    double operand;
    bool on_either_side;
} neutrals[] = {
    { "add", -0.0, true },
    { "sub", 0.0, false },
    { "mul", 1.0, true },
    { "div", 1.0, false },
};

/* Whether `value` is a scalar of exactly this number; integers know no sign of zero. */
static bool is_number(const effnn__value *value, double wanted)
{
    double got;

    if (!effnn__match_scalar(value, &got) || got != wanted) return false;
    return effnn__dtype_is_integer(value->info.dtype) || !signbit(got) == !signbit(wanted);
}

/* The operand that a sum, difference, product or quotient passes on, or NULL. */
static effnn__value *neutral_operand(const effnn__node *node)
{
    if (node->n_inputs != 2) return NULL;
    for (size_t i = 0; i < sizeof neutrals / sizeof neutrals[0]; i++) {
        const struct neutral *n = &neutrals[i];
        if (!effnn__match_is(node, n->op)) continue;
        if (is_number(node->inputs[1], n->operand)) return node->inputs[0];
        if (n->on_either_side && is_number(node->inputs[0], n->operand)) return node->inputs[1];
    }
    return NULL;
}

/* The value from which `value` comes by views only and that has its dtype and shape, or NULL. */
static effnn__value *same_view(const effnn__value *value)
{
    effnn__value *found = NULL;

    for (const effnn__value *v = value; v->producer && v->producer_output == 0;) {
        const effnn__node *node = v->producer;
        if (!(node->def->flags & EFFNN_OP_RESHAPES) || !node->n_inputs || !node->inputs[0]) break;
        v = node->inputs[0];
        if (effnn__canon_same_kind(v, value)) found = node->inputs[0];
    }
    return found;
}

static bool is_identity_perm(const effnn__node *node)
{
    const effnn_int_list *perm = effnn__canon_ints(node, "perm");
    const effnn__value_info *info = &node->inputs[0]->info;

    if (!perm) return false;
    if (perm->n == 0) return info->has_shape && info->rank <= 1; /* default: all reversed */
    for (size_t i = 0; i < perm->n; i++)
        if (perm->items[i] != (int64_t)i) return false;
    return true;
}

/* Dropout outside training (a training_mode that is true is refused by the operator itself), whose
 * mask nobody reads. */
static bool is_off_dropout(const effnn__node *node)
{
    if (!effnn__match_is(node, "dropout")) return false;
    for (size_t i = 1; i < node->n_outputs; i++)
        if (node->outputs[i] && (node->outputs[i]->n_uses || node->outputs[i]->is_output))
            return false;
    return node->n_inputs < 3 || !node->inputs[2] || node->inputs[2]->constant;
}

/* Whether the node passes its first input on whenever that has the dtype and shape of the output.
 */
static bool is_plain_if_same(const effnn__node *node)
{
    return effnn__match_is(node, "cast") || effnn__match_is(node, "expand") ||
           (effnn__match_is(node, "concat") && node->n_inputs == 1);
}

/* What the node passes on, or NULL. */
static effnn__value *passed_on(const effnn__node *node)
{
    effnn__value *value = node->n_inputs ? node->inputs[0] : NULL, *operand;

    if (!value || !node->outputs[0]) return NULL;
    if (effnn__match_is(node, "identity") || is_off_dropout(node)) return value;
    if (effnn__match_is(node, "transpose")) return is_identity_perm(node) ? value : NULL;
    operand = is_plain_if_same(node) ? value : neutral_operand(node);
    if (operand) return effnn__canon_same_kind(operand, node->outputs[0]) ? operand : NULL;
    return same_view(node->outputs[0]);
}

/* transpose(transpose(x, p), q) = transpose(x, p[q]). */
static effnn_status join_transposes(effnn__graph *graph, effnn__node *node, size_t *changes)
{
    const effnn__node *inner = effnn__match_producer(node->inputs[0], "transpose");
    const effnn_int_list *p = inner ? effnn__canon_ints(inner, "perm") : NULL;
    const effnn_int_list *q = effnn__canon_ints(node, "perm");
    effnn__str text = { 0 };
    effnn_status status;

    if (!p || !q || p->n == 0 || p->n != q->n) return EFFNN_OK;
    status = effnn__str_add(&text, "perm=");
    for (size_t i = 0; i < q->n && status == EFFNN_OK; i++)
        status = effnn__str_printf(&text, "%s%lld", i ? ":" : "", (long long)p->items[q->items[i]]);
    if (status == EFFNN_OK)
        status = effnn__canon_turn(graph, node, "transpose", text.text, inner->inputs, 1, changes);
    effnn__str_clear(&text);
    return status;
}

/* reshape(view(x), s) = reshape(x, s), if s takes no size from the view. */
static effnn_status skip_views(effnn__graph *graph, effnn__node *node, size_t *changes)
{
    const effnn__node *inner = node->inputs[0] ? node->inputs[0]->producer : NULL;
    int64_t target[EFFNN__MAX_CONTENT];
    effnn__value *inputs[2];
    size_t n;

    if (!inner || !(inner->def->flags & EFFNN_OP_RESHAPES) || inner->outputs[0] != node->inputs[0])
        return EFFNN_OK;
    if (!inner->inputs[0] || node->n_inputs != 2 ||
        !effnn__canon_integers(node->inputs[1], target, &n, EFFNN__MAX_CONTENT))
        return EFFNN_OK;
    for (size_t i = 0; i < n; i++)
        if (target[i] == 0) return EFFNN_OK;
    inputs[0] = inner->inputs[0];
    inputs[1] = node->inputs[1];
    return effnn__canon_turn(graph, node, "reshape", NULL, inputs, 2, changes);
}

static effnn_status remove_identities(effnn__graph *graph, size_t *changes)
{
    for (size_t i = 0; i < graph->nodes.n; i++) {
        effnn__node *node = effnn__graph_node(graph, i);
        effnn__value *value;
        if (effnn__canon_is_dead(node)) continue;
        value = passed_on(node);
        if (value)
            EFFNN_TRY(effnn__canon_bypass(graph, node, value, changes));
        else if (effnn__match_is(node, "transpose"))
            EFFNN_TRY(join_transposes(graph, node, changes));
        else if (effnn__match_is(node, "reshape"))
            EFFNN_TRY(skip_views(graph, node, changes));
    }
    return EFFNN_OK;
}

const effnn__pass effnn__pass_identity = { .name = "identity", .run = remove_identities };
