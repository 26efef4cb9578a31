/* SPDX-License-Identifier: BSD-3-Clause */
/* Growing arrays. */

#include "base/vec.h"

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/suite.h"

static int items[100];
static effnn__vec vec;

static void setup(void)
{
    vec = (effnn__vec){ 0 };
}

static void teardown(void)
{
    effnn__vec_clear(&vec);
}

START_TEST(pushed_items_stay_in_order)
{
    for (int i = 0; i < 100; i++) ck_assert_ok(effnn__vec_push(&vec, &items[i]));
    ck_assert_uint_eq(vec.n, 100);
    for (int i = 0; i < 100; i++) ck_assert_ptr_eq(vec.items[i], &items[i]);
}
END_TEST

START_TEST(items_are_inserted_and_removed_at_both_ends_and_between)
{
    static const size_t at[] = { 0, 0, 2, 1 }; /* of items 0 … 3: gives 1, 3, 0, 2 */
    static const int expected[] = { 1, 3, 0, 2 };

    for (int i = 0; i < 4; i++) ck_assert_ok(effnn__vec_insert(&vec, at[i], &items[i]));
    for (int i = 0; i < 4; i++) ck_assert_ptr_eq(vec.items[i], &items[expected[i]]);
    effnn__vec_remove(&vec, 3);
    effnn__vec_remove(&vec, 0);
    ck_assert_uint_eq(vec.n, 2);
    ck_assert_ptr_eq(vec.items[0], &items[3]);
    ck_assert_ptr_eq(vec.items[1], &items[0]);
}
END_TEST

START_TEST(appending_allocates_seldom)
{
    const uint64_t before = effnn__alloc_count();

    for (int i = 0; i < 10000; i++) ck_assert_ok(effnn__vec_push(&vec, &items[0]));
    ck_assert_uint_le(effnn__alloc_count() - before, 14);
}
END_TEST

START_TEST(more_than_memory_can_hold_is_refused_and_nothing_lost)
{
    int64_t *numbers = NULL;
    size_t capacity = 0;

    ck_assert_ok(effnn__grow(&numbers, &capacity, 3, sizeof *numbers));
    ck_assert_uint_ge(capacity, 3);
    numbers[2] = 7;
    ck_assert_fails(EFFNN_E_NOMEM, effnn__grow(&numbers, &capacity, SIZE_MAX, sizeof *numbers));
    ck_assert_int_eq(numbers[2], 7);
    effnn__free(numbers);
}
END_TEST

START_TEST(no_memory_leaves_the_items)
{
    for (int i = 0; i < 8; i++) ck_assert_ok(effnn__vec_push(&vec, &items[i]));
    ALLOC_FAIL_LOOP(effnn__vec_insert(&vec, 0, &items[9]), {
        ck_assert_uint_eq(vec.n, 8);
        ck_assert_ptr_eq(vec.items[0], &items[0]);
    });
    ck_assert_ptr_eq(vec.items[0], &items[9]);
    ck_assert_ptr_eq(vec.items[8], &items[7]);
}
END_TEST

SUITE("vec", setup, teardown, pushed_items_stay_in_order,
      items_are_inserted_and_removed_at_both_ends_and_between, appending_allocates_seldom,
      more_than_memory_can_hold_is_refused_and_nothing_lost, no_memory_leaves_the_items)
