/* SPDX-License-Identifier: BSD-3-Clause */
/* One sample's operands of a linear site as matrices: rows are tokens of a matmul or gemm, output
 * pixels of a convolution. */

#include "base/option.h"
#include "model/capture.h"

#include <string.h>

static bool is_conv(const effnn__site *site)
{
    return strcmp(site->node->def->name, "conv") == 0;
}

/* Output pixels of one sample. */
static size_t pixels(const effnn_tensor *output)
{
    size_t n = 1;

    for (size_t d = 2; d < effnn_tensor_rank(output); d++)
        n *= (size_t)effnn_tensor_dims(output)[d];
    return n;
}

/* Pictures of one sample: more than one where frames or windows were folded into the batch. */
static size_t pictures(const effnn__capture_event *event)
{
    return (size_t)effnn_tensor_dims(event->outputs[0])[0] / event->batch;
}

size_t effnn__capture_rows(const effnn__site *site, const effnn__capture_event *event)
{
    const effnn_tensor *output = event->outputs[0];
    const size_t rows = is_conv(site) ? (size_t)effnn_tensor_dims(output)[0] * pixels(output)
                                      : effnn_tensor_count(output) / (size_t)site->out;

    if (is_conv(site) && effnn_tensor_dims(output)[0] % (int64_t)event->batch != 0) return 0;
    return rows % event->batch == 0 ? rows / event->batch : 0;
}

/* True if row r of a sample counts: masks are [n, tokens], a token per row. */
static bool counts(const effnn__capture_event *event, size_t sample, size_t rows, size_t r)
{
    const effnn_tensor *mask = event->mask;

    if (!mask || effnn_tensor_count(mask) != event->n * rows) return true;
    return effnn__tensor_load_f64(mask, sample * rows + r) != 0.0;
}

/* A row-major [rows, width] sample, masked rows left away. */
static void copy_rows(float *out, size_t *n, const float *from, size_t width,
                      const effnn__capture_event *event, size_t sample, size_t rows)
{
    *n = 0;
    for (size_t r = 0; r < rows; r++) {
        if (!counts(event, sample, rows, r)) continue;
        memcpy(out + *n * width, from + r * width, width * sizeof *out);
        ++*n;
    }
}

static void subtract_bias(float *out, size_t rows, const effnn__site *site, int64_t group)
{
    const size_t width = (size_t)site->out;

    if (!site->bias || site->bias_node) return; /* the node does not add it */
    for (size_t o = 0; o < width; o++) {
        const effnn_tensor *bias = site->bias->constant; /* of any strides */
        const float b = (float)effnn__tensor_load_f64(bias, (size_t)group * width + o);

        for (size_t r = 0; r < rows; r++) out[r * width + o] -= b;
    }
}

/* Picture i of [pictures, groups · out, pixels] as [pixels, out]. */
static void copy_picture(float *out, const float *data, const effnn__site *site, int64_t group,
                         size_t area, size_t i)
{
    const size_t width = (size_t)site->out;
    const float *planes = data + ((i * (size_t)site->groups + (size_t)group) * width) * area;

    for (size_t o = 0; o < width; o++)
        for (size_t r = 0; r < area; r++) out[r * width + o] = planes[o * area + r];
}

effnn_status effnn__capture_output(float *out, size_t *rows, const effnn__site *site, int64_t group,
                                   const effnn__capture_event *event, size_t sample)
{
    const effnn_tensor *output = event->outputs[0];
    const size_t n = effnn__capture_rows(site, event);
    const size_t width = (size_t)site->out;
    const float *data = effnn_tensor_data(output);

    if (is_conv(site)) {
        for (size_t i = 0; i < pictures(event); i++)
            copy_picture(out + i * pixels(output) * width, data, site, group, pixels(output),
                         sample * pictures(event) + i);
        *rows = n;
    } else {
        copy_rows(out, rows, data + sample * n * width, width, event, sample, n);
    }
    subtract_bias(out, *rows, site, group);
    return EFFNN_OK;
}

/* Geometry of a convolution, a 1-D one as a 2-D one of height 1. */
typedef struct geometry {
    int64_t c_in, h, w, kernel_h, kernel_w, out_h, out_w;
    int64_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} geometry;

