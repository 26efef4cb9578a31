/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_TEXT_TOKENIZER_H
#define EFFNN_IO_TEXT_TOKENIZER_H

/* Tokenisers inside: a vocabulary, and a row of functions for each kind. */

#include "base/str.h"
#include "io/text/vocabulary.h"

#include <effnn/tokenizer.h>
#include <stdbool.h>

typedef struct effnn__tokenizer_kind {
    const char *name, *extension;
    /* Read the vocabulary from the bytes of a file; `name` for messages. */
    effnn_status (*read)(effnn_tokenizer *self, const char *name, const void *data, size_t size);
    /* Put the tokens of a text behind those that are there. */
    effnn_status (*encode)(const effnn_tokenizer *self, const char *text, size_t n,
                           effnn_status (*put)(void *list, int64_t token), void *list);
    /* Add the text of one token; `before`: the token in front of it, or -1. */
    effnn_status (*decode)(const effnn_tokenizer *self, effnn__str *out, int64_t before,
                           int64_t token);
} effnn__tokenizer_kind;

struct effnn_tokenizer {
    const effnn__tokenizer_kind *kind;
    effnn__vocabulary words;
    size_t scores_capacity;
    float *scores; /* [words.n] of BPE; else NULL */
    bool cased;
    int64_t begin, end, unknown, padding; /* -1: none; end: behind every text if `ends` */
    bool ends;
};

/* A tokeniser from the bytes of a file of this kind ("bpe", "wordpiece"); `name` for messages. */
effnn_status effnn__tokenizer_read(effnn_tokenizer **out, const char *kind, const char *name,
                                   const void *data, size_t size);

extern const effnn__tokenizer_kind effnn__tokenizer_kind_bpe;
extern const effnn__tokenizer_kind effnn__tokenizer_kind_wordpiece;
#endif
