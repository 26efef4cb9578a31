/* SPDX-License-Identifier: BSD-3-Clause */
/* LLaMA-2 type decoder: RMS norm before each half block, rotary positions, attention whose key and
 * value heads serve groups of query heads, an MLP gated by SiLU.
 *
 * The cache of keys and values is inputs and outputs of the graph: a run takes tokens [N, S] and,
 * for each layer, `past_key` and `past_value` [N, kv_heads, C, head] of which the first `position`
 * entries of C count, and gives `key` and `value` [N, kv_heads, S, head] of the tokens. Whoever
 * runs it (model/decoder.c) writes those behind the others. C may be larger than what it holds, so
 * that one plan serves many steps; 0 is a run without a past. */

#include "model/zoo_build.h"

#include <math.h>

typedef struct llama_options {
    int64_t vocabulary, width, depth, heads, kv_heads, hidden, context;
    double theta, epsilon;
    int rotary;
    bool tied, cache;
} llama_options;

enum { ROTARY_AUTO, ROTARY_INTERLEAVED, ROTARY_HALVES };
static const char *const rotary_names[] = { "auto", "interleaved", "halves", NULL };

#define FIELD(f) offsetof(llama_options, f)
static const effnn_option_def option_defs[] = {
    { "vocabulary", "tokens that there are; 0: the weights', or 32000", EFFNN_OPT_I64,
      FIELD(vocabulary), .max = 1 << 24 },
    { "width", "size of a token's vector; 0: the weights', or 4096", EFFNN_OPT_I64, FIELD(width),
      .max = 1 << 20 },
    { "depth", "blocks; 0: the weights', or 32", EFFNN_OPT_I64, FIELD(depth), .max = 4096 },
    { "heads", "query heads; 0: the weights' metadata n_heads, or 32", EFFNN_OPT_I64, FIELD(heads),
      .max = 4096 },
    { "kv_heads", "key and value heads; 0: as the weights' shapes say, or as many as heads",
      EFFNN_OPT_I64, FIELD(kv_heads), .max = 4096 },
    { "hidden", "width inside the MLP; 0: the weights', or 11008", EFFNN_OPT_I64, FIELD(hidden),
      .max = 1 << 20 },
    { "context", "most tokens of a text; 0: the weights' metadata max_seq_len, or 4096",
      EFFNN_OPT_I64, FIELD(context), .max = 1 << 24 },
    { "theta", "base of the rotary frequencies", EFFNN_OPT_F64, FIELD(theta), .value = 10000.0,
      .min = 1.0, .max = 1e12 },
    { "epsilon", "added to the mean square of a norm", EFFNN_OPT_F64, FIELD(epsilon), .value = 1e-5,
      .max = 1.0 },
    { "rotary",
      "which elements turn together: neighbours (interleaved; files with Meta's names), "
      "or those half a head apart (halves; Hugging Face's); auto: as the names say",
      EFFNN_OPT_ENUM, FIELD(rotary), .choices = rotary_names },
    { "tied", "without weights: the head is the embedding; else as the weights have it",
      EFFNN_OPT_BOOL, FIELD(tied), .value = 0 },
    { "cache", "inputs and outputs for keys and values; without, a text starts at position 0",
      EFFNN_OPT_BOOL, FIELD(cache), .value = 1 },
    EFFNN_OPTIONS_END,
};

static const effnn__zoo_name names[] = {
    { "embedding", { "tok_embeddings", "model.embed_tokens" } },
    { "layers.#.attention_norm", { "layers.#.attention_norm", "model.layers.#.input_layernorm" } },
    { "layers.#.query", { "layers.#.attention.wq", "model.layers.#.self_attn.q_proj" } },
    { "layers.#.key", { "layers.#.attention.wk", "model.layers.#.self_attn.k_proj" } },
    { "layers.#.value", { "layers.#.attention.wv", "model.layers.#.self_attn.v_proj" } },
    { "layers.#.output", { "layers.#.attention.wo", "model.layers.#.self_attn.o_proj" } },
    { "layers.#.mlp_norm", { "layers.#.ffn_norm", "model.layers.#.post_attention_layernorm" } },
    { "layers.#.gate", { "layers.#.feed_forward.w1", "model.layers.#.mlp.gate_proj" } },
    { "layers.#.down", { "layers.#.feed_forward.w2", "model.layers.#.mlp.down_proj" } },
    { "layers.#.up", { "layers.#.feed_forward.w3", "model.layers.#.mlp.up_proj" } },
    { "norm", { "norm", "model.norm" } },
    { "head", { "output", "lm_head" } },
    { NULL, { NULL } },
};
enum { STYLE_META }; /* column of `names` whose files turn neighbours */

/* A decoder being built: its sizes, and the values that every layer reads. */
typedef struct decoder {
    effnn__zoo *zoo;
    llama_options size;          /* all chosen */
    int64_t head;                /* elements of a head */
    effnn__value *position;      /* how many tokens came before; NULL without a cache */
    effnn__value *query;         /* [S]: the positions of the tokens */
    effnn__value *cosine, *sine; /* [S, head / 2] of the tokens … */
    effnn__value *places;        /* [N, S] … and where a token finds its own */
    effnn__value *scale;
    effnn__value *mask; /* [group · S, C + S], added to scores; made with the first layer */
} decoder;

