/* SPDX-License-Identifier: BSD-3-Clause */
/* A decoder: a session of a model with a key/value cache, and the cache. The cache has room for a
 * power of two of tokens and doubles when it is full, so that a text of n tokens needs log n plans
 * and no plan is made for a single step. */

#include <effnn/decoder.h>
#include <effnn/session.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/str.h"
#include "model/model.h"
#include "model/sample.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_CONTEXT 2048
#define MAX_CONTEXT     (1 << 24)
#define FIRST_ROOM      32 /* tokens */

struct effnn_decoder {
    effnn_context *context_object;
    effnn_session *session;
    size_t context, vocabulary, layers;
    int64_t heads, head; /* of the cache: [1, heads, room, head] */
    size_t n_inputs, n_outputs;
    effnn_tensor **inputs;  /* [n_inputs] of the session, in its order; the cache is among them */
    effnn_tensor **outputs; /* [n_outputs] of one run */
    int tokens, position;   /* places among the inputs */
    int logits;             /* … and the outputs */
    int *past, *fresh;      /* [2 · layers]: key, value, key, … among the inputs and outputs */
    size_t room, used;      /* tokens that the cache can hold, and does */
    float *next;            /* [vocabulary] logits of the last token run */
    bool has_next;
};

void effnn_decoder_destroy(effnn_decoder *self)
{
    if (!self) return;
    for (size_t i = 0; self->inputs && i < self->n_inputs; i++)
        effnn_tensor_release(self->inputs[i]);
    for (size_t i = 0; self->outputs && i < self->n_outputs; i++)
        effnn_tensor_release(self->outputs[i]);
    effnn__free(self->inputs);
    effnn__free(self->outputs);
    effnn__free(self->past);
    effnn__free(self->fresh);
    effnn__free(self->next);
    effnn_session_destroy(self->session);
    effnn__context_release(self->context_object);
    effnn__free(self);
}

/* ---- what the model must have ---- */

static effnn_status need(int *out, const effnn_decoder *self, bool is_input, const char *kind,
                         int layer)
{
    char name[32];

    if (layer < 0)
        snprintf(name, sizeof name, "%s", kind);
    else
        snprintf(name, sizeof name, "%s.%d", kind, layer);
    *out = is_input ? effnn_session_find_input(self->session, name)
                    : effnn_session_find_output(self->session, name);
    if (*out >= 0) return EFFNN_OK;
    return effnn__fail(EFFNN_E_UNSUPPORTED, "the model is no decoder: it has no %s '%s'",
                       is_input ? "input" : "output", name);
}

static effnn_status find_places(effnn_decoder *self)
{
    EFFNN_TRY(need(&self->tokens, self, true, "tokens", -1));
    EFFNN_TRY(need(&self->position, self, true, "position", -1));
    EFFNN_TRY(need(&self->logits, self, false, "logits", -1));
    for (int i = 0; i < (int)self->layers; i++) {
        EFFNN_TRY(need(&self->past[2 * i], self, true, "past_key", i));
        EFFNN_TRY(need(&self->past[2 * i + 1], self, true, "past_value", i));
        EFFNN_TRY(need(&self->fresh[2 * i], self, false, "key", i));
        EFFNN_TRY(need(&self->fresh[2 * i + 1], self, false, "value", i));
    }
    return EFFNN_OK;
}

/* True if a value is of this type and rank. */
static bool is(const effnn_value_spec *spec, effnn_dtype dtype, size_t rank)
{
    return spec->dtype == dtype && spec->rank == rank;
}

