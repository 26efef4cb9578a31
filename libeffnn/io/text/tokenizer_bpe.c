/* SPDX-License-Identifier: BSD-3-Clause */
/* Byte-pair encoding with scores, as llama2.c has it (SentencePiece's, exported): a space goes in
 * front of the text, each character becomes its token or, where there is none, its bytes' tokens;
 * then the neighbours whose union is the token of the highest score are united, the leftmost first
 * among equals, until no union is a token.
 *
 * The file: longest token (i32), then for each token its score (f32), length (i32) and bytes. Token
 * 0 is the unknown one, 1 begins and 2 ends a text, 3 to 258 stand for the bytes 0 to 255. */

#include "base/alloc.h"
#include "base/vec.h"
#include "io/text/tokenizer.h"
#include "io/text/unicode.h"

#include <math.h>
#include <string.h>

enum { UNKNOWN = 0, BEGIN = 1, END = 2, FIRST_BYTE = 3, N_BYTES = 256 };

/* ---- reading ---- */

static uint32_t load_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static effnn_status read_token(effnn_tokenizer *self, const char *name, const unsigned char *data,
                               size_t size, size_t *at)
{
    const size_t i = self->words.n;
    uint32_t bits, length;
    float score;

    if (size - *at < 8) return effnn__fail(EFFNN_E_FORMAT, "'%s': ends within token %zu", name, i);
    bits = load_u32(data + *at);
    length = load_u32(data + *at + 4);
    *at += 8;
    memcpy(&score, &bits, sizeof score);
    if (length > size - *at)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': token %zu of %u bytes, %zu are left", name, i,
                           length, size - *at);
    if (!isfinite(score))
        return effnn__fail(EFFNN_E_FORMAT, "'%s': the score of token %zu is not finite", name, i);
    EFFNN_TRY(effnn__grow(&self->scores, &self->scores_capacity, i + 1, sizeof *self->scores));
    self->scores[i] = score;
    EFFNN_TRY(effnn__vocabulary_add(&self->words, (const char *)data + *at, length));
    *at += length;
    return EFFNN_OK;
}

static effnn_status read_file(effnn_tokenizer *self, const char *name, const void *data,
                              size_t size)
{
    size_t at = 4;

    if (size < 4)
        return effnn__fail(EFFNN_E_FORMAT, "'%s' has %zu bytes: no vocabulary", name, size);
    while (at < size) EFFNN_TRY(read_token(self, name, data, size, &at));
    if (self->words.n < FIRST_BYTE + N_BYTES)
        return effnn__fail(EFFNN_E_FORMAT, "'%s': %zu tokens, at least %d are needed for the bytes",
                           name, self->words.n, FIRST_BYTE + N_BYTES);
    self->unknown = UNKNOWN;
    self->begin = BEGIN;
    self->end = END;
    return effnn__vocabulary_index(&self->words);
}

/* ---- uniting ---- */

typedef struct symbol {
    int64_t token;
    size_t previous, next; /* NONE: no neighbour */
} symbol;
#define NONE SIZE_MAX

/* A union that was possible when it was put into the heap: of a symbol and the one behind it. */
typedef struct pair {
    float score;
    size_t left;
    int64_t tokens[2], both;
} pair;

typedef struct merger {
    const effnn_tokenizer *tokenizer;
    size_t n, capacity, n_heap, heap_capacity;
    symbol *symbols;
    pair *heap;
    effnn__str text; /* of a union */
} merger;

static bool before(const pair *a, const pair *b)
{
    if (a->score != b->score) return a->score > b->score;
    return a->left < b->left;
}

static effnn_status push(merger *self, pair item)
{
    size_t at = self->n_heap;

    EFFNN_TRY(effnn__grow(&self->heap, &self->heap_capacity, at + 1, sizeof *self->heap));
    self->n_heap++;
    while (at > 0 && before(&item, &self->heap[(at - 1) / 2])) {
        self->heap[at] = self->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    self->heap[at] = item;
    return EFFNN_OK;
}

static pair pop(merger *self)
{
    const pair top = self->heap[0], last = self->heap[--self->n_heap];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= self->n_heap) break;
        if (child + 1 < self->n_heap && before(&self->heap[child + 1], &self->heap[child])) child++;
        if (!before(&self->heap[child], &last)) break;
        self->heap[at] = self->heap[child];
        at = child;
    }
    self->heap[at] = last;
    return top;
}

