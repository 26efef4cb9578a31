/* SPDX-License-Identifier: BSD-3-Clause */
/* A graph as text, one value or node a line, for people and tests:
 *
 *     input x: f32[N, 8]
 *     constant w: f32[8, 4]
 *     mm: y: f32[N, 4] = matmul(x, w)
 *     output y
 *
 * A node's attributes follow in braces where they differ from the defaults; "-" is an absent
 * operand. */

#include "graph/graph_priv.h"

#include "base/alloc.h"
#include "base/str.h"

/* ": f32[N, 8]", with "{1, 2}" for known contents and "?" for what is not known. */
static effnn_status print_info(effnn__str *text, const effnn__graph *self,
                               const effnn__value_info *info)
{
    char size[64];

    EFFNN_TRY(
        effnn__str_printf(text, ": %s", info->has_dtype ? effnn_dtype_name(info->dtype) : "?"));
    if (!info->has_shape) return effnn__str_add(text, "[?]");
    EFFNN_TRY(effnn__str_add(text, "["));
    for (size_t i = 0; i < info->rank; i++)
        EFFNN_TRY(
            effnn__str_printf(text, "%s%s", i ? ", " : "",
                              effnn__sym_print(size, sizeof size, self->symbols, info->dims[i])));
    EFFNN_TRY(effnn__str_add(text, "]"));
    if (!info->has_content) return EFFNN_OK;
    for (size_t i = 0; i < info->n_content; i++)
        EFFNN_TRY(effnn__str_printf(
            text, "%s%s", i ? ", " : " {",
            effnn__sym_print(size, sizeof size, self->symbols, info->content[i])));
    return effnn__str_add(text, info->n_content ? "}" : " {}");
}

static effnn_status print_value(effnn__str *text, const effnn__graph *self,
                                const effnn__value *value)
{
    EFFNN_TRY(
        effnn__str_printf(text, "%s %s", value->is_input ? "input" : "constant", value->name));
    EFFNN_TRY(print_info(text, self, &value->info));
    return effnn__str_add(text, "\n");
}

static effnn_status print_attrs(effnn__str *text, const effnn__node *node)
{
    char *attrs = NULL;
    effnn_status status;

    if (!node->attrs) return EFFNN_OK;
    EFFNN_TRY(effnn__options_print(node->def->attrs, node->attrs, &attrs));
    status = *attrs ? effnn__str_printf(text, " {%s}", attrs) : EFFNN_OK;
    effnn__free(attrs);
    return status;
}

static effnn_status print_all(effnn__str *text, const effnn__graph *self);

/* The graphs that a node holds, each between braces. */
static effnn_status print_subgraphs(effnn__str *text, const effnn__node *node)
{
    for (size_t i = 0; i < effnn__op_subgraph_count(node->def); i++) {
        EFFNN_TRY(effnn__str_printf(text, "%s of %s {\n", node->def->subgraphs[i], node->name));
        EFFNN_TRY(print_all(text, node->subgraphs[i]));
        EFFNN_TRY(effnn__str_add(text, "}\n"));
    }
    return EFFNN_OK;
}

static effnn_status print_node(effnn__str *text, const effnn__graph *self, const effnn__node *node)
{
    EFFNN_TRY(effnn__str_printf(text, "%s: ", node->name));
    for (size_t i = 0; i < node->n_outputs; i++) {
        const effnn__value *value = node->outputs[i];
        EFFNN_TRY(effnn__str_printf(text, "%s%s", i ? ", " : "", value ? value->name : "-"));
        if (value) EFFNN_TRY(print_info(text, self, &value->info));
    }
    EFFNN_TRY(effnn__str_printf(text, " = %s(", node->def->name));
    for (size_t i = 0; i < node->n_inputs; i++)
        EFFNN_TRY(effnn__str_printf(text, "%s%s", i ? ", " : "",
                                    node->inputs[i] ? node->inputs[i]->name : "-"));
    EFFNN_TRY(effnn__str_add(text, ")"));
    EFFNN_TRY(print_attrs(text, node));
    EFFNN_TRY(effnn__str_add(text, "\n"));
    return print_subgraphs(text, node);
}

static effnn_status print_all(effnn__str *text, const effnn__graph *self)
{
    for (size_t i = 0; i < self->values.n; i++)
        if (!effnn__graph_value(self, i)->producer)
            EFFNN_TRY(print_value(text, self, effnn__graph_value(self, i)));
    for (size_t i = 0; i < self->nodes.n; i++)
        EFFNN_TRY(print_node(text, self, effnn__graph_node(self, i)));
    for (size_t i = 0; i < self->outputs.n; i++)
        EFFNN_TRY(effnn__str_printf(text, "output %s\n",
                                    ((const effnn__value *)self->outputs.items[i])->name));
    return EFFNN_OK;
}

effnn_status effnn__graph_print(char **out, const effnn__graph *self)
{
    effnn__str text = { 0 };
    effnn_status status = effnn__str_add(&text, "");

    if (status == EFFNN_OK) status = print_all(&text, self);
    if (status != EFFNN_OK) {
        effnn__str_clear(&text);
        return status;
    }
    *out = text.text;
    return EFFNN_OK;
}
