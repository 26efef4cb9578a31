/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts as tokens. All texts are tokenised when the files are opened and kept as 32-bit numbers; a
 * batch is padded to its longest text, rounded up to a bucket so that a session plans few lengths.
 *
 * A text with a label is a sample whose target is the label. Without labels the target of each
 * token is the next one (a language model's task): the mask leaves out padding and, with `prompt`,
 * the tokens in front of what the model is to write. With form=stream the files are one text, cut
 * into windows. */

#include "base/alloc.h"
#include "base/context.h"
#include "base/file.h"
#include "base/sizes.h"
#include "base/vec.h"
#include "io/dataset_files.h"
#include "io/text/text_samples.h"
#include "io/text/tokenizer.h"
#include "model/model.h"
#include "tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

typedef struct text_options {
    char *tokenizer, *text, *prompt;
    bool cased, sort;
    int form, task;
    int64_t length, bucket;
} text_options;

enum { FORM_LINES, FORM_STREAM };
enum { TASK_AUTO, TASK_LANGUAGE, TASK_NONE };
static const char *const form_names[] = { "lines", "stream", NULL };
static const char *const task_names[] = { "auto", "language", "none", NULL };

#define FIELD(f) offsetof(text_options, f)
static const effnn_option_def option_defs[] = {
    { "tokenizer", "vocabulary file, .bin (BPE) or .txt (WordPiece); empty: each byte is a token",
      EFFNN_OPT_STRING, FIELD(tokenizer), .text = NULL },
    { "cased", "WordPiece keeps capitals and accents", EFFNN_OPT_BOOL, FIELD(cased), .value = 0 },
    { "form", "lines: each line is a text; stream: the files are one text, cut into windows",
      EFFNN_OPT_ENUM, FIELD(form), .choices = form_names },
    { "text",
      "column of the text between tabs, by number from 1 or by name in the first line; empty: "
      "whole lines",
      EFFNN_OPT_STRING, FIELD(text), .text = NULL },
    { "prompt", "what ends the part of a text that is not to be predicted; empty: all is",
      EFFNN_OPT_STRING, FIELD(prompt), .text = NULL },
    { "task", "targets: auto: the labels, or the next tokens if there are none; none",
      EFFNN_OPT_ENUM, FIELD(task), .choices = task_names },
    { "length", "most tokens of a sample", EFFNN_OPT_I64, FIELD(length), .value = 128, .min = 1,
      .max = 1 << 20 },
    { "bucket", "lengths of batches are multiples of it", EFFNN_OPT_I64, FIELD(bucket), .value = 16,
      .min = 1, .max = 1 << 20 },
    { "sort", "samples in the order of their buckets, so that batches have little padding",
      EFFNN_OPT_BOOL, FIELD(sort), .value = 0 },
    EFFNN_OPTIONS_END,
};

/* What an input of the model is given. */
enum { TOKENS, MASK, TYPES, N_ROLES };
static const char *const role_names[N_ROLES] = { "input_ids", "attention_mask", "token_type_ids" };

typedef struct sample {
    size_t first;  /* place of its tokens */
    uint32_t n;    /* tokens, with the one behind the last input for a language model */
    uint32_t free; /* targets from this token on count */
    int64_t label;
} sample;

typedef struct text_data {
    effnn_context *context;
    effnn_tokenizer *tokenizer; /* NULL: bytes */
    text_options options;       /* borrowed strings */
    bool labelled, language;
    size_t n_tokens, tokens_capacity;
    uint32_t *tokens;
    size_t n_samples, samples_capacity;
    sample *samples;
    size_t n_inputs;
    int roles[N_ROLES];
    const char *names[N_ROLES]; /* NULL: by position; while opening */
    int64_t fixed;              /* length that the model is fixed to; 0: none */
    uint32_t padding;
} text_data;

static void text_destroy(void *state)
{
    text_data *self = state;

    effnn_tokenizer_destroy(self->tokenizer);
    effnn__free(self->tokens);
    effnn__free(self->samples);
    effnn__context_release(self->context);
    effnn__free(self);
}

/* ---- opening ---- */

/* Tokens of a text behind those that are there; with the special ones around it as asked. */
static effnn_status add_tokens(text_data *self, const char *text, size_t n, bool bare)
{
    const effnn_encode_options options = { .version = 1, .bare = bare, .size = n };
    int64_t *tokens;
    size_t n_tokens = 0;
    effnn_status status = EFFNN_OK;

    if (n == 0) return EFFNN_OK;
    if (self->tokenizer)
        EFFNN_TRY(effnn_tokenizer_encode(NULL, &n_tokens, self->tokenizer, 0, text, &options));
    else
        n_tokens = n;
    EFFNN_TRY(effnn__grow(&self->tokens, &self->tokens_capacity, self->n_tokens + n_tokens + 1,
                          sizeof *self->tokens));
    tokens = effnn__alloc_array(n_tokens + 1, sizeof *tokens);
    if (!tokens) return effnn__fail_nomem("text", n_tokens * sizeof *tokens);
    if (self->tokenizer)
        status =
            effnn_tokenizer_encode(tokens, &n_tokens, self->tokenizer, n_tokens, text, &options);
    for (size_t i = 0; status == EFFNN_OK && i < n_tokens; i++)
        self->tokens[self->n_tokens++] =
            (uint32_t)(self->tokenizer ? tokens[i] : (unsigned char)text[i]);
    effnn__free(tokens);
    return status;
}

static effnn_status add_sample(text_data *self, sample item)
{
    EFFNN_TRY(effnn__grow(&self->samples, &self->samples_capacity, self->n_samples + 1,
                          sizeof *self->samples));
    self->samples[self->n_samples++] = item;
    return EFFNN_OK;
}

/* Bytes of the text up to the end of the prompt's mark; 0: there is none. */
static size_t prompt_size(const text_data *self, const effnn__text_sample *text)
{
    const size_t n = strlen(self->options.prompt);

    for (size_t at = 0; n && at + n <= text->n; at++)
        if (memcmp(text->text + at, self->options.prompt, n) == 0) return at + n;
    return 0;
}

/* One text's tokens as a sample, cut to the length; a text that ends with a special token keeps it.
 */
static effnn_status take_text(text_data *self, const effnn__text_sample *text)
{
    const size_t prompt = prompt_size(self, text), first = self->n_tokens;
    const int64_t end = self->tokenizer ? effnn_tokenizer_special(self->tokenizer, "end") : -1;
    const size_t most = (size_t)self->options.length + self->language;
    sample item = { .first = first, .label = text->label };

    EFFNN_TRY(add_tokens(self, text->text, prompt, false));
    if (prompt && end >= 0 && self->n_tokens > first && self->tokens[self->n_tokens - 1] == end)
        self->n_tokens--;
    item.free = (uint32_t)(self->n_tokens - first);
    EFFNN_TRY(add_tokens(self, text->text + prompt, text->n - prompt, prompt > 0));
    if (end >= 0 && (self->language || self->tokenizer->ends)) {
        if (self->n_tokens > first && self->tokens[self->n_tokens - 1] == end) self->n_tokens--;
        if (self->n_tokens - first > most - 1) self->n_tokens = first + most - 1;
        EFFNN_TRY(effnn__grow(&self->tokens, &self->tokens_capacity, self->n_tokens + 1,
                              sizeof *self->tokens));
        self->tokens[self->n_tokens++] = (uint32_t)end;
    }
    if (self->n_tokens - first > most) self->n_tokens = first + most;
    item.n = (uint32_t)(self->n_tokens - first);
    return item.n ? add_sample(self, item) : EFFNN_OK;
}

static effnn_status take_lines(text_data *self, const char *path, const effnn__file *file,
                               const char *label)
{
    const char *column = *self->options.text ? self->options.text : NULL;
    effnn__text_samples texts = { 0 };
    effnn_status status =
        effnn__text_samples_add(&texts, path, (const char *)file->data, file->size, column, label);

    for (size_t i = 0; status == EFFNN_OK && i < texts.n; i++)
        status = take_text(self, &texts.items[i]);
    effnn__text_samples_clear(&texts);
    return status;
}

/* Windows of `length` tokens, the last one shorter, of all tokens. */
static effnn_status cut_windows(text_data *self)
{
    const size_t length = (size_t)self->options.length, ahead = self->language ? 1 : 0;

    for (size_t at = 0; at + ahead < self->n_tokens; at += length) {
        const size_t left = self->n_tokens - at, most = length + ahead;

        EFFNN_TRY(
            add_sample(self, (sample){ .first = at, .n = (uint32_t)(left < most ? left : most) }));
    }
    return EFFNN_OK;
}

static effnn_status read_files(text_data *self, const effnn__dataset_spec *spec)
{
    const char *label = self->labelled ? spec->label : NULL;

    for (size_t i = 0; i < spec->n_paths; i++) {
        effnn__file file;
        effnn_status status;

        EFFNN_TRY(effnn__file_open(&file, spec->paths[i]));
        if (self->options.form == FORM_STREAM)
            status = add_tokens(self, (const char *)file.data, file.size, true);
        else
            status = take_lines(self, spec->paths[i], &file, label);
        effnn__file_close(&file);
        if (status != EFFNN_OK) return status;
    }
    if (self->options.form == FORM_STREAM) EFFNN_TRY(cut_windows(self));
    if (self->n_samples) return EFFNN_OK;
    return effnn__fail(EFFNN_E_FORMAT, "text: '%s' holds no text", spec->paths[0]);
}

/* Tokens that a sample puts into the model. */
static size_t input_length(const text_data *self, const sample *item)
{
    return self->language && item->n > 1 ? item->n - 1 : item->n;
}

/* The key of a sample for sorting. */
typedef struct place {
    size_t bucket, index;
} place;

static int by_bucket(const void *a, const void *b)
{
    const place *x = a, *y = b;

    if (x->bucket != y->bucket) return x->bucket < y->bucket ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static effnn_status sort_samples(text_data *self)
{
    const size_t n = self->n_samples;
    place *places = effnn__alloc_array(n, sizeof *places);
    sample *sorted = effnn__alloc_array(n, sizeof *sorted);

    if (places && sorted) {
        for (size_t i = 0; i < n; i++)
            places[i] = (place){ effnn__round_up(input_length(self, &self->samples[i]),
                                                 (size_t)self->options.bucket),
                                 i };
        qsort(places, n, sizeof *places, by_bucket);
        for (size_t i = 0; i < n; i++) sorted[i] = self->samples[places[i].index];
        memcpy(self->samples, sorted, n * sizeof *sorted);
    }
    effnn__free(sorted);
    effnn__free(places);
    return places && sorted ? EFFNN_OK : effnn__fail_nomem("text", n * sizeof *sorted);
}

/* ---- the model's inputs ---- */

static void add_role(text_data *self, int role, const char *name)
{
    self->roles[self->n_inputs] = role;
    self->names[self->n_inputs++] = name;
}

/* The inputs that the model has; without one, those that such a tokeniser's models usually have. */
static effnn_status choose_inputs(text_data *self, const effnn_model *model)
{
    const size_t n = model ? effnn_model_input_count(model) : 0;
    effnn_value_spec spec = { .version = 1 };

    for (size_t i = 0; i < n; i++) {
        EFFNN_TRY(effnn_model_input_at(&spec, model, i));
        for (int role = 0; role < N_ROLES; role++)
            if (strcmp(spec.name, role_names[role]) == 0 && self->n_inputs < N_ROLES)
                add_role(self, role, role_names[role]);
        if (strcmp(spec.name, "tokens") == 0 && self->n_inputs < N_ROLES)
            add_role(self, TOKENS, "tokens");
        if ((strcmp(spec.name, "tokens") == 0 || strcmp(spec.name, role_names[TOKENS]) == 0) &&
            spec.rank == 2 && spec.dims[1] > 0)
            self->fixed = spec.dims[1];
    }
    if (self->n_inputs == 0 && n <= 1 && (n == 1 || !self->tokenizer || !self->tokenizer->ends))
        add_role(self, TOKENS, NULL);
    for (int role = 0; self->n_inputs == (size_t)role && n == 0 && role < N_ROLES; role++)
        add_role(self, role, role_names[role]);
    if (self->n_inputs) return EFFNN_OK;
    return effnn__fail(EFFNN_E_SHAPE,
                       "text: none of the model's %zu inputs is 'tokens' or 'input_ids'", n);
}

/* ---- reading ---- */

/* Put a sample's tokens or what goes with them into a row of `length`. */
static void fill_row(int64_t *row, const text_data *self, const sample *item, int role,
                     size_t length)
{
    const size_t n = input_length(self, item);

    for (size_t k = 0; k < length; k++) {
        if (role == TOKENS)
            row[k] = k < n ? self->tokens[item->first + k] : self->padding;
        else
            row[k] = role == MASK && k < n;
    }
}

/* True if the token of place k counts. */
static bool counts(const text_data *self, const sample *item, size_t k)
{
    if (!self->language) return k < item->n;
    return k + 1 < item->n && k + 1 >= item->free;
}

static effnn_status read_targets(const text_data *self, const sample *samples, size_t n,
                                 size_t length, effnn_batch *batch)
{
    const int64_t dims[] = { (int64_t)n, (int64_t)length };
    unsigned char *mask;
    int64_t *targets = NULL;

    EFFNN_TRY(effnn_tensor_create(&batch->mask, self->context, EFFNN_BOOL, 2, dims));
    mask = effnn__tensor_data(batch->mask);
    if (self->labelled || self->language) {
        EFFNN_TRY(effnn_tensor_create(&batch->targets, self->context, EFFNN_I64,
                                      self->language ? 2 : 1, dims));
        targets = effnn__tensor_data(batch->targets);
    }
    for (size_t i = 0; i < n; i++) {
        const sample *item = &samples[i];

        if (self->labelled) targets[i] = item->label;
        for (size_t k = 0; k < length; k++) {
            mask[i * length + k] = counts(self, item, k);
            if (self->language)
                targets[i * length + k] =
                    k + 1 < item->n ? self->tokens[item->first + k + 1] : self->padding;
        }
    }
    return EFFNN_OK;
}

static effnn_status text_read(void *state, uint64_t first, size_t n, effnn_batch *batch)
{
    const text_data *self = state;
    const sample *samples = self->samples + first;
    size_t length = 1;

    for (size_t i = 0; i < n; i++)
        if (input_length(self, &samples[i]) > length) length = input_length(self, &samples[i]);
    length = effnn__round_up(length, (size_t)self->options.bucket);
    if (length > (size_t)self->options.length) length = (size_t)self->options.length;
    if (self->fixed) length = (size_t)self->fixed;
    for (size_t k = 0; k < self->n_inputs; k++) {
        int64_t *rows;

        EFFNN_TRY(effnn_tensor_create(&batch->inputs[k], self->context, EFFNN_I64, 2,
                                      (const int64_t[]){ (int64_t)n, (int64_t)length }));
        rows = effnn__tensor_data(batch->inputs[k]);
        for (size_t i = 0; i < n; i++)
            fill_row(rows + i * length, self, &samples[i], self->roles[k], length);
    }
    return read_targets(self, samples, n, length, batch);
}

static const effnn__dataset_ops ops = { .read = text_read, .destroy = text_destroy };

static effnn_status fill(text_data *self, const effnn__dataset_spec *spec)
{
    const effnn_tokenizer_options how = { .version = 1, .cased = self->options.cased };

    if (spec->n_mean || spec->n_std || spec->scale > 0.0)
        return effnn__fail(EFFNN_E_ARG, "text: tokens have no mean, std or scale");
    if (*self->options.tokenizer)
        EFFNN_TRY(effnn_tokenizer_load(&self->tokenizer, self->options.tokenizer, &how));
    self->labelled = spec->label && self->options.task == TASK_AUTO;
    self->language = !self->labelled && self->options.task != TASK_NONE;
    if (spec->label && self->options.form == FORM_STREAM)
        return effnn__fail(EFFNN_E_ARG, "text: a stream has no label");
    EFFNN_TRY(choose_inputs(self, spec->model));
    if (self->fixed) self->options.length = self->fixed;
    if (self->tokenizer && effnn_tokenizer_special(self->tokenizer, "padding") > 0)
        self->padding = (uint32_t)effnn_tokenizer_special(self->tokenizer, "padding");
    EFFNN_TRY(read_files(self, spec));
    return self->options.sort ? sort_samples(self) : EFFNN_OK;
}

static effnn_status open_text(effnn_dataset **out, effnn_context *context,
                              const effnn__dataset_spec *spec)
{
    text_data *self = effnn__zalloc(sizeof *self);
    effnn_status status = EFFNN_E_NOMEM;

    if (!self) return effnn__fail_nomem("dataset", sizeof *self);
    self->options = *(const text_options *)spec->options;
    self->context = effnn__context_retain(context);
    if (self->context) status = fill(self, spec);
    if (status == EFFNN_OK)
        status = effnn__dataset_new(out, context, &ops, self, self->n_samples, self->n_inputs,
                                    self->names[0] ? self->names : NULL);
    if (status != EFFNN_OK) text_destroy(self);
    return status;
}

extern const effnn__dataset_kind effnn__dataset_kind_text;
const effnn__dataset_kind effnn__dataset_kind_text = {
    .name = "text",
    .summary = "texts as tokens: text:FILE[+FILE…],tokenizer=FILE[,text=COLUMN,label=COLUMN]",
    .options = option_defs,
    .options_size = sizeof(text_options),
    .open = open_text,
};
