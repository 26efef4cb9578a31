/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolutions, gemms and matmuls with a constant weight as one kind of site. What a method could
 * not treat is a site all the same, with the reason in `refused`. */

#include "base/alloc.h"
#include "base/option.h"
#include "base/str.h"
#include "graph/rewrite.h"
#include "model/site.h"

#include <string.h>

static effnn_status refuse(effnn__site *site, const char *format, const char *what)
{
    if (site->refused) return EFFNN_OK; /* the first reason stands */
    site->refused = effnn__strprintf(format, what);
    return site->refused ? EFFNN_OK : effnn__fail_nomem(site->node->name, strlen(format));
}

static double attr(const effnn__node *node, const char *key)
{
    double value = 0.0;

    /* The keys are those of the operators' own tables: it cannot fail. */
    return effnn__options_get_f64(node->def->attrs, node->attrs, key, &value) == EFFNN_OK ? value
                                                                                          : 0.0;
}

static bool is_vector_of(const effnn__value *value, int64_t n)
{
    const effnn_tensor *t = value ? value->constant : NULL;

    if (!t || (int64_t)effnn_tensor_count(t) != n || effnn_tensor_rank(t) == 0) return false;
    return effnn_tensor_dims(t)[effnn_tensor_rank(t) - 1] == n;
}

/* The add of a constant behind a matmul, if the product has no other reader. */
static void find_bias_behind(effnn__site *site)
{
    effnn__node *add = effnn__match_only_reader(site->output, "add");
    effnn__value *other;

    if (!add || !effnn__match_other_input(add, site->output, &other)) return;
    if (!is_vector_of(other, site->out)) return;
    site->bias = other;
    site->bias_node = add;
}

static effnn_status fill_matmul(effnn__site *site)
{
    const effnn_tensor *weight = site->weight->constant;

    if (effnn_tensor_rank(weight) != 2) {
        site->in = site->out = 0;
        return refuse(site, "weight '%s' is not a matrix", site->weight->name);
    }
    site->in = effnn_tensor_dims(weight)[0];
    site->out = effnn_tensor_dims(weight)[1];
    find_bias_behind(site);
    return EFFNN_OK;
}

static effnn_status fill_gemm(effnn__site *site)
{
    const effnn_tensor *weight = site->weight->constant;
    const int64_t *dims = effnn_tensor_dims(weight);
    effnn__node *node = site->node;

    site->weight_out_in = attr(node, "transB") != 0.0;
    site->in = dims[site->weight_out_in ? 1 : 0];
    site->out = dims[site->weight_out_in ? 0 : 1];
    if (attr(node, "transA") != 0.0 || attr(node, "alpha") != 1.0)
        EFFNN_TRY(refuse(site, "gemm '%s' scales or transposes its input", node->name));
    if (node->n_inputs > 2 && node->inputs[2]) {
        if (attr(node, "beta") != 1.0 || !is_vector_of(node->inputs[2], site->out))
            EFFNN_TRY(refuse(site, "gemm '%s' adds more than a bias", node->name));
        else
            site->bias = node->inputs[2];
    }
    return EFFNN_OK;
}

static effnn_status fill_conv(effnn__site *site)
{
    const effnn_tensor *weight = site->weight->constant;
    const int64_t *dims = effnn_tensor_dims(weight);
    effnn__node *node = site->node;

    site->weight_out_in = true;
    site->groups = (int64_t)attr(node, "group");
    site->in = 1;
    for (size_t d = 1; d < effnn_tensor_rank(weight); d++) site->in *= dims[d];
    site->out = site->groups > 0 ? dims[0] / site->groups : 0;
    if (node->n_inputs > 2 && node->inputs[2]) {
        if (is_vector_of(node->inputs[2], dims[0]))
            site->bias = node->inputs[2];
        else
            EFFNN_TRY(refuse(site, "the bias of '%s' is not a constant", node->name));
    }
    return EFFNN_OK;
}

/* Another node that reads the weight, or NULL. */
static const effnn__node *other_reader(const effnn__site *site)
{
    for (size_t i = 0; i < site->weight->n_uses; i++)
        if (site->weight->uses[i].node != site->node) return site->weight->uses[i].node;
    return NULL;
}

static effnn_status check_weight(effnn__site *site)
{
    const effnn__node *other = other_reader(site);

    if (effnn_tensor_count(site->weight->constant) == 0)
        EFFNN_TRY(refuse(site, "weight '%s' is empty", site->weight->name));
    if (effnn_tensor_dtype(site->weight->constant) != EFFNN_F32)
        EFFNN_TRY(refuse(site, "the weight is %s",
                         effnn_dtype_name(effnn_tensor_dtype(site->weight->constant))));
    if (other) EFFNN_TRY(refuse(site, "the weight is shared with node '%s'", other->name));
    return EFFNN_OK;
}

effnn_status effnn__site_linear(bool *found, effnn__site *site, effnn__node *node)
{
    const bool matmul = strcmp(node->def->name, "matmul") == 0;
    const bool gemm = strcmp(node->def->name, "gemm") == 0;
    const bool conv = strcmp(node->def->name, "conv") == 0;

    *found = (matmul || gemm || conv) && node->n_inputs > 1 && node->inputs[1] &&
             node->inputs[1]->constant;
    if (!*found) return EFFNN_OK;
    site->kind = EFFNN_SITE_LINEAR;
    site->node = node;
    site->groups = 1;
    site->input = node->inputs[0];
    site->output = node->outputs[0];
    site->weight = node->inputs[1];
    if (matmul) EFFNN_TRY(fill_matmul(site));
    if (gemm) EFFNN_TRY(fill_gemm(site));
    if (conv) EFFNN_TRY(fill_conv(site));
    site->parameters = effnn_tensor_count(site->weight->constant);
    if (site->bias) site->parameters += effnn_tensor_count(site->bias->constant);
    return check_weight(site);
}

void effnn__site_weight(double *out, const effnn__site *site, int64_t group)
{
    const effnn_tensor *weight = site->weight->constant;
    const int64_t n_in = site->in, n_out = site->out;

    for (int64_t i = 0; i < n_in; i++)
        for (int64_t o = 0; o < n_out; o++) {
            const int64_t at = site->weight_out_in ? (group * n_out + o) * n_in + i : i * n_out + o;

            out[i * n_out + o] = effnn__tensor_load_f64(weight, (size_t)at);
        }
}
