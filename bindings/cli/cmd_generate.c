/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn generate: a language model continues a text. */

#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct generate_flags {
    const char *tokenizer, *prompt, *temperature, *top_p;
    uint32_t steps;
} generate_flags;

/* Tokens chosen so far, behind the prompt, and how much of their text is printed. */
typedef struct text {
    cli *self;
    const effnn_tokenizer *tokenizer;
    size_t n_prompt, n; /* tokens; n counts the prompt, too */
    int64_t *tokens;
    char *bytes;
    size_t n_bytes, printed;
    int code;
} text;

/* The text of all tokens into `bytes`. */
static int spell(text *t)
{
    size_t need = 0;
    char *bytes;
    effnn_status status = effnn_tokenizer_decode(NULL, &need, t->tokenizer, 0, t->n, t->tokens);

    if (status != EFFNN_OK) return cli_fail(status);
    bytes = realloc(t->bytes, need + 1);
    if (!bytes) return cli_no_memory();
    t->bytes = bytes;
    effnn_tokenizer_decode(bytes, &t->n_bytes, t->tokenizer, need + 1, t->n, t->tokens);
    return CLI_DONE;
}

/* Take one token; people see its text at once. Nonzero: stop. */
static int take(void *user, int64_t token)
{
    text *t = user;

    t->tokens[t->n++] = token;
    if (cli_interrupted()) t->code = CLI_INTERRUPTED;
    if (t->self->common.json || t->code != CLI_DONE) return t->code;
    t->code = spell(t);
    if (t->code != CLI_DONE) return t->code;
    fwrite(t->bytes + t->printed, 1, t->n_bytes - t->printed, stdout);
    fflush(stdout);
    t->printed = t->n_bytes;
    return CLI_DONE;
}

static int read_number(const cli *self, const char *flag, const char *given, double *out)
{
    char *end;

    if (!given) return CLI_DONE;
    *out = strtod(given, &end);
    return end != given && *end == '\0'
               ? CLI_DONE
               : cli_usage(self->command, "--%s: '%s' is not a number", flag, given);
}

/* The prompt's tokens at the beginning of `t`, with room for `steps` more. */
static int begin(text *t, const char *prompt, size_t steps)
{
    effnn_status status;

    status = effnn_tokenizer_encode(NULL, &t->n, t->tokenizer, 0, prompt, NULL);
    if (status != EFFNN_OK) return cli_fail(status);
    t->tokens = calloc(t->n + steps, sizeof *t->tokens);
    if (!t->tokens) return cli_no_memory();
    status = effnn_tokenizer_encode(t->tokens, &t->n, t->tokenizer, t->n, prompt, NULL);
    if (status != EFFNN_OK) return cli_fail(status);
    t->n_prompt = t->n;
    return spell(t);
}

