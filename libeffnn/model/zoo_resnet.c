/* SPDX-License-Identifier: BSD-3-Clause */
/* ResNet in its two shapes. For CIFAR (He et al. 2016, section 4.2): a 3 × 3 stem, three stages of
 * basic blocks, shortcuts that take every second pixel and pad channels with zeros (option A). For
 * ImageNet: a 7 × 7 stem with pooling, four stages of basic or bottleneck blocks (stride in the 3 ×
 * 3 convolution), shortcuts by 1 × 1 convolutions. */

#include "model/zoo_build.h"

typedef struct resnet_options {
    int64_t depth, width, channels, classes, image;
    int kind;
} resnet_options;

enum { KIND_AUTO, KIND_CIFAR, KIND_IMAGENET };
static const char *const kind_names[] = { "auto", "cifar", "imagenet", NULL };

#define FIELD(f) offsetof(resnet_options, f)
static const effnn_option_def option_defs[] = {
    { "depth",
      "layers; cifar: 6 n + 2 (20, 32, …); imagenet: 18, 34, 50, 101 or 152; 0: the "
      "weights', or 20 and 50",
      EFFNN_OPT_I64, FIELD(depth), .max = 2000 },
    { "kind",
      "cifar: three stages, shortcuts without weights; imagenet: four stages; auto: as the "
      "weights are, or imagenet if its depths have this one",
      EFFNN_OPT_ENUM, FIELD(kind), .choices = kind_names },
    { "width", "channels of the first stage; 0: the weights', or 16 and 64", EFFNN_OPT_I64,
      FIELD(width), .max = 1 << 12 },
    { "channels", "of the image; 0: the weights', or 3", EFFNN_OPT_I64, FIELD(channels),
      .max = 1 << 12 },
    { "classes", "0: the weights', or 10 and 1000", EFFNN_OPT_I64, FIELD(classes), .max = 1 << 20 },
    { "image", "height and width in pixels; 0: 32 and 224", EFFNN_OPT_I64, FIELD(image),
      .max = 1 << 14 },
    EFFNN_OPTIONS_END,
};

static const effnn__zoo_name names[] = {
    { "head", { "linear", "fc" } },
    { NULL, { NULL } },
};

enum { MAX_STAGES = 4 };
static const struct {
    int64_t depth, blocks[MAX_STAGES];
    bool bottleneck;
} imagenet[] = { { 18, { 2, 2, 2, 2 }, false },
                 { 34, { 3, 4, 6, 3 }, false },
                 { 50, { 3, 4, 6, 3 }, true },
                 { 101, { 3, 4, 23, 3 }, true },
                 { 152, { 3, 8, 36, 3 }, true } };
enum { N_IMAGENET = sizeof imagenet / sizeof imagenet[0] };

typedef struct resnet {
    effnn__zoo *zoo;
    resnet_options size;
    int64_t n_stages, blocks[MAX_STAGES];
    bool bottleneck;
} resnet;

/* Convolution without bias, padded to keep the size at stride 1, and its norm; names count from 1.
 */
static effnn__value *conv_norm(const resnet *r, effnn__value *x, const char *conv, const char *norm,
                               const effnn__zoo_window *w)
{
    return effnn__zoo_batch_norm(r->zoo, effnn__zoo_conv(r->zoo, x, conv, w), norm, w->out);
}

static effnn__value *relu(const resnet *r, effnn__value *x)
{
    return EFFNN__ZOO_OP(r->zoo, "relu", NULL, NULL, x);
}

/* Every second pixel, and half of the missing channels as zeros on either side. */
static effnn__value *pad_channels(const resnet *r, effnn__value *x, int64_t in, int64_t out,
                                  int64_t stride)
{
    effnn__zoo *zoo = r->zoo;
    const int64_t two = 2, eight = 8, front = (out - in) / 2;
    const int64_t starts[] = { 0, 0 }, ends[] = { INT32_MAX, INT32_MAX }, axes[] = { 2, 3 };
    const int64_t steps[] = { stride, stride };
    const int64_t pads[] = { 0, front, 0, 0, 0, out - in - front, 0, 0 };

    x = EFFNN__ZOO_OP(zoo, "slice", NULL, NULL, x, effnn__zoo_ints(zoo, "starts", 1, &two, starts),
                      effnn__zoo_ints(zoo, "ends", 1, &two, ends),
                      effnn__zoo_ints(zoo, "axes", 1, &two, axes),
                      effnn__zoo_ints(zoo, "steps", 1, &two, steps));
    return EFFNN__ZOO_OP(zoo, "pad", NULL, NULL, x, effnn__zoo_ints(zoo, "pads", 1, &eight, pads));
}

static effnn__value *shortcut(const resnet *r, effnn__value *x, int64_t in, int64_t out,
                              int64_t stride)
{
    const effnn__zoo_window window = { in, out, 1, stride, 0, 1, false };

    if (in == out && stride == 1) return x;
    if (r->size.kind == KIND_CIFAR) return pad_channels(r, x, in, out, stride);
    return conv_norm(r, x, "layer#.#.downsample.0", "layer#.#.downsample.1", &window);
}

static effnn__value *block(const resnet *r, effnn__value *x, int64_t in, int64_t width,
                           int64_t stride)
{
    const int64_t out = r->bottleneck ? 4 * width : width;
    const effnn__zoo_window wide = { in, width, 3, stride, 1, 1, false };
    const effnn__zoo_window second = { width, width, 3, 1, 1, 1, false };
    const effnn__zoo_window squeeze = { in, width, 1, 1, 0, 1, false };
    const effnn__zoo_window middle = { width, width, 3, stride, 1, 1, false };
    const effnn__zoo_window expand = { width, out, 1, 1, 0, 1, false };
    effnn__value *y;

    y = relu(r,
             conv_norm(r, x, "layer#.#.conv1", "layer#.#.bn1", r->bottleneck ? &squeeze : &wide));
    y = conv_norm(r, y, "layer#.#.conv2", "layer#.#.bn2", r->bottleneck ? &middle : &second);
    if (r->bottleneck) y = conv_norm(r, relu(r, y), "layer#.#.conv3", "layer#.#.bn3", &expand);
    y = EFFNN__ZOO_OP(r->zoo, "add", NULL, NULL, y, shortcut(r, x, in, out, stride));
    return relu(r, y);
}

