/* SPDX-License-Identifier: BSD-3-Clause */
/* Long short-term memory (Hochreiter and Schmidhuber, 1997; peepholes: Gers and Schmidhuber, 2000).
 * Gates in ONNX's order i, o, f, c, with activations f, g, h:
 *     i = f(x·Wiᵀ + h·Riᵀ + Pi∘C + b)    f = f(… Pf∘C …)    c = g(…)
 *     C' = f∘C + i∘c    o = f(… Po∘C' …)    h' = o∘h(C')
 * input_forget couples two gates: f = 1 - i. */

#include "ops/op_recurrent.h"

#define FIELD(f) offsetof(effnn__recurrent_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "activation_alpha", "first parameters of the activations that have some", EFFNN_OPT_LIST,
      FIELD(activation_alpha), .text = NULL },
    { "activation_beta", "their second parameters", EFFNN_OPT_LIST, FIELD(activation_beta),
      .text = NULL },
    { "activations", "f, g, h for each direction; empty: Sigmoid, Tanh, Tanh", EFFNN_OPT_LIST,
      FIELD(activations), .text = NULL },
    { "clip", "bound of what goes into the gates' activations; 0: none", EFFNN_OPT_F64, FIELD(clip),
      .value = 0.0, .min = 0.0, .max = 1e300 },
    { "direction", "way through time", EFFNN_OPT_ENUM, FIELD(direction),
      .choices = effnn__recurrent_directions },
    { "hidden_size", "size of the hidden state; 0: the weights'", EFFNN_OPT_I64, FIELD(hidden_size),
      .value = 0, .min = 0, .max = INT32_MAX },
    { "input_forget", "the forget gate is 1 - the input gate", EFFNN_OPT_BOOL, FIELD(input_forget),
      .value = 0 },
    { "layout", "0: time is the first axis; 1: the batch is", EFFNN_OPT_I64, FIELD(layout),
      .value = 0, .min = 0, .max = 1 },
    EFFNN_OPTIONS_END,
};

/* Activations of a direction. */
enum { GATE, CANDIDATE, OUTPUT };

static void cell(effnn__recurrent *layer, size_t sequence)
{
    const effnn__reals *reals = layer->reals;
    const size_t n = layer->n_hidden, bytes = n * reals->size;
    char *i = layer->gates + 4 * sequence * bytes, *o = i + bytes, *f = o + bytes, *g = f + bytes;
    char *h = layer->h + sequence * bytes, *c = layer->c + sequence * bytes;
    char *shown = layer->extra + sequence * bytes;
    const char *p = layer->peepholes;

    if (p) reals->multiply_add(i, p, c, n);
    effnn__recurrent_activate(layer, i, GATE);
    if (layer->attrs->input_forget) {
        reals->complement(f, i, n);
    } else {
        if (p) reals->multiply_add(f, p + 2 * bytes, c, n);
        effnn__recurrent_activate(layer, f, GATE);
    }
    effnn__recurrent_activate(layer, g, CANDIDATE);
    reals->multiply(c, c, f, n);
    reals->multiply_add(c, i, g, n);
    if (p) reals->multiply_add(o, p + bytes, c, n);
    effnn__recurrent_activate(layer, o, GATE);
    reals->activate(shown, c, n, &layer->activations[layer->direction][OUTPUT]);
    reals->multiply(h, o, shown, n);
}

static effnn_status step(effnn__recurrent *layer)
{
    EFFNN_TRY(effnn__recurrent_product(layer, layer->h, 0, 4, layer->gates, 4 * layer->n_hidden));
    return effnn__recurrent_rows(layer, cell, true);
}

