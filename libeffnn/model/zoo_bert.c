/* SPDX-License-Identifier: BSD-3-Clause */
/* BERT: sums of word, position and type vectors, blocks that normalise behind each half, attention
 * to all tokens that the mask lets through. Inputs and outputs have the names that exporters give
 * them. */

#include "model/zoo_build.h"

#define HIDDEN (-1e30) /* score of a masked token */

typedef struct bert_options {
    int64_t vocabulary, positions, types, width, depth, heads, hidden, classes;
    double epsilon;
} bert_options;

#define FIELD(f) offsetof(bert_options, f)
static const effnn_option_def option_defs[] = {
    { "vocabulary", "tokens that there are; 0: the weights', or 30522", EFFNN_OPT_I64,
      FIELD(vocabulary), .max = 1 << 24 },
    { "positions", "most tokens of a text; 0: the weights', or 512", EFFNN_OPT_I64,
      FIELD(positions), .max = 1 << 20 },
    { "types", "types of token; 0: the weights', or 2", EFFNN_OPT_I64, FIELD(types),
      .max = 1 << 10 },
    { "width", "size of a token's vector; 0: the weights', or 768", EFFNN_OPT_I64, FIELD(width),
      .max = 1 << 16 },
    { "depth", "blocks; 0: the weights', or 12", EFFNN_OPT_I64, FIELD(depth), .max = 4096 },
    { "heads", "0: the weights' metadata heads, or 12", EFFNN_OPT_I64, FIELD(heads), .max = 4096 },
    { "hidden", "width inside the MLP; 0: the weights', or 4 times the width", EFFNN_OPT_I64,
      FIELD(hidden), .max = 1 << 20 },
    { "classes", "of a classifier on the pooled vector; 0: as many as the weights have, or none",
      EFFNN_OPT_I64, FIELD(classes), .max = 1 << 20 },
    { "epsilon", "added to the variance of a norm", EFFNN_OPT_F64, FIELD(epsilon), .value = 1e-12,
      .max = 1.0 },
    EFFNN_OPTIONS_END,
};

#define LAYER "encoder.layer.#."
#define ROW(ours, theirs)          \
    {                              \
        ours,                      \
        {                          \
            theirs, "bert." theirs \
        }                          \
    }
static const effnn__zoo_name names[] = {
    ROW("words", "embeddings.word_embeddings"),
    ROW("positions", "embeddings.position_embeddings"),
    ROW("types", "embeddings.token_type_embeddings"),
    ROW("embedding_norm", "embeddings.LayerNorm"),
    ROW("layers.#.query", LAYER "attention.self.query"),
    ROW("layers.#.key", LAYER "attention.self.key"),
    ROW("layers.#.value", LAYER "attention.self.value"),
    ROW("layers.#.proj", LAYER "attention.output.dense"),
    ROW("layers.#.norm1", LAYER "attention.output.LayerNorm"),
    ROW("layers.#.fc1", LAYER "intermediate.dense"),
    ROW("layers.#.fc2", LAYER "output.dense"),
    ROW("layers.#.norm2", LAYER "output.LayerNorm"),
    ROW("pooler", "pooler.dense"),
    { "classifier", { "classifier", "classifier" } },
    { NULL, { NULL } },
};

static bert_options choose_sizes(effnn__zoo *zoo, const bert_options *o)
{
    bert_options size = *o;

    size.vocabulary =
        effnn__zoo_choose(zoo, o->vocabulary, effnn__zoo_size(zoo, "words.weight", 0), NULL, 30522);
    size.width =
        effnn__zoo_choose(zoo, o->width, effnn__zoo_size(zoo, "words.weight", 1), NULL, 768);
    size.positions = effnn__zoo_choose(zoo, o->positions,
                                       effnn__zoo_size(zoo, "positions.weight", 0), NULL, 512);
    size.types = effnn__zoo_choose(zoo, o->types, effnn__zoo_size(zoo, "types.weight", 0), NULL, 2);
    size.depth =
        effnn__zoo_choose(zoo, o->depth, effnn__zoo_layers(zoo, "layers.#.query.weight"), NULL, 12);
    size.heads = effnn__zoo_choose(zoo, o->heads, 0, "heads", 12);
    size.hidden = effnn__zoo_choose(zoo, o->hidden, effnn__zoo_size(zoo, "layers.#.fc1.weight", 0),
                                    NULL, 4 * size.width);
    size.classes =
        effnn__zoo_choose(zoo, o->classes, effnn__zoo_size(zoo, "classifier.weight", 0), NULL, 0);
    return size;
}

/* Rows of a table [rows, width] by numbers. */
static effnn__value *look_up(effnn__zoo *zoo, const char *pattern, int64_t rows, int64_t width,
                             effnn__value *numbers)
{
    const int64_t dims[] = { rows, width };

    return EFFNN__ZOO_OP(zoo, "gather", NULL, "axis=0",
                         effnn__zoo_param(zoo, pattern, EFFNN__ZOO_NORMAL, 2, dims), numbers);
}

