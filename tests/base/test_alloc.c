/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation: zeros, alignment, overflow, and the hook that lets the n-th one fail. */

#include "base/alloc.h"

#include "support/suite.h"

#include <pthread.h>
#include <stdbool.h>

static void teardown(void)
{
    effnn__alloc_fail_after(-1, 0);
}

START_TEST(nothing_is_still_an_address_of_its_own)
{
    void *a = effnn__alloc(0), *b = effnn__zalloc(0), *c = effnn__alloc_array(0, 8);

    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_ptr_nonnull(c);
    ck_assert_ptr_ne(a, b);
    c = effnn__realloc_array(c, 0, 8);
    ck_assert_ptr_nonnull(c);
    effnn__free(a);
    effnn__free(b);
    effnn__free(c);
    effnn__free(NULL);
    effnn__free_aligned(NULL);
}
END_TEST

START_TEST(arrays_are_zeroed_and_sizes_that_wrap_are_refused)
{
    unsigned char *a = effnn__alloc_array(1000, 3);
    void *kept;

    for (size_t i = 0; i < 3000; i++) ck_assert_uint_eq(a[i], 0);
    a[2999] = 5;
    ck_assert_ptr_null(effnn__alloc_array(SIZE_MAX / 2, 3));
    kept = effnn__realloc_array(a, SIZE_MAX / 2, 3);
    ck_assert_ptr_null(kept);
    ck_assert_uint_eq(a[2999], 5);
    effnn__free(a);
}
END_TEST

START_TEST(storage_is_aligned)
{
    for (size_t alignment = 16; alignment <= 4096; alignment *= 2) {
        void *a = effnn__alloc_aligned(3, alignment);

        ck_assert_ptr_nonnull(a);
        ck_assert_uint_eq((uintptr_t)a % alignment, 0);
        effnn__free_aligned(a);
    }
}
END_TEST

static bool works(void)
{
    void *a = effnn__alloc(1);

    effnn__free(a);
    return a != NULL;
}

START_TEST(one_allocation_fails_after_as_many_as_asked)
{
    effnn__alloc_fail_after(2, 0);
    ck_assert(works());
    ck_assert(works());
    ck_assert(!works());
    ck_assert(works());
    effnn__alloc_fail_after(0, 0);
    effnn__alloc_fail_after(-1, 0);
    ck_assert(works());
}
END_TEST

START_TEST(sticky_failure_lasts_until_it_is_turned_off)
{
    effnn__alloc_fail_after(1, 1);
    ck_assert(works());
    for (int i = 0; i < 5; i++) ck_assert(!works());
    effnn__alloc_fail_after(-1, 0);
    ck_assert(works());
}
END_TEST

/* Every way of allocating obeys the hook and is counted. */
START_TEST(every_allocator_is_behind_the_hook)
{
    const uint64_t before = effnn__alloc_count();

    effnn__alloc_fail_after(0, 1);
    ck_assert_ptr_null(effnn__alloc(1));
    ck_assert_ptr_null(effnn__zalloc(1));
    ck_assert_ptr_null(effnn__alloc_array(1, 1));
    ck_assert_ptr_null(effnn__realloc_array(NULL, 1, 1));
    ck_assert_ptr_null(effnn__strdup("a"));
    ck_assert_ptr_null(effnn__alloc_aligned(1, 64));
    ck_assert_int_ne(effnn__alloc_must_fail(), 0);
    ck_assert_uint_eq(effnn__alloc_count() - before, 7);
}
END_TEST

static void *count_failures(void *n_failed)
{
    for (int i = 0; i < 20000; i++) *(int *)n_failed += !works();
    return NULL;
}

START_TEST(of_many_threads_just_one_allocation_fails)
{
    pthread_t threads[4];
    int n_failed[4] = { 0 };

    effnn__alloc_fail_after(60000, 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_failures, &n_failed[i]), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(n_failed[0] + n_failed[1] + n_failed[2] + n_failed[3], 1);
}
END_TEST

SUITE("alloc", NULL, teardown, nothing_is_still_an_address_of_its_own,
      arrays_are_zeroed_and_sizes_that_wrap_are_refused, storage_is_aligned,
      one_allocation_fails_after_as_many_as_asked, sticky_failure_lasts_until_it_is_turned_off,
      every_allocator_is_behind_the_hook, of_many_threads_just_one_allocation_fails)
