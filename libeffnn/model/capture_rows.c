/* SPDX-License-Identifier: BSD-3-Clause */
/* One sample's operands of a linear site as matrices: rows are tokens of a matmul or gemm, output
 * pixels of a convolution. */

#include "model/capture.h"
#include "ops/op_conv.h"

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

/* The patch under output pixel (y, x): [c_in, kernel_h, kernel_w]. */
static void copy_patch(float *out, const float *image, const effnn__conv2d *conv, size_t y,
                       size_t x)
{
    const size_t channels = conv->c_in / conv->groups;

    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < conv->kernel_h; i++)
            for (size_t j = 0; j < conv->kernel_w; j++) {
                /* In front of the picture these wrap to numbers beyond it. */
                const size_t row = y * conv->stride_h + i * conv->dilation_h - conv->pad_top;
                const size_t column = x * conv->stride_w + j * conv->dilation_w - conv->pad_left;
                const bool inside = row < conv->h && column < conv->w;

                *out++ = inside ? image[(c * conv->h + row) * conv->w + column] : 0.0f;
            }
}

effnn_status effnn__capture_input(float *out, size_t *rows, const effnn__site *site, int64_t group,
                                  const effnn__capture_event *event, size_t sample)
{
    const float *data = effnn_tensor_data(event->inputs[0]);
    const size_t n = effnn__capture_rows(site, event), width = (size_t)site->in;
    effnn__conv2d conv;

    if (!is_conv(site)) {
        copy_rows(out, rows, data + sample * n * width, width, event, sample, n);
        return EFFNN_OK;
    }
    if (effnn_tensor_rank(event->inputs[0]) < 3 || effnn_tensor_rank(event->inputs[0]) > 4)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "site '%s': a convolution over %zu dimensions",
                           site->name, effnn_tensor_rank(event->inputs[0]) - 2);
    conv = effnn__conv_geometry(site->node->attrs, event->inputs[0], event->inputs[1],
                                event->outputs[0]);
    for (size_t i = 0; i < pictures(event); i++) {
        const size_t picture = sample * pictures(event) + i;
        const size_t first = (picture * conv.groups + (size_t)group) * (conv.c_in / conv.groups);
        const float *image = data + first * conv.h * conv.w;

        for (size_t y = 0; y < conv.out_h; y++)
            for (size_t x = 0; x < conv.out_w; x++, out += width)
                copy_patch(out, image, &conv, y, x);
    }
    *rows = n;
    return EFFNN_OK;
}
