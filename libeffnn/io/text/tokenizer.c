/* SPDX-License-Identifier: BSD-3-Clause */
/* What all tokenisers share: the handle, special tokens, results into the caller's memory. */

#include "io/text/tokenizer.h"

#include "base/alloc.h"
#include "base/file.h"

#include <string.h>

static const effnn__tokenizer_kind *const kinds[] = { &effnn__tokenizer_kind_bpe,
                                                      &effnn__tokenizer_kind_wordpiece };
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

static effnn_status find_kind(const effnn__tokenizer_kind **out, const char *kind, const char *path)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        if (kind ? strcmp(kind, kinds[i]->name) != 0 : !ends_with(path, kinds[i]->extension))
            continue;
        *out = kinds[i];
        return EFFNN_OK;
    }
    if (kind)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "no tokeniser '%s'; there are bpe and wordpiece",
                           kind);
    return effnn__fail(EFFNN_E_UNSUPPORTED,
                       "'%s': not a .bin (bpe) or .txt (wordpiece) vocabulary by its name", path);
}

static effnn_status read_kind(effnn_tokenizer **out, const effnn__tokenizer_kind *kind,
                              const char *name, const void *data, size_t size, bool cased)
{
    effnn_tokenizer *self = effnn__zalloc(sizeof *self);
    effnn_status status;

    if (!self) return effnn__fail_nomem(name, sizeof *self);
    self->kind = kind;
    self->cased = cased;
    self->begin = self->end = self->unknown = self->padding = -1;
    status = kind->read(self, name, data, size);
    if (status == EFFNN_OK && self->words.n == 0)
        status = effnn__fail(EFFNN_E_FORMAT, "'%s' holds no token", name);
    if (status != EFFNN_OK) {
        effnn_tokenizer_destroy(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

effnn_status effnn__tokenizer_read(effnn_tokenizer **out, const char *kind, const char *name,
                                   const void *data, size_t size)
{
    const effnn__tokenizer_kind *row = NULL;

    EFFNN_TRY(find_kind(&row, kind, name));
    return read_kind(out, row, name, data, size, false);
}

effnn_status effnn_tokenizer_load(effnn_tokenizer **out, const char *path,
                                  const effnn_tokenizer_options *options)
{
    const effnn_tokenizer_options defaults = EFFNN_TOKENIZER_OPTIONS_INIT;
    const effnn__tokenizer_kind *kind = NULL;
    effnn__file file;
    effnn_status status;

    EFFNN_CHECK_ARG(out && path);
    if (!options) options = &defaults;
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "tokeniser options: version %u, this library knows 1",
                           options->version);
    EFFNN_TRY(find_kind(&kind, options->kind, path));
    EFFNN_TRY(effnn__file_open(&file, path));
    status = read_kind(out, kind, path, file.data, file.size, options->cased != 0);
    effnn__file_close(&file);
    return status;
}

void effnn_tokenizer_destroy(effnn_tokenizer *self)
{
    if (!self) return;
    effnn__vocabulary_clear(&self->words);
    effnn__free(self->scores);
    effnn__free(self);
}

const char *effnn_tokenizer_kind(const effnn_tokenizer *self)
{
    return self->kind->name;
}

size_t effnn_tokenizer_count(const effnn_tokenizer *self)
{
    return self->words.n;
}

const char *effnn_tokenizer_token_at(const effnn_tokenizer *self, size_t i)
{
    size_t n;

    return i < self->words.n ? effnn__vocabulary_at(&self->words, i, &n) : NULL;
}

int64_t effnn_tokenizer_find(const effnn_tokenizer *self, const char *token)
{
    return effnn__vocabulary_find(&self->words, token, strlen(token));
}

int64_t effnn_tokenizer_special(const effnn_tokenizer *self, const char *role)
{
    const struct {
        const char *role;
        int64_t token;
    } roles[] = { { "begin", self->begin },
                  { "end", self->end },
                  { "unknown", self->unknown },
                  { "padding", self->padding } };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(role, roles[i].role) == 0) return roles[i].token;
    return -1;
}

/* Tokens into memory of the caller's, counted beyond it. */
typedef struct token_list {
    size_t n, capacity;
    int64_t *tokens;
} token_list;

static effnn_status put(void *list, int64_t token)
{
    token_list *self = list;

    if (self->n < self->capacity) self->tokens[self->n] = token;
    self->n++;
    return EFFNN_OK;
}

effnn_status effnn_tokenizer_encode(int64_t *out, size_t *n_out, const effnn_tokenizer *self,
                                    size_t capacity, const char *text,
                                    const effnn_encode_options *options)
{
    const effnn_encode_options defaults = EFFNN_ENCODE_OPTIONS_INIT;
    token_list list = { .capacity = capacity, .tokens = out };

    EFFNN_CHECK_ARG(n_out && self && text && (out || capacity == 0));
    if (!options) options = &defaults;
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "encode options: version %u, this library knows 1",
                           options->version);
    if (!options->bare && self->begin >= 0) put(&list, self->begin);
    EFFNN_TRY(
        self->kind->encode(self, text, options->size ? options->size : strlen(text), put, &list));
    if (!options->bare && self->ends && self->end >= 0) put(&list, self->end);
    *n_out = list.n;
    return EFFNN_OK;
}

effnn_status effnn_tokenizer_decode(char *out, size_t *n_out, const effnn_tokenizer *self,
                                    size_t capacity, size_t n, const int64_t *tokens)
{
    effnn__str text = { 0 };
    effnn_status status = EFFNN_OK;

    EFFNN_CHECK_ARG(n_out && self && (tokens || n == 0) && (out || capacity == 0));
    for (size_t i = 0; i < n && status == EFFNN_OK; i++) {
        if (tokens[i] < 0 || (uint64_t)tokens[i] >= self->words.n)
            status = effnn__fail(EFFNN_E_ARG, "token %lld is not in [0, %zu)", (long long)tokens[i],
                                 self->words.n);
        else if (tokens[i] != self->begin && tokens[i] != self->end && tokens[i] != self->padding)
            status = self->kind->decode(self, &text, i ? tokens[i - 1] : -1, tokens[i]);
    }
    if (status == EFFNN_OK) {
        const size_t room = capacity ? capacity - 1 : 0, fits = text.n < room ? text.n : room;

        if (fits) memcpy(out, text.text, fits);
        if (capacity) out[fits] = '\0';
        *n_out = text.n;
    }
    effnn__str_clear(&text);
    return status;
}
