/* SPDX-License-Identifier: BSD-3-Clause */
/* The random numbers, growing bytes, and changes that know nothing of a format. */

#include "fuzz/mutation.h"

#include <stdlib.h>
#include <string.h>

static void reserve(fuzz_bytes *self, size_t n)
{
    if (n <= self->capacity) return;
    self->capacity = n + n / 2 + 64;
    self->data = realloc(self->data, self->capacity);
    if (!self->data) abort();
}

void fuzz_bytes_set(fuzz_bytes *self, const void *data, size_t n)
{
    self->n = 0;
    fuzz_bytes_add(self, data, n);
}

void fuzz_bytes_add(fuzz_bytes *self, const void *data, size_t n)
{
    reserve(self, self->n + n);
    if (n) memcpy(self->data + self->n, data, n);
    self->n += n;
}

void fuzz_bytes_replace(fuzz_bytes *self, size_t from, size_t n, const void *with, size_t n_with)
{
    reserve(self, self->n - n + n_with);
    if (self->n > from + n)
        memmove(self->data + from + n_with, self->data + from + n, self->n - from - n);
    if (n_with) memcpy(self->data + from, with, n_with);
    self->n = self->n - n + n_with;
}

/* splitmix64 */
uint64_t fuzz_next(fuzz_random *self)
{
    uint64_t z = (self->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

size_t fuzz_below(fuzz_random *self, size_t n)
{
    return n ? (size_t)(fuzz_next(self) % n) : 0;
}

uint64_t fuzz_odd_number(fuzz_random *self)
{
    static const uint64_t numbers[] = {
        0,          1,          2,          3,
        7,          8,          9,          16,
        20,         127,        128,        255,
        256,        65535,      65536,      INT32_MAX,
        1u << 31,   UINT32_MAX, 1ull << 32, 1ull << 40,
        INT64_MAX,  1ull << 63, UINT64_MAX, UINT64_MAX - 1,
        1000000000, 1u << 20,   1ull << 62, (uint64_t)INT32_MIN,
    };

    if (fuzz_below(self, 3) == 0) return fuzz_next(self) >> fuzz_below(self, 64);
    if (fuzz_below(self, 3) == 0) return fuzz_below(self, 12);
    return numbers[fuzz_below(self, sizeof numbers / sizeof numbers[0])];
}

static void write_number(fuzz_bytes *file, fuzz_random *random)
{
    const uint64_t value = fuzz_odd_number(random);
    size_t size = (size_t)1 << fuzz_below(random, 4);
    const size_t at = fuzz_below(random, file->n);

    if (size > file->n - at) size = file->n - at;
    if (size) memcpy(file->data + at, &value, size);
}

/* Copy a block of one file to a place of the other, over what is there or between. */
static void copy_block(fuzz_bytes *file, const fuzz_bytes *from, fuzz_random *random)
{
    const size_t begin = fuzz_below(random, from->n);
    const size_t most = from->n - begin, at = fuzz_below(random, file->n + 1);
    const size_t n = fuzz_below(random, most < 4096 ? most : 4096);
    const size_t over = fuzz_below(random, 2) == 0 ? 0 : n < file->n - at ? n : file->n - at;
    unsigned char block[4096];

    if (n) memcpy(block, from->data + begin, n);
    fuzz_bytes_replace(file, at, over, block, n);
}

void fuzz_mutate_bytes(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random)
{
    const size_t at = fuzz_below(random, file->n);
    unsigned char junk[64];

    switch (fuzz_below(random, 8)) {
    case 0:
    case 1:
        if (file->n) file->data[at] ^= (unsigned char)(1u << fuzz_below(random, 8));
        return;
    case 2:
        if (file->n) file->data[at] = (unsigned char)fuzz_next(random);
        return;
    case 3: write_number(file, random); return;
    case 4: file->n = at; return;
    case 5: copy_block(file, fuzz_below(random, 2) ? file : other, random); return;
    case 6: fuzz_bytes_replace(file, at, fuzz_below(random, file->n - at), NULL, 0); return;
    default:
        for (size_t i = 0; i < sizeof junk; i++) junk[i] = (unsigned char)fuzz_next(random);
        fuzz_bytes_replace(file, at, 0, junk, fuzz_below(random, sizeof junk));
    }
}
