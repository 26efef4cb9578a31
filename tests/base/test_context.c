/* SPDX-License-Identifier: BSD-3-Clause */
/* Contexts: options, shares, the default one, allocator, log, extensions. */

#include "base/context.h"

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/suite.h"

#include <effnn/tensor.h>
#include <pthread.h>
#include <stdio.h>

static effnn_context *context;

static void setup(void)
{
    context = NULL;
}

static void teardown(void)
{
    effnn_context_destroy(context);
}

START_TEST(null_options_are_the_initialiser)
{
    const effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *other = NULL;

    ck_assert_ok(effnn_context_create(&context, NULL));
    ck_assert_ok(effnn_context_create(&other, &options));
    ck_assert_uint_eq(effnn_context_threads(context), effnn_context_threads(other));
    ck_assert_uint_eq(effnn_context_seed(context), 0);
    ck_assert_uint_eq(effnn_context_seed(context), effnn_context_seed(other));
    effnn_context_destroy(other);
}
END_TEST

START_TEST(options_that_make_no_sense_are_refused)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;

    options.version = 9;
    ck_assert_fails_saying(EFFNN_E_ARG, "version 9", effnn_context_create(&context, &options));
    options.version = 1;
    options.threads = 5000;
    ck_assert_fails_saying(EFFNN_E_ARG, "5000 threads", effnn_context_create(&context, &options));
    options.threads = 0;
    options.free = (effnn_free_fn)(void (*)(void))abort;
    ck_assert_fails(EFFNN_E_ARG, effnn_context_create(&context, &options));
    ck_assert_ptr_null(context);
    ck_assert_fails(EFFNN_E_ARG, effnn_context_create(NULL, NULL));
}
END_TEST

typedef struct counts {
    size_t allocations, frees;
} counts;

static void *count_alloc(void *user, size_t size, size_t alignment)
{
    ((counts *)user)->allocations++;
    return effnn__alloc_aligned(size, alignment);
}

static void count_free(void *user, void *memory)
{
    ((counts *)user)->frees++;
    effnn__free_aligned(memory);
}

START_TEST(storage_outlives_the_owner_s_share)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    counts used = { 0 };
    effnn_tensor *tensor = NULL;

    options.alloc = count_alloc;
    options.free = count_free;
    options.alloc_user = &used;
    ck_assert_ok(effnn_context_create(&context, &options));
    ck_assert_ok(effnn_tensor_create(&tensor, context, EFFNN_F32, 1, (int64_t[]){ 100 }));
    effnn_context_destroy(context);
    context = NULL;
    ck_assert_uint_eq(used.allocations, 1);
    ck_assert_uint_eq(used.frees, 0);
    effnn_tensor_release(tensor);
    ck_assert_uint_eq(used.frees, 1);
}
END_TEST

static void keep_line(void *user, effnn_log_level level, const char *line)
{
    snprintf(user, 64, "%d %s", (int)level, line);
}

START_TEST(the_log_gets_lines_up_to_its_level)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    char line[64] = "";

    options.log = keep_line;
    options.log_user = line;
    ck_assert_ok(effnn_context_create(&context, &options));
    effnn__log(context, EFFNN_LOG_INFO, "quiet");
    ck_assert_str_eq(line, "");
    effnn__log(context, EFFNN_LOG_WARNING, "%d %s", 2, "loud");
    ck_assert_str_eq(line, "1 2 loud");
}
END_TEST

static int n_destroyed;

static void destroy_value(void *value)
{
    n_destroyed += value != NULL;
}

START_TEST(an_extension_lives_as_long_as_the_context)
{
    static const char key_a, key_b;
    int value;

    ck_assert_ok(effnn_context_create(&context, NULL));
    ck_assert_ptr_null(effnn__context_extension(context, &key_a));
    ck_assert_ok(effnn__context_set_extension(context, &key_a, &value, destroy_value));
    ck_assert_ptr_eq(effnn__context_extension(context, &key_a), &value);
    ck_assert_ptr_null(effnn__context_extension(context, &key_b));
    ck_assert_fails(EFFNN_E_STATE,
                    effnn__context_set_extension(context, &key_a, &value, destroy_value));
    effnn_context_destroy(context);
    context = NULL;
    ck_assert_int_eq(n_destroyed, 1);
}
END_TEST

START_TEST(the_default_context_is_made_again_after_a_failure)
{
    effnn__alloc_fail_after(0, 1);
    ck_assert_ptr_null(effnn__context_resolve(NULL));
    effnn__alloc_fail_after(-1, 0);
    ck_assert_ptr_nonnull(effnn__context_resolve(NULL));
    ck_assert_ptr_eq(effnn__context_resolve(NULL), effnn__context_resolve(NULL));
    ck_assert_uint_ge(effnn_context_threads(NULL), 1);
}
END_TEST

static void *resolve_default(void *start)
{
    pthread_barrier_wait(start);
    return effnn__context_resolve(NULL);
}

START_TEST(threads_that_ask_at_once_get_one_default_context)
{
    pthread_barrier_t start;
    pthread_t threads[8];

    pthread_barrier_init(&start, NULL, 8);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, resolve_default, &start), 0);
    for (int i = 0; i < 8; i++) {
        void *got;

        pthread_join(threads[i], &got);
        ck_assert_ptr_eq(got, effnn__context_resolve(NULL));
    }
    pthread_barrier_destroy(&start);
}
END_TEST

static void *set_extension(void *key)
{
    return effnn__context_set_extension(context, key, key, NULL) == EFFNN_OK ? key : NULL;
}

START_TEST(of_threads_that_set_one_extension_one_succeeds)
{
    static char keys[4];
    pthread_t threads[16];
    int n[4] = { 0 };

    ck_assert_ok(effnn_context_create(&context, NULL));
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, set_extension, &keys[i % 4]), 0);
    for (int i = 0; i < 16; i++) {
        void *got;

        pthread_join(threads[i], &got);
        n[i % 4] += got != NULL;
    }
    for (int k = 0; k < 4; k++) {
        ck_assert_int_eq(n[k], 1);
        ck_assert_ptr_eq(effnn__context_extension(context, &keys[k]), &keys[k]);
    }
}
END_TEST

START_TEST(an_extension_without_memory_is_not_set)
{
    static const char key;
    int value;

    ck_assert_ok(effnn_context_create(&context, NULL));
    ALLOC_FAIL_LOOP(effnn__context_set_extension(context, &key, &value, NULL),
                    ck_assert_ptr_null(effnn__context_extension(context, &key)));
}
END_TEST

START_TEST(the_version_is_the_header_s)
{
    char text[32];

    snprintf(text, sizeof text, "%d.%d.%d", EFFNN_VERSION_MAJOR, EFFNN_VERSION_MINOR,
             EFFNN_VERSION_PATCH);
    ck_assert_str_eq(effnn_version(), text);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    ALLOC_FAIL_LOOP(effnn_context_create(&context, NULL), ck_assert_ptr_null(context));
}
END_TEST

SUITE("context", setup, teardown, null_options_are_the_initialiser,
      options_that_make_no_sense_are_refused, storage_outlives_the_owner_s_share,
      the_log_gets_lines_up_to_its_level, an_extension_lives_as_long_as_the_context,
      the_default_context_is_made_again_after_a_failure,
      threads_that_ask_at_once_get_one_default_context,
      of_threads_that_set_one_extension_one_succeeds, an_extension_without_memory_is_not_set,
      the_version_is_the_header_s, no_memory_is_an_error)
