/* SPDX-License-Identifier: BSD-3-Clause */
/* Many sessions at once: of one model in several threads, with shapes that differ from thread to
 * thread; of several models in one process, in turn and at the same time; decoders. Whatever runs
 * beside it, a session gives the bits that it gives alone. The models share a context, so that its
 * pool is wanted by several threads, too. */

#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "support/zoo.h"
#include "tensor/tensor.h"

#include <effnn/effnn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { N_THREADS = 8, N_BATCHES = 7, N_ROUNDS = 10, N_TOKENS = 40 };

/* A model, inputs of 1, 2, … samples, and what they give alone. */
typedef struct subject {
    effnn_model *model;
    effnn_tensor *inputs[N_BATCHES], *expected[N_BATCHES];
} subject;

static effnn_context *context;
static subject subjects[TEST_N_MODELS];

static void make_inputs(subject *self)
{
    effnn_value_spec spec = { .version = 1 };

    ck_assert_ok(effnn_model_input_at(&spec, self->model, 0));
    for (int64_t i = 0; i < N_BATCHES; i++) {
        spec.dims[0] = i + 1;
        self->inputs[i] =
            test_tensor_random(context, EFFNN_F32, spec.rank, spec.dims, (uint64_t)i + 1);
    }
}

static void setup(void)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;

    options.threads = 2;
    ck_assert_ok(effnn_context_create(&context, &options));
    for (size_t k = 0; k < TEST_N_MODELS; k++) {
        subject *self = &subjects[k];

        *self = (subject){ .model = test_models[k](context) };
        make_inputs(self);
        for (size_t i = 0; i < N_BATCHES; i++) {
            effnn_session *alone = NULL;

            ck_assert_ok(effnn_session_create(&alone, self->model, NULL));
            ck_assert_ok(effnn_session_run(alone, &self->inputs[i], &self->expected[i], NULL));
            effnn_session_destroy(alone);
        }
    }
}

static void teardown(void)
{
    for (size_t k = 0; k < TEST_N_MODELS; k++) {
        for (size_t i = 0; i < N_BATCHES; i++) {
            effnn_tensor_release(subjects[k].inputs[i]);
            effnn_tensor_release(subjects[k].expected[i]);
        }
        effnn_model_destroy(subjects[k].model);
    }
    effnn_context_destroy(context);
}

/* Run on i + 1 samples; true if that gives what it gives alone. */
static bool is_right(effnn_session *session, const subject *self, size_t i)
{
    effnn_tensor *input = NULL, *result = NULL;
    /* A tensor object is used by one thread at a time; its storage is shared. */
    bool right = effnn__tensor_share(&input, self->inputs[i]) == EFFNN_OK &&
                 effnn_session_run(session, &input, &result, NULL) == EFFNN_OK &&
                 effnn__tensor_equal(result, self->expected[i]);

    effnn_tensor_release(input);
    effnn_tensor_release(result);
    return right;
}

typedef struct worker {
    pthread_t thread;
    size_t number;
    bool right;
} worker;

/* Make a session of one model, run all shapes in an order of this thread's own, several times. */
static bool run_model(const subject *self, size_t number)
{
    effnn_session *session = NULL;
    bool right = effnn_session_create(&session, self->model, NULL) == EFFNN_OK;

    for (size_t i = 0; i < N_ROUNDS * N_BATCHES && right; i++)
        right = is_right(session, self, (i * (number + 1) + number) % N_BATCHES);
    effnn_session_destroy(session);
    return right;
}

static void *run_model_by_number(void *self_)
{
    worker *self = self_;

    self->right = run_model(&subjects[self->number % TEST_N_MODELS], self->number);
    return NULL;
}

static size_t chosen;

static void *run_chosen_model(void *self_)
{
    worker *self = self_;

    self->right = run_model(&subjects[chosen], self->number);
    return NULL;
}

/* One function in N_THREADS threads at the same time. */
static void run_in_threads(void *(*function)(void *))
{
    worker workers[N_THREADS] = { 0 };

    for (size_t i = 0; i < N_THREADS; i++) {
        workers[i].number = i;
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, function, &workers[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i < N_THREADS; i++) ck_assert_msg(workers[i].right, "thread %zu", i);
}

START_TEST(sessions_of_one_model_give_the_bits_of_one_alone_in_every_thread)
{
    for (chosen = 0; chosen < TEST_N_MODELS; chosen++) run_in_threads(run_chosen_model);
}
END_TEST

START_TEST(several_models_run_at_the_same_time)
{
    run_in_threads(run_model_by_number);
}
END_TEST

START_TEST(several_models_run_in_turn_in_one_thread)
{
    effnn_session *sessions[TEST_N_MODELS] = { NULL };

    for (size_t k = 0; k < TEST_N_MODELS; k++)
        ck_assert_ok(effnn_session_create(&sessions[k], subjects[k].model, NULL));
    for (size_t i = 0; i < N_ROUNDS * N_BATCHES; i++)
        for (size_t k = 0; k < TEST_N_MODELS; k++)
            ck_assert(is_right(sessions[k], &subjects[k], (i * 3 + k) % N_BATCHES));
    /* One that goes takes nothing from the others. */
    effnn_session_destroy(sessions[0]);
    effnn_model_destroy(subjects[0].model);
    subjects[0].model = NULL;
    for (size_t k = 1; k < TEST_N_MODELS; k++) {
        ck_assert(is_right(sessions[k], &subjects[k], k));
        effnn_session_destroy(sessions[k]);
    }
}
END_TEST

/* ---- decoders ---- */

static effnn_model *llama;
static int64_t text[N_TOKENS];

static bool write_text(int64_t *out)
{
    const int64_t begin = 1;
    effnn_generate_options options = EFFNN_GENERATE_OPTIONS_INIT;
    effnn_decoder *decoder = NULL;
    size_t n = 0;
    bool right = effnn_decoder_create(&decoder, llama, NULL) == EFFNN_OK;

    options.sample.temperature = 1.0;
    right = right &&
            effnn_decoder_generate(out, &n, decoder, N_TOKENS, 1, &begin, &options) == EFFNN_OK;
    effnn_decoder_destroy(decoder);
    return right && n == N_TOKENS;
}

static void *run_decoder(void *self_)
{
    worker *self = self_;
    int64_t mine[N_TOKENS];

    self->right = write_text(mine) && memcmp(mine, text, sizeof text) == 0;
    return NULL;
}

START_TEST(decoders_of_one_model_write_the_same_text_in_every_thread)
{
    llama = test_zoo("llama", NULL, "zoo/llama_meta.safetensors");
    ck_assert(write_text(text));
    run_in_threads(run_decoder);
    effnn_model_destroy(llama);
}
END_TEST

SUITE("session_threads", setup, teardown,
      sessions_of_one_model_give_the_bits_of_one_alone_in_every_thread,
      several_models_run_at_the_same_time, several_models_run_in_turn_in_one_thread,
      decoders_of_one_model_write_the_same_text_in_every_thread)
