/* SPDX-License-Identifier: BSD-3-Clause */
/* Sites into factors: y = (x · U) · Vᵀ + b. A new node in front of the site's own multiplies by U;
 * the site's node keeps its name, output and bias and multiplies by Vᵀ. A convolution becomes one
 * with the same window and r filters, then a 1 × 1 convolution. So any ONNX runtime runs the
 * result, and the sites of the result are named after the site: "<site>.lowrank_u",
 * "<site>.lowrank_v". */

#include "transform/lowrank/lowrank_priv.h"

#include "base/alloc.h"
#include "base/option.h"
#include "base/str.h"
#include "tensor/tensor.h"
#include "transform/lowrank/lowrank_math.h"

#include <string.h>

/* One site's factors on their way into the graph. */
typedef struct factors {
    effnn__graph *graph;
    const effnn__site *site;
    size_t in, out, rank;
    bool is_conv;
    effnn__value *u, *v; /* constants, in the layout of the site's operator */
} factors;

/* Add a matrix as a constant "<site>.lowrank_<letter>.weight". from: [rows, columns] with element
 * (i, j) at i · row + j · column; the tensor's shape is dims [rank]. */
static effnn_status add_constant(effnn__value **out, const factors *self, char letter,
                                 effnn_tensor *tensor)
{
    char *name = effnn__strprintf("%s.lowrank_%c.weight", self->site->name, letter);
    effnn_status status = name ? effnn__graph_add_constant(out, self->graph, name, false, tensor)
                               : effnn__fail_nomem(self->site->name, strlen(self->site->name));

    effnn__free(name);
    return status;
}

/* A tensor of the site's rank for convolutions: [a, b, trailing dims of the weight or ones]. */
static effnn_status create(effnn_tensor **out, const factors *self, size_t a, size_t b,
                           bool keep_kernel)
{
    const effnn_tensor *weight = self->site->weight->constant;
    int64_t dims[EFFNN_MAX_RANK] = { (int64_t)a, (int64_t)b };
    size_t rank = 2;

    if (self->is_conv) {
        rank = effnn_tensor_rank(weight);
        for (size_t d = 2; d < rank; d++) dims[d] = keep_kernel ? effnn_tensor_dims(weight)[d] : 1;
        if (keep_kernel) dims[1] = effnn_tensor_dims(weight)[1];
    }
    return effnn__tensor_create_unset(out, self->graph->context, EFFNN_F32, rank, dims);
}

/* U = W V_r: [in, rank], or [rank, in] for a convolution. */
static effnn_status add_u(factors *self, const float *v)
{
    const size_t n_in = self->in, n_out = self->out, r = self->rank;
    double *w = effnn__alloc_array(n_in * n_out, sizeof *w);
    double *basis = effnn__alloc_array(r * n_out, sizeof *basis);
    double *u = effnn__alloc_array(n_in * r, sizeof *u);
    effnn_tensor *tensor = NULL;
    effnn_status status =
        w && basis && u ? EFFNN_OK : effnn__fail_nomem(self->site->name, n_in * n_out * sizeof *w);

    if (status == EFFNN_OK) {
        effnn__site_weight(w, self->site, 0);
        for (size_t i = 0; i < r * n_out; i++) basis[i] = (double)v[i];
        status = effnn__lowrank_project(self->graph->context, u, w, basis, n_in, n_out, r);
    }
    if (status == EFFNN_OK)
        status = self->is_conv ? create(&tensor, self, r, n_in, true)
                               : create(&tensor, self, n_in, r, true);
    if (status == EFFNN_OK) {
        float *data = effnn__tensor_data(tensor);

        for (size_t i = 0; i < n_in; i++)
            for (size_t j = 0; j < r; j++)
                data[self->is_conv ? j * n_in + i : i * r + j] = (float)u[i * r + j];
        status = add_constant(&self->u, self, 'u', tensor);
    }
    effnn_tensor_release(tensor);
    effnn__free(u);
    effnn__free(basis);
    effnn__free(w);
    return status;
}

/* V_rᵀ: [rank, out], or [out, rank] where the site stores its weight that way round. */
static effnn_status add_v(factors *self, const float *v)
{
    const size_t n_out = self->out, r = self->rank;
    const bool out_first = self->site->weight_out_in;
    effnn_tensor *tensor = NULL;
    effnn_status status =
        out_first ? create(&tensor, self, n_out, r, false) : create(&tensor, self, r, n_out, false);

    if (status == EFFNN_OK) {
        float *data = effnn__tensor_data(tensor);

        for (size_t i = 0; i < r; i++)
            for (size_t j = 0; j < n_out; j++)
                data[out_first ? j * r + i : i * n_out + j] = v[i * n_out + j];
        status = add_constant(&self->v, self, 'v', tensor);
    }
    effnn_tensor_release(tensor);
    return status;
}

/* The node that multiplies by U, in front of the site's: the site's own operator without bias, a
 * convolution with the site's window; for a gemm a matmul, which has no attributes. */
static effnn_status add_first(effnn__value **out, const factors *self)
{
    effnn__node *node = self->site->node, *first = NULL;
    char *name = effnn__strprintf("%s.lowrank_u", node->name);
    effnn__node_spec spec = {
        .def = self->is_conv ? node->def : effnn__op_find("matmul"),
        .name = name,
        .attrs = self->is_conv ? node->attrs : NULL,
        .inputs = (effnn__value *const[]){ self->site->input, self->u },
        .n_inputs = 2,
        .before = node,
    };
    const effnn_status status = name ? effnn__graph_add_node(&first, self->graph, &spec)
                                     : effnn__fail_nomem(node->name, strlen(node->name));

    effnn__free(name);
    if (status == EFFNN_OK) *out = first->outputs[0];
    return status;
}

/* Turn the site's node into the product with Vᵀ. */
static effnn_status change_second(const factors *self, effnn__value *hidden)
{
    effnn__node *node = self->site->node;
    effnn__value *inputs[] = { hidden, self->v, node->n_inputs > 2 ? node->inputs[2] : NULL };
    const effnn__node_spec spec = {
        .def = node->def,
        .inputs = inputs,
        .n_inputs = node->n_inputs,
    };

    if (self->is_conv) return effnn__graph_change_node(self->graph, node, &spec);
    EFFNN_TRY(effnn__graph_set_input(self->graph, node, 1, self->v));
    return effnn__graph_set_input(self->graph, node, 0, hidden);
}

static effnn_status rewrite_site(effnn__graph *graph, const lowrank_entry *entry, size_t rank)
{
    factors self = {
        .graph = graph,
        .site = entry->site,
        .in = (size_t)entry->site->in,
        .out = (size_t)entry->site->out,
        .rank = rank,
        .is_conv = strcmp(entry->site->node->def->name, "conv") == 0,
    };
    effnn__value *hidden = NULL;

    EFFNN_TRY(add_u(&self, entry->v));
    EFFNN_TRY(add_v(&self, entry->v));
    EFFNN_TRY(add_first(&hidden, &self));
    return change_second(&self, hidden);
}

effnn_status effnn__lowrank_rewrite(const lowrank_plan *plan, const effnn_transform_call *call)
{
    effnn__graph *graph = call->model->graph;

    for (size_t i = 0; i < plan->n; i++) {
        if (plan->levels[i] == 0) continue;
        EFFNN_TRY(rewrite_site(graph, &plan->entries[i],
                               effnn__lowrank_rank(&plan->curves[i], plan->levels[i])));
    }
    effnn__graph_sweep(graph); /* the dense weights */
    return effnn__graph_infer(graph);
}