static effnn__value *embed(effnn__zoo *zoo, const bert_options *size, effnn__value *tokens,
                           effnn__value *types)
{
    effnn__value *places = effnn__zoo_count_up(zoo, effnn__zoo_size_of(zoo, tokens, 1));
    effnn__value *x = look_up(zoo, "words.weight", size->vocabulary, size->width, tokens);

    x = EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x,
                      look_up(zoo, "types.weight", size->types, size->width, types));
    x = EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x,
                      look_up(zoo, "positions.weight", size->positions, size->width, places));
    return effnn__zoo_layer_norm(zoo, x, "embedding_norm", size->width, size->epsilon);
}

/* What is added to the scores [N, heads, S, S]: 0 where mask [N, S] is 1. */
static effnn__value *hide(effnn__zoo *zoo, effnn__value *mask)
{
    mask = EFFNN__ZOO_OP(zoo, "cast", NULL, "to=f32", mask);
    mask = EFFNN__ZOO_OP(zoo, "sub", NULL, NULL, effnn__zoo_float(zoo, "one", 1.0), mask);
    mask = EFFNN__ZOO_OP(zoo, "mul", NULL, NULL, mask, effnn__zoo_float(zoo, "hidden", HIDDEN));
    return EFFNN__ZOO_RESHAPE(zoo, mask, 0, 1, 1, -1);
}

static effnn__value *block(effnn__zoo *zoo, effnn__value *x, const bert_options *size,
                           effnn__value *mask)
{
    const int64_t width = size->width;
    effnn__value *q = effnn__zoo_linear(zoo, x, "layers.#.query", width, width, true);
    effnn__value *k = effnn__zoo_linear(zoo, x, "layers.#.key", width, width, true);
    effnn__value *v = effnn__zoo_linear(zoo, x, "layers.#.value", width, width, true);
    effnn__value *y = effnn__zoo_attention(zoo, q, k, v, width, size->heads, mask, "layers.#");

    y = effnn__zoo_linear(zoo, y, "layers.#.proj", width, width, true);
    x = effnn__zoo_layer_norm(zoo, EFFNN__ZOO_OP(zoo, "add", NULL, NULL, y, x), "layers.#.norm1",
                              width, size->epsilon);
    y = effnn__zoo_linear(zoo, x, "layers.#.fc1", width, size->hidden, true);
    y = EFFNN__ZOO_OP(zoo, "gelu", "layers.#.gelu", NULL, y);
    y = effnn__zoo_linear(zoo, y, "layers.#.fc2", size->hidden, width, true);
    return effnn__zoo_layer_norm(zoo, EFFNN__ZOO_OP(zoo, "add", NULL, NULL, y, x), "layers.#.norm2",
                                 width, size->epsilon);
}

static void build(effnn__zoo *zoo, const void *options)
{
    static const char *const symbols[] = { "N", "S" };
    const int64_t dims[] = { -1, -1 };
    const bert_options size = choose_sizes(zoo, options);
    const bool pools = size.classes || !zoo->weights || effnn__zoo_has(zoo, "pooler.weight");
    effnn__value *tokens = effnn__zoo_input(zoo, "input_ids", EFFNN_I64, 2, dims, symbols);
    effnn__value *mask = effnn__zoo_input(zoo, "attention_mask", EFFNN_I64, 2, dims, symbols);
    effnn__value *types = effnn__zoo_input(zoo, "token_type_ids", EFFNN_I64, 2, dims, symbols);
    effnn__value *x = embed(zoo, &size, tokens, types), *pooled;

    mask = hide(zoo, mask);
    for (zoo->i = 0; zoo->status == EFFNN_OK && zoo->i < size.depth; zoo->i++)
        x = block(zoo, x, &size, mask);
    if (!size.classes) effnn__zoo_output(zoo, x, "last_hidden_state");
    if (!pools) return;
    pooled = EFFNN__ZOO_OP(zoo, "gather", NULL, "axis=1", x, effnn__zoo_int(zoo, "first", 0));
    pooled = EFFNN__ZOO_OP(zoo, "tanh", NULL, NULL,
                           effnn__zoo_linear(zoo, pooled, "pooler", size.width, size.width, true));
    if (!size.classes) {
        effnn__zoo_output(zoo, pooled, "pooler_output");
        return;
    }
    effnn__zoo_output(zoo,
                      effnn__zoo_linear(zoo, pooled, "classifier", size.width, size.classes, true),
                      "logits");
}

extern const effnn__zoo_def effnn__zoo_bert;
const effnn__zoo_def effnn__zoo_bert = {
    .name = "bert",
    .summary = "BERT: text encoder, with a pooled vector or a classifier on it",
    .options = option_defs,
    .options_size = sizeof(bert_options),
    .key = "words.weight",
    .names = names,
    .build = build,
};
