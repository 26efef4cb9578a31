/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_KERNELS_PRIV_H
#define EFFNN_KERNELS_KERNELS_PRIV_H

/* The entries' implementations, for the tables in kernels.c. `_ref` is the plain C reference; an
 * entry that has no second version yet is in both tables. */

#include "kernels/conv/conv.h"
#include "kernels/isa.h"
#include "kernels/kernels.h"

effnn_status effnn__gemm_f32_ref(effnn_context *context, const effnn__gemm *gemm);
effnn_status effnn__gemm_f64_ref(effnn_context *context, const effnn__gemm *gemm);
effnn_status effnn__gemm_f32_blis(effnn_context *context, const effnn__gemm *gemm);
effnn_status effnn__gemm_f64_blis(effnn_context *context, const effnn__gemm *gemm);
/* x [n, k] = l⁻ᵀ l⁻¹ x, in place, for a lower triangle l [n, n]. */
void effnn__substitute_f64(double *x, double *l, size_t n, size_t k);

/* One product on the calling thread, inside a piece of other work. */
void effnn__gemm_serial_f32(const effnn__gemm *gemm);
void effnn__gemm_serial_f64(const effnn__gemm *gemm);

size_t effnn__gram_scratch_ref(size_t n, size_t d);
effnn_status effnn__gram_f32_ref(effnn_context *context, double *gram, const float *x, size_t n,
                                 size_t d, double scale, void *scratch);
size_t effnn__gram_scratch_blis(size_t n, size_t d);
effnn_status effnn__gram_f32_blis(effnn_context *context, double *gram, const float *x, size_t n,
                                  size_t d, double scale, void *scratch);

effnn_status effnn__max_pool2d_f32(effnn_context *context, const effnn__pool2d *pool,
                                   const float *x, float *y, int64_t *index);
effnn_status effnn__average_pool2d_f32(effnn_context *context, const effnn__pool2d *pool,
                                       const float *x, float *y);

effnn_status effnn__softmax_f32_ref(effnn_context *context, effnn__axis shape, const float *x,
                                    float *y);
effnn_status effnn__log_softmax_f32_ref(effnn_context *context, effnn__axis shape, const float *x,
                                        float *y);
effnn_status effnn__softmax_f32(effnn_context *context, effnn__axis shape, const float *x,
                                float *y);
effnn_status effnn__log_softmax_f32(effnn_context *context, effnn__axis shape, const float *x,
                                    float *y);

effnn_status effnn__layer_norm_f32_ref(effnn_context *context, size_t n, size_t d, const float *x,
                                       const float *scale, const float *bias, float eps, float *y,
                                       float *mean, float *rstd);
effnn_status effnn__rms_norm_f32_ref(effnn_context *context, size_t n, size_t d, const float *x,
                                     const float *scale, float eps, float *y, float *rstd);
effnn_status effnn__layer_norm_f32(effnn_context *context, size_t n, size_t d, const float *x,
                                   const float *scale, const float *bias, float eps, float *y,
                                   float *mean, float *rstd);
effnn_status effnn__rms_norm_f32(effnn_context *context, size_t n, size_t d, const float *x,
                                 const float *scale, float eps, float *y, float *rstd);
effnn_status effnn__channel_affine_f32(effnn_context *context, size_t n, size_t c, size_t inner,
                                       const float *x, const float *scale, const float *bias,
                                       float *y);

effnn_status effnn__reduce_sum_f32_ref(effnn_context *context, effnn__axis shape, const float *x,
                                       float *y);
effnn_status effnn__reduce_max_f32_ref(effnn_context *context, effnn__axis shape, const float *x,
                                       float *y);
effnn_status effnn__reduce_sum_f32(effnn_context *context, effnn__axis shape, const float *x,
                                   float *y);
effnn_status effnn__reduce_max_f32(effnn_context *context, effnn__axis shape, const float *x,
                                   float *y);

void effnn__dots_f32_ref(float *y, const float *x, const float *rows, size_t stride, size_t n,
                         size_t d, float scale);
void effnn__dots_f32(float *y, const float *x, const float *rows, size_t stride, size_t n, size_t d,
                     float scale);

void effnn__exp_f32_ref(float *y, const float *x, size_t n);
void effnn__log_f32_ref(float *y, const float *x, size_t n);
void effnn__tanh_f32_ref(float *y, const float *x, size_t n);
void effnn__sigmoid_f32_ref(float *y, const float *x, size_t n);
void effnn__erf_f32_ref(float *y, const float *x, size_t n);
void effnn__gelu_f32_ref(float *y, const float *x, size_t n);
void effnn__gelu_tanh_f32_ref(float *y, const float *x, size_t n);
void effnn__silu_f32_ref(float *y, const float *x, size_t n);

void effnn__exp_f32(float *y, const float *x, size_t n);
void effnn__tanh_f32(float *y, const float *x, size_t n);
void effnn__sigmoid_f32(float *y, const float *x, size_t n);
void effnn__erf_f32(float *y, const float *x, size_t n);
void effnn__gelu_f32(float *y, const float *x, size_t n);
void effnn__gelu_tanh_f32(float *y, const float *x, size_t n);
void effnn__silu_f32(float *y, const float *x, size_t n);
void effnn__relu_f32(float *y, const float *x, size_t n);

void effnn__sqrt_f32(float *y, const float *x, size_t n);
void effnn__hard_swish_f32(float *y, const float *x, size_t n);
void effnn__add_f32(float *y, const float *a, const float *b, size_t n);
void effnn__sub_f32(float *y, const float *a, const float *b, size_t n);
void effnn__mul_f32(float *y, const float *a, const float *b, size_t n);
void effnn__div_f32(float *y, const float *a, const float *b, size_t n);
void effnn__larger_f32(float *y, const float *a, const float *b, size_t n);
void effnn__smaller_f32(float *y, const float *a, const float *b, size_t n);
void effnn__clip_f32(float *y, const float *x, size_t n, float low, float high);
void effnn__leaky_relu_f32(float *y, const float *x, size_t n, float alpha);
void effnn__hard_sigmoid_f32(float *y, const float *x, size_t n, float alpha, float beta);

void effnn__fill_f32(float *y, size_t n, float value);
void effnn__less_f32(uint8_t *y, const float *a, const float *b, size_t n);
void effnn__less_or_equal_f32(uint8_t *y, const float *a, const float *b, size_t n);
void effnn__equal_f32(uint8_t *y, const float *a, const float *b, size_t n);
void effnn__select_32(uint32_t *y, const uint8_t *condition, const uint32_t *a, const uint32_t *b,
                      size_t n);

void effnn__not_8(uint8_t *y, const uint8_t *x, size_t n);
void effnn__f16_from_f32_array(uint16_t *y, const float *x, size_t n);
void effnn__f32_from_f16_array(float *y, const uint16_t *x, size_t n);
void effnn__bf16_from_f32_array(uint16_t *y, const float *x, size_t n);
void effnn__f32_from_bf16_array(float *y, const uint16_t *x, size_t n);

/* The table of one instruction set (isa.h). */
extern const effnn__kernels effnn__kernels_vector;

/* Sum, and sum of (x - shift)², of n contiguous elements: pairwise over blocks, each block in a
 * fixed number of lanes. */
float effnn__sum_f32(const float *x, size_t n);
float effnn__sum_squares_f32(const float *x, size_t n, float shift);
/* Largest element; NaN if there is one, -inf of none. */
float effnn__max_f32(const float *x, size_t n);
#endif
