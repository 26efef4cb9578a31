/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPS_OP_WINDOW_H
#define EFFNN_OPS_OP_WINDOW_H

/* Windows sliding over the axes behind the first two, as convolutions and pools have them: one to
 * three axes, given strides, dilations and pads or ONNX's automatic padding. */

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

#define EFFNN__WINDOW_AXES 3

/* All axes for concrete sizes, depth, height, width; axes that are not there have size 1. */
typedef struct effnn__window_box {
    size_t in[EFFNN__WINDOW_AXES], out[EFFNN__WINDOW_AXES];
    effnn__window_axis axes[EFFNN__WINDOW_AXES];
} effnn__window_box;

/* E_SHAPE or E_UNSUPPORTED unless input 0 has one to three such axes, as many as the lists. */
effnn_status effnn__window_check(const effnn_op_infer *call, const effnn__window *window);

/* Output size along an axis, a kernel of this size. */
effnn_status effnn__window_infer(effnn__sym *out, const effnn_op_infer *call,
                                 const effnn__window *window, size_t axis, effnn__sym size,
                                 int64_t kernel);

/* The axis' numbers, automatic pads worked out for this input and output size. */
effnn__window_axis effnn__window_at(const effnn__window *window, size_t axis, int64_t kernel,
                                    int64_t size, int64_t out);

/* The box of a call with this input and output; kernel: its size along each axis. */
effnn__window_box effnn__window_box_of(const effnn__window *window, const int64_t *kernel,
                                       const effnn_tensor *x, const effnn_tensor *y);

/* Positions of the input / of the output / elements of the kernel. */
size_t effnn__window_inputs(const effnn__window_box *box);
size_t effnn__window_outputs(const effnn__window_box *box);
size_t effnn__window_taps(const effnn__window_box *box);

/* E_SHAPE unless a list is empty or has n entries. */
effnn_status effnn__window_check_list(const effnn_op_infer *call, const char *name,
                                      const effnn_int_list *list, size_t n);

/* Entry i of a list, or `otherwise` past its end. */
int64_t effnn__window_item(const effnn_int_list *list, size_t i, int64_t otherwise);
#endif
