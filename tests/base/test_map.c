/* SPDX-License-Identifier: BSD-3-Clause */
/* The map against a plain array as truth, under random insertions and removals. */

#include "base/map.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "support/alloc_fail.h"
#include "support/suite.h"

#include <stdbool.h>
#include <stdio.h>

enum { KEYS = 300, STEPS = 20000 };

START_TEST(it_agrees_with_a_plain_array_after_every_step)
{
    static int values[KEYS];
    const effnn__rng rng = { 1, 2 };
    bool present[KEYS] = { false };
    effnn__map map = { 0 };
    size_t n = 0;

    for (uint64_t step = 0; step < STEPS; step++) {
        const size_t k = (size_t)effnn__rng_below(&rng, 2 * step, KEYS);
        char key[16];

        snprintf(key, sizeof key, "key%zu", k);
        ck_assert_ptr_eq(effnn__map_get(&map, key), present[k] ? &values[k] : NULL);
        if (effnn__rng_u64(&rng, 2 * step + 1) & 1) {
            ck_assert_ok(effnn__map_set(&map, key, &values[k]));
            n += !present[k];
            present[k] = true;
        } else {
            effnn__map_remove(&map, key);
            n -= present[k];
            present[k] = false;
        }
        ck_assert_uint_eq(map.n, n);
    }
    for (size_t k = 0; k < KEYS; k++) {
        char key[16];

        snprintf(key, sizeof key, "key%zu", k);
        ck_assert_ptr_eq(effnn__map_get(&map, key), present[k] ? &values[k] : NULL);
    }
    effnn__map_clear(&map);
}
END_TEST

START_TEST(an_empty_map_holds_nothing)
{
    effnn__map map = { 0 };

    ck_assert_ptr_null(effnn__map_get(&map, "a"));
    effnn__map_remove(&map, "a");
    effnn__map_clear(&map);
    ck_assert_uint_eq(map.n, 0);
}
END_TEST

static effnn_status fill(void)
{
    static int value;
    effnn__map map = { 0 };
    effnn_status status = EFFNN_OK;

    for (int i = 0; i < 40 && status == EFFNN_OK; i++) {
        char key[16];

        snprintf(key, sizeof key, "%d", i);
        status = effnn__map_set(&map, key, &value);
    }
    effnn__map_clear(&map);
    return status;
}

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    ALLOC_FAIL_LOOP(fill(), );
}
END_TEST

SUITE("map", NULL, NULL, it_agrees_with_a_plain_array_after_every_step, an_empty_map_holds_nothing,
      no_memory_at_any_point_is_an_error_without_a_leak)