/* Offer the union of a symbol and the one behind it, if it is a token. */
static effnn_status offer(merger *self, size_t left)
{
    const effnn__vocabulary *words = &self->tokenizer->words;
    pair item = { .left = left };
    const symbol *a;

    if (left == NONE || self->symbols[left].next == NONE) return EFFNN_OK;
    a = &self->symbols[left];
    item.tokens[0] = a->token;
    item.tokens[1] = self->symbols[a->next].token;
    self->text.n = 0;
    for (size_t k = 0; k < 2; k++) {
        size_t n;
        const char *text = effnn__vocabulary_at(words, (size_t)item.tokens[k], &n);

        EFFNN_TRY(effnn__str_add_bytes(&self->text, text, n));
    }
    item.both = effnn__vocabulary_find(words, self->text.text, self->text.n);
    if (item.both < 0) return EFFNN_OK;
    item.score = self->tokenizer->scores[item.both];
    return push(self, item);
}

static effnn_status merge(merger *self)
{
    for (size_t i = 0; i + 1 < self->n; i++) EFFNN_TRY(offer(self, i));
    while (self->n_heap) {
        const pair best = pop(self);
        symbol *left = &self->symbols[best.left];
        const size_t right = left->next;

        /* A symbol that was swallowed has token -1, so that no pair with it fits any more. */
        if (left->token != best.tokens[0] || right == NONE ||
            self->symbols[right].token != best.tokens[1])
            continue;
        left->token = best.both;
        left->next = self->symbols[right].next;
        self->symbols[right].token = -1;
        if (left->next != NONE) self->symbols[left->next].previous = best.left;
        EFFNN_TRY(offer(self, left->previous));
        EFFNN_TRY(offer(self, best.left));
    }
    return EFFNN_OK;
}

static effnn_status add_symbol(merger *self, int64_t token)
{
    EFFNN_TRY(effnn__grow(&self->symbols, &self->capacity, self->n + 1, sizeof *self->symbols));
    self->symbols[self->n] =
        (symbol){ .token = token, .previous = self->n ? self->n - 1 : NONE, .next = NONE };
    if (self->n) self->symbols[self->n - 1].next = self->n;
    self->n++;
    return EFFNN_OK;
}

static effnn_status add_text(merger *self, const char *text, size_t n)
{
    const effnn__vocabulary *words = &self->tokenizer->words;
    const int64_t space = effnn__vocabulary_find(words, " ", 1);

    if (n && space >= 0) EFFNN_TRY(add_symbol(self, space));
    for (size_t at = 0, length; at < n; at += length) {
        int64_t token;

        effnn__utf8_decode(text + at, n - at, &length);
        token = effnn__vocabulary_find(words, text + at, length);
        if (token >= 0) EFFNN_TRY(add_symbol(self, token));
        for (size_t k = 0; token < 0 && k < length; k++)
            EFFNN_TRY(add_symbol(self, FIRST_BYTE + (unsigned char)text[at + k]));
    }
    return EFFNN_OK;
}

static effnn_status encode(const effnn_tokenizer *self, const char *text, size_t n,
                           effnn_status (*put)(void *list, int64_t token), void *list)
{
    merger m = { .tokenizer = self };
    effnn_status status = add_text(&m, text, n);

    if (status == EFFNN_OK) status = merge(&m);
    for (size_t i = m.n ? 0 : NONE; status == EFFNN_OK && i != NONE; i = m.symbols[i].next)
        status = put(list, m.symbols[i].token);
    effnn__free(m.symbols);
    effnn__free(m.heap);
    effnn__str_clear(&m.text);
    return status;
}

/* ---- back to text ---- */

static effnn_status decode(const effnn_tokenizer *self, effnn__str *out, int64_t before_token,
                           int64_t token)
{
    size_t n;
    const char *text = effnn__vocabulary_at(&self->words, (size_t)token, &n);
    const char byte = (char)(token - FIRST_BYTE);

    if (token >= FIRST_BYTE && token < FIRST_BYTE + N_BYTES)
        return effnn__str_add_bytes(out, &byte, 1);
    /* The space that encoding puts in front of a text. */
    if (before_token == BEGIN && n && *text == ' ')
        return effnn__str_add_bytes(out, text + 1, n - 1);
    return effnn__str_add_bytes(out, text, n);
}

const effnn__tokenizer_kind effnn__tokenizer_kind_bpe = {
    .name = "bpe",
    .extension = ".bin",
    .read = read_file,
    .encode = encode,
    .decode = decode,
};
