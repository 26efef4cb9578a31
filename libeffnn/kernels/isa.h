/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_ISA_H
#define EFFNN_KERNELS_ISA_H

/* The files of plain loops are compiled several times, for instruction sets that grow
 * (meson.build), with EFFNN__ISA as the suffix of what they define. No file that is compiled so may
 * call what belongs to another set; what they call of each other is renamed alike. As products and
 * sums are never contracted and lanes are written out in C, all sets give the same bits. A function
 * missing here is defined twice, and the linker says so. */

#if defined(EFFNN__ISA)
#define EFFNN__ISA_PASTE(name, isa) name##_##isa
#define EFFNN__ISA_JOIN(name, isa)  EFFNN__ISA_PASTE(name, isa)
#define EFFNN__ISA_OF(name)         EFFNN__ISA_JOIN(name, EFFNN__ISA)

#define effnn__add_f32              EFFNN__ISA_OF(effnn__add_f32)
#define effnn__average_pool2d_f32   EFFNN__ISA_OF(effnn__average_pool2d_f32)
#define effnn__bands_plan           EFFNN__ISA_OF(effnn__bands_plan)
#define effnn__bands_run            EFFNN__ISA_OF(effnn__bands_run)
#define effnn__bf16_from_f32_array  EFFNN__ISA_OF(effnn__bf16_from_f32_array)
#define effnn__channel_affine_f32   EFFNN__ISA_OF(effnn__channel_affine_f32)
#define effnn__clip_f32             EFFNN__ISA_OF(effnn__clip_f32)
#define effnn__conv2d_f32_depthwise EFFNN__ISA_OF(effnn__conv2d_f32_depthwise)
#define effnn__div_f32              EFFNN__ISA_OF(effnn__div_f32)
#define effnn__dots_f32             EFFNN__ISA_OF(effnn__dots_f32)
#define effnn__equal_f32            EFFNN__ISA_OF(effnn__equal_f32)
#define effnn__erf_f32              EFFNN__ISA_OF(effnn__erf_f32)
#define effnn__exp_f32              EFFNN__ISA_OF(effnn__exp_f32)
#define effnn__f16_from_f32_array   EFFNN__ISA_OF(effnn__f16_from_f32_array)
#define effnn__f32_from_bf16_array  EFFNN__ISA_OF(effnn__f32_from_bf16_array)
#define effnn__f32_from_f16_array   EFFNN__ISA_OF(effnn__f32_from_f16_array)
#define effnn__fill_f32             EFFNN__ISA_OF(effnn__fill_f32)
#define effnn__gelu_f32             EFFNN__ISA_OF(effnn__gelu_f32)
#define effnn__gelu_tanh_f32        EFFNN__ISA_OF(effnn__gelu_tanh_f32)
#define effnn__hard_sigmoid_f32     EFFNN__ISA_OF(effnn__hard_sigmoid_f32)
#define effnn__hard_swish_f32       EFFNN__ISA_OF(effnn__hard_swish_f32)
#define effnn__kernels_vector       EFFNN__ISA_OF(effnn__kernels_vector)
#define effnn__larger_f32           EFFNN__ISA_OF(effnn__larger_f32)
#define effnn__layer_norm_f32       EFFNN__ISA_OF(effnn__layer_norm_f32)
#define effnn__leaky_relu_f32       EFFNN__ISA_OF(effnn__leaky_relu_f32)
#define effnn__less_f32             EFFNN__ISA_OF(effnn__less_f32)
#define effnn__less_or_equal_f32    EFFNN__ISA_OF(effnn__less_or_equal_f32)
#define effnn__log_softmax_f32      EFFNN__ISA_OF(effnn__log_softmax_f32)
#define effnn__max_f32              EFFNN__ISA_OF(effnn__max_f32)
#define effnn__max_pool2d_f32       EFFNN__ISA_OF(effnn__max_pool2d_f32)
#define effnn__mul_f32              EFFNN__ISA_OF(effnn__mul_f32)
#define effnn__not_8                EFFNN__ISA_OF(effnn__not_8)
#define effnn__reduce_max_f32       EFFNN__ISA_OF(effnn__reduce_max_f32)
#define effnn__reduce_sum_f32       EFFNN__ISA_OF(effnn__reduce_sum_f32)
#define effnn__relu_f32             EFFNN__ISA_OF(effnn__relu_f32)
#define effnn__rms_norm_f32         EFFNN__ISA_OF(effnn__rms_norm_f32)
#define effnn__select_32            EFFNN__ISA_OF(effnn__select_32)
#define effnn__sigmoid_f32          EFFNN__ISA_OF(effnn__sigmoid_f32)
#define effnn__silu_f32             EFFNN__ISA_OF(effnn__silu_f32)
#define effnn__smaller_f32          EFFNN__ISA_OF(effnn__smaller_f32)
#define effnn__softmax_f32          EFFNN__ISA_OF(effnn__softmax_f32)
#define effnn__sqrt_f32             EFFNN__ISA_OF(effnn__sqrt_f32)
#define effnn__sub_f32              EFFNN__ISA_OF(effnn__sub_f32)
#define effnn__sum_f32              EFFNN__ISA_OF(effnn__sum_f32)
#define effnn__sum_squares_f32      EFFNN__ISA_OF(effnn__sum_squares_f32)
#define effnn__tanh_f32             EFFNN__ISA_OF(effnn__tanh_f32)
#endif
#endif
