/* SPDX-License-Identifier: BSD-3-Clause */
/* The products of a recurrent layer: x · wᵀ + b over many steps, h · rᵀ at each. Where the weights
 * are constant f32 they are packed in panels, which is what counts for a step of few sequences: it
 * does nothing but read them. */

#include "base/pool.h"
#include "kernels/packed.h"
#include "ops/op_product.h"
#include "ops/op_recurrent.h"

#include <string.h>

static effnn_status copy_biases(void *self_, size_t piece, size_t begin, size_t end)
{
    effnn__recurrent *self = self_;
    const size_t bytes = self->kind->n_gates * self->n_hidden * self->reals->size;

    (void)piece;
    for (size_t i = begin; i < end; i++) memcpy(self->all_gates + i * bytes, self->bias_sum, bytes);
    return EFFNN_OK;
}

/* Constant weights in panels, of each direction: w whole, then r gate by gate, for a layer may want
 * some of them at a time. */
typedef struct packed_sizes {
    size_t w, gate, direction; /* floats */
} packed_sizes;

static packed_sizes packed_sizes_of(size_t n_gates, size_t n_in, size_t n_hidden)
{
    packed_sizes sizes = { .w = effnn__pack_bytes(n_in, n_gates * n_hidden) / sizeof(float),
                           .gate = effnn__pack_bytes(n_hidden, n_hidden) / sizeof(float) };

    sizes.direction = sizes.w + n_gates * sizes.gate;
    return sizes;
}

effnn_status effnn__recurrent_prepack(const effnn_op_call *call, const effnn__recurrent_kind *kind,
                                      effnn_op_packed *out)
{
    const effnn_tensor *w = call->inputs[EFFNN__RECURRENT_W], *r = call->inputs[EFFNN__RECURRENT_R];
    const float *from_w = effnn_tensor_data(w), *from_r = effnn_tensor_data(r);
    const size_t directions = (size_t)effnn_tensor_dims(w)[0], k = (size_t)effnn_tensor_dims(w)[2];
    const size_t h = (size_t)effnn_tensor_dims(r)[2], gates = kind->n_gates * h;
    const packed_sizes sizes = packed_sizes_of(kind->n_gates, k, h);

    if (!from_w || !from_r || effnn_tensor_dtype(w) != EFFNN_F32) return EFFNN_OK;
    EFFNN_TRY(
        effnn__op_packed_alloc(out, directions * sizes.direction * sizeof(float), call->node));
    for (size_t d = 0; d < directions; d++) {
        float *to = (float *)out->data + d * sizes.direction;

        effnn__pack_f32(to, from_w + d * gates * k, 1, (int64_t)k, k, gates);
        for (size_t g = 0; g < kind->n_gates; g++)
            effnn__pack_f32(to + sizes.w + g * sizes.gate, from_r + (d * gates + g * h) * h, 1,
                            (int64_t)h, h, h);
    }
    return EFFNN_OK;
}

/* This direction's packed weights, or NULL. */
static const float *packed_of(const effnn__recurrent *self, const packed_sizes *sizes)
{
    const float *packed = self->call->packed;

    return packed ? packed + self->direction * sizes->direction : NULL;
}

/* Gates of steps [first, first + n): x · wᵀ + b, laid out [n, B, G·H]; rows of x are those of the
 * steps of all sequences, or with the batch first, of one sequence after the other. */
static effnn_status project_packed(effnn__recurrent *self, const float *packed, size_t first,
                                   size_t n)
{
    const size_t gates = self->kind->n_gates * self->n_hidden;
    const bool batch_first = self->attrs->layout == 1;
    const size_t parts = batch_first ? self->n_batch : 1;
    effnn__packed_gemm gemm = { .m = batch_first ? n : n * self->n_batch,
                                .n = gates,
                                .k = self->n_in,
                                .b = packed,
                                .a_row = self->n_in,
                                .a_col = 1,
                                .c_row = batch_first ? self->n_batch * gates : gates,
                                .after = { .bias = (const float *)self->bias_sum } };

    for (size_t b = 0; b < parts; b++) {
        const size_t row = batch_first ? b * self->n_steps + first : first * self->n_batch;

        gemm.a = (const float *)self->inputs[EFFNN__RECURRENT_X] + row * self->n_in;
        gemm.c = (float *)self->all_gates + b * gates;
        EFFNN_TRY(effnn__gemm_f32_packed(self->call->context, &gemm));
    }
    return EFFNN_OK;
}

