/* SPDX-License-Identifier: BSD-3-Clause */
/* Simple recurrent layer (Elman, 1990): h' = f(x·Wᵀ + h·Rᵀ + b). */

#include "ops/op_recurrent.h"

#include <string.h>

#define FIELD(f) offsetof(effnn__recurrent_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "activation_alpha", "first parameters of the activations that have some", EFFNN_OPT_LIST,
      FIELD(activation_alpha), .text = NULL },
    { "activation_beta", "their second parameters", EFFNN_OPT_LIST, FIELD(activation_beta),
      .text = NULL },
    { "activations", "f for each direction; empty: Tanh", EFFNN_OPT_LIST, FIELD(activations),
      .text = NULL },
    { "clip", "bound of what goes into the gates' activations; 0: none", EFFNN_OPT_F64, FIELD(clip),
      .value = 0.0, .min = 0.0, .max = 1e300 },
    { "direction", "way through time", EFFNN_OPT_ENUM, FIELD(direction),
      .choices = effnn__recurrent_directions },
    { "hidden_size", "size of the hidden state; 0: the weights'", EFFNN_OPT_I64, FIELD(hidden_size),
      .value = 0, .min = 0, .max = INT32_MAX },
    { "layout", "0: time is the first axis; 1: the batch is", EFFNN_OPT_I64, FIELD(layout),
      .value = 0, .min = 0, .max = 1 },
    EFFNN_OPTIONS_END,
};

static void cell(effnn__recurrent *layer, size_t sequence)
{
    const size_t bytes = layer->n_hidden * layer->reals->size;
    char *gate = layer->gates + sequence * bytes;

    effnn__recurrent_activate(layer, gate, 0);
    memcpy(layer->h + sequence * bytes, gate, bytes);
}

static effnn_status step(effnn__recurrent *layer)
{
    EFFNN_TRY(effnn__recurrent_product(layer, layer->h, 0, 1, layer->gates, layer->n_hidden));
    return effnn__recurrent_rows(layer, cell, true);
}

static const effnn__recurrent_kind kind = {
    .n_gates = 1, .n_activations = 1, .activations = { "Tanh" }, .step = step
};

static effnn_status infer(effnn_op_infer *call)
{
    return effnn__recurrent_infer(call, &kind);
}

static effnn_status forward(const effnn_op_call *call)
{
    return effnn__recurrent_run(call, &kind);
}

static effnn_status prepack(const effnn_op_call *call, effnn_op_packed *out)
{
    return effnn__recurrent_prepack(call, &kind, out);
}

static size_t aux(const effnn_op_call *call, size_t index)
{
    return effnn__recurrent_aux(call, &kind, index);
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    (void)phase;
    return effnn__recurrent_scratch(call, &kind);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    effnn__recurrent_cost(call, &kind, out);
}

static const effnn_onnx_row onnx[] = {
    { .name = "RNN", .since = 14, .read = effnn__recurrent_read, .write = effnn__recurrent_write },
    { .name = "RNN",
      .since = 7,
      .read = effnn__recurrent_read,
      .write = effnn__recurrent_write_older },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[5,2,3]", "f32[1,4,3]", "f32[1,4,4]" }, .n_outputs = 2, .tolerance = 1e-5 },
    { .inputs = { "f32[5,3,3]", "f32[2,4,3]", "f32[2,4,4]", "f32[2,8]", "i32{3,5,0}",
                  "f32[2,3,4]" },
      .attrs = "direction=bidirectional,hidden_size=4,clip=0.6,activations=Tanh:Sigmoid",
      .n_outputs = 2,
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,5,3]", "f32[1,4,3]", "f32[1,4,4]", "f32[1,8]", "", "f32[2,1,4]" },
      .attrs = "direction=reverse,layout=1",
      .n_outputs = 2,
      .tolerance = 1e-5 },
    { .inputs = { "f16[3,2,3]", "f16[1,4,3]", "f16[1,4,4]", "f16[1,8]" }, .n_outputs = 2 },
    { .inputs = { "f32[0,2,3]", "f32[1,4,3]", "f32[1,4,4]" }, .n_outputs = 2 },
    { .inputs = { "f32[5,2,3]", "f32[1,4,2]", "f32[1,4,4]" }, .refused = "2 is not 3" },
    { .inputs = { "f32[5,2,3]", "f32[1,4,3]", "f32[1,4,4]" },
      .attrs = "hidden_size=3",
      .refused = "3 is not 4" },
    { .inputs = { "i32[5,2,3]", "i32[1,4,3]", "i32[1,4,4]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_rnn = {
    .name = "rnn",
    .summary = "simple recurrent layer over a sequence",
    .attrs = attr_defs,
    .attrs_size = sizeof(effnn__recurrent_attrs),
    .min_inputs = 3,
    .max_inputs = 6,
    .min_outputs = 1,
    .max_outputs = 2,
    .flags = EFFNN_OP_OPTIONAL_OUTPUTS,
    .n_aux = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__recurrent_saves,
    .aux = aux,
    .scratch = scratch,
    .prepack = prepack,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
