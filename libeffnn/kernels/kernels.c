/* SPDX-License-Identifier: BSD-3-Clause */
/* The two tables of kernels, and the choice between versions, made once. There is one set beside
 * the reference so far: BLIS for products, and plain C that compilers turn into vector code. */

#include "kernels/kernels.h"

#include "kernels/blis_setup.h"
#include "kernels/kernels_priv.h"
#include "kernels/lapack_setup.h"

#include <pthread.h>
#include <stdio.h>

static const effnn__kernels reference = {
    .name = "reference",
    .gemm_f32 = effnn__gemm_f32_ref,
    .gemm_f64 = effnn__gemm_f64_ref,
    .gram_scratch = effnn__gram_scratch_ref,
    .gram_f32 = effnn__gram_f32_ref,
    .conv2d_scratch = effnn__conv2d_scratch_ref,
    .conv2d_f32 = effnn__conv2d_f32_ref,
    .max_pool2d_f32 = effnn__max_pool2d_f32,
    .average_pool2d_f32 = effnn__average_pool2d_f32,
    .softmax_f32 = effnn__softmax_f32_ref,
    .log_softmax_f32 = effnn__log_softmax_f32_ref,
    .layer_norm_f32 = effnn__layer_norm_f32_ref,
    .rms_norm_f32 = effnn__rms_norm_f32_ref,
    .channel_affine_f32 = effnn__channel_affine_f32,
    .reduce_sum_f32 = effnn__reduce_sum_f32_ref,
    .reduce_max_f32 = effnn__reduce_max_f32_ref,
    .exp_f32 = effnn__exp_f32_ref,
    .log_f32 = effnn__log_f32_ref,
    .tanh_f32 = effnn__tanh_f32_ref,
    .sigmoid_f32 = effnn__sigmoid_f32_ref,
    .erf_f32 = effnn__erf_f32_ref,
    .gelu_f32 = effnn__gelu_f32_ref,
    .gelu_tanh_f32 = effnn__gelu_tanh_f32_ref,
    .silu_f32 = effnn__silu_f32_ref,
    .relu_f32 = effnn__relu_f32,
};

static const effnn__kernels portable = {
    .name = "blis",
    .gemm_f32 = effnn__gemm_f32_blis,
    .gemm_f64 = effnn__gemm_f64_blis,
    .gram_scratch = effnn__gram_scratch_blis,
    .gram_f32 = effnn__gram_f32_blis,
    .conv2d_scratch = effnn__conv2d_scratch_tiles,
    .conv2d_f32 = effnn__conv2d_f32_tiles,
    .max_pool2d_f32 = effnn__max_pool2d_f32,
    .average_pool2d_f32 = effnn__average_pool2d_f32,
    .softmax_f32 = effnn__softmax_f32,
    .log_softmax_f32 = effnn__log_softmax_f32,
    .layer_norm_f32 = effnn__layer_norm_f32,
    .rms_norm_f32 = effnn__rms_norm_f32,
    .channel_affine_f32 = effnn__channel_affine_f32,
    .reduce_sum_f32 = effnn__reduce_sum_f32,
    .reduce_max_f32 = effnn__reduce_max_f32,
    .exp_f32 = effnn__exp_f32,
    .log_f32 = effnn__log_f32_ref,
    .tanh_f32 = effnn__tanh_f32,
    .sigmoid_f32 = effnn__sigmoid_f32,
    .erf_f32 = effnn__erf_f32,
    .gelu_f32 = effnn__gelu_f32,
    .gelu_tanh_f32 = effnn__gelu_tanh_f32,
    .silu_f32 = effnn__silu_f32,
    .relu_f32 = effnn__relu_f32,
};

static char description[256];
static pthread_once_t description_once = PTHREAD_ONCE_INIT;

static void describe(void)
{
    const effnn__blis *const blis = effnn__blis_get();

    snprintf(description, sizeof description, "blis %s %s (%s), %s", blis->version, blis->arch,
             blis->note, effnn__lapack_describe());
}

const effnn__kernels *effnn__kernels_get(void)
{
    effnn__blis_get();
    return &portable;
}

const effnn__kernels *effnn__kernels_reference(void)
{
    return &reference;
}

const char *effnn__kernels_describe(void)
{
    pthread_once(&description_once, describe);
    return description;
}
