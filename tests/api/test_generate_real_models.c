/* SPDX-License-Identifier: BSD-3-Clause */
/* The third-party story model writes the text that its catalogue page gives, and the same random
 * text for a seed at any number of threads. */

#include "support/data.h"
#include "support/suite.h"

#include <effnn/effnn.h>

#define FOLDER "models/llama-stories260k/"
enum { STEPS = 120 };

static const char expected[] =
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. "
    "One day, she saw a big, red ball. She wanted to play with it, but it was too high.\n"
    "Lily's mom said, \"Lily, let's go to the park.\" Lily was sad and didn't know what to do. She "
    "said, \"I want to play with your ball, but";

/* Text of STEPS tokens behind the begin token. */
static void write_text(char *text, size_t size, const effnn_sample_options *sample,
                       uint32_t threads)
{
    char path[1024], uri[1100];
    effnn_context_options how = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_generate_options options = EFFNN_GENERATE_OPTIONS_INIT;
    effnn_context *context = NULL;
    effnn_model *model = NULL;
    effnn_decoder *decoder = NULL;
    effnn_tokenizer *tokenizer = NULL;
    int64_t begin, out[STEPS];
    size_t n = 0, n_text = 0;

    how.threads = threads;
    ck_assert_ok(effnn_context_create(&context, &how));
    snprintf(uri, sizeof uri, "zoo:llama,weights=%s",
             test_data_path(path, sizeof path, FOLDER "stories260K.safetensors"));
    ck_assert_ok(effnn_model_load(&model, context, uri, NULL));
    ck_assert_ok(effnn_decoder_create(&decoder, model, NULL));
    ck_assert_uint_eq(effnn_decoder_context(decoder), 512);
    ck_assert_ok(effnn_tokenizer_load(
        &tokenizer, test_data_path(path, sizeof path, FOLDER "tok512.bin"), NULL));
    ck_assert_uint_eq(effnn_tokenizer_count(tokenizer), effnn_decoder_vocabulary(decoder));
    options.sample = *sample;
    begin = effnn_tokenizer_special(tokenizer, "begin");
    ck_assert_ok(effnn_decoder_generate(out, &n, decoder, STEPS, 1, &begin, &options));
    ck_assert_uint_eq(n, STEPS);
    ck_assert_ok(effnn_tokenizer_decode(text, &n_text, tokenizer, size, n, out));
    ck_assert_uint_lt(n_text, size);
    effnn_tokenizer_destroy(tokenizer);
    effnn_decoder_destroy(decoder);
    effnn_model_destroy(model);
    effnn_context_destroy(context);
}

START_TEST(the_likeliest_story_is_the_catalogues)
{
    const effnn_sample_options greedy = EFFNN_SAMPLE_OPTIONS_INIT;
    char text[2048];

    write_text(text, sizeof text, &greedy, 0);
    ck_assert_str_eq(text + (*text == ' '), expected);
}
END_TEST

START_TEST(a_seed_gives_one_story_at_any_number_of_threads)
{
    const effnn_sample_options a = { 1, 1.0, 0.9, 5 }, b = { 1, 1.0, 0.9, 6 };
    char one[2048], more[2048];

    write_text(one, sizeof one, &a, 1);
    for (uint32_t threads = 2; threads <= 8; threads *= 4) {
        write_text(more, sizeof more, &a, threads);
        ck_assert_str_eq(one, more);
    }
    write_text(more, sizeof more, &b, 1);
    ck_assert_str_ne(one, more);
}
END_TEST

int main(void)
{
    const TTest *tests[] = { the_likeliest_story_is_the_catalogues,
                             a_seed_gives_one_story_at_any_number_of_threads };
    char path[1024];

    if (!test_data_path(path, sizeof path, FOLDER "tok512.bin")) return 77; /* meson: skipped */
    return run_suite("generate_real_models", NULL, NULL, tests, sizeof tests / sizeof tests[0], 0);
}
