/* SPDX-License-Identifier: BSD-3-Clause */
/* Window arithmetic. With effective kernel e = (kernel - 1) · dilation + 1 the output size is
 * (size + pads - e) / stride + 1, rounded down, or up in ceil mode, and then without a window that
 * would begin in the pad behind. */

#include "ops/op_window.h"

const char *const effnn__auto_pad_names[] = { "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL };

static int64_t item_or(const effnn_int_list *list, size_t i, int64_t otherwise)
{
    return i < list->n ? list->items[i] : otherwise;
}

static effnn_status check_list(const effnn_op_infer *call, const char *name,
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
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 3 or 4",
                                 effnn__infer_print(text, call, x));
    if (x->rank > 4)
        return effnn__infer_fail(call, EFFNN_E_UNSUPPORTED, "rank %zu: only 1-D and 2-D windows",
                                 x->rank);
    EFFNN_TRY(check_list(call, "dilations", &window->dilations, x->rank - 2));
    EFFNN_TRY(check_list(call, "kernel_shape", &window->kernel_shape, x->rank - 2));
    EFFNN_TRY(check_list(call, "pads", &window->pads, 2 * (x->rank - 2)));
    return check_list(call, "strides", &window->strides, x->rank - 2);
}

/* The pads of an axis where they are given. */
static void given_pads(const effnn__window *window, size_t axis, int64_t *begin, int64_t *end)
{
    const bool given = window->auto_pad == EFFNN__PAD_NOTSET;

    *begin = given ? item_or(&window->pads, axis, 0) : 0;
    *end = given ? item_or(&window->pads, window->pads.n / 2 + axis, 0) : 0;
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
    const int64_t stride = item_or(&window->strides, axis, 1);
    int64_t begin, end;
    effnn__sym effective, padded, room, before;

    if (kernel < 1)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "kernel of size %lld along axis %zu",
                                 (long long)kernel, axis + 2);
    if (window->auto_pad == EFFNN__PAD_SAME_UPPER || window->auto_pad == EFFNN__PAD_SAME_LOWER)
        return infer_same(out, call, size, stride);
    given_pads(window, axis, &begin, &end);
    EFFNN_TRY(effnn__sym_mul(&effective, t, effnn__sym_constant(kernel - 1),
                             effnn__sym_constant(item_or(&window->dilations, axis, 1))));
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
    const int64_t stride = item_or(&window->strides, axis, 1);
    const int64_t dilation = item_or(&window->dilations, axis, 1);
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