static effnn__value *norm(const decoder *d, effnn__value *x, const char *pattern)
{
    return effnn__zoo_rms_norm(d->zoo, x, pattern, d->size.width, d->size.epsilon);
}

/* x [N, heads, S, head], its pairs of elements turned by position · frequency. */
static effnn__value *rotate(const decoder *d, effnn__value *x, const char *pattern)
{
    const char *attrs = d->size.rotary == ROTARY_INTERLEAVED ? "interleaved=1" : "interleaved=0";

    return EFFNN__ZOO_OP(d->zoo, "rotary_embedding", pattern, attrs, x, d->cosine, d->sine,
                         d->places);
}

/* A projection of x as heads [N, heads, S, head]. */
static effnn__value *project(const decoder *d, effnn__value *x, const char *pattern, int64_t heads)
{
    x = effnn__zoo_linear(d->zoo, x, pattern, d->size.width, heads * d->head, false);
    x = EFFNN__ZOO_RESHAPE(d->zoo, x, 0, 0, heads, d->head);
    return effnn__zoo_transpose(d->zoo, x, "0:2:1:3");
}

static effnn__value *add_past(const decoder *d, const char *pattern)
{
    static const char *const symbols[] = { "N", NULL, "C", NULL };
    const int64_t dims[] = { -1, d->size.kv_heads, -1, d->head };

    return effnn__zoo_input(d->zoo, pattern, EFFNN_F32, 4, dims, symbols);
}

/* [past, fresh] along the tokens; the fresh part is an output. */
static effnn__value *with_past(const decoder *d, effnn__value *past, effnn__value *fresh,
                               const char *output)
{
    effnn__zoo_output(d->zoo, fresh, output);
    return EFFNN__ZOO_OP(d->zoo, "concat", NULL, "axis=2", past, fresh);
}

static effnn__value *attention(decoder *d, effnn__value *x)
{
    effnn__zoo *zoo = d->zoo;
    const llama_options *size = &d->size;
    effnn__value *past_k = size->cache ? add_past(d, "past_key.#") : NULL;
    effnn__value *past_v = size->cache ? add_past(d, "past_value.#") : NULL;
    effnn__value *q =
        rotate(d, project(d, x, "layers.#.query", size->heads), "layers.#.turned_query");
    effnn__value *k =
        rotate(d, project(d, x, "layers.#.key", size->kv_heads), "layers.#.turned_key");
    effnn__value *v = project(d, x, "layers.#.value", size->kv_heads);

    if (!d->mask)
        d->mask = effnn__zoo_hide(zoo, d->query, past_k, d->position, size->heads / size->kv_heads);
    if (size->cache) {
        k = with_past(d, past_k, k, "key.#");
        v = with_past(d, past_v, v, "value.#");
    }
    /* The query heads of a group are rows of one product: no key is copied. */
    q = EFFNN__ZOO_RESHAPE(zoo, q, 0, size->kv_heads, -1, d->head);
    x = EFFNN__ZOO_OP(zoo, "matmul", NULL, NULL, q, effnn__zoo_transpose(zoo, k, "0:1:3:2"));
    x = EFFNN__ZOO_OP(zoo, "mul", NULL, NULL, x, d->scale);
    x = EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x, d->mask);
    x = EFFNN__ZOO_OP(zoo, "softmax", "layers.#.softmax", "axis=-1", x);
    x = EFFNN__ZOO_OP(zoo, "matmul", NULL, NULL, x, v);
    x = EFFNN__ZOO_RESHAPE(zoo, x, 0, size->heads, -1, d->head);
    x = EFFNN__ZOO_RESHAPE(zoo, effnn__zoo_transpose(zoo, x, "0:2:1:3"), 0, 0,
                           size->heads * d->head);
    return effnn__zoo_linear(zoo, x, "layers.#.output", size->heads * d->head, size->width, false);
}

static effnn__value *mlp(const decoder *d, effnn__value *x)
{
    const llama_options *size = &d->size;
    effnn__value *gate =
        effnn__zoo_linear(d->zoo, x, "layers.#.gate", size->width, size->hidden, false);
    effnn__value *up =
        effnn__zoo_linear(d->zoo, x, "layers.#.up", size->width, size->hidden, false);

    gate = EFFNN__ZOO_OP(d->zoo, "silu", "layers.#.silu", NULL, gate);
    x = EFFNN__ZOO_OP(d->zoo, "mul", NULL, NULL, gate, up);
    return effnn__zoo_linear(d->zoo, x, "layers.#.down", size->hidden, size->width, false);
}