static effnn_status check_specs(effnn_decoder *self, const effnn_model *model)
{
    effnn_value_spec tokens = { .version = 1 }, position = { .version = 1 };
    effnn_value_spec logits = { .version = 1 }, past = { .version = 1 };

    EFFNN_TRY(effnn_model_input_at(&tokens, model, (size_t)self->tokens));
    EFFNN_TRY(effnn_model_input_at(&position, model, (size_t)self->position));
    EFFNN_TRY(effnn_model_output_at(&logits, model, (size_t)self->logits));
    if (!is(&tokens, EFFNN_I64, 2) || !is(&position, EFFNN_I64, 0) || !is(&logits, EFFNN_F32, 3) ||
        logits.dims[2] < 1)
        return effnn__fail(
            EFFNN_E_UNSUPPORTED,
            "the model is no decoder: it needs i64 tokens [N, S], an i64 position [] "
            "and f32 logits [N, S, vocabulary]");
    self->vocabulary = (size_t)logits.dims[2];
    for (size_t i = 0; i < 2 * self->layers; i++) {
        EFFNN_TRY(effnn_model_input_at(&past, model, (size_t)self->past[i]));
        if (i == 0) {
            self->heads = past.dims[1];
            self->head = past.dims[3];
        }
        if (!is(&past, EFFNN_F32, 4) || past.dims[1] < 1 || past.dims[3] < 1 ||
            past.dims[1] != self->heads || past.dims[3] != self->head)
            return effnn__fail(EFFNN_E_UNSUPPORTED,
                               "the model is no decoder: input '%s' is not f32 [N, heads, C, head] "
                               "of the same heads as the others",
                               past.name);
    }
    return EFFNN_OK;
}

static effnn_status choose_context(effnn_decoder *self, const effnn_model *model,
                                   const effnn_decoder_options *options)
{
    const char *text = effnn_model_get_metadata(model, "effnn.context");
    int64_t noted = DEFAULT_CONTEXT;

    if (text && (!effnn__parse_i64(text, &noted) || noted < 1))
        return effnn__fail(EFFNN_E_FORMAT, "metadata effnn.context '%s' is no number of tokens",
                           text);
    if (options->context) noted = options->context;
    if (noted > MAX_CONTEXT)
        return effnn__fail(EFFNN_E_ARG, "a context of %lld tokens, at most %d are possible",
                           (long long)noted, MAX_CONTEXT);
    self->context = (size_t)noted;
    return EFFNN_OK;
}

/* ---- the cache ---- */

/* Copy the first `used` tokens of a cache tensor [1, heads, room, head] into one of more room. */
static void copy_cache(effnn_tensor *to, const effnn_tensor *from, size_t used)
{
    const size_t heads = (size_t)effnn_tensor_dims(to)[1], head = (size_t)effnn_tensor_dims(to)[3];
    const size_t to_room = (size_t)effnn_tensor_dims(to)[2];
    const size_t from_room = (size_t)effnn_tensor_dims(from)[2];
    float *y = effnn__tensor_data(to);
    const float *x = effnn_tensor_data(from);

    for (size_t h = 0; h < heads; h++)
        memcpy(y + h * to_room * head, x + h * from_room * head, used * head * sizeof *y);
}

/* Make room for `need_tokens` in every cache tensor; all or none. */
static effnn_status make_room(effnn_decoder *self, size_t need_tokens)
{
    const size_t n = 2 * self->layers;
    size_t room = self->room ? self->room : FIRST_ROOM;
    effnn_tensor **wider;
    effnn_status status = EFFNN_OK;

    if (need_tokens <= self->room) return EFFNN_OK;
    while (room < need_tokens) room *= 2;
    wider = effnn__alloc_array(n + 1, sizeof(effnn_tensor *));
    if (!wider) return effnn__fail_nomem("decoder", n * sizeof(effnn_tensor *));
    for (size_t i = 0; i < n && status == EFFNN_OK; i++) {
        status =
            effnn_tensor_create(&wider[i], self->context_object, EFFNN_F32, 4,
                                (const int64_t[]){ 1, self->heads, (int64_t)room, self->head });
        if (status == EFFNN_OK && self->used)
            copy_cache(wider[i], self->inputs[self->past[i]], self->used);
    }
    for (size_t i = 0; i < n; i++) {
        effnn_tensor **slot = &self->inputs[self->past[i]];
        effnn_tensor *old = status == EFFNN_OK ? *slot : wider[i];

        if (status == EFFNN_OK) *slot = wider[i];
        effnn_tensor_release(old);
    }
    effnn__free(wider);
    if (status == EFFNN_OK) self->room = room;
    return status;
}

