/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference, and the choice among the tables of vector code (vector_table.c), made once. */

#include "kernels/kernels.h"

#include "kernels/blis_setup.h"
#include "kernels/cpu.h"
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
    .depthwise2d_f32 = effnn__conv2d_f32_depthwise,
    .conv2d_pack_bytes = effnn__conv2d_pack_bytes_ref,
    .conv2d_pack = effnn__conv2d_pack_ref,
    .conv2d_packed_f32 = effnn__conv2d_f32_ref,
    .max_pool2d_f32 = effnn__max_pool2d_f32,
    .average_pool2d_f32 = effnn__average_pool2d_f32,
    .softmax_f32 = effnn__softmax_f32_ref,
    .log_softmax_f32 = effnn__log_softmax_f32_ref,
    .layer_norm_f32 = effnn__layer_norm_f32_ref,
    .rms_norm_f32 = effnn__rms_norm_f32_ref,
    .channel_affine_f32 = effnn__channel_affine_f32,
    .reduce_sum_f32 = effnn__reduce_sum_f32_ref,
    .reduce_max_f32 = effnn__reduce_max_f32_ref,
    .dots_f32 = effnn__dots_f32_ref,
    .exp_f32 = effnn__exp_f32_ref,
    .log_f32 = effnn__log_f32_ref,
    .tanh_f32 = effnn__tanh_f32_ref,
    .sigmoid_f32 = effnn__sigmoid_f32_ref,
    .erf_f32 = effnn__erf_f32_ref,
    .gelu_f32 = effnn__gelu_f32_ref,
    .gelu_tanh_f32 = effnn__gelu_tanh_f32_ref,
    .silu_f32 = effnn__silu_f32_ref,
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

#if defined(EFFNN__HAVE_X86_ISAS)
extern const effnn__kernels effnn__kernels_vector_avx2, effnn__kernels_vector_avx512;
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const effnn__kernels *tables[4]; /* that this CPU can run, ended by NULL */
static const effnn__kernels *chosen;
static char description[256];

/* Tables that a CPU can run, the best one last. */
static size_t fill_tables(const effnn__kernels **out, effnn__cpu cpu)
{
    size_t n = 0;

    out[n++] = &effnn__kernels_vector;
#if defined(EFFNN__HAVE_X86_ISAS)
    if (cpu.avx2_fma) out[n++] = &effnn__kernels_vector_avx2;
    if (cpu.avx512) out[n++] = &effnn__kernels_vector_avx512;
#else
    (void)cpu;
#endif
    return n;
}

static void choose(void)
{
    const effnn__blis *const blis = effnn__blis_get();
    const effnn__kernels *allowed[4];

    fill_tables(tables, effnn__cpu_query());
    chosen = allowed[fill_tables(allowed, effnn__cpu_allowed()) - 1];
    snprintf(description, sizeof description, "blis %s %s (%s), %s, loops for %s", blis->version,
             blis->arch, blis->note, effnn__lapack_describe(), chosen->name);
}

const effnn__kernels *effnn__kernels_get(void)
{
    pthread_once(&once, choose);
    return chosen;
}

const effnn__kernels *effnn__kernels_at(size_t index)
{
    pthread_once(&once, choose);
    return index < sizeof tables / sizeof tables[0] ? tables[index] : NULL;
}

const effnn__kernels *effnn__kernels_reference(void)
{
    return &reference;
}

const char *effnn__kernels_describe(void)
{
    pthread_once(&once, choose);
    return description;
}
