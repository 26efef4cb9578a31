/* SPDX-License-Identifier: BSD-3-Clause */
/* ViT and DeiT: patches by a convolution, a class token in front, learnt positions, pre-norm blocks
 * of attention and a GELU MLP, a linear head on the class token. */

#include "model/zoo_build.h"

#include <math.h>

typedef struct vit_options {
    int64_t image, channels, patch, width, depth, heads, hidden, classes;
    double epsilon;
} vit_options;

#define FIELD(f) offsetof(vit_options, f)
static const effnn_option_def option_defs[] = {
    { "image", "height and width in pixels; 0: as the weights' positions say, or 224",
      EFFNN_OPT_I64, FIELD(image), .max = 1 << 14 },
    { "channels", "0: the weights', or 3", EFFNN_OPT_I64, FIELD(channels), .max = 1 << 12 },
    { "patch", "height and width of a patch; 0: the weights', or 16", EFFNN_OPT_I64, FIELD(patch),
      .max = 1 << 12 },
    { "width", "size of a token's vector; 0: the weights', or 192", EFFNN_OPT_I64, FIELD(width),
      .max = 1 << 16 },
    { "depth", "blocks; 0: the weights', or 12", EFFNN_OPT_I64, FIELD(depth), .max = 4096 },
    { "heads", "0: the weights' metadata heads, or one for each 64 of the width, or 3",
      EFFNN_OPT_I64, FIELD(heads), .max = 4096 },
    { "hidden", "width inside the MLP; 0: the weights', or 4 times the width", EFFNN_OPT_I64,
      FIELD(hidden), .max = 1 << 20 },
    { "classes", "0: the weights', or 1000", EFFNN_OPT_I64, FIELD(classes), .max = 1 << 20 },
    { "epsilon", "added to the variance of a norm", EFFNN_OPT_F64, FIELD(epsilon), .value = 1e-6,
      .max = 1.0 },
    EFFNN_OPTIONS_END,
};

#define HF "vit.encoder.layer.#."
static const effnn__zoo_name names[] = {
    { "patch", { "patch_embed.proj", "patch", "vit.embeddings.patch_embeddings.projection" } },
    { "class_token", { "cls_token", "cls", "vit.embeddings.cls_token" } },
    { "position", { "pos_embed", "pos", "vit.embeddings.position_embeddings" } },
    { "blocks.#.norm1", { "blocks.#.norm1", "blocks.#.n1", HF "layernorm_before" } },
    { "blocks.#.qkv",
      { "blocks.#.attn.qkv", "blocks.#.qkv",
        HF "attention.attention.query+" HF "attention.attention.key+" HF
           "attention.attention.value" } },
    { "blocks.#.proj", { "blocks.#.attn.proj", "blocks.#.proj", HF "attention.output.dense" } },
    { "blocks.#.norm2", { "blocks.#.norm2", "blocks.#.n2", HF "layernorm_after" } },
    { "blocks.#.fc1", { "blocks.#.mlp.fc1", "blocks.#.fc1", HF "intermediate.dense" } },
    { "blocks.#.fc2", { "blocks.#.mlp.fc2", "blocks.#.fc2", HF "output.dense" } },
    { "norm", { "norm", "norm", "vit.layernorm" } },
    { "head", { "head", "head", "classifier" } },
    { NULL, { NULL } },
};

static vit_options choose_sizes(effnn__zoo *zoo, const vit_options *o)
{
    vit_options size = *o;
    const int64_t positions = effnn__zoo_size(zoo, "position", 1);
    int64_t heads, image;

    size.channels =
        effnn__zoo_choose(zoo, o->channels, effnn__zoo_size(zoo, "patch.weight", 1), NULL, 3);
    size.patch =
        effnn__zoo_choose(zoo, o->patch, effnn__zoo_size(zoo, "patch.weight", 2), NULL, 16);
    size.width =
        effnn__zoo_choose(zoo, o->width, effnn__zoo_size(zoo, "patch.weight", 0), NULL, 192);
    size.depth =
        effnn__zoo_choose(zoo, o->depth, effnn__zoo_layers(zoo, "blocks.#.norm1.weight"), NULL, 12);
    heads = size.width % 64 == 0 ? size.width / 64 : 3;
    size.heads = effnn__zoo_choose(zoo, o->heads, 0, "heads", heads);
    size.hidden = effnn__zoo_choose(zoo, o->hidden, effnn__zoo_size(zoo, "blocks.#.fc1.weight", 0),
                                    NULL, 4 * size.width);
    size.classes =
        effnn__zoo_choose(zoo, o->classes, effnn__zoo_size(zoo, "head.weight", 0), NULL, 1000);
    image = positions > 1 ? size.patch * (int64_t)lround(sqrt((double)(positions - 1))) : 0;
    size.image = effnn__zoo_choose(zoo, o->image, image, NULL, 224);
    effnn__zoo_check_multiple(zoo, "image and patch", size.image, size.patch);
    return size;
}

