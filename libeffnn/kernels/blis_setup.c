/* SPDX-License-Identifier: BSD-3-Clause */
/* The one place where BLIS is initialised. BLIS (0.9.0 and 1.1 alike) knows AMD's CPUs by family,
 * up to Zen 3/4, and no vendor but Intel and AMD; on any other it runs portable C kernels, five
 * times slower. Its choice can be overridden only by the environment variable BLIS_ARCH_TYPE, read
 * once at its first initialisation, so this file sets the variable around bli_init() and restores
 * it.
 *
 * Before editing: a number that BLIS was not configured for aborts the process, so numbers come
 * from blis.h, under its own BLIS_CONFIG_* macros, and only if the library in use has the version
 * of that header. What BLIS would choose cannot be asked without making it choose, so the rule in
 * effnn__blis_arch_for restates its CPUID rules. setenv races with other threads' getenv; it
 * happens only on CPUs that need it, once, under a lock that keeps our own threads apart. */

#include "kernels/blis_setup.h"

#include <blis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARCH_VARIABLE "BLIS_ARCH_TYPE"

/* BLIS before 1.0 has no version in its header; rntm_t and cntx_t differ on either side of 1.0. */
#ifdef BLIS_VERSION_STRING
#define HEADER_VERSION BLIS_VERSION_STRING
#else
#define HEADER_VERSION "0."
#endif

static effnn__blis blis;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool is_ready;

int effnn__blis_arch_for(const effnn__cpu *cpu)
{
    if (cpu->vendor == EFFNN_CPU_INTEL) return -1; /* judged by features, not by model */
    if (cpu->vendor == EFFNN_CPU_AMD && cpu->family <= 0x19) return -1;
#ifdef BLIS_CONFIG_SKX
    if (cpu->avx512) return BLIS_ARCH_SKX;
#endif
#ifdef BLIS_CONFIG_ZEN3
    if (cpu->avx2_fma && cpu->vendor == EFFNN_CPU_AMD) return BLIS_ARCH_ZEN3;
#endif
#ifdef BLIS_CONFIG_HASWELL
    if (cpu->avx2_fma) return BLIS_ARCH_HASWELL;
#endif
    return -1;
}

static const char *init_with_arch(int arch)
{
    char text[16];
    bool is_set;

    snprintf(text, sizeof text, "%d", arch);
    is_set = setenv(ARCH_VARIABLE, text, 0) == 0;
    bli_init();
    if (is_set) unsetenv(ARCH_VARIABLE);
    if (bli_arch_query_id() == (arch_t)arch) return "set here, as BLIS does not know this CPU";
    return is_set ? "chosen by BLIS, which was in use before libeffnn and does not know this CPU"
                  : "chosen by BLIS, which does not know this CPU: no memory for " ARCH_VARIABLE;
}

static size_t common_multiple(size_t a, size_t b)
{
    size_t x = a, y = b;

    while (y) {
        const size_t rest = x % y;

        x = y;
        y = rest;
    }
    return a / x * b;
}

/* Both micro-tile sides in one, since BLIS may compute Cᵀ = BᵀAᵀ instead. */
static size_t unit_of(num_t type)
{
    cntx_t *const cntx = (cntx_t *)bli_gks_query_cntx();

    return common_multiple((size_t)bli_cntx_get_blksz_def_dt(type, BLIS_MR, cntx),
                           (size_t)bli_cntx_get_blksz_def_dt(type, BLIS_NR, cntx));
}

static void initialise(const effnn__cpu *cpu)
{
    const int arch = effnn__blis_arch_for(cpu);

    blis.version = bli_info_get_version_str();
    blis.same_version = strncmp(blis.version, HEADER_VERSION, strlen(HEADER_VERSION)) == 0;
    if (getenv(ARCH_VARIABLE)) {
        bli_init();
        blis.note = "set by " ARCH_VARIABLE;
    } else if (arch >= 0 && blis.same_version) {
        blis.note = init_with_arch(arch);
    } else {
        bli_init();
        blis.note = "chosen by BLIS";
    }
    blis.arch = bli_arch_string(bli_arch_query_id());
    if (!blis.same_version) blis.note = "other version than compiled with; set OMP_NUM_THREADS=1";
    blis.unit_f32 = blis.same_version ? unit_of(BLIS_FLOAT) : 0;
    blis.unit_f64 = blis.same_version ? unit_of(BLIS_DOUBLE) : 0;
}

const effnn__blis *effnn__blis_get_for(const effnn__cpu *cpu)
{
    pthread_mutex_lock(&lock);
    if (!atomic_load_explicit(&is_ready, memory_order_relaxed)) {
        initialise(cpu);
        atomic_store_explicit(&is_ready, true, memory_order_release);
    }
    pthread_mutex_unlock(&lock);
    return &blis;
}

const effnn__blis *effnn__blis_get(void)
{
    effnn__cpu cpu;

    if (atomic_load_explicit(&is_ready, memory_order_acquire)) return &blis;
    cpu = effnn__cpu_query();
    return effnn__blis_get_for(&cpu);
}
