/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of kernels of one instruction set: the plain loops compiled for it, and what all sets
 * share. */

#include "kernels/kernels_priv.h"

#if defined(EFFNN__ISA)
#define TEXT(x)    #x
#define TEXT_OF(x) TEXT(x)
#define NAME       TEXT_OF(EFFNN__ISA)
#else
#define NAME "baseline"
#endif

const effnn__kernels effnn__kernels_vector = {
    .name = NAME,
    .gemm_f32 = effnn__gemm_f32_blis,
    .gemm_f64 = effnn__gemm_f64_blis,
    .gram_scratch = effnn__gram_scratch_blis,
    .gram_f32 = effnn__gram_f32_blis,
    .conv2d_scratch = effnn__conv2d_scratch_tiles,
    .conv2d_f32 = effnn__conv2d_f32_tiles,
    .conv2d_pack_bytes = effnn__conv2d_pack_bytes_tiles,
    .conv2d_pack = effnn__conv2d_pack_tiles,
    .conv2d_packed_f32 = effnn__conv2d_packed_f32_tiles,
    .depthwise2d_f32 = effnn__conv2d_f32_depthwise,
    .max_pool2d_f32 = effnn__max_pool2d_f32,
    .average_pool2d_f32 = effnn__average_pool2d_f32,
    .softmax_f32 = effnn__softmax_f32,
    .log_softmax_f32 = effnn__log_softmax_f32,
    .layer_norm_f32 = effnn__layer_norm_f32,
    .rms_norm_f32 = effnn__rms_norm_f32,
    .channel_affine_f32 = effnn__channel_affine_f32,
    .reduce_sum_f32 = effnn__reduce_sum_f32,
    .reduce_max_f32 = effnn__reduce_max_f32,
    .dots_f32 = effnn__dots_f32,
    .exp_f32 = effnn__exp_f32,
    .log_f32 = effnn__log_f32_ref,
    .tanh_f32 = effnn__tanh_f32,
    .sigmoid_f32 = effnn__sigmoid_f32,
    .erf_f32 = effnn__erf_f32,
    .gelu_f32 = effnn__gelu_f32,
    .gelu_tanh_f32 = effnn__gelu_tanh_f32,
    .silu_f32 = effnn__silu_f32,
    .relu_f32 = effnn__relu_f32,
    .sqrt_f32 = effnn__sqrt_f32,
    .hard_swish_f32 = effnn__hard_swish_f32,
    .add_f32 = effnn__add_f32,
    .sub_f32 = effnn__sub_f32,
    .mul_f32 = effnn__mul_f32,
    .div_f32 = effnn__div_f32,
    .larger_f32 = effnn__larger_f32,
    .smaller_f32 = effnn__smaller_f32,
    .clip_f32 = effnn__clip_f32,
    .leaky_relu_f32 = effnn__leaky_relu_f32,
    .hard_sigmoid_f32 = effnn__hard_sigmoid_f32,
    .fill_f32 = effnn__fill_f32,
    .less_f32 = effnn__less_f32,
    .less_or_equal_f32 = effnn__less_or_equal_f32,
    .equal_f32 = effnn__equal_f32,
    .select_32 = effnn__select_32,
    .not_8 = effnn__not_8,
    .f16_from_f32 = effnn__f16_from_f32_array,
    .f32_from_f16 = effnn__f32_from_f16_array,
    .bf16_from_f32 = effnn__bf16_from_f32_array,
    .f32_from_bf16 = effnn__f32_from_bf16_array,
};
