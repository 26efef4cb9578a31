/* SPDX-License-Identifier: BSD-3-Clause */
/* im2col. Each row of the matrix is the input plane shifted by one tap; it is written output row by
 * output row, as zeros, a run of input elements, zeros. */

#include "kernels/conv/im2col.h"

#include <string.h>

/* First output position whose input coordinate position · stride + tap - pad is ≥ `bound`, at most
 * `end`. */
static size_t first_reaching(size_t bound, size_t tap, size_t pad, size_t stride, size_t end)
{
    const size_t target = bound + pad;
    const size_t at = target <= tap ? 0 : (target - tap + stride - 1) / stride;

    return at < end ? at : end;
}

/* Output positions [begin, end) of one output row; `tap` is the column offset of the tap and `line`
 * the input row, NULL where it is padding. */
static void copy_line(const effnn__conv2d *v, const float *line, size_t tap, size_t begin,
                      size_t end, float *out)
{
    const size_t left = line ? first_reaching(0, tap, v->pad_left, v->stride_w, end) : end;
    const size_t right = line ? first_reaching(v->w, tap, v->pad_left, v->stride_w, end) : end;
    size_t i = begin;

    for (; i < left; i++) *out++ = 0.0f;
    if (v->stride_w == 1 && i < right) {
        memcpy(out, line + (i + tap - v->pad_left), (right - i) * sizeof *out);
        out += right - i;
        i = right;
    }
    for (; i < right; i++) *out++ = line[i * v->stride_w + tap - v->pad_left];
    for (; i < end; i++) *out++ = 0.0f;
}

void effnn__im2col_f32(const effnn__conv2d *conv, const float *x, const effnn__im2col_block *block,
                       float *out)
{
    const size_t area = conv->kernel_h * conv->kernel_w, n_cols = block->n_cols, col = block->col;

    for (size_t row = block->row; row < block->row + block->n_rows; row++) {
        const float *const plane = x + row / area * conv->h * conv->w;
        const size_t tap_y = row % area / conv->kernel_w * conv->dilation_h;
        const size_t tap_x = row % conv->kernel_w * conv->dilation_w;

        for (size_t at = col; at < col + n_cols;) {
            const size_t oy = at / conv->out_w, begin = at % conv->out_w;
            const size_t rest = col + n_cols - at;
            const size_t end = begin + rest < conv->out_w ? begin + rest : conv->out_w;
            const size_t iy = oy * conv->stride_h + tap_y - conv->pad_top; /* wraps above */

            copy_line(conv, iy < conv->h ? plane + iy * conv->w : NULL, tap_x, begin, end, out);
            out += end - begin;
            at += end - begin;
        }
        out += block->stride - n_cols;
    }
}