/* Put keys or values [1, heads, n, head] of n tokens behind those that the cache has. */
static void keep(effnn_tensor *cache, const effnn_tensor *fresh, size_t used)
{
    const size_t heads = (size_t)effnn_tensor_dims(cache)[1];
    const size_t room = (size_t)effnn_tensor_dims(cache)[2];
    const size_t head = (size_t)effnn_tensor_dims(cache)[3];
    const size_t n = (size_t)effnn_tensor_dims(fresh)[2];
    float *y = effnn__tensor_data(cache);
    const float *x = effnn_tensor_data(fresh);

    for (size_t h = 0; h < heads; h++)
        memcpy(y + (h * room + used) * head, x + h * n * head, n * head * sizeof *y);
}

/* ---- life ---- */

static effnn_status fill(effnn_decoder *self, const effnn_model *model,
                         const effnn_decoder_options *options)
{
    self->context_object = effnn__context_retain(model->context);
    EFFNN_TRY(choose_context(self, model, options));
    EFFNN_TRY(effnn_session_create(&self->session, model, NULL));
    self->n_inputs = effnn_session_input_count(self->session);
    self->n_outputs = effnn_session_output_count(self->session);
    self->layers = self->n_inputs > 2 ? (self->n_inputs - 2) / 2 : 0;
    self->inputs = effnn__alloc_array(self->n_inputs + 1, sizeof(effnn_tensor *));
    self->outputs = effnn__alloc_array(self->n_outputs + 1, sizeof(effnn_tensor *));
    self->past = effnn__alloc_array(2 * self->layers + 1, sizeof *self->past);
    self->fresh = effnn__alloc_array(2 * self->layers + 1, sizeof *self->fresh);
    if (!self->inputs || !self->outputs || !self->past || !self->fresh)
        return effnn__fail_nomem("decoder", self->n_inputs * sizeof(effnn_tensor *));
    EFFNN_TRY(find_places(self));
    if (self->n_inputs != 2 + 2 * self->layers || self->n_outputs != 1 + 2 * self->layers)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "the model is no decoder: %zu inputs and %zu outputs for %zu layers",
                           self->n_inputs, self->n_outputs, self->layers);
    EFFNN_TRY(check_specs(self, model));
    self->next = effnn__alloc_array(self->vocabulary, sizeof *self->next);
    if (!self->next) return effnn__fail_nomem("decoder", self->vocabulary * sizeof *self->next);
    return effnn_tensor_create(&self->inputs[self->position], self->context_object, EFFNN_I64, 0,
                               NULL);
}