/* [N, patches, width] with the class token in front and positions added. */
static effnn__value *embed(effnn__zoo *zoo, effnn__value *x, const vit_options *size)
{
    const int64_t side = size->image / size->patch, two = 2;
    const int64_t token_dims[] = { 1, 1, size->width }, rest[] = { 1, size->width };
    const int64_t position_dims[] = { 1, side * side + 1, size->width };
    effnn__value *token = effnn__zoo_param(zoo, "class_token", EFFNN__ZOO_NORMAL, 3, token_dims);
    effnn__value *position = effnn__zoo_param(zoo, "position", EFFNN__ZOO_NORMAL, 3, position_dims);
    effnn__value *batch = EFFNN__ZOO_RESHAPE(zoo, effnn__zoo_size_of(zoo, x, 0), 1);
    effnn__value *shape = EFFNN__ZOO_OP(zoo, "concat", NULL, "axis=0", batch,
                                        effnn__zoo_ints(zoo, "shape", 1, &two, rest));

    token = EFFNN__ZOO_OP(zoo, "expand", NULL, NULL, token, shape);
    x = EFFNN__ZOO_OP(zoo, "concat", NULL, "axis=1", token, x);
    return EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x, position);
}

static effnn__value *block(effnn__zoo *zoo, effnn__value *x, const vit_options *size)
{
    const int64_t width = size->width;
    effnn__value *qkv[3], *y;

    y = effnn__zoo_layer_norm(zoo, x, "blocks.#.norm1", width, size->epsilon);
    effnn__zoo_split(qkv, zoo, effnn__zoo_linear(zoo, y, "blocks.#.qkv", width, 3 * width, true),
                     3);
    y = effnn__zoo_attention(zoo, qkv[0], qkv[1], qkv[2], width, size->heads, NULL, "blocks.#");
    y = effnn__zoo_linear(zoo, y, "blocks.#.proj", width, width, true);
    x = EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x, y);
    y = effnn__zoo_layer_norm(zoo, x, "blocks.#.norm2", width, size->epsilon);
    y = effnn__zoo_linear(zoo, y, "blocks.#.fc1", width, size->hidden, true);
    y = EFFNN__ZOO_OP(zoo, "gelu", "blocks.#.gelu", NULL, y);
    y = effnn__zoo_linear(zoo, y, "blocks.#.fc2", size->hidden, width, true);
    return EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x, y);
}

static void build(effnn__zoo *zoo, const void *options)
{
    static const char *const symbols[] = { "N", NULL, NULL, NULL };
    const vit_options size = choose_sizes(zoo, options);
    const int64_t dims[] = { -1, size.channels, size.image, size.image };
    const effnn__zoo_window window = { .in = size.channels,
                                       .out = size.width,
                                       .kernel = size.patch,
                                       .stride = size.patch,
                                       .groups = 1,
                                       .bias = true };
    effnn__value *x = effnn__zoo_input(zoo, "image", EFFNN_F32, 4, dims, symbols);

    x = EFFNN__ZOO_RESHAPE(zoo, effnn__zoo_conv(zoo, x, "patch", &window), 0, size.width, -1);
    x = embed(zoo, effnn__zoo_transpose(zoo, x, "0:2:1"), &size);
    for (zoo->i = 0; zoo->status == EFFNN_OK && zoo->i < size.depth; zoo->i++)
        x = block(zoo, x, &size);
    x = effnn__zoo_layer_norm(zoo, x, "norm", size.width, size.epsilon);
    x = EFFNN__ZOO_OP(zoo, "gather", NULL, "axis=1", x, effnn__zoo_int(zoo, "first", 0));
    effnn__zoo_output(zoo, effnn__zoo_linear(zoo, x, "head", size.width, size.classes, true),
                      "logits");
}

extern const effnn__zoo_def effnn__zoo_vit;
const effnn__zoo_def effnn__zoo_vit = {
    .name = "vit",
    .summary = "ViT and DeiT: vision transformer with a class token",
    .options = option_defs,
    .options_size = sizeof(vit_options),
    .key = "patch.weight",
    .names = names,
    .build = build,
};
