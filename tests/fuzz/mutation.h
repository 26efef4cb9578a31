/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_FUZZ_MUTATION_H
#define EFFNN_FUZZ_MUTATION_H

/* Changes to files that keep enough of their structure to get past the first check. */

#include <stddef.h>
#include <stdint.h>

/* Bytes that grow; by free(). */
typedef struct fuzz_bytes {
    size_t n, capacity;
    unsigned char *data;
} fuzz_bytes;

void fuzz_bytes_set(fuzz_bytes *self, const void *data, size_t n);
void fuzz_bytes_add(fuzz_bytes *self, const void *data, size_t n);
/* Put `with` in the place of the bytes [from, from + n). It does not lie in `self`. */
void fuzz_bytes_replace(fuzz_bytes *self, size_t from, size_t n, const void *with, size_t n_with);

/* Random numbers: a sequence for each seed. */
typedef struct fuzz_random {
    uint64_t state;
} fuzz_random;
uint64_t fuzz_next(fuzz_random *self);
size_t fuzz_below(fuzz_random *self, size_t n); /* 0 for n = 0 */
uint64_t fuzz_odd_number(fuzz_random *self);    /* one that files like to be wrong about */

/* Change the file once, in place; `other` is another file of the kind, to take parts from. */
typedef void (*fuzz_mutate_fn)(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random);

void fuzz_mutate_bytes(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random);
void fuzz_mutate_onnx(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random);
void fuzz_mutate_safetensors(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random);
void fuzz_mutate_npy(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random);
void fuzz_mutate_text(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random);
#endif
