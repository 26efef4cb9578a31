/* SPDX-License-Identifier: BSD-3-Clause */
/* WordPiece, as BERT has it. Control characters go; text is cut into words at white space, around
 * each punctuation mark and each CJK ideograph, without capitals and accents unless the tokeniser
 * is cased; each word is the longest token that begins it, then the longest with "##" in front that
 * goes on, and so on, or [UNK] where one is missing. The file has one token a line. */

#include "base/alloc.h"
#include "base/vec.h"
#include "io/text/tokenizer.h"
#include "io/text/unicode.h"

#include <string.h>

#define MAX_WORD 100 /* characters; longer words are unknown */

static effnn_status read_file(effnn_tokenizer *self, const char *name, const void *data,
                              size_t size)
{
    const char *text = data;

    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        const size_t next = end ? (size_t)(end - text) : size;
        const size_t n = next > at && text[next - 1] == '\r' ? next - 1 - at : next - at;

        EFFNN_TRY(effnn__vocabulary_add(&self->words, text + at, n));
        at = next + 1;
    }
    EFFNN_TRY(effnn__vocabulary_index(&self->words));
    self->begin = effnn_tokenizer_find(self, "[CLS]");
    self->end = effnn_tokenizer_find(self, "[SEP]");
    self->unknown = effnn_tokenizer_find(self, "[UNK]");
    self->padding = effnn_tokenizer_find(self, "[PAD]");
    self->ends = true;
    if (self->unknown >= 0) return EFFNN_OK;
    return effnn__fail(EFFNN_E_FORMAT, "'%s': no token [UNK] among %zu", name, self->words.n);
}

/* A word being collected, and where its tokens go. */
typedef struct cutter {
    const effnn_tokenizer *tokenizer;
    size_t n, n_chars; /* bytes and characters of the word */
    char word[MAX_WORD * EFFNN__MAX_UTF8];
    char piece[2 + MAX_WORD * EFFNN__MAX_UTF8]; /* "##" and a part of it */
    int64_t tokens[MAX_WORD];
    effnn_status (*put)(void *list, int64_t token);
    void *list;
} cutter;

/* The longest token at `at`, its bytes in *length; -1: none. */
static int64_t longest(cutter *self, size_t at, size_t *length)
{
    const size_t mark = at ? 2 : 0;

    memcpy(self->piece, "##", 2);
    memcpy(self->piece + mark, self->word + at, self->n - at);
    for (size_t n = self->n - at; n > 0; n--) {
        int64_t token;

        /* Not within a character. */
        if (at + n < self->n && ((unsigned char)self->word[at + n] & 0xC0) == 0x80) continue;
        token = effnn__vocabulary_find(&self->tokenizer->words, self->piece, mark + n);
        if (token < 0) continue;
        *length = n;
        return token;
    }
    return -1;
}

static effnn_status end_word(cutter *self)
{
    size_t n_tokens = 0;
    bool known = self->n_chars <= MAX_WORD;

    for (size_t at = 0, length = 0; known && at < self->n; at += length) {
        const int64_t token = longest(self, at, &length);

        known = token >= 0;
        if (known) self->tokens[n_tokens++] = token;
    }
    if (!known) {
        self->tokens[0] = self->tokenizer->unknown;
        n_tokens = 1;
    }
    for (size_t i = 0; i < n_tokens; i++) EFFNN_TRY(self->put(self->list, self->tokens[i]));
    self->n = self->n_chars = 0;
    return EFFNN_OK;
}

static void add_char(cutter *self, uint32_t code)
{
    if (self->n_chars++ < MAX_WORD) self->n += effnn__utf8_encode(self->word + self->n, code);
}

static effnn_status add_alone(cutter *self, uint32_t code)
{
    EFFNN_TRY(end_word(self));
    add_char(self, code);
    return end_word(self);
}

static bool is_ideograph(uint32_t code)
{
    static const uint32_t blocks[][2] = {
        { 0x4E00, 0x9FFF },   { 0x3400, 0x4DBF },   { 0x20000, 0x2A6DF }, { 0x2A700, 0x2B73F },
        { 0x2B740, 0x2B81F }, { 0x2B820, 0x2CEAF }, { 0xF900, 0xFAFF },   { 0x2F800, 0x2FA1F },
    };

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (code >= blocks[i][0] && code <= blocks[i][1]) return true;
    return false;
}

static effnn_status add_code(cutter *self, uint32_t code)
{
    const effnn__char_class class = effnn__char_class_of(code);
    const bool alone = is_ideograph(code);
    uint32_t folded[EFFNN__MAX_FOLD] = { code };
    size_t n = 1;

    if (class == EFFNN__CHAR_CONTROL || code == EFFNN__REPLACEMENT) return EFFNN_OK;
    if (class == EFFNN__CHAR_SPACE) return end_word(self);
    if (!self->tokenizer->cased) n = effnn__char_fold(folded, code);
    if (alone) EFFNN_TRY(end_word(self));
    for (size_t i = 0; i < n; i++) {
        if (effnn__char_class_of(folded[i]) == EFFNN__CHAR_PUNCTUATION)
            EFFNN_TRY(add_alone(self, folded[i]));
        else
            add_char(self, folded[i]);
    }
    return alone ? end_word(self) : EFFNN_OK;
}

static effnn_status encode(const effnn_tokenizer *self, const char *text, size_t n,
                           effnn_status (*put)(void *list, int64_t token), void *list)
{
    cutter c = { .tokenizer = self, .put = put, .list = list };

    for (size_t at = 0, length; at < n; at += length)
        EFFNN_TRY(add_code(&c, effnn__utf8_decode(text + at, n - at, &length)));
    return end_word(&c);
}

static effnn_status decode(const effnn_tokenizer *self, effnn__str *out, int64_t before,
                           int64_t token)
{
    size_t n;
    const char *text = effnn__vocabulary_at(&self->words, (size_t)token, &n);

    (void)before;
    if (n > 2 && text[0] == '#' && text[1] == '#')
        return effnn__str_add_bytes(out, text + 2, n - 2);
    if (out->n) EFFNN_TRY(effnn__str_add(out, " "));
    return effnn__str_add_bytes(out, text, n);
}

const effnn__tokenizer_kind effnn__tokenizer_kind_wordpiece = {
    .name = "wordpiece",
    .extension = ".txt",
    .read = read_file,
    .encode = encode,
    .decode = decode,
};
