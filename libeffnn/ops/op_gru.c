/* SPDX-License-Identifier: BSD-3-Clause */
/* Gated recurrent unit (Cho et al., 2014). Gates in ONNX's order z, r, h, with activations f, g:
 *     z = f(x·Wzᵀ + h·Rzᵀ + b)    r = f(…)    h' = (1 - z)∘n + z∘h
 *     n = g(x·Whᵀ + (r∘h)·Rhᵀ + b), or with linear_before_reset g(x·Whᵀ + Wb + r∘(h·Rhᵀ + Rb)) */

#include "ops/op_recurrent.h"

#include <string.h>

#define FIELD(f) offsetof(effnn__recurrent_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "activation_alpha", "first parameters of the activations that have some", EFFNN_OPT_LIST,
      FIELD(activation_alpha), .text = NULL },
    { "activation_beta", "their second parameters", EFFNN_OPT_LIST, FIELD(activation_beta),
      .text = NULL },
    { "activations", "f, g for each direction; empty: Sigmoid, Tanh", EFFNN_OPT_LIST,
      FIELD(activations), .text = NULL },
    { "clip", "bound of what goes into the gates' activations; 0: none", EFFNN_OPT_F64, FIELD(clip),
      .value = 0.0, .min = 0.0, .max = 1e300 },
    { "direction", "way through time", EFFNN_OPT_ENUM, FIELD(direction),
      .choices = effnn__recurrent_directions },
    { "hidden_size", "size of the hidden state; 0: the weights'", EFFNN_OPT_I64, FIELD(hidden_size),
      .value = 0, .min = 0, .max = INT32_MAX },
    { "layout", "0: time is the first axis; 1: the batch is", EFFNN_OPT_I64, FIELD(layout),
      .value = 0, .min = 0, .max = 1 },
    { "linear_before_reset", "the reset gate acts behind the recurrent product", EFFNN_OPT_BOOL,
      FIELD(linear_before_reset), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* Activations of a direction. */
enum { GATE, CANDIDATE };

static void reset(effnn__recurrent *layer, size_t sequence)
{
    const size_t n = layer->n_hidden, bytes = n * layer->reals->size;
    char *z = layer->gates + 3 * sequence * bytes, *r = z + bytes;

    effnn__recurrent_activate(layer, z, GATE);
    effnn__recurrent_activate(layer, r, GATE);
    if (!layer->attrs->linear_before_reset)
        layer->reals->multiply(layer->extra + sequence * bytes, r, layer->h + sequence * bytes, n);
}

static void candidate(effnn__recurrent *layer, size_t sequence)
{
    const size_t n = layer->n_hidden, bytes = n * layer->reals->size;
    char *z = layer->gates + 3 * sequence * bytes, *r = z + bytes, *candidates = r + bytes;
    char *h = layer->h + sequence * bytes;

    if (layer->attrs->linear_before_reset)
        layer->reals->multiply_add(candidates, r, layer->extra + sequence * bytes, n);
    effnn__recurrent_activate(layer, candidates, CANDIDATE);
    layer->reals->blend(h, z, candidates, h, n);
}

static void reset_and_candidate(effnn__recurrent *layer, size_t sequence)
{
    reset(layer, sequence);
    candidate(layer, sequence);
}

/* extra = Rb, for every sequence. */
static void start_extra(effnn__recurrent *layer)
{
    const size_t bytes = layer->n_hidden * layer->reals->size;

    for (size_t b = 0; b < layer->n_batch; b++) {
        if (layer->bias)
            memcpy(layer->extra + b * bytes, layer->bias + 5 * bytes, bytes);
        else
            memset(layer->extra + b * bytes, 0, bytes);
    }
}

static effnn_status step(effnn__recurrent *layer)
{
    const size_t n = layer->n_hidden;

    EFFNN_TRY(effnn__recurrent_product(layer, layer->h, 0, 2, layer->gates, 3 * n));
    if (layer->attrs->linear_before_reset) {
        start_extra(layer);
        EFFNN_TRY(effnn__recurrent_product(layer, layer->h, 2, 1, layer->extra, n));
        return effnn__recurrent_rows(layer, reset_and_candidate, true);
    }
    EFFNN_TRY(effnn__recurrent_rows(layer, reset, false));
    EFFNN_TRY(effnn__recurrent_product(layer, layer->extra, 2, 1,
                                       layer->gates + 2 * n * layer->reals->size, 3 * n));
    return effnn__recurrent_rows(layer, candidate, true);
}

static const effnn__recurrent_kind kind = { .n_gates = 3,
                                            .n_activations = 2,
                                            .activations = { "Sigmoid", "Tanh" },
                                            .separate_bias = true,
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
    { .name = "GRU", .since = 14, .read = effnn__recurrent_read, .write = effnn__recurrent_write },
    { .name = "GRU",
      .since = 7,
      .read = effnn__recurrent_read,
      .write = effnn__recurrent_write_older },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[5,2,3]", "f32[1,12,3]", "f32[1,12,4]" }, .n_outputs = 2, .tolerance = 1e-5 },
    { .inputs = { "f32[5,2,3]", "f32[1,12,3]", "f32[1,12,4]", "f32[1,24]", "i32{3,5}",
                  "f32[1,2,4]" },
      .n_outputs = 2,
      .tolerance = 1e-5 },
    { .inputs = { "f32[5,3,3]", "f32[2,12,3]", "f32[2,12,4]", "f32[2,24]", "i32{3,5,0}",
                  "f32[2,3,4]" },
      .attrs = "direction=bidirectional,hidden_size=4,clip=0.6,linear_before_reset=1",
      .n_outputs = 2,
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,5,3]", "f32[1,12,3]", "f32[1,12,4]", "f32[1,24]", "", "f32[2,1,4]" },
      .attrs = "direction=reverse,layout=1,activations=HardSigmoid:Softsign",
      .n_outputs = 2,
      .tolerance = 1e-5 },
    { .inputs = { "f32[3,2,3]", "f32[1,12,3]", "f32[1,12,4]" },
      .attrs = "linear_before_reset=1",
      .tolerance = 1e-5 },
    { .inputs = { "f16[3,2,3]", "f16[1,12,3]", "f16[1,12,4]", "f16[1,24]" }, .n_outputs = 2 },
    { .inputs = { "f32[0,2,3]", "f32[1,12,3]", "f32[1,12,4]" }, .n_outputs = 2 },
    { .inputs = { "f32[4,0,3]", "f32[1,12,3]", "f32[1,12,4]" }, .n_outputs = 2 },
    { .inputs = { "f32[5,2,3]", "f32[1,16,3]", "f32[1,12,4]" }, .refused = "16 is not 12" },
    { .inputs = { "f32[5,2,3]", "f32[1,12,3]", "f32[1,12,4]", "f32[1,12]" },
      .refused = "12 is not 24" },
    { .inputs = { "i32[5,2,3]", "i32[1,12,3]", "i32[1,12,4]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_gru = {
    .name = "gru",
    .summary = "gated recurrent unit over a sequence",
    .attrs = attr_defs,
    .attrs_size = sizeof(effnn__recurrent_attrs),
    .min_inputs = 3,
    .max_inputs = 6,
    .min_outputs = 1,
    .max_outputs = 2,
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
