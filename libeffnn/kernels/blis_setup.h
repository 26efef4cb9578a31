/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_KERNELS_BLIS_SETUP_H
#define EFFNN_KERNELS_BLIS_SETUP_H

/* BLIS made ready, once per process, with kernels that suit this CPU. */

#include "kernels/cpu.h"

#include <stddef.h>

typedef struct effnn__blis {
    const char *version; /* of the library in use, "0.9.0" */
    const char *arch;    /* its kernels in use, "skx" */
    const char *note;    /* how that came about, for people */
    bool same_version;   /* as the header that this library was compiled with: its structs may be
                            passed */
    size_t unit_f32, unit_f64; /* a cut at multiples of these leaves every micro-tile whole */
} effnn__blis;

/* Initialise BLIS at the first call, for this CPU or for one described; later calls give the same.
 */
const effnn__blis *effnn__blis_get(void);
const effnn__blis *effnn__blis_get_for(const effnn__cpu *cpu);

/* The value of BLIS_ARCH_TYPE (an arch_t) that helps a CPU which BLIS does not know and would
 * serve with its generic kernels; -1: BLIS chooses well by itself. */
int effnn__blis_arch_for(const effnn__cpu *cpu);
#endif
