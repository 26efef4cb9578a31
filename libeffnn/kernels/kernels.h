/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_KERNELS_H
#define EFFNN_KERNELS_KERNELS_H

/* Dense computations on plain arrays. One struct of function pointers; every entry has a plain C
 * reference (effnn__kernels_reference), against which tests hold whatever effnn__kernels_get()
 * chose for this CPU. Kernels never allocate: scratch comes from the caller, in bytes told by the
 * *_scratch entry beside, aligned as doubles are. Arrays are row-major and contiguous unless
 * strides are given; outputs never overlap inputs unless an entry says "may alias". All split work
 * by effnn__parallel_for, so results do not depend on the number of threads. */

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* C = alpha · A·B + beta · C, for each batch entry. A is m × k, B is k × n, C is m × n, each with a
 * row and a column stride in elements (a transpose is a swap of the two). With beta = 0, C is not
 * read. n_batch ≥ 1; the offsets give where entry i begins, in elements ([n_batch]; NULL: 0). */
typedef struct effnn__gemm {
    size_t m, n, k;
    const void *a, *b;
    void *c;
    int64_t a_row, a_col, b_row, b_col, c_row, c_col;
    double alpha, beta;
    size_t n_batch;
    const size_t *a_offset, *b_offset, *c_offset;
} effnn__gemm;

/* What follows a product or a convolution right away. NULL or zero: nothing. */
typedef struct effnn__epilogue {
    const float *bias; /* one number a column of C, or an output channel */
    bool clamp;        /* then within [lo, hi]; NaN stays NaN */
    float lo, hi;
} effnn__epilogue;

/* The epilogue alone, in place, over y [rows, columns]. */
effnn_status effnn__epilogue_f32(effnn_context *context, const effnn__epilogue *after, size_t rows,
                                 size_t columns, float *y);

/* 2-D convolution (cross-correlation), NCHW. x: [n, c_in, h, w]; weight: [c_out, c_in / groups,
 * kernel_h, kernel_w]; y: [n, c_out, out_h, out_w]. Padding is zero. */
typedef struct effnn__conv2d {
    size_t n, c_in, h, w, c_out, kernel_h, kernel_w, out_h, out_w, groups;
    size_t stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left; /* bottom and right follow from out_h, out_w */
} effnn__conv2d;

/* 2-D pooling windows, NCHW with n·c planes. */
typedef struct effnn__pool2d {
    size_t planes, h, w, kernel_h, kernel_w, out_h, out_w;
    size_t stride_h, stride_w, dilation_h, dilation_w;
    size_t pad_top, pad_left, pad_bottom, pad_right;
    bool count_include_pad; /* average: a window counts its positions in the padding as well */
} effnn__pool2d;

/* Elements seen as [outer, axis, inner]; an operation runs along the middle one. */
typedef struct effnn__axis {
    size_t outer, axis, inner;
} effnn__axis;

/* One element-wise function over n contiguous elements; y may alias x. */
typedef void (*effnn__unary_f32)(float *y, const float *x, size_t n);

/* One element-wise function of two operands; y may alias either. */
typedef void (*effnn__binary_f32)(float *y, const float *a, const float *b, size_t n);

