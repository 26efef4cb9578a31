/* SPDX-License-Identifier: BSD-3-Clause */
/* WordPiece against Hugging Face's tokenizers (tests/golden/make/tokens.py). */

#include "io/text/tokenizer.h"
#include "support/alloc_fail.h"
#include "support/token_cases.h"

static effnn_tokenizer *tokenizer;

static void setup(void)
{
    ck_assert_ok(effnn_tokenizer_load(&tokenizer, test_golden_path("tokenizers/vocab.txt"), NULL));
}

static void teardown(void)
{
    effnn_tokenizer_destroy(tokenizer);
}

START_TEST(texts_have_the_tokens_of_the_other_implementation)
{
    test_token_cases(tokenizer, "tokenizers/wordpiece.txt");
}
END_TEST

START_TEST(cased_texts_keep_capitals_and_accents)
{
    effnn_tokenizer_options options = EFFNN_TOKENIZER_OPTIONS_INIT;
    effnn_tokenizer *cased = NULL;

    options.cased = 1;
    ck_assert_ok(effnn_tokenizer_load(&cased, test_golden_path("tokenizers/vocab.txt"), &options));
    test_token_cases(cased, "tokenizers/wordpiece_cased.txt");
    effnn_tokenizer_destroy(cased);
}
END_TEST

START_TEST(a_text_is_between_its_special_tokens_and_comes_back_in_lower_case)
{
    int64_t tokens[32];
    char text[64];
    size_t n;

    ck_assert_ok(effnn_tokenizer_encode(tokens, &n, tokenizer, 32, "Once, Caf\xc3\xa9", NULL));
    ck_assert_uint_le(n, 32);
    ck_assert_int_eq(tokens[0], effnn_tokenizer_find(tokenizer, "[CLS]"));
    ck_assert_int_eq(tokens[n - 1], effnn_tokenizer_find(tokenizer, "[SEP]"));
    ck_assert_ok(effnn_tokenizer_decode(text, &n, tokenizer, sizeof text, n, tokens));
    ck_assert_str_eq(text, "once , cafe");
}
END_TEST

START_TEST(a_file_needs_an_unknown_token)
{
    effnn_tokenizer *out = NULL;

    ck_assert_fails_saying(EFFNN_E_FORMAT, "[UNK]",
                           effnn__tokenizer_read(&out, "wordpiece", "x", "a\nb\n", 4));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "[UNK]",
                           effnn__tokenizer_read(&out, "wordpiece", "x", NULL, 0));
    ck_assert_ptr_null(out);
}
END_TEST

START_TEST(line_ends_may_be_dos_and_the_last_may_be_missing)
{
    static const char file[] = "[UNK]\r\nab\r\n##c";
    effnn_tokenizer *out = NULL;

    ck_assert_ok(effnn__tokenizer_read(&out, "wordpiece", "x", file, sizeof file - 1));
    ck_assert_uint_eq(effnn_tokenizer_count(out), 3);
    ck_assert_int_eq(effnn_tokenizer_find(out, "ab"), 1);
    ck_assert_int_eq(effnn_tokenizer_find(out, "##c"), 2);
    effnn_tokenizer_destroy(out);
}
END_TEST

static effnn_status load_once(void)
{
    effnn_tokenizer *out = NULL;
    const effnn_status status =
        effnn_tokenizer_load(&out, test_golden_path("tokenizers/vocab.txt"), NULL);

    effnn_tokenizer_destroy(out);
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    ALLOC_FAIL_LOOP(load_once(), );
}
END_TEST

SUITE("tokenizer_wordpiece", setup, teardown, texts_have_the_tokens_of_the_other_implementation,
      cased_texts_keep_capitals_and_accents,
      a_text_is_between_its_special_tokens_and_comes_back_in_lower_case,
      a_file_needs_an_unknown_token, line_ends_may_be_dos_and_the_last_may_be_missing,
      failing_allocations_are_errors)
