/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_BASE_RNG_H
#define EFFNN_BASE_RNG_H

/* Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011). A value depends on (seed,
 * stream, index) alone, so that it is the same at any thread count, batch size or order. No libm:
 * normals come from rational functions for the inverse
 * normal distribution, with a logarithm of our own (bit-exact on every machine). */

#include <stddef.h>
#include <stdint.h>

typedef struct effnn__rng {
    uint64_t seed;
    uint64_t stream; /* what the numbers are for: effnn__rng_stream("dropout", layer) */
} effnn__rng;

/* A stream number from a name and an index (FNV-1a). */
uint64_t effnn__rng_stream(const char *name, uint64_t index);

/* 64 random bits at an index. */
uint64_t effnn__rng_u64(const effnn__rng *rng, uint64_t index);

/* In [0, 1), 53 bits. */
double effnn__rng_uniform(const effnn__rng *rng, uint64_t index);

/* One block of Philox4x32-10, as published: out = bijection of counter under key. */
void effnn__rng_block(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/* Inverse of the standard normal distribution, p in (0, 1), to about 1e-15 relative. */
double effnn__rng_inverse_normal(double p);

/* Standard normal. */
double effnn__rng_normal(const effnn__rng *rng, uint64_t index);

/* Unbiased in [0, bound), bound ≥ 1. */
uint64_t effnn__rng_below(const effnn__rng *rng, uint64_t index, uint64_t bound);

/* Fill order[n] with a permutation of 0 … n-1 (Fisher-Yates on indices 0 … n-1). */
void effnn__rng_permutation(const effnn__rng *rng, size_t *order, size_t n);
#endif
