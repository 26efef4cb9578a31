/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_WINDOW_H
#define EFFNN_OPS_OP_WINDOW_H

/* Windows sliding over the axes behind the first two, as convolutions and pools have them: one or
 * two axes, given strides, dilations and pads or ONNX's automatic padding. */

#include "ops/op_infer.h"

#include <effnn/option.h>

enum {
    EFFNN__PAD_NOTSET,
    EFFNN__PAD_SAME_UPPER, /* output size = ⌈size / stride⌉, an odd pad behind … */
    EFFNN__PAD_SAME_LOWER, /* … or in front */
    EFFNN__PAD_VALID       /* none */
};
extern const char *const effnn__auto_pad_names[];

typedef struct effnn__window {
    int auto_pad;
    bool ceil_mode; /* keep a last window that is only partly inside */
    effnn_int_list dilations, kernel_shape, pads, strides; /* empty: 1, the weight's, 0, 1 */
} effnn__window;

/* One axis, for concrete sizes. */
typedef struct effnn__window_axis {
    size_t kernel, stride, dilation, pad_begin, pad_end;
} effnn__window_axis;

/* E_SHAPE or E_UNSUPPORTED unless input 0 has one or two such axes, as many as the lists. */
effnn_status effnn__window_check(const effnn_op_infer *call, const effnn__window *window);

/* Output size along an axis, a kernel of this size. */
effnn_status effnn__window_infer(effnn__sym *out, const effnn_op_infer *call,
                                 const effnn__window *window, size_t axis, effnn__sym size,
                                 int64_t kernel);

/* The axis' numbers, automatic pads worked out for this input and output size. */
effnn__window_axis effnn__window_at(const effnn__window *window, size_t axis, int64_t kernel,
                                    int64_t size, int64_t out);
#endif