/* x [N, S, width] times the embedding [vocabulary, width] or a matrix of its own. */
static effnn__value *head(const decoder *d, effnn__value *x, effnn__value *tokens,
                          effnn__value *embedding)
{
    effnn__zoo *zoo = d->zoo;
    const int64_t one = 1;
    effnn__value *shape;

    if (!d->size.tied)
        return effnn__zoo_linear(zoo, x, "head", d->size.width, d->size.vocabulary, false);
    shape = EFFNN__ZOO_OP(zoo, "concat", NULL, "axis=0",
                          EFFNN__ZOO_OP(zoo, "shape", NULL, NULL, tokens),
                          effnn__zoo_ints(zoo, "vocabulary", 1, &one, &d->size.vocabulary));
    x = EFFNN__ZOO_RESHAPE(zoo, x, -1, d->size.width);
    x = EFFNN__ZOO_OP(zoo, "gemm", "head", "transB=1", x, embedding);
    return EFFNN__ZOO_OP(zoo, "reshape", NULL, NULL, x, shape);
}

static void choose_sizes(decoder *d, const llama_options *o)
{
    effnn__zoo *zoo = d->zoo;
    llama_options *size = &d->size;
    int64_t found;

    *size = *o;
    size->vocabulary = effnn__zoo_choose(zoo, o->vocabulary,
                                         effnn__zoo_size(zoo, "embedding.weight", 0), NULL, 32000);
    size->width =
        effnn__zoo_choose(zoo, o->width, effnn__zoo_size(zoo, "embedding.weight", 1), NULL, 4096);
    size->depth =
        effnn__zoo_choose(zoo, o->depth, effnn__zoo_layers(zoo, "layers.#.query.weight"), NULL, 32);
    size->heads = effnn__zoo_choose(zoo, o->heads, 0, "n_heads", 32);
    effnn__zoo_check_multiple(zoo, "width and heads", size->width, size->heads);
    if (zoo->status != EFFNN_OK) return;
    d->head = size->width / size->heads;
    effnn__zoo_check_multiple(zoo, "width of a head", d->head, 2);
    found = effnn__zoo_size(zoo, "layers.#.key.weight", 0) / d->head;
    size->kv_heads = effnn__zoo_choose(zoo, o->kv_heads, found, NULL, size->heads);
    effnn__zoo_check_multiple(zoo, "heads and kv_heads", size->heads, size->kv_heads);
    size->hidden = effnn__zoo_choose(zoo, o->hidden,
                                     effnn__zoo_size(zoo, "layers.#.gate.weight", 0), NULL, 11008);
    size->context = effnn__zoo_choose(zoo, o->context, 0, "max_seq_len", 4096);
    if (zoo->weights) size->tied = !effnn__zoo_has(zoo, "head.weight");
    if (size->rotary == ROTARY_AUTO)
        size->rotary = zoo->style == STYLE_META ? ROTARY_INTERLEAVED : ROTARY_HALVES;
}

static void build(effnn__zoo *zoo, const void *options)
{
    static const char *const symbols[] = { "N", "S" };
    decoder d = { .zoo = zoo };
    effnn__value *turn[2], *tokens, *count, *embedding, *x, *y;

    choose_sizes(&d, options);
    tokens = effnn__zoo_input(zoo, "tokens", EFFNN_I64, 2, (const int64_t[]){ -1, -1 }, symbols);
    d.query = count = effnn__zoo_count_up(zoo, effnn__zoo_size_of(zoo, tokens, 1));
    if (d.size.cache) {
        d.position = effnn__zoo_input(zoo, "position", EFFNN_I64, 0, NULL, NULL);
        d.query = EFFNN__ZOO_OP(zoo, "add", NULL, NULL, d.query, d.position);
    }
    embedding = effnn__zoo_param(zoo, "embedding.weight", EFFNN__ZOO_NORMAL, 2,
                                 (const int64_t[]){ d.size.vocabulary, d.size.width });
    effnn__zoo_turn(turn, zoo, d.query, d.head, d.size.theta);
    d.cosine = turn[0];
    d.sine = turn[1];
    d.places = EFFNN__ZOO_OP(zoo, "expand", NULL, NULL, count,
                             EFFNN__ZOO_OP(zoo, "shape", NULL, NULL, tokens));
    d.scale = effnn__zoo_float(zoo, "scale", 1.0 / sqrt((double)d.head));
    x = EFFNN__ZOO_OP(zoo, "gather", "embedding", "axis=0", embedding, tokens);
    for (zoo->i = 0; zoo->status == EFFNN_OK && zoo->i < d.size.depth; zoo->i++) {
        y = attention(&d, norm(&d, x, "layers.#.attention_norm"));
        x = EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x, y);
        y = mlp(&d, norm(&d, x, "layers.#.mlp_norm"));
        x = EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x, y);
    }
    x = head(&d, norm(&d, x, "norm"), tokens, embedding);
    effnn__zoo_output(zoo, x, "logits");
    effnn__zoo_note(zoo, "effnn.context", d.size.context);
}

extern const effnn__zoo_def effnn__zoo_llama;
const effnn__zoo_def effnn__zoo_llama = {
    .name = "llama",
    .summary = "LLaMA-2 type decoder with rotary positions, grouped heads and a key/value cache",
    .options = option_defs,
    .options_size = sizeof(llama_options),
    .key = "embedding.weight",
    .names = names,
    .build = build,
};
