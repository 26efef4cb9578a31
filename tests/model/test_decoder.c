/* SPDX-License-Identifier: BSD-3-Clause */
/* Tokens one by one, in pieces and at once against PyTorch's logits for the whole text. */

#include <effnn/decoder.h>

#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/zoo.h"

#include <math.h>
#include <stdio.h>

static effnn_model *model;
static effnn_decoder *decoder;
static effnn_tensor *tokens, *want;
static const int64_t *token;
enum { N_TOKENS = 11, VOCABULARY = 29 };

static void setup(void)
{
    model = test_zoo("llama", NULL, "zoo/llama_meta.safetensors");
    ck_assert_ok(effnn_decoder_create(&decoder, model, NULL));
    tokens = test_tensor_golden("zoo/llama_tokens.npy");
    want = test_tensor_golden("zoo/llama_logits.npy");
    token = effnn_tensor_data(tokens);
}

static void teardown(void)
{
    effnn_tensor_release(tokens);
    effnn_tensor_release(want);
    effnn_decoder_destroy(decoder);
    effnn_model_destroy(model);
}

/* The decoder's logits are those behind token `at` of the golden text. */
static void check_logits(const effnn_decoder *self, size_t at)
{
    const float *got = effnn_decoder_logits(self);
    const double *row = (const double *)effnn_tensor_data(want) + at * VOCABULARY;

    ck_assert_ptr_nonnull(got);
    for (size_t k = 0; k < VOCABULARY; k++)
        ck_assert_msg(fabs(got[k] - row[k]) < 1e-5, "token %zu, logit %zu: %g, not %g", at, k,
                      (double)got[k], row[k]);
}

START_TEST(tokens_one_by_one_give_the_logits_of_the_whole)
{
    for (size_t i = 0; i < N_TOKENS; i++) {
        ck_assert_ok(effnn_decoder_run(decoder, 1, token + i));
        check_logits(decoder, i);
    }
    ck_assert_uint_eq(effnn_decoder_position(decoder), N_TOKENS);
    ck_assert_uint_eq(effnn_decoder_vocabulary(decoder), VOCABULARY);
    ck_assert_uint_eq(effnn_decoder_context(decoder), 64);
}
END_TEST

START_TEST(tokens_in_pieces_give_the_logits_of_the_whole)
{
    for (size_t piece = 2; piece <= N_TOKENS; piece++) {
        ck_assert_ok(effnn_decoder_reset(decoder, 0));
        ck_assert_ptr_null(effnn_decoder_logits(decoder));
        for (size_t i = 0; i < N_TOKENS; i += piece) {
            const size_t n = N_TOKENS - i < piece ? N_TOKENS - i : piece;

            ck_assert_ok(effnn_decoder_run(decoder, n, token + i));
            check_logits(decoder, i + n - 1);
        }
    }
}
END_TEST

START_TEST(a_sequence_can_be_taken_back)
{
    const int64_t other = (token[5] + 1) % VOCABULARY;

    ck_assert_ok(effnn_decoder_run(decoder, 5, token));
    ck_assert_ok(effnn_decoder_run(decoder, 1, &other));
    ck_assert_ok(effnn_decoder_reset(decoder, 5));
    ck_assert_uint_eq(effnn_decoder_position(decoder), 5);
    ck_assert_ok(effnn_decoder_run(decoder, N_TOKENS - 5, token + 5));
    check_logits(decoder, N_TOKENS - 1);
    ck_assert_fails_saying(EFFNN_E_ARG, "cannot keep 12 tokens of 11",
                           effnn_decoder_reset(decoder, 12));
}
END_TEST

START_TEST(the_cache_grows_up_to_the_context)
{
    effnn_decoder *whole = NULL;
    int64_t text[64], extra = 1;
    float *last;

    for (size_t i = 0; i < 64; i++) text[i] = token[i % N_TOKENS];
    for (size_t i = 0; i < 64; i++) ck_assert_ok(effnn_decoder_run(decoder, 1, text + i));
    ck_assert_ok(effnn_decoder_create(&whole, model, NULL));
    ck_assert_ok(effnn_decoder_run(whole, 64, text));
    last = malloc(VOCABULARY * sizeof *last);
    memcpy(last, effnn_decoder_logits(whole), VOCABULARY * sizeof *last);
    for (size_t k = 0; k < VOCABULARY; k++)
        ck_assert_double_eq_tol(effnn_decoder_logits(decoder)[k], last[k], 1e-5);
    ck_assert_fails_saying(EFFNN_E_ARG, "1 tokens behind 64: the context holds 64",
                           effnn_decoder_run(whole, 1, &extra));
    ck_assert_uint_eq(effnn_decoder_position(whole), 64);
    ck_assert_mem_eq(effnn_decoder_logits(whole), last, VOCABULARY * sizeof *last);
    free(last);
    effnn_decoder_destroy(whole);
}
END_TEST

START_TEST(a_model_that_went_through_onnx_decodes_the_same)
{
    const char *path = test_scratch_path("decoder.onnx");
    effnn_model *again;
    effnn_decoder *other = NULL;

    ck_assert_ok(effnn_model_save(model, path, NULL));
    again = test_load(path, false);
    remove(path);
    ck_assert_ok(effnn_decoder_create(&other, again, NULL));
    ck_assert_ok(effnn_decoder_run(other, N_TOKENS, token));
    check_logits(other, N_TOKENS - 1);
    effnn_decoder_destroy(other);
    effnn_model_destroy(again);
}
END_TEST