/* Bytes of the UTF-8 character at `s`; 0: it is none. */
static size_t character(const unsigned char *s)
{
    const size_t n = *s < 0x80   ? 1
                     : *s < 0xC2 ? 0
                     : *s < 0xE0 ? 2
                     : *s < 0xF0 ? 3
                     : *s < 0xF5 ? 4
                                 : 0;

    for (size_t k = 1; k < n; k++)
        if ((s[k] & 0xC0) != 0x80) return 0;
    if ((*s == 0xE0 && s[1] < 0xA0) || (*s == 0xED && s[1] > 0x9F) || (*s == 0xF0 && s[1] < 0x90) ||
        (*s == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

/* A model may choose bytes that are no UTF-8; a document may not hold them. */
static void make_utf8(char *bytes)
{
    while (*bytes) {
        const size_t n = character((unsigned char *)bytes);

        if (n == 0) *bytes = '?';
        bytes += n ? n : 1;
    }
}

static int report(text *t, double seconds)
{
    const size_t n = t->n - t->n_prompt;
    char rate[32];

    if (t->self->common.json) {
        cJSON *document = cJSON_CreateObject(), *array;

        t->code = spell(t);
        if (t->code == CLI_DONE) {
            make_utf8(t->bytes);
            cJSON_AddStringToObject(document, "text", t->bytes);
        }
        array = cJSON_AddArrayToObject(document, "tokens");
        for (size_t i = 0; i < n; i++)
            cJSON_AddItemToArray(array, cJSON_CreateNumber((double)t->tokens[t->n_prompt + i]));
        cli_json_count(document, "prompt_tokens", t->n_prompt);
        cli_json_number(document, "seconds", seconds);
        cli_json_number(document, "tokens_per_second", (double)n / seconds);
        if (t->code == CLI_DONE) return cli_print_json(document);
        cJSON_Delete(document);
        return t->code;
    }
    printf("\n");
    cli_note(t->self, "%zu tokens, %s a second", n, cli_text_scaled(rate, (double)n / seconds));
    return CLI_DONE;
}

static int generate(text *t, effnn_decoder *decoder, effnn_generate_options *options, size_t steps)
{
    const double start = cli_seconds();
    int64_t *chosen = calloc(steps, sizeof *chosen);
    size_t n = 0;
    effnn_status status;

    if (!chosen) return cli_no_memory();
    options->token = take;
    options->user = t;
    options->stop = effnn_tokenizer_special(t->tokenizer, "begin");
    if (!t->self->common.json) fwrite(t->bytes, 1, t->n_bytes, stdout);
    t->printed = t->n_bytes;
    status = effnn_decoder_generate(chosen, &n, decoder, steps, t->n_prompt, t->tokens, options);
    free(chosen);
    if (status != EFFNN_OK) return cli_fail(status);
    return t->code != CLI_DONE ? t->code : report(t, cli_seconds() - start);
}

static int run(cli *self)
{
    const generate_flags *flags = self->flags;
    effnn_generate_options options = EFFNN_GENERATE_OPTIONS_INIT;
    const size_t steps = flags->steps ? flags->steps : 256;
    effnn_tokenizer *tokenizer = NULL;
    effnn_decoder *decoder = NULL;
    text t = { .self = self, .code = CLI_DONE };
    effnn_status status;
    effnn_model *model = NULL;
    int code = read_number(self, "temperature", flags->temperature, &options.sample.temperature);

    if (code == CLI_DONE) code = read_number(self, "top-p", flags->top_p, &options.sample.top_p);
    options.sample.seed = self->common.seed;
    if (code == CLI_DONE) model = cli_load(self, self->args[0], &code);
    if (model) {
        status = effnn_tokenizer_load(&tokenizer, flags->tokenizer, NULL);
        if (status == EFFNN_OK) status = effnn_decoder_create(&decoder, model, NULL);
        effnn_model_destroy(model); /* the decoder has what it needs */
        code = status == EFFNN_OK ? CLI_DONE : cli_fail(status);
        t.tokenizer = tokenizer;
        if (code == CLI_DONE) code = begin(&t, flags->prompt ? flags->prompt : "", steps);
        if (code == CLI_DONE) code = generate(&t, decoder, &options, steps);
    }
    free(t.tokens);
    free(t.bytes);
    effnn_decoder_destroy(decoder);
    effnn_tokenizer_destroy(tokenizer);
    return code;
}

#define FIELD(f) offsetof(generate_flags, f)
static const cli_flag flags[] = {
    { "tokenizer", 't', CLI_TEXT, FIELD(tokenizer), "FILE",
      "vocabulary: llama2.c's .bin or BERT's .txt", true, false },
    { "prompt", 'p', CLI_TEXT, FIELD(prompt), "TEXT", "text to go on with (default: none)", false,
      false },
    { "steps", 'n', CLI_COUNT, FIELD(steps), "N", "tokens to write (default 256)", false, false },
    { "temperature", 0, CLI_TEXT, FIELD(temperature), "T",
      "0: always the likeliest token (default); 1: as the model says", false, false },
    { "top-p", 0, CLI_TEXT, FIELD(top_p), "P",
      "choose among the likeliest tokens of this probability (default 1: all)", false, false },
    { NULL, 0, CLI_SWITCH, 0, NULL, NULL, false, false },
};

extern const cli_command cli_command_generate;
const cli_command cli_command_generate = {
    .name = "generate",
    .summary = "a language model continues a text",
    .args = "MODEL",
    .min_args = 1,
    .max_args = 1,
    .example = "effnn generate zoo:llama,vocabulary=408,width=32,depth=1,heads=2,hidden=64 "
               "--tokenizer tests/golden/tokenizers/bpe.bin --prompt 'the people' --steps 9",
    .flags = flags,
    .flags_size = sizeof(generate_flags),
    .run = run,
};
