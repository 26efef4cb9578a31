/* SPDX-License-Identifier: BSD-3-Clause */
/* Window arithmetic. With effective kernel e = (kernel - 1) · dilation + 1 the output size is
 * (size + pads - e) / stride + 1, rounded down, or up in ceil mode, and then without a window that
 * would begin in the pad behind. */

#include "ops/op_window.h"

const char *const effnn__auto_pad_names[] = { "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL };

int64_t effnn__window_item(const effnn_int_list *list, size_t i, int64_t otherwise)
{
    return i < list->n ? list->items[i] : otherwise;
}

effnn_status effnn__window_check_list(const effnn_op_infer *call, const char *name,
                                      const effnn_int_list *list, size_t n)
{
    if (list->n == 0 || list->n == n) return EFFNN_OK;
    return effnn__infer_fail(call, EFFNN_E_SHAPE, "%s has %zu entries, not %zu", name, list->n, n);
}

effnn_status effnn__window_check(const effnn_op_infer *call, const effnn__window *window)
{
    const effnn__value_info *x = call->inputs[0];
    char text[EFFNN__INFO_TEXT];

    if (x->rank < 3)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 3 to 5",
                                 effnn__infer_print(text, call, x));
    if (x->rank > 5)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "rank %zu: only 1-D to 3-D windows",
                                 x->rank);
    EFFNN_TRY(effnn__window_check_list(call, "dilations", &window->dilations, x->rank - 2));
    EFFNN_TRY(effnn__window_check_list(call, "kernel_shape", &window->kernel_shape, x->rank - 2));
    EFFNN_TRY(effnn__window_check_list(call, "pads", &window->pads, 2 * (x->rank - 2)));
    return effnn__window_check_list(call, "strides", &window->strides, x->rank - 2);
}

/* The pads of an axis where they are given. */
static void given_pads(const effnn__window *window, size_t axis, int64_t *begin, int64_t *end)
{
    const bool given = window->auto_pad == EFFNN__PAD_NOTSET;

    *begin = given ? effnn__window_item(&window->pads, axis, 0) : 0;
    *end = given ? effnn__window_item(&window->pads, window->pads.n / 2 + axis, 0) : 0;
}

static effnn_status infer_same(effnn__sym *out, const effnn_op_infer *call, effnn__sym size,
                               int64_t stride)
{
    effnn__sym raised;

    EFFNN_TRY(effnn__sym_add(&raised, call->symbols, size, effnn__sym_constant(stride - 1)));
    return effnn__sym_div(out, call->symbols, raised, effnn__sym_constant(stride));
}

/* A window in ceil mode whose end cannot be told for an open size gets a fresh symbol. */
static effnn_status infer_ceil(effnn__sym *out, const effnn_op_infer *call, effnn__sym room,
                               effnn__sym begin_and_size, int64_t stride)
{
    if (room.symbol != 0) return effnn__symbols_fresh(out, call->symbols);
    int64_t n = (room.offset + stride - 1) / stride + 1;
    if ((n - 1) * stride >= begin_and_size.offset) n--;
    *out = effnn__sym_constant(n);
    return EFFNN_OK;
}

effnn_status effnn__window_infer(effnn__sym *out, const effnn_op_infer *call,
                                 const effnn__window *window, size_t axis, effnn__sym size,
                                 int64_t kernel)
{
    effnn__symbols *t = call->symbols;
    const int64_t stride = effnn__window_item(&window->strides, axis, 1);
    int64_t begin, end;
    effnn__sym effective, padded, room, before;

    if (kernel < 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "kernel of size %lld along axis %zu",
                                 (long long)kernel, axis + 2);
    if (window->auto_pad == EFFNN__PAD_SAME_UPPER || window->auto_pad == EFFNN__PAD_SAME_LOWER)
        return infer_same(out, call, size, stride);
    given_pads(window, axis, &begin, &end);
    EFFNN_TRY(effnn__sym_mul(&effective, t, effnn__sym_constant(kernel - 1),
                             effnn__sym_constant(effnn__window_item(&window->dilations, axis, 1))));
    EFFNN_TRY(effnn__sym_add(&effective, t, effective, effnn__sym_constant(1)));
    EFFNN_TRY(effnn__sym_add(&before, t, size, effnn__sym_constant(begin)));
    EFFNN_TRY(effnn__sym_add(&padded, t, before, effnn__sym_constant(end)));
    EFFNN_TRY(effnn__sym_sub(&room, t, padded, effective));
    if (room.symbol == 0 && room.offset < 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE,
                                 "window of %lld exceeds the padded size %lld of axis %zu",
                                 (long long)effective.offset, (long long)padded.offset, axis + 2);
    if (window->ceil_mode && stride > 1) return infer_ceil(out, call, room, before, stride);
    EFFNN_TRY(effnn__sym_div(out, t, room, effnn__sym_constant(stride)));
    return effnn__sym_add(out, t, *out, effnn__sym_constant(1));
}

effnn__window_axis effnn__window_at(const effnn__window *window, size_t axis, int64_t kernel,
                                    int64_t size, int64_t out)
{
    const int64_t stride = effnn__window_item(&window->strides, axis, 1);
    const int64_t dilation = effnn__window_item(&window->dilations, axis, 1);
    int64_t begin, end;

    given_pads(window, axis, &begin, &end);
    if (window->auto_pad == EFFNN__PAD_SAME_UPPER || window->auto_pad == EFFNN__PAD_SAME_LOWER) {
        const int64_t need = (out - 1) * stride + (kernel - 1) * dilation + 1 - size;
        const int64_t total = need > 0 ? need : 0;

        begin = window->auto_pad == EFFNN__PAD_SAME_UPPER ? total / 2 : total - total / 2;
        end = total - begin;
    }
    return (effnn__window_axis){ .kernel = (size_t)kernel,
                                 .stride = (size_t)stride,
                                 .dilation = (size_t)dilation,
                                 .pad_begin = (size_t)begin,
                                 .pad_end = (size_t)end };
}

effnn__window_box effnn__window_box_of(const effnn__window *window, const int64_t *kernel,
                                       const effnn_tensor *x, const effnn_tensor *y)
{
    const size_t n_axes = effnn_tensor_rank(x) - 2, absent = EFFNN__WINDOW_AXES - n_axes;
    const int64_t *in = effnn_tensor_dims(x) + 2, *out = effnn_tensor_dims(y) + 2;
    effnn__window_box box;

    for (size_t i = 0; i < EFFNN__WINDOW_AXES; i++) {
        const size_t axis = i - absent;

        box.in[i] = i < absent ? 1 : (size_t)in[axis];
        box.out[i] = i < absent ? 1 : (size_t)out[axis];
        box.axes[i] = i < absent
                          ? (effnn__window_axis){ .kernel = 1, .stride = 1, .dilation = 1 }
                          : effnn__window_at(window, axis, kernel[axis], in[axis], out[axis]);
    }
    return box;
}

size_t effnn__window_inputs(const effnn__window_box *box)
{
    return box->in[0] * box->in[1] * box->in[2];
}

size_t effnn__window_outputs(const effnn__window_box *box)
{
    return box->out[0] * box->out[1] * box->out[2];
}

size_t effnn__window_taps(const effnn__window_box *box)
{
    return box->axes[0].kernel * box->axes[1].kernel * box->axes[2].kernel;
}
