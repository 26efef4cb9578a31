/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes to text made of words, numbers and brackets, and to files with such a text as header
 * behind its length (safetensors, npy). */

#include "fuzz/mutation.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A token: a run of letters and digits, or one other character. */
typedef struct token {
    size_t begin, n;
} token;

static bool in_word(unsigned char c)
{
    return isalnum(c) || c == '_' || c == '.' || c == '-';
}

static token token_at(const fuzz_bytes *text, size_t at)
{
    token t = { at, 1 };

    if (text->n == 0) return (token){ 0, 0 };
    if (!in_word(text->data[at])) return t;
    while (t.begin && in_word(text->data[t.begin - 1])) t.begin--, t.n++;
    while (t.begin + t.n < text->n && in_word(text->data[t.begin + t.n])) t.n++;
    return t;
}

static token pick(const fuzz_bytes *text, fuzz_random *random)
{
    return token_at(text, fuzz_below(random, text->n));
}

static void put_number(fuzz_bytes *text, token t, fuzz_random *random)
{
    static const char *const forms[] = { "%" PRId64, "-%" PRIu64, "%" PRIu64 ".5", "%" PRIu64 "e30",
                                         "0%" PRIu64 };
    char number[64];
    const size_t form = fuzz_below(random, 3) ? 0 : fuzz_below(random, 5);
    const int n = snprintf(number, sizeof number, forms[form], fuzz_odd_number(random));

    fuzz_bytes_replace(text, t.begin, t.n, number, (size_t)n);
}

/* Repeat the bytes of a token many times, e.g. an opening bracket. */
static void repeat(fuzz_bytes *text, token t, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        unsigned char piece[64];
        const size_t n = t.n < sizeof piece ? t.n : sizeof piece;

        if (n) memcpy(piece, text->data + t.begin, n);
        fuzz_bytes_replace(text, t.begin, 0, piece, n);
    }
}

static void take_from(fuzz_bytes *text, token t, const fuzz_bytes *other, fuzz_random *random)
{
    const token source = pick(other, random);
    unsigned char piece[256];
    const size_t n = source.n < sizeof piece ? source.n : sizeof piece;

    if (n) memcpy(piece, other->data + source.begin, n);
    fuzz_bytes_replace(text, t.begin, t.n, piece, n);
}

void fuzz_mutate_text(fuzz_bytes *text, const fuzz_bytes *other, fuzz_random *random)
{
    const token t = pick(text, random);
    static const char *const pieces[] = { "",     "\"", "{",    "}",    "[",       "]",
                                          ",",    ":",  "null", "true", "\\u0000", "\xff\xfe",
                                          "%n%s", "..", "/",    "=" };

    switch (fuzz_below(random, 8)) {
    case 0:
    case 1: {
        token number = t;
        for (int tries = 0; tries < 20 && !(number.n && isdigit(text->data[number.begin])); tries++)
            number = pick(text, random);
        put_number(text, number, random);
        return;
    }
    case 2: {
        const char *piece = pieces[fuzz_below(random, sizeof pieces / sizeof pieces[0])];
        fuzz_bytes_replace(text, t.begin, fuzz_below(random, 2) ? t.n : 0, piece, strlen(piece));
        return;
    }
    case 3: take_from(text, t, fuzz_below(random, 2) ? text : other, random); return;
    case 4: repeat(text, t, 1 + fuzz_below(random, fuzz_below(random, 10) ? 4 : 2000)); return;
    case 5: fuzz_bytes_replace(text, t.begin, t.n, NULL, 0); return;
    default: fuzz_mutate_bytes(text, other, random);
    }
}

/* Change the header text, which `size_bytes` bytes at `size_at` give the length of, and mostly set
 * that length right. */
static void mutate_header(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random,
                          size_t size_at, size_t size_bytes)
{
    const size_t begin = size_at + size_bytes;
    uint64_t length = 0;
    fuzz_bytes header = { 0 }, theirs = { 0 };

    if (file->n <= begin || fuzz_below(random, 6) == 0) {
        fuzz_mutate_bytes(file, other, random);
        return;
    }
    memcpy(&length, file->data + size_at, size_bytes);
    if (length > file->n - begin) length = file->n - begin;
    fuzz_bytes_set(&header, file->data + begin, (size_t)length);
    if (other->n > begin) {
        fuzz_bytes_set(&theirs, other->data + begin,
                       other->n - begin < 4096 ? other->n - begin : 4096);
    }
    fuzz_mutate_text(&header, &theirs, random);
    fuzz_bytes_replace(file, begin, (size_t)length, header.data, header.n);
    length = fuzz_below(random, 20) ? header.n : fuzz_odd_number(random);
    memcpy(file->data + size_at, &length, size_bytes);
    free(header.data);
    free(theirs.data);
}

void fuzz_mutate_safetensors(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random)
{
    mutate_header(file, other, random, 0, 8);
}

void fuzz_mutate_npy(fuzz_bytes *file, const fuzz_bytes *other, fuzz_random *random)
{
    const bool is_long = file->n > 6 && file->data[6] > 1;

    mutate_header(file, other, random, 8, is_long ? 4 : 2);
}