typedef struct effnn__kernels {
    const char *name; /* "reference", "avx512", …; for the log */

    effnn_status (*gemm_f32)(effnn_context *context, const effnn__gemm *gemm);
    effnn_status (*gemm_f64)(effnn_context *context, const effnn__gemm *gemm);

    /* Lower triangle of gram [d, d] (row-major, row stride d) += scale · XᵀX, x: [n, d]; products
     * and sums in double. Rows combine in index order. scratch holds a block of x as doubles. */
    size_t (*gram_scratch)(size_t n, size_t d);
    effnn_status (*gram_f32)(effnn_context *context, double *gram, const float *x, size_t n,
                             size_t d, double scale, void *scratch);

    size_t (*conv2d_scratch)(const effnn_context *context, const effnn__conv2d *conv);
    effnn_status (*conv2d_f32)(effnn_context *context, const effnn__conv2d *conv, const float *x,
                               const float *weight, const effnn__epilogue *after, float *y,
                               void *scratch);

    /* One filter for each channel (c_in = c_out = groups); no scratch. */
    effnn_status (*depthwise2d_f32)(effnn_context *context, const effnn__conv2d *conv,
                                    const float *x, const float *weight,
                                    const effnn__epilogue *after, float *y);

    /* Weights of a convolution in the layout of conv2d_packed_f32; 0 bytes: it takes them as they
     * are. Groups and the weights' own sizes count, the picture's do not. */
    size_t (*conv2d_pack_bytes)(const effnn__conv2d *conv);
    void (*conv2d_pack)(const effnn__conv2d *conv, const float *weight, float *packed);
    effnn_status (*conv2d_packed_f32)(effnn_context *context, const effnn__conv2d *conv,
                                      const float *x, const float *packed,
                                      const effnn__epilogue *after, float *y, void *scratch);

    /* index (may be NULL): [planes, out_h, out_w] flat position of the first maximum in its plane.
     * NaN is a maximum. A window all in the padding gives -inf and -1, or an average of 0. */
    effnn_status (*max_pool2d_f32)(effnn_context *context, const effnn__pool2d *pool,
                                   const float *x, float *y, int64_t *index);
    effnn_status (*average_pool2d_f32)(effnn_context *context, const effnn__pool2d *pool,
                                       const float *x, float *y);

    /* Stable softmax and its logarithm along the axis; y may alias x. */
    effnn_status (*softmax_f32)(effnn_context *context, effnn__axis shape, const float *x,
                                float *y);
    effnn_status (*log_softmax_f32)(effnn_context *context, effnn__axis shape, const float *x,
                                    float *y);

    /* y = (x - mean) / sqrt(var + eps) · scale + bias over rows of x [n, d]; biased variance, two
     * passes; scale, bias: [d] or NULL; mean, rstd: [n] results or NULL; y may alias x. */
    effnn_status (*layer_norm_f32)(effnn_context *context, size_t n, size_t d, const float *x,
                                   const float *scale, const float *bias, float eps, float *y,
                                   float *mean, float *rstd);
    /* y = x / sqrt(mean(x²) + eps) · scale; the same arguments. */
    effnn_status (*rms_norm_f32)(effnn_context *context, size_t n, size_t d, const float *x,
                                 const float *scale, float eps, float *y, float *rstd);
    /* y = x · scale[c] + bias[c], x: [n, c, inner]; y may alias x. */
    effnn_status (*channel_affine_f32)(effnn_context *context, size_t n, size_t c, size_t inner,
                                       const float *x, const float *scale, const float *bias,
                                       float *y);

    /* Along the axis, y: [outer, inner]. Sums are pairwise in a fixed order. */
    effnn_status (*reduce_sum_f32)(effnn_context *context, effnn__axis shape, const float *x,
                                   float *y);
    effnn_status (*reduce_max_f32)(effnn_context *context, effnn__axis shape, const float *x,
                                   float *y);

    /* y[i] = scale · Σ x[p] · rows[i · stride + p], i < n, p < d. */
    void (*dots_f32)(float *y, const float *x, const float *rows, size_t stride, size_t n, size_t d,
                     float scale);

    effnn__unary_f32 exp_f32, log_f32, tanh_f32, sigmoid_f32, erf_f32;
    effnn__unary_f32 gelu_f32;      /* x/2 · (1 + erf(x / √2)) */
    effnn__unary_f32 gelu_tanh_f32; /* the tanh form */
    effnn__unary_f32 silu_f32;      /* x · sigmoid(x) */
    effnn__unary_f32 relu_f32;      /* NaN stays NaN, here and below */
    effnn__unary_f32 sqrt_f32;
    effnn__unary_f32 hard_swish_f32; /* x · min(max(x / 6 + 1/2, 0), 1) */

    effnn__binary_f32 add_f32, sub_f32, mul_f32, div_f32;
    effnn__binary_f32 larger_f32, smaller_f32; /* NaN if either is */

    /* min(max(x, low), high), bounds that are numbers / x or alpha · x below 0 /
     * min(max(alpha · x + beta, 0), 1); y may alias x. */
    void (*clip_f32)(float *y, const float *x, size_t n, float low, float high);
    void (*leaky_relu_f32)(float *y, const float *x, size_t n, float alpha);
    void (*hard_sigmoid_f32)(float *y, const float *x, size_t n, float alpha, float beta);

    void (*fill_f32)(float *y, size_t n, float value);

    /* 1 where the comparison holds, else 0. */
    void (*less_f32)(uint8_t *y, const float *a, const float *b, size_t n);
    void (*less_or_equal_f32)(uint8_t *y, const float *a, const float *b, size_t n);
    void (*equal_f32)(uint8_t *y, const float *a, const float *b, size_t n);

    /* 1 where the byte is 0, else 0. */
    void (*not_8)(uint8_t *y, const uint8_t *x, size_t n);

    /* f16 and bf16 as their codes, to nearest even; NaN stays NaN. */
    void (*f16_from_f32)(uint16_t *y, const float *x, size_t n);
    void (*f32_from_f16)(float *y, const uint16_t *x, size_t n);
    void (*bf16_from_f32)(uint16_t *y, const float *x, size_t n);
    void (*f32_from_bf16)(float *y, const uint16_t *x, size_t n);

    /* y[i] = condition[i] ? a[i] : b[i], elements of 32 bits. */
    void (*select_32)(uint32_t *y, const uint8_t *condition, const uint32_t *a, const uint32_t *b,
                      size_t n);
} effnn__kernels;

/* The kernels for this CPU, chosen once per process (and BLIS made ready, once); the environment's
 * EFFNN_CPU (baseline, avx2, avx512) can only lower the choice. Never NULL. */
const effnn__kernels *effnn__kernels_get(void);

/* The tables of plain loops for growing instruction sets that this CPU can run; NULL past the last.
 * They give the same bits. */
const effnn__kernels *effnn__kernels_at(size_t index);

/* The plain C reference of every entry. */
const effnn__kernels *effnn__kernels_reference(void);

/* What was chosen and why, one line ("blis 0.9.0 skx …"); borrowed, static. */
const char *effnn__kernels_describe(void);
#endif
