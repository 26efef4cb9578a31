/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TOKENIZER_H
#define EFFNN_TOKENIZER_H

/** @file
 * Tokenisers: text to the numbers that language models read, and back.
 *
 * Loaded from a vocabulary file by effnn_tokenizer_load(), used by encode and decode, freed by
 * effnn_tokenizer_destroy(). Const access from several threads is safe.
 */

#include <effnn/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A vocabulary with the rule by which text is cut. */
typedef struct effnn_tokenizer effnn_tokenizer;

/** Options of effnn_tokenizer_load(). Append-only. */
typedef struct effnn_tokenizer_options {
    uint32_t version; /**< 1 */
    const char *kind; /**< "bpe": llama2.c's tokenizer.bin; "wordpiece": BERT's vocab.txt; NULL: by
                           the file name's extension, .bin or .txt */
    uint32_t cased;   /**< 1: WordPiece keeps capitals and accents */
} effnn_tokenizer_options;

/** Defaults: kind by extension, WordPiece without capitals and accents. */
#define EFFNN_TOKENIZER_OPTIONS_INIT \
    {                                \
        1, NULL, 0                   \
    }

/**
 * Load a vocabulary file.
 *
 * @param[out] out      owned by the caller; untouched on failure.
 * @param      path     file to read.
 * @param      options  NULL: EFFNN_TOKENIZER_OPTIONS_INIT.
 * @return EFFNN_OK; EFFNN_E_IO; EFFNN_E_FORMAT for a malformed or truncated file;
 *         EFFNN_E_UNSUPPORTED for an unknown kind or extension; EFFNN_E_ARG; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tokenizer_load(effnn_tokenizer **out, const char *path,
                                            const effnn_tokenizer_options *options);

/** Free; NULL is allowed. */
EFFNN_API void effnn_tokenizer_destroy(effnn_tokenizer *self);

/** "bpe" or "wordpiece"; borrowed, static. */
EFFNN_API const char *effnn_tokenizer_kind(const effnn_tokenizer *self);
/** Number of tokens. */
EFFNN_API size_t effnn_tokenizer_count(const effnn_tokenizer *self);
/** Text of token i as the file has it; borrowed; NULL past the last. */
EFFNN_API const char *effnn_tokenizer_token_at(const effnn_tokenizer *self, size_t i);
/** Number of a token by its text; -1: there is none. */
EFFNN_API int64_t effnn_tokenizer_find(const effnn_tokenizer *self, const char *token);
/** Number of the token of a role: "begin", "end", "unknown" or "padding"; -1: there is none. */
EFFNN_API int64_t effnn_tokenizer_special(const effnn_tokenizer *self, const char *role);

/** Options of effnn_tokenizer_encode(). Append-only. */
typedef struct effnn_encode_options {
    uint32_t version; /**< 1 */
    uint32_t bare;    /**< 1: without the tokens that begin and end a text */
    size_t size;      /**< bytes of the text; 0: up to its zero byte */
} effnn_encode_options;

/** Defaults: BPE text begins with its begin token, WordPiece text with [CLS] and ends with [SEP].
 */
#define EFFNN_ENCODE_OPTIONS_INIT \
    {                             \
        1, 0, 0                   \
    }

/**
 * Text to tokens. The name of a special token inside a text ("[MASK]") is text like any other; its
 * number comes from effnn_tokenizer_find().
 *
 * @param[out] out       [capacity] the first tokens; may be NULL if capacity is 0.
 * @param[out] n_out     how many tokens the whole text has, which may be more than capacity.
 * @param      self      the tokeniser.
 * @param      capacity  room in `out`.
 * @param      text      UTF-8; what is none is taken byte by byte (BPE) or left out (WordPiece).
 * @param      options   NULL: EFFNN_ENCODE_OPTIONS_INIT.
 * @return EFFNN_OK; EFFNN_E_ARG; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tokenizer_encode(int64_t *out, size_t *n_out,
                                              const effnn_tokenizer *self, size_t capacity,
                                              const char *text,
                                              const effnn_encode_options *options);

/**
 * Tokens to text. Begin, end and padding tokens give nothing; WordPiece puts a space between words.
 *
 * @param[out] out       [capacity] the first bytes and, always, a zero byte; may be NULL if
 * capacity is 0.
 * @param[out] n_out     how many bytes the whole text has, the zero byte left out.
 * @param      self      the tokeniser.
 * @param      capacity  room in `out`.
 * @param      n         number of tokens.
 * @param      tokens    [n].
 * @return EFFNN_OK; EFFNN_E_ARG for a token that there is not; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_tokenizer_decode(char *out, size_t *n_out, const effnn_tokenizer *self,
                                              size_t capacity, size_t n, const int64_t *tokens);

#ifdef __cplusplus
}
#endif
#endif
