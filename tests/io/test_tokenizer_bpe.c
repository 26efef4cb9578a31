/* SPDX-License-Identifier: BSD-3-Clause */
/* Byte-pair encoding against Hugging Face's tokenizers (tests/golden/make/tokens.py), and files
 * that must not load. */

#include "io/text/tokenizer.h"
#include "support/alloc_fail.h"
#include "support/data.h"
#include "support/token_cases.h"

static effnn_tokenizer *tokenizer;

static void setup(void)
{
    ck_assert_ok(effnn_tokenizer_load(&tokenizer, test_golden_path("tokenizers/bpe.bin"), NULL));
}

static void teardown(void)
{
    effnn_tokenizer_destroy(tokenizer);
}

START_TEST(texts_have_the_tokens_of_the_other_implementation)
{
    test_token_cases(tokenizer, "tokenizers/bpe.txt");
}
END_TEST

START_TEST(texts_come_back_from_their_tokens)
{
    static const char *const texts[] = { "once upon a time", "  two  spaces ",
                                         "caf\xc3\xa9 \xe4\xb8\xad", "line\nend \xff\xfe bytes",
                                         " " };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t tokens[64];
        char text[128];
        size_t n, n_text;

        ck_assert_ok(effnn_tokenizer_encode(tokens, &n, tokenizer, 64, texts[i], NULL));
        ck_assert_uint_le(n, 64);
        ck_assert_int_eq(tokens[0], effnn_tokenizer_special(tokenizer, "begin"));
        ck_assert_ok(effnn_tokenizer_decode(text, &n_text, tokenizer, sizeof text, n, tokens));
        ck_assert_uint_eq(n_text, strlen(texts[i]));
        ck_assert_str_eq(text, texts[i]);
    }
}
END_TEST

START_TEST(a_long_text_takes_time_by_its_length_only)
{
    const size_t n_text = 1 << 20;
    char *text = malloc(n_text + 1);
    size_t n;

    for (size_t i = 0; i < n_text; i++) text[i] = "the of and "[i % 11];
    text[n_text] = '\0';
    ck_assert_ok(effnn_tokenizer_encode(NULL, &n, tokenizer, 0, text, NULL));
    ck_assert_uint_gt(n, n_text / 11);
    ck_assert_uint_lt(n, n_text / 2);
    free(text);
}
END_TEST

START_TEST(every_truncated_file_is_refused_or_ends_between_tokens)
{
    size_t size, n_loaded = 0;
    unsigned char *data = test_read_file(&size, test_golden_path("tokenizers/bpe.bin"));

    for (size_t n = 0; n < size; n++) {
        effnn_tokenizer *cut = NULL;
        unsigned char *part = malloc(n + 1); /* so that reading past the end is seen */

        memcpy(part, data, n);
        effnn__clear_error();
        if (effnn__tokenizer_read(&cut, "bpe", "cut", part, n) == EFFNN_OK)
            n_loaded++;
        else
            ck_assert_str_ne(effnn_last_error(), "no error");
        effnn_tokenizer_destroy(cut);
        free(part);
    }
    /* One for each token behind the bytes but the last. */
    ck_assert_uint_eq(n_loaded, effnn_tokenizer_count(tokenizer) - 259);
    free(data);
}
END_TEST

START_TEST(impossible_files_are_refused)
{
    unsigned char huge[] = { 7, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'a' };
    unsigned char nan[] = { 7, 0, 0, 0, 0, 0, 0xc0, 0x7f, 1, 0, 0, 0, 'a' };
    effnn_tokenizer *out = NULL;

    ck_assert_fails_saying(EFFNN_E_FORMAT, "4294967295 bytes, 1 are left",
                           effnn__tokenizer_read(&out, "bpe", "x", huge, sizeof huge));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "not finite",
                           effnn__tokenizer_read(&out, "bpe", "x", nan, sizeof nan));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "0 tokens",
                           effnn__tokenizer_read(&out, "bpe", "x", huge, 4));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "3 bytes",
                           effnn__tokenizer_read(&out, "bpe", "x", huge, 3));
    ck_assert_ptr_null(out);
}
END_TEST

static effnn_status encode_once(void)
{
    int64_t tokens[32];
    size_t n;

    return effnn_tokenizer_encode(tokens, &n, tokenizer, 32, "the people \xff called", NULL);
}

static effnn_status load_once(void)
{
    effnn_tokenizer *out = NULL;
    const effnn_status status =
        effnn_tokenizer_load(&out, test_golden_path("tokenizers/bpe.bin"), NULL);

    effnn_tokenizer_destroy(out);
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    ALLOC_FAIL_LOOP(load_once(), );
    ALLOC_FAIL_LOOP(encode_once(), );
}
END_TEST

SUITE("tokenizer_bpe", setup, teardown, texts_have_the_tokens_of_the_other_implementation,
      texts_come_back_from_their_tokens, a_long_text_takes_time_by_its_length_only,
      every_truncated_file_is_refused_or_ends_between_tokens, impossible_files_are_refused,
      failing_allocations_are_errors)
