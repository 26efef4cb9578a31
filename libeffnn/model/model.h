/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_MODEL_MODEL_H
#define EFFNN_MODEL_MODEL_H

/* The model inside: a graph, metadata, and where it came from. io fills one; transforms edit the
 * graph of a clone and swap the contents in. */

#include "graph/graph.h"

#include <effnn/model.h>

struct effnn_model {
    effnn_context *context; /* a share */
    effnn__graph *graph;
    size_t n_metadata, metadata_capacity;
    struct effnn__metadata *metadata; /* in order of setting */
    const char *format;               /* "onnx", "safetensors", "built" */
    char *producer;                   /* never NULL */
    uint32_t opset;                   /* of the default domain, as read; 0: none */
    char *node_attrs;                 /* what effnn_model_node_at() lent last */
};

typedef struct effnn__metadata {
    char *key, *value;
} effnn__metadata;

/* Exchange the contents of two models of one context. Cannot fail. */
void effnn__model_swap(effnn_model *a, effnn_model *b);

/* True if a value counts as a parameter: a float constant of more than one element. */
bool effnn__model_is_parameter(const effnn__value *value);

/* Concrete shapes of the inputs with every open dimension set to `open`; out: [inputs.n]. */
effnn_status effnn__model_input_shapes(effnn__shape *out, const effnn_model *self, int64_t open);

/* Cost of each node for one sample (open dimensions 1); out: [nodes.n]. All NaN where the model
 * does not run at such sizes. */
effnn_status effnn__model_node_costs(effnn_op_cost *out, const effnn_model *self);

effnn_status effnn__model_set_producer(effnn_model *self, const char *producer);

/* The batch a model is fixed to: the first dimension of input 0 if it is a constant, else 0. */
int64_t effnn__model_fixed_batch(const effnn_model *self);
#endif