static int64_t item(const effnn__node *node, const char *key, size_t i, int64_t otherwise)
{
    const effnn_option_def *def = effnn__option_find(node->def->attrs, key);
    const effnn_int_list *list;

    if (!def || def->type != EFFNN_OPT_INTS) return otherwise;
    list = (const effnn_int_list *)(const void *)((const char *)node->attrs + def->offset);
    return i < list->n ? list->items[i] : otherwise;
}

static effnn_status read_geometry(geometry *g, const effnn__site *site,
                                  const effnn__capture_event *event)
{
    const effnn__shape x = effnn__tensor_shape(event->inputs[0]);
    const effnn__shape y = effnn__tensor_shape(event->outputs[0]);
    const effnn__shape k = effnn__tensor_shape(event->inputs[1]);
    const effnn__node *node = site->node;
    const bool flat = x.rank == 3;
    const effnn_option_def *auto_pad = effnn__option_find(node->def->attrs, "auto_pad");
    double mode = 0.0;

    if (x.rank != 3 && x.rank != 4)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "site '%s': a convolution over %zu dimensions",
                           site->name, x.rank - 2);
    *g = (geometry){ .c_in = k.dims[1],
                     .h = flat ? 1 : x.dims[2],
                     .w = x.dims[x.rank - 1],
                     .kernel_h = flat ? 1 : k.dims[2],
                     .kernel_w = k.dims[k.rank - 1],
                     .out_h = flat ? 1 : y.dims[2],
                     .out_w = y.dims[y.rank - 1] };
    g->stride_h = flat ? 1 : item(node, "strides", 0, 1);
    g->stride_w = item(node, "strides", flat ? 0 : 1, 1);
    g->dilation_h = flat ? 1 : item(node, "dilations", 0, 1);
    g->dilation_w = item(node, "dilations", flat ? 0 : 1, 1);
    g->pad_top = flat ? 0 : item(node, "pads", 0, 0);
    g->pad_left = item(node, "pads", flat ? 0 : 1, 0);
    if (auto_pad)
        EFFNN_TRY(effnn__options_get_f64(node->def->attrs, node->attrs, "auto_pad", &mode));
    if (mode !=
        0.0) { /* SAME: what is needed beyond the input, the smaller half in front (UPPER) */
        const int64_t need_h =
            (g->out_h - 1) * g->stride_h + (g->kernel_h - 1) * g->dilation_h + 1 - g->h;
        const int64_t need_w =
            (g->out_w - 1) * g->stride_w + (g->kernel_w - 1) * g->dilation_w + 1 - g->w;
        const bool lower = auto_pad->choices[(int)mode][5] == 'L'; /* "SAME_LOWER" */

        g->pad_top = need_h > 0 ? (need_h + lower) / 2 : 0;
        g->pad_left = need_w > 0 ? (need_w + lower) / 2 : 0;
    }
    return EFFNN_OK;
}

/* The patch under output pixel (y, x): [c_in, kernel_h, kernel_w]. */
static void copy_patch(float *out, const float *image, const geometry *g, int64_t y, int64_t x)
{
    for (int64_t c = 0; c < g->c_in; c++)
        for (int64_t i = 0; i < g->kernel_h; i++)
            for (int64_t j = 0; j < g->kernel_w; j++) {
                const int64_t row = y * g->stride_h + i * g->dilation_h - g->pad_top;
                const int64_t column = x * g->stride_w + j * g->dilation_w - g->pad_left;
                const bool inside = row >= 0 && row < g->h && column >= 0 && column < g->w;

                *out++ = inside ? image[(c * g->h + row) * g->w + column] : 0.0f;
            }
}

effnn_status effnn__capture_input(float *out, size_t *rows, const effnn__site *site, int64_t group,
                                  const effnn__capture_event *event, size_t sample)
{
    const float *data = effnn_tensor_data(event->inputs[0]);
    const size_t n = effnn__capture_rows(site, event), width = (size_t)site->in;
    geometry g = { 0 };

    if (!is_conv(site)) {
        copy_rows(out, rows, data + sample * n * width, width, event, sample, n);
        return EFFNN_OK;
    }
    EFFNN_TRY(read_geometry(&g, site, event));
    for (size_t i = 0; i < pictures(event); i++) {
        const int64_t picture = (int64_t)(sample * pictures(event) + i);
        const float *image = data + (picture * site->groups + group) * g.c_in * g.h * g.w;

        for (int64_t y = 0; y < g.out_h; y++)
            for (int64_t x = 0; x < g.out_w; x++, out += width) copy_patch(out, image, &g, y, x);
    }
    *rows = n;
    return EFFNN_OK;
}
