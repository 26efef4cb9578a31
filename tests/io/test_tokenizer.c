/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/text/tokenizer.h"
#include "support/alloc_fail.h"
#include "support/model_files.h"

#include <stdio.h>

static effnn_tokenizer *tokenizer;

static void setup(void)
{
    ck_assert_ok(effnn_tokenizer_load(&tokenizer, test_golden_path("tokenizers/vocab.txt"), NULL));
}

static void teardown(void)
{
    effnn_tokenizer_destroy(tokenizer);
}

START_TEST(the_kind_comes_from_the_extension_or_is_given)
{
    effnn_tokenizer_options options = EFFNN_TOKENIZER_OPTIONS_INIT;
    effnn_tokenizer *out = NULL;

    ck_assert_str_eq(effnn_tokenizer_kind(tokenizer), "wordpiece");
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "by its name",
                           effnn_tokenizer_load(&out, "vocabulary.json", NULL));
    options.kind = "unigram";
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "unigram",
                           effnn_tokenizer_load(&out, "vocab.txt", &options));
    options.kind = "bpe";
    ck_assert_fails(EFFNN_E_FORMAT,
                    effnn_tokenizer_load(&out, test_golden_path("tokenizers/vocab.txt"), &options));
    options.version = 2;
    ck_assert_fails(EFFNN_E_ARG, effnn_tokenizer_load(&out, "vocab.txt", &options));
    ck_assert_fails(EFFNN_E_IO, effnn_tokenizer_load(&out, "there-is-none.txt", NULL));
    ck_assert_ptr_null(out);
}
END_TEST

START_TEST(options_given_are_the_defaults_where_they_say_so)
{
    const effnn_tokenizer_options options = EFFNN_TOKENIZER_OPTIONS_INIT;
    const effnn_encode_options encode = EFFNN_ENCODE_OPTIONS_INIT;
    effnn_tokenizer *out = NULL;
    int64_t a[8], b[8];
    size_t n_a, n_b;

    ck_assert_ok(effnn_tokenizer_load(&out, test_golden_path("tokenizers/vocab.txt"), &options));
    ck_assert_ok(effnn_tokenizer_encode(a, &n_a, out, 8, "One \xc3\x80", &encode));
    ck_assert_ok(effnn_tokenizer_encode(b, &n_b, tokenizer, 8, "One \xc3\x80", NULL));
    ck_assert_uint_eq(n_a, 4);
    ck_assert_uint_eq(n_b, 4);
    ck_assert_mem_eq(a, b, 4 * sizeof *a);
    effnn_tokenizer_destroy(out);
}
END_TEST

START_TEST(results_beyond_the_room_are_counted)
{
    int64_t tokens[2] = { -7, -7 };
    char text[4];
    size_t n;

    ck_assert_ok(effnn_tokenizer_encode(tokens, &n, tokenizer, 1, "the people", NULL));
    ck_assert_uint_eq(n, 4);
    ck_assert_int_eq(tokens[1], -7);
    tokens[0] = tokens[1] = effnn_tokenizer_find(tokenizer, "the");
    ck_assert_ok(effnn_tokenizer_decode(text, &n, tokenizer, sizeof text, 2, tokens));
    ck_assert_uint_eq(n, 7);
    ck_assert_str_eq(text, "the");
    ck_assert_ok(effnn_tokenizer_decode(NULL, &n, tokenizer, 0, 2, tokens));
    ck_assert_uint_eq(n, 7);
}
END_TEST

START_TEST(tokens_that_there_are_not_are_refused)
{
    const int64_t beyond = (int64_t)effnn_tokenizer_count(tokenizer), below = -1;
    size_t n = 9;

    ck_assert_fails_saying(EFFNN_E_ARG, "is not in [0,",
                           effnn_tokenizer_decode(NULL, &n, tokenizer, 0, 1, &beyond));
    ck_assert_fails(EFFNN_E_ARG, effnn_tokenizer_decode(NULL, &n, tokenizer, 0, 1, &below));
    ck_assert_uint_eq(n, 9);
    ck_assert_ptr_null(effnn_tokenizer_token_at(tokenizer, (size_t)beyond));
    ck_assert_str_eq(effnn_tokenizer_token_at(tokenizer, 1), "[UNK]");
    ck_assert_int_eq(effnn_tokenizer_find(tokenizer, "no such token"), -1);
    ck_assert_int_eq(effnn_tokenizer_special(tokenizer, "no such role"), -1);
    ck_assert_int_eq(effnn_tokenizer_special(tokenizer, "padding"), 0);
    ck_assert_int_eq(effnn_tokenizer_special(tokenizer, "unknown"), 1);
}
END_TEST

static effnn_status decode_once(void)
{
    const int64_t tokens[] = { 5, 6, 7 };
    size_t n;

    return effnn_tokenizer_decode(NULL, &n, tokenizer, 0, 3, tokens);
}

START_TEST(failing_allocations_are_errors)
{
    ALLOC_FAIL_LOOP(decode_once(), );
}
END_TEST

SUITE("tokenizer", setup, teardown, the_kind_comes_from_the_extension_or_is_given,
      options_given_are_the_defaults_where_they_say_so, results_beyond_the_room_are_counted,
      tokens_that_there_are_not_are_refused, failing_allocations_are_errors)
