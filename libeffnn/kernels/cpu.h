/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_CPU_H
#define EFFNN_KERNELS_CPU_H

/* What this CPU can do, as far as choosing kernels needs it. */

#include <stdbool.h>

typedef enum effnn__cpu_vendor {
    EFFNN_CPU_OTHER,
    EFFNN_CPU_INTEL,
    EFFNN_CPU_AMD
} effnn__cpu_vendor;

typedef struct effnn__cpu {
    effnn__cpu_vendor vendor;
    unsigned family;  /* extended family added in; 0 where there is no CPUID */
    bool avx2_fma;    /* AVX2 and FMA3, and the system saves their registers */
    bool avx512;      /* AVX-512 F, DQ, BW and VL, and the system saves their registers */
    bool avx512_vnni; /* vpdpbusd on 512-bit registers */
} effnn__cpu;

/* By CPUID; all false on other processors. */
effnn__cpu effnn__cpu_query(void);

/* What kernels may use of it: the environment's EFFNN_CPU ("baseline", "avx2") takes away what lies
 * above; any other text changes nothing. */
effnn__cpu effnn__cpu_allowed(void);
#endif