static const effnn__recurrent_kind kind = { .n_gates = 4,
                                            .n_activations = 3,
                                            .has_cell = true,
                                            .activations = { "Sigmoid", "Tanh", "Tanh" },
                                            .step = step };

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
    { .name = "LSTM", .since = 14, .read = effnn__recurrent_read, .write = effnn__recurrent_write },
    { .name = "LSTM",
      .since = 7,
      .read = effnn__recurrent_read,
      .write = effnn__recurrent_write_older },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[5,2,3]", "f32[1,16,3]", "f32[1,16,4]" }, .n_outputs = 3, .tolerance = 1e-5 },
    { .inputs = { "f32[5,2,3]", "f32[1,16,3]", "f32[1,16,4]", "f32[1,32]", "i32{3,5}", "f32[1,2,4]",
                  "f32[1,2,4]", "f32[1,12]" },
      .n_outputs = 3,
      .tolerance = 1e-5 },
    { .inputs = { "f32[5,3,3]", "f32[2,16,3]", "f32[2,16,4]", "f32[2,32]", "i32{3,5,0}",
                  "f32[2,3,4]", "f32[2,3,4]", "f32[2,12]" },
      .attrs = "direction=bidirectional,hidden_size=4,clip=0.6,input_forget=1",
      .n_outputs = 3,
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,5,3]", "f32[1,16,3]", "f32[1,16,4]", "f32[1,32]", "", "f32[2,1,4]",
                  "f32[2,1,4]" },
      .attrs = "direction=reverse,layout=1,activations=HardSigmoid:Softsign:Elu,"
               "activation_alpha=0.3:0.7,activation_beta=0.4",
      .n_outputs = 3,
      .tolerance = 1e-5 },
    { .inputs = { "f32[3,2,3]", "f32[1,16,3]", "f32[1,16,4]" },
      .attrs = "activations=affine:leakyrelu:scaledtanh",
      .tolerance = 1e-5 },
    { .inputs = { "f32[3,2,3]", "f32[1,16,3]", "f32[1,16,4]" },
      .attrs = "activations=Relu:Softplus:ThresholdedRelu",
      .tolerance = 1e-4 },
    { .inputs = { "f16[3,2,3]", "f16[1,16,3]", "f16[1,16,4]", "f16[1,32]" }, .n_outputs = 2 },
    { .inputs = { "bf16[3,2,3]", "bf16[1,16,3]", "bf16[1,16,4]" } },
    { .inputs = { "f32[0,2,3]", "f32[1,16,3]", "f32[1,16,4]" }, .n_outputs = 3 },
    { .inputs = { "f32[4,0,3]", "f32[1,16,3]", "f32[1,16,4]" }, .n_outputs = 3 },
    { .inputs = { "f32[4,2,0]", "f32[1,16,0]", "f32[1,16,4]" }, .refused = "size 0" },
    { .inputs = { "f32[5,2,3]", "f32[1,12,3]", "f32[1,16,4]" }, .refused = "12 is not 16" },
    { .inputs = { "f32[5,2,3]", "f32[1,16,3]", "f32[1,16,4]" },
      .attrs = "direction=bidirectional",
      .refused = "1 is not 2" },
    { .inputs = { "f32[5,2,3]", "f32[1,16,3]", "f32[1,16,4]" },
      .attrs = "activations=Sigmoid:Tanh",
      .refused = "2 activations, not 3" },
    { .inputs = { "f32[5,2,3]", "f32[1,16,3]", "f32[1,16,4]" },
      .attrs = "activations=Sigmoid:Tanh:Cosine",
      .refused = "'Cosine'" },
    { .inputs = { "f32[5,2,3]", "f32[1,16,3]", "f32[1,16,4]", "", "i32{3,6}" },
      .refused = "length 6 of 5" },
    { .inputs = { "i32[5,2,3]", "i32[1,16,3]", "i32[1,16,4]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_lstm = {
    .name = "lstm",
    .summary = "long short-term memory over a sequence",
    .attrs = attr_defs,
    .attrs_size = sizeof(effnn__recurrent_attrs),
    .min_inputs = 3,
    .max_inputs = 8,
    .min_outputs = 1,
    .max_outputs = 3,
    .flags = EFFNN_OP_OPTIONAL_OUTPUTS,
    .n_aux = 2,
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
