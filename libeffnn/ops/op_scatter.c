/* SPDX-License-Identifier: BSD-3-Clause */
/* Scattering one element: the reductions in the arithmetics of op_scalar.h, rounded or wrapped at
 * every update, as if the updates came one after the other. */

#include "ops/op_scatter.h"

#include "ops/op_scalar.h"

#include <string.h>

const char *const effnn__scatter_names[] = { "none", "add", "mul", "max", "min", NULL };

static const effnn__binary *const functions[] = { NULL, &effnn__scalar_add, &effnn__scalar_mul,
                                                  &effnn__scalar_max, &effnn__scalar_min };

effnn_status effnn__scatter_infer(effnn_op_infer *call)
{
    effnn_op_infer data_and_updates = *call;
    const effnn__value_info *const pair[] = { call->inputs[0], call->inputs[2] };

    EFFNN_TRY(effnn__infer_same(call, EFFNN__UNPACKED));
    EFFNN_TRY(effnn__infer_dtype(call, 1, EFFNN__INTEGERS));
    data_and_updates.inputs = pair;
    return effnn__infer_same_dtype(&data_and_updates, 0, 2);
}

effnn_status effnn__scatter_open(effnn__scatter *out, const effnn_op_call *call, int reduction)
{
    effnn_tensor *y = call->outputs[0];

    EFFNN_TRY(effnn__copy_through(call));
    *out = (effnn__scatter){ .row = effnn__dtype_row_of(effnn_tensor_dtype(y)),
                             .size = effnn__element_size(y),
                             .reduction = reduction,
                             .y = effnn__tensor_data(y),
                             .updates = effnn_tensor_data(call->inputs[2]) };
    return EFFNN_OK;
}

static void reduce(const effnn__scatter *self, size_t at, size_t from)
{
    const effnn__binary *f = functions[self->reduction];
    const effnn__dtype_row *row = self->row;

    if (row->kind == EFFNN__KIND_FLOAT) {
        const double old = row->load_f64(self->y, at);

        row->store_f64(self->y, at, f->f64(old, row->load_f64(self->updates, from)));
        return;
    }
    const int64_t old = row->load_i64(self->y, at), x = row->load_i64(self->updates, from);
    const bool is_u64 = row->kind == EFFNN__KIND_UNSIGNED && row->bits == 64;

    effnn__store_wrapped(row, self->y, at,
                         is_u64 && f->u64 ? (int64_t)f->u64((uint64_t)old, (uint64_t)x)
                                          : f->i64(old, x));
}

void effnn__scatter_put(const effnn__scatter *self, size_t at, size_t from, size_t n)
{
    if (self->reduction == EFFNN__SCATTER_NONE) {
        memcpy((char *)self->y + at * self->size, (const char *)self->updates + from * self->size,
               n * self->size);
        return;
    }
    for (size_t i = 0; i < n; i++) reduce(self, at + i, from + i);
}

void effnn__scatter_saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 5) out->inputs = 2;
}

effnn_status effnn__scatter_write(effnn_onnx_writer *writer, int reduction)
{
    if (reduction != EFFNN__SCATTER_NONE && writer->opset < 16)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED, "reductions need opset 16");
    if ((reduction == EFFNN__SCATTER_MAX || reduction == EFFNN__SCATTER_MIN) && writer->opset < 18)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "reductions 'max' and 'min' need opset 18");
    return effnn__onnx_write_plain(writer, false);
}