effnn_status effnn_decoder_create(effnn_decoder **out, const effnn_model *model,
                                  const effnn_decoder_options *options)
{
    const effnn_decoder_options defaults = EFFNN_DECODER_OPTIONS_INIT;
    effnn_decoder *self;
    effnn_status status;

    EFFNN_CHECK_ARG(out && model);
    if (!options) options = &defaults;
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "decoder options: version %u, this library knows 1",
                           options->version);
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("decoder", sizeof *self);
    status = fill(self, model, options);
    if (status != EFFNN_OK) {
        effnn_decoder_destroy(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

size_t effnn_decoder_vocabulary(const effnn_decoder *self)
{
    return self->vocabulary;
}

size_t effnn_decoder_position(const effnn_decoder *self)
{
    return self->used;
}

size_t effnn_decoder_context(const effnn_decoder *self)
{
    return self->context;
}

/* ---- running ---- */

static effnn_status set_tokens(effnn_decoder *self, size_t n, const int64_t *tokens)
{
    effnn_tensor **slot = &self->inputs[self->tokens];

    for (size_t i = 0; i < n; i++)
        if (tokens[i] < 0 || (uint64_t)tokens[i] >= self->vocabulary)
            return effnn__fail(EFFNN_E_ARG, "token %lld is not in [0, %zu)", (long long)tokens[i],
                               self->vocabulary);
    if (*slot && effnn_tensor_count(*slot) != n) {
        effnn_tensor_release(*slot);
        *slot = NULL;
    }
    if (!*slot)
        EFFNN_TRY(effnn_tensor_create(slot, self->context_object, EFFNN_I64, 2,
                                      (const int64_t[]){ 1, (int64_t)n }));
    memcpy(effnn__tensor_data(*slot), tokens, n * sizeof *tokens);
    *(int64_t *)effnn__tensor_data(self->inputs[self->position]) = (int64_t)self->used;
    return EFFNN_OK;
}

/* Outputs of a run of one shape are written again by the next run of that shape. */
static void drop_outputs(effnn_decoder *self, size_t n)
{
    const effnn_tensor *logits = self->outputs[self->logits];

    if (!logits || (size_t)effnn_tensor_dims(logits)[1] == n) return;
    for (size_t i = 0; i < self->n_outputs; i++) {
        effnn_tensor_release(self->outputs[i]);
        self->outputs[i] = NULL;
    }
}

effnn_status effnn_decoder_run(effnn_decoder *self, size_t n, const int64_t *tokens)
{
    const float *logits;

    EFFNN_CHECK_ARG(self && tokens && n > 0);
    if (n > self->context - self->used)
        return effnn__fail(EFFNN_E_ARG, "%zu tokens behind %zu: the context holds %zu", n,
                           self->used, self->context);
    EFFNN_TRY(make_room(self, self->used + n));
    EFFNN_TRY(set_tokens(self, n, tokens));
    drop_outputs(self, n);
    EFFNN_TRY(effnn_session_run(self->session, self->inputs, self->outputs, NULL));
    for (size_t i = 0; i < 2 * self->layers; i++)
        keep(self->inputs[self->past[i]], self->outputs[self->fresh[i]], self->used);
    logits = effnn_tensor_data(self->outputs[self->logits]);
    memcpy(self->next, logits + (n - 1) * self->vocabulary, self->vocabulary * sizeof *logits);
    self->has_next = true;
    self->used += n;
    return EFFNN_OK;
}

const float *effnn_decoder_logits(const effnn_decoder *self)
{
    return self->has_next ? self->next : NULL;
}

effnn_status effnn_decoder_reset(effnn_decoder *self, size_t keep_tokens)
{
    EFFNN_CHECK_ARG(self);
    if (keep_tokens > self->used)
        return effnn__fail(EFFNN_E_ARG, "cannot keep %zu tokens of %zu", keep_tokens, self->used);
    self->used = keep_tokens;
    self->has_next = false;
    return EFFNN_OK;
}

effnn_status effnn_decoder_sample(int64_t *out, const effnn_decoder *self,
                                  const effnn_sample_options *options)
{
    const effnn_sample_options defaults = EFFNN_SAMPLE_OPTIONS_INIT;

    EFFNN_CHECK_ARG(out && self);
    if (!self->has_next)
        return effnn__fail(EFFNN_E_STATE, "the decoder has run no token to choose the next one by");
    return effnn__sample(out, self->next, self->vocabulary, options ? options : &defaults,
                         self->used);
}

effnn_status effnn_decoder_generate(int64_t *out, size_t *n_out, effnn_decoder *self,
                                    size_t capacity, size_t n, const int64_t *prompt,
                                    const effnn_generate_options *options)
{
    const effnn_generate_options defaults = EFFNN_GENERATE_OPTIONS_INIT;

    EFFNN_CHECK_ARG(n_out && self && (out || capacity == 0) && (prompt || n == 0));
    *n_out = 0;
    if (!options) options = &defaults;
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "generate options: version %u, this library knows 1",
                           options->version);
    if (n) EFFNN_TRY(effnn_decoder_run(self, n, prompt));
    while (*n_out < capacity) {
        int64_t token = 0;

        EFFNN_TRY(effnn_decoder_sample(&token, self, &options->sample));
        if (options->stop >= 0 && token == options->stop) break;
        out[(*n_out)++] = token;
        if (options->token && options->token(options->user, token) != 0) break;
        if (self->used == self->context || *n_out == capacity) break;
        EFFNN_TRY(effnn_decoder_run(self, 1, &token));
    }
    return EFFNN_OK;
}