/* The same of weights as they are. */
effnn_status effnn__recurrent_project(effnn__recurrent *self, size_t first, size_t n)
{
    const size_t gates = self->kind->n_gates * self->n_hidden, size = self->reals->size;
    const bool batch_first = self->attrs->layout == 1;
    const packed_sizes sizes = packed_sizes_of(self->kind->n_gates, self->n_in, self->n_hidden);
    const float *packed = packed_of(self, &sizes);
    effnn__gemm gemm = { .m = batch_first ? n : n * self->n_batch,
                         .n = gates,
                         .k = self->n_in,
                         .a = self->inputs[EFFNN__RECURRENT_X],
                         .b = self->w,
                         .c = self->all_gates,
                         .a_row = (int64_t)self->n_in,
                         .a_col = 1,
                         .b_row = 1,
                         .b_col = (int64_t)self->n_in,
                         .c_row = (int64_t)(batch_first ? self->n_batch * gates : gates),
                         .c_col = 1,
                         .alpha = 1.0,
                         .beta = 1.0,
                         .n_batch = 1 };

    if (packed) return project_packed(self, packed, first, n);
    EFFNN_TRY(effnn__parallel_for(self->call->context, n * self->n_batch,
                                  EFFNN__RECURRENT_GRAIN / (gates + 1) + 1, copy_biases, self));
    if (!batch_first) {
        gemm.a = (const char *)gemm.a + first * self->n_batch * self->n_in * size;
    } else {
        for (size_t b = 0; b < self->n_batch; b++) {
            self->offsets[b] = (b * self->n_steps + first) * self->n_in;
            self->offsets[self->n_batch + b] = b * gates;
        }
        gemm.n_batch = self->n_batch;
        gemm.a_offset = self->offsets;
        gemm.c_offset = self->offsets + self->n_batch;
    }
    return effnn__product_run(self->call->context, self->reals->dtype, &gemm);
}

static effnn_status multiply_packed(effnn__recurrent *self, const float *packed, const void *from,
                                    size_t n, void *to, size_t stride, size_t gate)
{
    const size_t h = self->n_hidden;
    effnn__packed_gemm gemm = { .m = self->n_batch,
                                .n = h,
                                .k = h,
                                .a = from,
                                .a_row = h,
                                .a_col = 1,
                                .c_row = stride,
                                .accumulate = true };

    for (size_t g = 0; g < n; g++) {
        gemm.b = packed + g * gate;
        gemm.c = (float *)to + g * h;
        EFFNN_TRY(effnn__gemm_f32_packed(self->call->context, &gemm));
    }
    return EFFNN_OK;
}

effnn_status effnn__recurrent_product(effnn__recurrent *self, const void *from, size_t first,
                                      size_t n, void *to, size_t stride)
{
    const size_t h = self->n_hidden;
    const packed_sizes sizes = packed_sizes_of(self->kind->n_gates, self->n_in, h);
    const float *packed = packed_of(self, &sizes);
    const effnn__gemm gemm = { .m = self->n_batch,
                               .n = n * h,
                               .k = h,
                               .a = from,
                               .b = self->r + first * h * h * self->reals->size,
                               .c = to,
                               .a_row = (int64_t)h,
                               .a_col = 1,
                               .b_row = 1,
                               .b_col = (int64_t)h,
                               .c_row = (int64_t)stride,
                               .c_col = 1,
                               .alpha = 1.0,
                               .beta = 1.0,
                               .n_batch = 1 };

    if (packed)
        return multiply_packed(self, packed + sizes.w + first * sizes.gate, from, n, to, stride,
                               sizes.gate);
    return effnn__product_run(self->call->context, self->reals->dtype, &gemm);
}
