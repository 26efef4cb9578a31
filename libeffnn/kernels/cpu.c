/* SPDX-License-Identifier: BSD-3-Clause */
/* CPU features by CPUID. A feature counts only if the operating system saves the registers it
 * needs (XCR0), else its first instruction would fault. */

#include "kernels/cpu.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

enum {
    LEAF1_ECX_FMA = 1u << 12,
    LEAF1_ECX_OSXSAVE = 1u << 27,
    LEAF7_EBX_AVX2 = 1u << 5,
    LEAF7_EBX_AVX512F = 1u << 16,
    LEAF7_EBX_AVX512DQ = 1u << 17,
    LEAF7_EBX_AVX512BW = 1u << 30,
    LEAF7_ECX_AVX512VNNI = 1u << 11,
    XCR0_AVX = 0x6,     /* SSE and AVX registers */
    XCR0_AVX512 = 0xe6, /* and the mask registers and both halves of the 512-bit ones */
};
#define LEAF7_EBX_AVX512VL (1u << 31)

static effnn__cpu_vendor vendor_of(unsigned ebx, unsigned edx, unsigned ecx)
{
    const unsigned words[3] = { ebx, edx, ecx };
    char name[13] = "";

    memcpy(name, words, sizeof words);
    if (strcmp(name, "GenuineIntel") == 0) return EFFNN_CPU_INTEL;
    if (strcmp(name, "AuthenticAMD") == 0) return EFFNN_CPU_AMD;
    return EFFNN_CPU_OTHER;
}

static unsigned enabled_registers(void)
{
    unsigned low, high;

    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

effnn__cpu effnn__cpu_query(void)
{
    effnn__cpu cpu = { EFFNN_CPU_OTHER, 0, false, false, false };
    unsigned eax, ebx, ecx, edx, saved, fma;

    if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx)) return cpu;
    cpu.vendor = vendor_of(ebx, edx, ecx);
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return cpu;
    cpu.family = (eax >> 8 & 0xf) + ((eax >> 8 & 0xf) == 0xf ? eax >> 20 & 0xff : 0);
    fma = ecx & LEAF1_ECX_FMA;
    saved = ecx & LEAF1_ECX_OSXSAVE ? enabled_registers() : 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return cpu;
    cpu.avx2_fma = fma && (ebx & LEAF7_EBX_AVX2) && (saved & XCR0_AVX) == XCR0_AVX;
    cpu.avx512 = cpu.avx2_fma && (ebx & LEAF7_EBX_AVX512F) && (ebx & LEAF7_EBX_AVX512DQ) &&
                 (ebx & LEAF7_EBX_AVX512BW) && (ebx & LEAF7_EBX_AVX512VL) &&
                 (saved & XCR0_AVX512) == XCR0_AVX512;
    cpu.avx512_vnni = cpu.avx512 && (ecx & LEAF7_ECX_AVX512VNNI);
    return cpu;
}
#else
effnn__cpu effnn__cpu_query(void)
{
    return (effnn__cpu){ EFFNN_CPU_OTHER, 0, false, false, false };
}
#endif

effnn__cpu effnn__cpu_allowed(void)
{
    const char *const limit = getenv("EFFNN_CPU");
    const bool baseline = limit && strcmp(limit, "baseline") == 0;
    effnn__cpu cpu = effnn__cpu_query();

    if (baseline) cpu.avx2_fma = false;
    if (baseline || (limit && strcmp(limit, "avx2") == 0)) cpu.avx512 = cpu.avx512_vnni = false;
    return cpu;
}
