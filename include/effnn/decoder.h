/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_DECODER_H
#define EFFNN_DECODER_H

/** @file
 * Decoders: language models that write text token by token, with a cache of keys and values.
 *
 * Made from a model by effnn_decoder_create(); fed with tokens by effnn_decoder_run(), asked for
 * the next one by effnn_decoder_sample(), or both in a loop by effnn_decoder_generate(); begun anew
 * by effnn_decoder_reset(); freed by effnn_decoder_destroy(). Text becomes tokens and back by a
 * tokeniser (tokenizer.h). One decoder is used by one thread at a time.
 *
 * The model has inputs `tokens` [N, S] and `position`, for each layer `past_key.0`, `past_value.0`,
 * …, and outputs `logits`, `key.0`, `value.0`, …, as the zoo's "llama" has (docs/zoo.md).
 */

#include <effnn/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A model that continues a sequence of tokens. */
typedef struct effnn_decoder effnn_decoder;

/** Options of effnn_decoder_create(). Append-only. */
typedef struct effnn_decoder_options {
    uint32_t version; /**< 1 */
    uint32_t
        context; /**< most tokens of a sequence; 0: the model's metadata effnn.context, or 2048 */
} effnn_decoder_options;

/** Defaults: the model's own context. */
#define EFFNN_DECODER_OPTIONS_INIT \
    {                              \
        1, 0                       \
    }

/**
 * Create. The decoder is a snapshot, as a session is; the model may be destroyed first.
 *
 * @param[out] out      owned by the caller; untouched on failure.
 * @param      model    not changed.
 * @param      options  NULL: EFFNN_DECODER_OPTIONS_INIT.
 * @return EFFNN_OK; EFFNN_E_UNSUPPORTED for a model that has not a decoder's inputs and outputs
 *         (the message names what is missing); EFFNN_E_ARG; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_decoder_create(effnn_decoder **out, const effnn_model *model,
                                            const effnn_decoder_options *options);

/** Free; NULL is allowed. */
EFFNN_API void effnn_decoder_destroy(effnn_decoder *self);

/** Number of different tokens. */
EFFNN_API size_t effnn_decoder_vocabulary(const effnn_decoder *self);
/** Number of tokens run since the beginning or the last reset. */
EFFNN_API size_t effnn_decoder_position(const effnn_decoder *self);
/** Most tokens that a sequence may have. */
EFFNN_API size_t effnn_decoder_context(const effnn_decoder *self);

/**
 * Run tokens behind those that were run before: a prompt in one call, or one token.
 *
 * @param self      the decoder.
 * @param n         number of tokens, at least 1.
 * @param tokens    [n], each in [0, effnn_decoder_vocabulary()).
 * @return EFFNN_OK; EFFNN_E_ARG for a token that there is not, none, or more than the context
 *         holds; EFFNN_E_NOMEM. On failure the sequence is as before.
 */
EFFNN_API effnn_status effnn_decoder_run(effnn_decoder *self, size_t n, const int64_t *tokens);

/** Logits of the next token, [effnn_decoder_vocabulary()]; borrowed until the next call on this
 *  decoder; NULL before the first run. */
EFFNN_API const float *effnn_decoder_logits(const effnn_decoder *self);

/** Forget all tokens but the first `keep`. @return EFFNN_OK; EFFNN_E_ARG if there are fewer. The
 *  logits are gone until the next run. */
EFFNN_API effnn_status effnn_decoder_reset(effnn_decoder *self, size_t keep);

/** How the next token is chosen. Append-only. */
typedef struct effnn_sample_options {
    uint32_t version;   /**< 1 */
    double temperature; /**< divides the logits; 0: always the likeliest token */
    double top_p;       /**< choose among the likeliest tokens that together reach this probability;
                             above 0, up to 1: all */
    uint64_t seed;      /**< the same seed gives the same text */
} effnn_sample_options;

/** Defaults: the likeliest token. */
#define EFFNN_SAMPLE_OPTIONS_INIT \
    {                             \
        1, 0.0, 1.0, 0            \
    }

/**
 * Choose the next token by the logits of the last run. The choice depends on the logits, the
 * options and the position alone.
 *
 * @param[out] out      the token; untouched on failure.
 * @param      self     the decoder; not changed.
 * @param      options  NULL: EFFNN_SAMPLE_OPTIONS_INIT.
 * @return EFFNN_OK; EFFNN_E_STATE before the first run; EFFNN_E_ARG for options out of range;
 *         EFFNN_E_NUMERIC if a logit is NaN; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_decoder_sample(int64_t *out, const effnn_decoder *self,
                                            const effnn_sample_options *options);

/** Options of effnn_decoder_generate(). Append-only. */
typedef struct effnn_generate_options {
    uint32_t version;            /**< 1 */
    effnn_sample_options sample; /**< how tokens are chosen */
    int64_t stop;                /**< ends the text when chosen; below 0: none */
    /** Told each token on the calling thread; nonzero ends the text behind it. NULL: none. */
    int (*token)(void *user, int64_t token);
    void *user; /**< first argument of `token` */
} effnn_generate_options;

/** Defaults: the likeliest tokens, no stop. */
#define EFFNN_GENERATE_OPTIONS_INIT                  \
    {                                                \
        1, EFFNN_SAMPLE_OPTIONS_INIT, -1, NULL, NULL \
    }

/**
 * Run a prompt, then choose and run tokens until `capacity` are chosen, the context is full, or the
 * stop token comes (which is not among the results). The last token chosen is not run: it begins
 * the prompt of a call that goes on.
 *
 * @param[out] out       [capacity] the tokens chosen.
 * @param[out] n_out     how many.
 * @param      self      continued where it stands.
 * @param      capacity  most tokens to choose.
 * @param      n         tokens of the prompt; 0: choose by the logits that are there.
 * @param      prompt    [n].
 * @param      options   NULL: EFFNN_GENERATE_OPTIONS_INIT.
 * @return EFFNN_OK; otherwise as effnn_decoder_run() and effnn_decoder_sample(), and what was
 * chosen before stays in `out` and counted in `n_out`.
 */
EFFNN_API effnn_status effnn_decoder_generate(int64_t *out, size_t *n_out, effnn_decoder *self,
                                              size_t capacity, size_t n, const int64_t *prompt,
                                              const effnn_generate_options *options);

#ifdef __cplusplus
}
#endif
#endif