START_TEST(generating_is_running_and_choosing_in_turns)
{
    effnn_generate_options options = EFFNN_GENERATE_OPTIONS_INIT;
    effnn_decoder *by_hand = NULL;
    int64_t out[20], next = 0;
    size_t n = 0;

    options.sample.temperature = 0.9;
    options.sample.seed = 3;
    ck_assert_ok(effnn_decoder_generate(out, &n, decoder, 20, 4, token, &options));
    ck_assert_uint_eq(n, 20);
    ck_assert_ok(effnn_decoder_create(&by_hand, model, NULL));
    ck_assert_ok(effnn_decoder_run(by_hand, 4, token));
    for (size_t i = 0; i < n; i++) {
        ck_assert_ok(effnn_decoder_sample(&next, by_hand, &options.sample));
        ck_assert_int_eq(out[i], next);
        ck_assert_ok(effnn_decoder_run(by_hand, 1, &next));
    }
    options.stop = out[7];
    ck_assert_ok(effnn_decoder_reset(decoder, 0));
    ck_assert_ok(effnn_decoder_generate(out, &n, decoder, 20, 4, token, &options));
    ck_assert_uint_le(n, 7);
    effnn_decoder_destroy(by_hand);
}
END_TEST

static int stop_at_third(void *user, int64_t chosen)
{
    size_t *n = user;

    (void)chosen;
    return ++*n == 3;
}

START_TEST(generating_ends_by_the_callback_and_at_the_context)
{
    effnn_generate_options options = EFFNN_GENERATE_OPTIONS_INIT;
    int64_t out[100];
    size_t n = 0, n_told = 0;

    options.token = stop_at_third;
    options.user = &n_told;
    ck_assert_ok(effnn_decoder_generate(out, &n, decoder, 100, 1, token, &options));
    ck_assert_uint_eq(n, 3);
    ck_assert_ok(effnn_decoder_reset(decoder, 0));
    ck_assert_ok(effnn_decoder_generate(out, &n, decoder, 100, 1, token, NULL));
    ck_assert_uint_eq(n, 64);
    ck_assert_uint_eq(effnn_decoder_position(decoder), 64);
}
END_TEST

START_TEST(bad_calls_leave_the_decoder_as_it_was)
{
    effnn_decoder_options options = EFFNN_DECODER_OPTIONS_INIT;
    effnn_decoder *out = NULL;
    int64_t bad = VOCABULARY, chosen = -5;

    ck_assert_fails_saying(EFFNN_E_STATE, "no token", effnn_decoder_sample(&chosen, decoder, NULL));
    ck_assert_int_eq(chosen, -5);
    ck_assert_ok(effnn_decoder_run(decoder, 3, token));
    ck_assert_fails_saying(EFFNN_E_ARG, "token 29 is not in [0, 29)",
                           effnn_decoder_run(decoder, 1, &bad));
    ck_assert_fails(EFFNN_E_ARG, effnn_decoder_run(decoder, 0, token));
    check_logits(decoder, 2);
    ck_assert_uint_eq(effnn_decoder_position(decoder), 3);
    options.version = 2;
    ck_assert_fails(EFFNN_E_ARG, effnn_decoder_create(&out, model, &options));
}
END_TEST

START_TEST(a_model_of_another_kind_is_refused_by_name)
{
    effnn_model *other = test_model_mlp(NULL);
    effnn_decoder *out = NULL;

    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "no input 'tokens'",
                           effnn_decoder_create(&out, other, NULL));
    ck_assert_ptr_null(out);
    effnn_model_destroy(other);
}
END_TEST

static effnn_status decode_once(void)
{
    effnn_decoder *self = NULL;
    int64_t out[40];
    size_t n;
    effnn_status status = effnn_decoder_create(&self, model, NULL);

    if (status == EFFNN_OK) status = effnn_decoder_generate(out, &n, self, 40, 3, token, NULL);
    effnn_decoder_destroy(self);
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    ALLOC_FAIL_LOOP(decode_once(), );
}
END_TEST

START_TEST(a_step_allocates_nothing)
{
    uint64_t before;

    for (size_t i = 0; i < 3; i++) ck_assert_ok(effnn_decoder_run(decoder, 1, token + i));
    before = effnn__alloc_count();
    for (size_t i = 3; i < N_TOKENS; i++) ck_assert_ok(effnn_decoder_run(decoder, 1, token + i));
    ck_assert_uint_eq(effnn__alloc_count(), before);
}
END_TEST

START_TEST(a_failing_run_keeps_the_sequence)
{
    ck_assert_ok(effnn_decoder_run(decoder, 4, token));
    ALLOC_FAIL_LOOP(effnn_decoder_run(decoder, N_TOKENS - 4, token + 4), {
        ck_assert_uint_eq(effnn_decoder_position(decoder), 4);
        check_logits(decoder, 3);
    });
    check_logits(decoder, N_TOKENS - 1);
}
END_TEST

SUITE("decoder", setup, teardown, tokens_one_by_one_give_the_logits_of_the_whole,
      tokens_in_pieces_give_the_logits_of_the_whole, a_sequence_can_be_taken_back,
      the_cache_grows_up_to_the_context, a_model_that_went_through_onnx_decodes_the_same,
      generating_is_running_and_choosing_in_turns,
      generating_ends_by_the_callback_and_at_the_context, bad_calls_leave_the_decoder_as_it_was,
      a_model_of_another_kind_is_refused_by_name, failing_allocations_are_errors,
      a_step_allocates_nothing, a_failing_run_keeps_the_sequence)
