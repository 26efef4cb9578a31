/* SPDX-License-Identifier: BSD-3-Clause */
/* A language model writes on from a prompt, its text appearing as it is made.
 *
 *     cc 03_generate.c $(pkg-config --cflags --libs effnn) -o generate
 *     ./generate zoo:llama,weights=stories260K.safetensors tok512.bin "Once upon a time"
 *
 * With those third-party files (docs/zoo.md says where they are from) it writes: "Once upon a time,
 * there was a little girl named Lily. She loved to play outside in the park. …"
 */

#include <effnn/effnn.h>

#include <stdio.h>
#include <stdlib.h>

enum { MAX_TOKENS = 120 };

typedef struct story {
    effnn_tokenizer *tokenizer;
    int64_t tokens[2 * MAX_TOKENS]; /* the prompt's, then those chosen */
    size_t n, n_prompt, printed;
} story;

/* Print what the last token has added to the text. */
static int show(void *user, int64_t token)
{
    story *self = user;
    char text[64 * MAX_TOKENS];
    size_t n = 0;

    self->tokens[self->n++] = token;
    if (effnn_tokenizer_decode(text, &n, self->tokenizer, sizeof text, self->n, self->tokens) !=
            EFFNN_OK ||
        n >= sizeof text)
        return 1;
    printf("%s", text + self->printed);
    fflush(stdout);
    self->printed = n;
    return 0;
}

static effnn_status write_story(effnn_decoder *decoder, story *self, const char *prompt)
{
    effnn_generate_options options = EFFNN_GENERATE_OPTIONS_INIT;
    int64_t out[MAX_TOKENS];
    size_t n = 0;
    effnn_status status = effnn_tokenizer_encode(self->tokens, &self->n_prompt, self->tokenizer,
                                                 MAX_TOKENS, prompt, NULL);

    if (status != EFFNN_OK) return status;
    self->n = self->n_prompt < MAX_TOKENS ? self->n_prompt : MAX_TOKENS;
    status =
        effnn_tokenizer_decode(NULL, &self->printed, self->tokenizer, 0, self->n, self->tokens);
    if (status != EFFNN_OK) return status;
    printf("%s", prompt);
    options.token = show;
    options.user = self;
    options.stop = effnn_tokenizer_special(self->tokenizer, "begin");
    /* The likeliest tokens; options.sample.temperature = 0.8 would make another story each seed. */
    status = effnn_decoder_generate(out, &n, decoder, MAX_TOKENS, self->n, self->tokens, &options);
    printf("\n");
    return status;
}

int main(int argc, char **argv)
{
    effnn_model *model = NULL;
    effnn_decoder *decoder = NULL;
    story self = { .tokenizer = NULL };
    effnn_status status;

    if (argc < 3) {
        fprintf(stderr, "usage: %s MODEL TOKENIZER [PROMPT]\n", argv[0]);
        return EXIT_FAILURE;
    }
    status = effnn_model_load(&model, NULL, argv[1], NULL);
    if (status == EFFNN_OK) status = effnn_tokenizer_load(&self.tokenizer, argv[2], NULL);
    if (status == EFFNN_OK) status = effnn_decoder_create(&decoder, model, NULL);
    if (status == EFFNN_OK) status = write_story(decoder, &self, argc > 3 ? argv[3] : "");
    if (status != EFFNN_OK) fprintf(stderr, "%s\n", effnn_last_error());
    effnn_decoder_destroy(decoder);
    effnn_tokenizer_destroy(self.tokenizer);
    effnn_model_destroy(model);
    return status == EFFNN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
