/* SPDX-License-Identifier: BSD-3-Clause */
/* Counted memory: alignment, shares, the release of wrapped memory, failing allocation, and counts
 * that many threads change at once. */

#include "support/alloc_fail.h"
#include "support/suite.h"
#include "tensor/storage.h"

#include <pthread.h>

static int n_released;

static void count_release(void *user, void *data)
{
    ck_assert_ptr_eq(user, &n_released);
    ck_assert_ptr_nonnull(data);
    n_released++;
}

START_TEST(memory_is_aligned_to_64_bytes_even_if_empty)
{
    static const size_t sizes[] = { 0, 1, 63, 64, 65, 4096 };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        effnn__storage *storage = NULL;

        ck_assert_ok(effnn__storage_create(&storage, NULL, sizes[i]));
        ck_assert_ptr_nonnull(effnn__storage_data(storage));
        ck_assert_uint_eq((uintptr_t)effnn__storage_data(storage) % 64, 0);
        effnn__storage_release(storage);
    }
}
END_TEST

START_TEST(only_one_owner_may_write)
{
    effnn__storage *storage = NULL;

    ck_assert_ok(effnn__storage_create(&storage, NULL, 8));
    ck_assert(effnn__storage_is_writable(storage));
    ck_assert_ptr_eq(effnn__storage_retain(storage), storage);
    ck_assert(!effnn__storage_is_writable(storage));
    effnn__storage_release(storage);
    ck_assert(effnn__storage_is_writable(storage));
    effnn__storage_release(storage);
}
END_TEST

START_TEST(wrapped_memory_is_released_once_with_the_last_share)
{
    effnn__storage *storage = NULL;
    char memory[8];

    n_released = 0;
    ck_assert_ok(effnn__storage_wrap(&storage, NULL, memory, false));
    effnn__storage_set_release(storage, count_release, &n_released);
    ck_assert_ptr_eq(effnn__storage_data(storage), memory);
    effnn__storage_retain(storage);
    effnn__storage_release(storage);
    ck_assert_int_eq(n_released, 0);
    effnn__storage_release(storage);
    ck_assert_int_eq(n_released, 1);
}
END_TEST

START_TEST(read_only_memory_is_never_writable)
{
    effnn__storage *storage = NULL;
    char memory[8];

    ck_assert_ok(effnn__storage_wrap(&storage, NULL, memory, true));
    ck_assert(!effnn__storage_is_writable(storage));
    effnn__storage_release(storage);
}
END_TEST

START_TEST(storage_keeps_its_context_alive)
{
    effnn_context *context = NULL;
    effnn__storage *storage = NULL;

    ck_assert_ok(effnn_context_create(&context, NULL));
    ck_assert_ok(effnn__storage_create(&storage, context, 100));
    ck_assert_ptr_eq(effnn__storage_context(storage), context);
    effnn_context_destroy(context);
    memset(effnn__storage_data(storage), 1, 100);
    ck_assert_uint_ge(effnn_context_threads(effnn__storage_context(storage)), 1);
    effnn__storage_release(storage);
}
END_TEST

START_TEST(every_failing_allocation_is_reported)
{
    effnn__storage *storage = NULL;
    char memory[8];

    ALLOC_FAIL_LOOP(effnn__storage_create(&storage, NULL, 8), ck_assert_ptr_null(storage));
    effnn__storage_release(storage);
    storage = NULL;
    ALLOC_FAIL_LOOP(effnn__storage_wrap(&storage, NULL, memory, false),
                    ck_assert_ptr_null(storage));
    effnn__storage_release(storage);
}
END_TEST

static void *share_and_drop(void *storage)
{
    for (int i = 0; i < 20000; i++) effnn__storage_release(effnn__storage_retain(storage));
    effnn__storage_release(storage);
    return NULL;
}

START_TEST(threads_may_share_and_drop_at_once)
{
    effnn__storage *storage = NULL;
    pthread_t threads[4];
    char memory[8];

    n_released = 0;
    ck_assert_ok(effnn__storage_wrap(&storage, NULL, memory, false));
    effnn__storage_set_release(storage, count_release, &n_released);
    for (int i = 0; i < 4; i++) {
        effnn__storage_retain(storage);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, share_and_drop, storage), 0);
    }
    for (int i = 0; i < 4; i++) ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(n_released, 0);
    ck_assert(effnn__storage_is_writable(storage));
    effnn__storage_release(storage);
    ck_assert_int_eq(n_released, 1);
}
END_TEST

SUITE("storage", NULL, NULL, memory_is_aligned_to_64_bytes_even_if_empty, only_one_owner_may_write,
      wrapped_memory_is_released_once_with_the_last_share, read_only_memory_is_never_writable,
      storage_keeps_its_context_alive, every_failing_allocation_is_reported,
      threads_may_share_and_drop_at_once)
