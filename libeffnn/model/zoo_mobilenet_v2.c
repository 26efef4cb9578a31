/* SPDX-License-Identifier: BSD-3-Clause */
/* MobileNetV2 (Sandler et al. 2018): blocks that widen by a 1 × 1 convolution, filter each channel
 * by a 3 × 3 one and narrow without an activation, with a residual where the size stays. Names are
 * torchvision's. */

#include "model/zoo_build.h"

typedef struct mobilenet_options {
    double multiplier;
    int64_t channels, classes, image, last;
} mobilenet_options;

#define FIELD(f) offsetof(mobilenet_options, f)
static const effnn_option_def option_defs[] = {
    { "multiplier", "of the channels, which are rounded to multiples of 8", EFFNN_OPT_F64,
      FIELD(multiplier), .value = 1.0, .min = 0.05, .max = 16.0 },
    { "channels", "of the image; 0: the weights', or 3", EFFNN_OPT_I64, FIELD(channels),
      .max = 1 << 12 },
    { "classes", "0: the weights', or 1000", EFFNN_OPT_I64, FIELD(classes), .max = 1 << 20 },
    { "image", "height and width in pixels; 0: 224", EFFNN_OPT_I64, FIELD(image), .max = 1 << 14 },
    { "last",
      "channels in front of the classifier; 0: the weights', or 1280, times a multiplier above 1",
      EFFNN_OPT_I64, FIELD(last), .max = 1 << 16 },
    EFFNN_OPTIONS_END,
};

/* Table 2 of the paper: expansion, channels, blocks, stride of the first. */
static const struct {
    int64_t expansion, channels, blocks, stride;
} stages[] = { { 1, 16, 1, 1 }, { 6, 24, 2, 2 },  { 6, 32, 3, 2 }, { 6, 64, 4, 2 },
               { 6, 96, 3, 1 }, { 6, 160, 3, 2 }, { 6, 320, 1, 1 } };
enum { N_STAGES = sizeof stages / sizeof stages[0], STEM = 32, LAST = 1280 };

/* Channels times the multiplier, to the nearest multiple of 8 that is not over a tenth less. */
static int64_t scale(double channels, double multiplier)
{
    const double exact = channels * multiplier;
    const int64_t rounded = (int64_t)(exact + 4.0) / 8 * 8;
    const int64_t near = rounded < 8 ? 8 : rounded;

    return (double)near < 0.9 * exact ? near + 8 : near;
}

static effnn__value *conv_norm(effnn__zoo *zoo, effnn__value *x, const char *conv, const char *norm,
                               const effnn__zoo_window *w)
{
    return effnn__zoo_batch_norm(zoo, effnn__zoo_conv(zoo, x, conv, w), norm, w->out);
}

static effnn__value *relu6(effnn__zoo *zoo, effnn__value *x)
{
    return EFFNN__ZOO_OP(zoo, "clip", NULL, NULL, x, effnn__zoo_float(zoo, "min", 0.0),
                         effnn__zoo_float(zoo, "max", 6.0));
}

static effnn__value *block(effnn__zoo *zoo, effnn__value *x, const effnn__zoo_window *shape,
                           int64_t expansion)
{
    const int64_t inner = shape->in * expansion;
    const effnn__zoo_window widen = { shape->in, inner, 1, 1, 0, 1, false };
    const effnn__zoo_window filter = { inner, inner, 3, shape->stride, 1, inner, false };
    const effnn__zoo_window narrow = { inner, shape->out, 1, 1, 0, 1, false };
    effnn__value *y = x;

    if (expansion == 1) {
        y = relu6(zoo, conv_norm(zoo, y, "features.#.conv.0.0", "features.#.conv.0.1", &filter));
        y = conv_norm(zoo, y, "features.#.conv.1", "features.#.conv.2", &narrow);
    } else {
        y = relu6(zoo, conv_norm(zoo, y, "features.#.conv.0.0", "features.#.conv.0.1", &widen));
        y = relu6(zoo, conv_norm(zoo, y, "features.#.conv.1.0", "features.#.conv.1.1", &filter));
        y = conv_norm(zoo, y, "features.#.conv.2", "features.#.conv.3", &narrow);
    }
    if (shape->stride != 1 || shape->in != shape->out) return y;
    return EFFNN__ZOO_OP(zoo, "add", NULL, NULL, x, y);
}

static void build(effnn__zoo *zoo, const void *options)
{
    static const char *const symbols[] = { "N", NULL, NULL, NULL };
    const mobilenet_options *o = options;
    const int64_t channels = effnn__zoo_choose(
        zoo, o->channels, effnn__zoo_size(zoo, "features.0.0.weight", 1), NULL, 3);
    const int64_t classes = effnn__zoo_choose(
        zoo, o->classes, effnn__zoo_size(zoo, "classifier.1.weight", 0), NULL, 1000);
    const int64_t image = o->image ? o->image : 224;
    const int64_t dims[] = { -1, channels, image, image };
    /* The last layer is never narrowed. */
    const int64_t usual = scale(LAST, o->multiplier > 1.0 ? o->multiplier : 1.0);
    const int64_t last = effnn__zoo_choose(
        zoo, o->last, effnn__zoo_size(zoo, "classifier.1.weight", 1), NULL, usual);
    effnn__zoo_window w = { channels, scale(STEM, o->multiplier), 3, 2, 1, 1, false };
    effnn__value *x = effnn__zoo_input(zoo, "image", EFFNN_F32, 4, dims, symbols);

    x = relu6(zoo, conv_norm(zoo, x, "features.0.0", "features.0.1", &w));
    zoo->i = 1;
    for (size_t s = 0; s < N_STAGES; s++)
        for (int64_t b = 0; b < stages[s].blocks; b++, zoo->i++) {
            w = (effnn__zoo_window){ .in = w.out,
                                     .out = scale((double)stages[s].channels, o->multiplier),
                                     .stride = b == 0 ? stages[s].stride : 1 };
            x = block(zoo, x, &w, stages[s].expansion);
        }
    w = (effnn__zoo_window){ w.out, last, 1, 1, 0, 1, false };
    x = relu6(zoo, conv_norm(zoo, x, "features.#.0", "features.#.1", &w));
    x = EFFNN__ZOO_OP(zoo, "flatten", NULL, NULL,
                      EFFNN__ZOO_OP(zoo, "global_average_pool", NULL, NULL, x));
    effnn__zoo_output(zoo, effnn__zoo_linear(zoo, x, "classifier.1", last, classes, true),
                      "logits");
}

extern const effnn__zoo_def effnn__zoo_mobilenet_v2;
const effnn__zoo_def effnn__zoo_mobilenet_v2 = {
    .name = "mobilenet_v2",
    .summary = "MobileNetV2 with a width multiplier",
    .options = option_defs,
    .options_size = sizeof(mobilenet_options),
    .key = "features.0.0.weight",
    .names = NULL,
    .build = build,
};