/* The blocks of each stage by the weights' names. */
static void read_blocks(resnet *r)
{
    effnn__zoo *zoo = r->zoo;

    for (zoo->i = 1; zoo->i <= r->n_stages; zoo->i++)
        r->blocks[zoo->i - 1] = effnn__zoo_layers(zoo, "layer#.#.conv1.weight");
    zoo->i = 1;
    r->bottleneck = effnn__zoo_has(zoo, "layer#.#.conv3.weight");
}

static void choose_blocks(resnet *r)
{
    const int64_t depth = r->size.depth;
    effnn__zoo *zoo = r->zoo;

    if (r->size.kind == KIND_CIFAR) {
        if (depth < 8 || depth % 6 != 2)
            zoo->status = effnn__fail(EFFNN_E_ARG, "resnet: a depth of %lld is not 6 n + 2",
                                      (long long)depth);
        for (size_t s = 0; s < 3; s++) r->blocks[s] = (depth - 2) / 6;
        return;
    }
    for (size_t k = 0; k < N_IMAGENET; k++) {
        if (imagenet[k].depth != depth) continue;
        for (size_t s = 0; s < MAX_STAGES; s++) r->blocks[s] = imagenet[k].blocks[s];
        r->bottleneck = imagenet[k].bottleneck;
        return;
    }
    zoo->status = effnn__fail(
        EFFNN_E_ARG, "resnet: a depth of %lld is none of 18, 34, 50, 101, 152", (long long)depth);
}

static bool is_imagenet(resnet *r, int64_t depth)
{
    bool listed = false;

    r->zoo->i = 4;
    r->zoo->j = 0;
    if (r->zoo->weights) return effnn__zoo_has(r->zoo, "layer#.#.conv1.weight");
    for (size_t k = 0; k < N_IMAGENET; k++) listed = listed || imagenet[k].depth == depth;
    return listed;
}

static void choose_sizes(resnet *r, const resnet_options *o)
{
    effnn__zoo *zoo = r->zoo;
    resnet_options *size = &r->size;
    bool cifar;

    *size = *o;
    if (size->kind == KIND_AUTO) size->kind = is_imagenet(r, o->depth) ? KIND_IMAGENET : KIND_CIFAR;
    cifar = size->kind == KIND_CIFAR;
    r->n_stages = cifar ? 3 : MAX_STAGES;
    size->width = effnn__zoo_choose(zoo, o->width, effnn__zoo_size(zoo, "conv1.weight", 0), NULL,
                                    cifar ? 16 : 64);
    size->channels =
        effnn__zoo_choose(zoo, o->channels, effnn__zoo_size(zoo, "conv1.weight", 1), NULL, 3);
    size->classes = effnn__zoo_choose(zoo, o->classes, effnn__zoo_size(zoo, "head.weight", 0), NULL,
                                      cifar ? 10 : 1000);
    size->image = o->image ? o->image : cifar ? 32 : 224;
    size->depth = o->depth ? o->depth : cifar ? 20 : 50;
    if (zoo->weights && !o->depth)
        read_blocks(r);
    else
        choose_blocks(r);
}

static void build(effnn__zoo *zoo, const void *options)
{
    static const char *const symbols[] = { "N", NULL, NULL, NULL };
    resnet r = { .zoo = zoo };
    int64_t in, width;
    effnn__value *x;

    choose_sizes(&r, options);
    const bool cifar = r.size.kind == KIND_CIFAR;
    const int64_t dims[] = { -1, r.size.channels, r.size.image, r.size.image };
    const effnn__zoo_window stem = {
        r.size.channels, r.size.width, cifar ? 3 : 7, cifar ? 1 : 2, cifar ? 1 : 3, 1, false
    };

    x = effnn__zoo_input(zoo, "image", EFFNN_F32, 4, dims, symbols);
    x = relu(&r, conv_norm(&r, x, "conv1", "bn1", &stem));
    if (!cifar)
        x = EFFNN__ZOO_OP(zoo, "max_pool", NULL, "kernel_shape=3:3,strides=2:2,pads=1:1:1:1", x);
    in = width = r.size.width;
    for (zoo->i = 1; zoo->status == EFFNN_OK && zoo->i <= r.n_stages; zoo->i++, width *= 2)
        for (zoo->j = 0; zoo->j < r.blocks[zoo->i - 1]; zoo->j++) {
            x = block(&r, x, in, width, zoo->i > 1 && zoo->j == 0 ? 2 : 1);
            in = r.bottleneck ? 4 * width : width;
        }
    x = EFFNN__ZOO_OP(zoo, "flatten", NULL, NULL,
                      EFFNN__ZOO_OP(zoo, "global_average_pool", NULL, NULL, x));
    effnn__zoo_output(zoo, effnn__zoo_linear(zoo, x, "head", in, r.size.classes, true), "logits");
}

extern const effnn__zoo_def effnn__zoo_resnet;
const effnn__zoo_def effnn__zoo_resnet = {
    .name = "resnet",
    .summary = "ResNet for CIFAR (20, 32, …) and ImageNet (18 to 152)",
    .options = option_defs,
    .options_size = sizeof(resnet_options),
    .key = "head.weight",
    .names = names,
    .build = build,
};
